package firewall

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of one on amd64 and arm64.
const hugePage = 2 << 20

// wantHugePages advises the kernel to back memory by huge pages. It is advice: nothing depends on whether it is taken.
func wantHugePages(p unsafe.Pointer, size int) {
	skip := -uintptr(p) & (hugePage - 1)
	if skip+hugePage > uintptr(size) {
		return
	}
	whole := (uintptr(size) - skip) &^ (hugePage - 1)
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(p, skip)), whole), syscall.MADV_HUGEPAGE)
}
