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
	from := uintptr(p) &^ (hugePage - 1)
	to := (uintptr(p) + uintptr(size) + hugePage - 1) &^ (hugePage - 1)
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_HUGEPAGE)
}
