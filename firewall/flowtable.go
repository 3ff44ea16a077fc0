package firewall

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// FlowTable holds the tracked flows of many interfaces. The zero FlowTable is empty and ready; it must not be copied.
//
//	                      hash of the key
//	        ┌──────────────────┼──────────────────┐
//	      shard              bucket              tag
//	        ▼                  ▼                  ▼
//	┌─ 64 shards ─┐   ┌─ 16 × (tag, number) ─┐   equal ──▶ records[number], 40 bytes that never move
//	│ lock, index │──▶│  one cache line     │
//	│ records     │   └─────────────────────┘
//	└─────────────┘
//
// A flow has a record at each interface that tracks it: two of them, with their places in the index, take about 100 bytes. Records hold no
// pointers, so the garbage collector does not look at them. The two have the same shard and bucket if both interfaces are in one realm, and
// mostly one cache line for both records, as one is made right after the other.
//
// Whoever adds or removes takes the lock of a shard; [Look.Fast] takes none. All words are therefore atomic. A record is taken out in
// the order fast, index, key, and put in in the opposite one, so that who has seen the key, then fast, then the key again, has seen that
// key's fast.
//
// An index that has become too full is replaced by one of twice the size, into which every new flow moves two buckets of the old one: no
// packet waits for all of them. In the same way a new flow for which no record is free looks at a few whether they have idled out.
type FlowTable struct {
	shards [shards]shard
	slab   slab
	most   uint32 // records of a shard in tests; 0 is what MaxFlows says

	trackers numbers
	rings    sync.Mutex // after any shard; held to follow or change the rings of short cuts
}

const (
	shards     = 64
	shardBits  = 6
	bucketSize = 16
	// MaxFlows is how many records a table has at the most. When it is full, a new flow takes the place of one that is not established; if it
	// finds none nearby it is refused (SG-48).
	MaxFlows = shards << numberBits
)

type shard struct {
	index atomic.Pointer[index]
	old   atomic.Pointer[index] // whose buckets below moved are in index
	rows  atomic.Pointer[row]   // the list of rows of records
	mu    sync.Mutex
	id    uint32 // its place in the table
	top   uint32 // numbers given so far, 0 is none
	free  uint32 // a chain through the keys of free records
	hand  uint32 // where expiry goes on
	looks uint32 // that new flows have left to expiry
	room  uint32 // in the list of rows
	moved int
	used  int
	count uint64               // flows added so far
	fins  map[uint32][2]uint32 // of flows that are closing: where they end, by number
	_     [5]uint64            // keep shards out of each other's cache lines
}

// Records is how many records the table has, of at most [MaxFlows]: of flows, of which each is one at each interface that tracks it, and
// of what gateways remember. Those that have idled out count until somebody needs the room or asks for the flow.
func (t *FlowTable) Records() (n int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += s.used
		s.mu.Unlock()
	}
	return n
}

type index struct {
	buckets []bucket
	taken   int // places that hold a number or did
}

// bucket is places with a tag of 12 bits above and a number of 20 below. A bucket with an empty place has never been full.
type bucket [bucketSize]atomic.Uint32

const (
	numberBits = 20
	tombstone  = 1 << numberBits // a tag without number
)

func numberIn(place uint32) uint32 { return place & (1<<numberBits - 1) }

// placeOf is a number with the tag of a hash.
func placeOf(h uint64, n uint32) uint32 { return uint32(h)<<numberBits | n }

// record is one flow at one interface.
type record struct {
	a, b atomic.Uint64 // its key; b is 0 if the record is free, and a then the next free one
	last atomic.Int64  // when its last packet passed, not counting short cuts of others of its ring
	fast atomic.Uint64 // its short cut: generation and action, 0 for none
}

// tail is the rest of a record: the next one of its ring above, a packed conn below.
type tail struct{ atomic.Uint64 }

func (t *tail) next() ref     { return ref(t.Load() >> 32) }
func (t *tail) state() uint32 { return uint32(t.Load()) }

func (t *tail) setNext(to ref) {
	for {
		old := t.Load()
		if t.CompareAndSwap(old, uint64(to)<<32|uint64(uint32(old))) {
			return
		}
	}
}

func (t *tail) setState(state uint32) {
	for {
		old := t.Load()
		if t.CompareAndSwap(old, old>>32<<32|uint64(state)) {
			return
		}
	}
}

// ref is a record's number in the table: number and shard.
type ref uint32

func (s *shard) ref(n uint32) ref { return ref(n<<shardBits | s.id) }

func (t *FlowTable) record(r ref) *record { return t.shards[r%shards].record(uint32(r >> shardBits)) }
func (t *FlowTable) tail(r ref) *tail     { return t.shards[r%shards].tail(uint32(r >> shardBits)) }

// find returns the number of a key's record, 0 if there is none. Without the lock it may miss one that is being moved.
func (s *shard) find(k *flowKey, h uint64) uint32 {
	if n := s.index.Load().find(s, k, h); n != 0 {
		return n
	}
	return s.old.Load().find(s, k, h)
}

func (x *index) find(s *shard, k *flowKey, h uint64) uint32 {
	if x == nil {
		return 0
	}
	mask, tag := len(x.buckets)-1, placeOf(h, 0)>>numberBits
	for at := x.home(h); ; at = (at + 1) & mask {
		b := &x.buckets[at]
		for i := range b {
			place := b[i].Load()
			switch {
			case place == 0:
				return 0
			case place>>numberBits == tag && numberIn(place) != 0 && s.holds(numberIn(place), k):
				return numberIn(place)
			}
		}
	}
}

func (s *shard) holds(n uint32, k *flowKey) bool {
	r := s.record(n)
	return r.a.Load() == k.a && r.b.Load() == k.b && (!k.v6() || s.holdsWide(n, k))
}

func (s *shard) holdsWide(n uint32, k *flowKey) bool {
	w := s.wide(n)
	for i := range w {
		if w[i].Load() != k.wide[i] {
			return false
		}
	}
	return true
}

// fetch asks for a hash's bucket without waiting for it.
func (x *index) fetch(h uint64) {
	if x != nil {
		prefetch(unsafe.Pointer(&x.buckets[x.home(h)]))
	}
}

func (x *index) home(h uint64) int { return int(h>>(32)&(1<<26-1)) & (len(x.buckets) - 1) }

func (t *FlowTable) shardOf(h uint64) *shard { return &t.shards[h>>(64-shardBits)] }

// insert adds a record for a key that has none, and returns its number; 0 if the table is full. The shard is locked.
func (s *shard) insert(t *FlowTable, k *flowKey, h uint64, last int64, state uint32) uint32 {
	n := s.take(t)
	if n == 0 {
		return 0
	}
	r := s.record(n)
	r.a.Store(k.a)
	r.last.Store(last)
	if k.v6() {
		s.widen(n, k)
	}
	s.tail(n).Store(uint64(state))
	r.b.Store(k.b)
	s.reserve(t)
	s.index.Load().put(h, n)
	s.used++
	s.count++
	return n
}

// take is a free record's number. It fetches the next one.
func (s *shard) take(t *FlowTable) uint32 {
	if n := s.free; n != 0 {
		if s.free = uint32(s.record(n).a.Load()); s.free != 0 {
			s.fetch(s.free)
		}
		return n
	}
	if s.top+1 >= MaxFlows/shards || t.most != 0 && s.top >= t.most {
		return 0
	}
	s.top++
	s.makeRow(t, s.top)
	return s.top
}

func (s *shard) widen(n uint32, k *flowKey) {
	s.makeWide(n)
	w := s.wide(n)
	for i := range w {
		w[i].Store(k.wide[i])
	}
}

// remove takes a record out. The shard is locked; the record is in no ring, and has no short cut.
func (s *shard) remove(t *FlowTable, n uint32) {
	r := s.record(n)
	h := t.hashOf(r)
	if !s.index.Load().drop(h, n) {
		s.old.Load().drop(h, n)
	}
	r.b.Store(0)
	r.a.Store(uint64(s.free))
	s.free = n
	s.used--
	if len(s.fins) != 0 {
		delete(s.fins, n)
	}
}

// keyOf reads a record's key back.
func (s *shard) keyOf(n uint32) flowKey {
	r := s.record(n)
	k := flowKey{a: r.a.Load(), b: r.b.Load()}
	if k.v6() {
		w := s.wide(n)
		for i := range w {
			k.wide[i] = w[i].Load()
		}
	}
	return k
}

// put enters a number. There is room.
func (x *index) put(h uint64, n uint32) {
	mask := len(x.buckets) - 1
	for at := x.home(h); ; at = (at + 1) & mask {
		b := &x.buckets[at]
		for i := range b {
			switch place := b[i].Load(); {
			case place == 0:
				x.taken++
				fallthrough
			case numberIn(place) == 0:
				b[i].Store(placeOf(h, n))
				return
			}
		}
	}
}

// drop takes a number out, and reports whether it was there. In a bucket that is not full, and so has never been, the last one takes its
// place; a full one keeps the place, because past it a search must go on.
func (x *index) drop(h uint64, n uint32) bool {
	if x == nil {
		return false
	}
	mask := len(x.buckets) - 1
	for at := x.home(h); ; at = (at + 1) & mask {
		b := &x.buckets[at]
		for i := range b {
			switch b[i].Load() {
			case 0:
				return false
			case placeOf(h, n):
				x.clear(b, i)
				return true
			}
		}
	}
}

func (x *index) clear(b *bucket, i int) {
	last := bucketSize - 1
	if b[last].Load() != 0 {
		b[i].Store(tombstone)
		return
	}
	for b[last].Load() == 0 {
		last--
	}
	b[i].Store(b[last].Load())
	b[last].Store(0)
	x.taken--
}

// reserve makes room for one more place in the index, and moves on what is still in the old one.
func (s *shard) reserve(t *FlowTable) {
	x := s.index.Load()
	switch {
	case x == nil:
		s.index.Store(&index{buckets: make([]bucket, 1)})
		return
	case s.old.Load() == nil && (x.taken+1)*8 > len(x.buckets)*bucketSize*5: // more than 5/8 taken
		size := len(x.buckets)
		if s.used*2 > x.taken { // else most of it is tombstones
			size *= 2
		}
		s.index.Store(newIndex(size))
		s.old.Store(x)
		s.moved = 0
	}
	for range 2 {
		if s.old.Load() != nil {
			s.move(t)
		}
	}
}

func newIndex(size int) *index {
	x := &index{buckets: make([]bucket, size)}
	if size >= 256 {
		wantHugePages(unsafe.Pointer(unsafe.SliceData(x.buckets)), size*int(unsafe.Sizeof(bucket{})))
	}
	return x
}

// move moves one bucket of the old index.
func (s *shard) move(t *FlowTable) {
	old := s.old.Load()
	b := &old.buckets[s.moved]
	for i := range b {
		if n := numberIn(b[i].Load()); n != 0 {
			s.index.Load().put(t.hashOf(s.record(n)), n)
			b[i].Store(tombstone)
		}
	}
	if s.moved++; s.moved == len(old.buckets) {
		s.old.Store(nil)
	}
}
