//go:build !amd64 || purego

package firewall

import (
	"sync/atomic"
	"unsafe"
)

// prefetch loads a word of the cache line at p. Nothing depends on the word, so the processor goes on while it waits.
func prefetch(p unsafe.Pointer) { atomic.LoadUint64((*uint64)(p)) }
