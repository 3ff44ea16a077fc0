package firewall

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The records of a shard stand in rows that never move: eight of 8, eight of 16, eight of 32 and so on, so that no more than a ninth of
// them is unused and a small network pays for few. A record's row and place are read off its number, as exponent and mantissa are off a float.
//
//	number + 64    =   1 m m m x x x …
//	                   │ └─┬─┘ └─ place in the row
//	                   │   └ which of the eight
//	                   └ how long the rows are
const (
	shortestBits = 3
	shortest     = 1 << shortestBits
	rows         = 8 * (numberBits - shortestBits - 2) // at the most
)

func rowOf(n uint32) (row, at uint32) {
	n += 8 * shortest
	e := uint32(bits.Len32(n)) - shortestBits - 4
	return 8*e + n>>(shortestBits+e)&7, n & (shortest<<e - 1)
}

// row points to the first of its records.
type row struct {
	records atomic.Pointer[record]
	tails   atomic.Pointer[tail]
	wide    atomic.Pointer[wide] // IPv6 addresses, if there are any
}

type wide [4]atomic.Uint64

func (s *shard) record(n uint32) *record {
	row, at := rowOf(n)
	return (*record)(unsafe.Add(unsafe.Pointer(s.row(row).records.Load()), uintptr(at)*unsafe.Sizeof(record{})))
}

func (s *shard) tail(n uint32) *tail {
	row, at := rowOf(n)
	return (*tail)(unsafe.Add(unsafe.Pointer(s.row(row).tails.Load()), uintptr(at)*unsafe.Sizeof(tail{})))
}

func (s *shard) wide(n uint32) *wide {
	row, at := rowOf(n)
	return (*wide)(unsafe.Add(unsafe.Pointer(s.row(row).wide.Load()), uintptr(at)*unsafe.Sizeof(wide{})))
}

// row is one of those that the shard has.
func (s *shard) row(at uint32) *row {
	return (*row)(unsafe.Add(unsafe.Pointer(s.rows.Load()), uintptr(at)*unsafe.Sizeof(row{})))
}

// fetch asks for a record without waiting for it.
func (s *shard) fetch(n uint32) {
	prefetch(unsafe.Pointer(s.record(n)))
	prefetch(unsafe.Pointer(s.tail(n)))
}

// prefetchWide fetches what wide is of, if there is any.
func (s *shard) prefetchWide(n uint32) {
	row, at := rowOf(n)
	if first := s.row(row).wide.Load(); first != nil {
		prefetch(unsafe.Add(unsafe.Pointer(first), uintptr(at)*unsafe.Sizeof(wide{})))
	}
}

func rowLength(row uint32) int { return shortest << (row / 8) }

// makeRow makes sure that a record has a place. The shard is locked.
func (s *shard) makeRow(t *FlowTable, n uint32) {
	at, _ := rowOf(n)
	if at >= s.room {
		s.makeRoom()
	}
	r := s.row(at)
	if r.records.Load() != nil {
		return
	}
	length := rowLength(at)
	r.tails.Store((*tail)(t.slab.take(length * int(unsafe.Sizeof(tail{})))))
	r.records.Store((*record)(t.slab.take(length * int(unsafe.Sizeof(record{})))))
}

// makeRoom makes the list of rows longer. Who has the number of a record and then loads the list finds its row in it: nobody changes a list
// that has been replaced, and it held all rows that there were.
func (s *shard) makeRoom() {
	longer := make([]row, max(2*s.room, 4))
	for i := range s.room {
		r := s.row(i)
		longer[i].records.Store(r.records.Load())
		longer[i].tails.Store(r.tails.Load())
		longer[i].wide.Store(r.wide.Load())
	}
	s.rows.Store(unsafe.SliceData(longer))
	s.room = uint32(len(longer))
}

// makeWide makes sure that a record has a place for IPv6 addresses.
func (s *shard) makeWide(n uint32) {
	at, _ := rowOf(n)
	if r := s.row(at); r.wide.Load() == nil {
		r.wide.Store(unsafe.SliceData(make([]wide, rowLength(at))))
	}
}

// slab is memory for rows. Once there are many flows it is taken in blocks that ask for huge pages, which saves address translations: of
// records at random places nearly every one would wait for one.
type slab struct {
	mu    sync.Mutex
	taken int
	block []uint64
}

// A table takes its first bytes row by row, and then blocks of an eighth of what it has.
const (
	slabFrom = 4 << 20
	slabLess = 1 << 20 // the shortest block
)

// take is zeroed memory, aligned to cache lines.
func (s *slab) take(size int) unsafe.Pointer {
	s.mu.Lock()
	defer s.mu.Unlock()
	words := size / 8
	block := max(s.taken/8, slabLess)
	if s.taken += size; s.taken < slabFrom || size > block/4 {
		return unsafe.Pointer(unsafe.SliceData(make([]uint64, words)))
	}
	if len(s.block) < words {
		s.block = make([]uint64, block/8)
		wantHugePages(unsafe.Pointer(unsafe.SliceData(s.block)), block)
	}
	p := unsafe.Pointer(unsafe.SliceData(s.block))
	s.block = s.block[words:]
	return p
}
