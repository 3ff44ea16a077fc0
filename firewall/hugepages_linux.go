package firewall

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of one on amd64 and arm64.
const hugePage = 2 << 20

// wantHugePages advises the kernel to back memory by huge pages, and with it what else is on its first and its last one. It is advice:
// nothing depends on whether it is taken.
func wantHugePages(p unsafe.Pointer, size int) {
	skip := int(uintptr(p) & (hugePage - 1))
	size = (skip + size + hugePage - 1) &^ (hugePage - 1)
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(p, -skip)), size), syscall.MADV_HUGEPAGE)
}
