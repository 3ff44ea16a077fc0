package firewall

import (
	"iter"
	"math"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// Mappings are those of a translator, in the sense of RFC 4787: flows as they come in, and what they are on the other side. They live in a
// [FlowTable], and all methods are safe for concurrent use. The zero Mappings is empty and takes none.
//
//	inside                         outside
//	10.0.1.5:40000 > P:443  ◀──▶   10.0.0.220:q > P:443      a NAT gateway
//	C:40000 > node:443      ◀──▶   node:q > target:8443      a load balancer
//
// A mapping is for one destination, so the same port may serve many, and only the exact remote address and port may answer.
//
// It is two records, each of which has the number of the other. The inside one is the mapping: it has the time of its last packet and idles
// out, and while it is there, and its shard locked, the outside one stays as it is. Who ends a mapping takes the outside record along, unless
// its shard is locked by somebody: then it is left behind, and marked so in the place of its time. Whoever comes by forgets it.
type Mappings struct {
	inside, outside Memory

	adding sync.Mutex // before any shard
	counts counts
}

// Mapping is what a flow is on the other side.
type Mapping struct {
	Flow  packet.Flow
	Entry Tracked // names the mapping, for [FlowTable.Join]
}

// NewMappings returns mappings that are forgotten when their flows, TCP and others, have been idle for that long. The realm is that of the
// inside's interfaces: see [FlowTable.NewTrackerIn].
func (t *FlowTable) NewMappings(realm uint32, tcp, other time.Duration) *Mappings {
	m := new(Mappings)
	m.inside.begin(t, realm, tcp, other)
	m.outside.begin(t, realm, tcp, other)
	m.inside.mappings, m.outside.mappings = m, m
	return m
}

func (m *Mappings) table() *FlowTable { return m.inside.tracker.table }

// Find is what a flow is on the other side. It keeps the mapping alive.
func (m *Mappings) Find(in packet.Flow, now int64) (Mapping, bool) {
	if m.inside.empty() {
		return Mapping{}, false
	}
	k := m.inside.key(in)
	s, n := m.inside.tracker.lock(&k, m.inside.hash(&k), now)
	defer s.mu.Unlock()
	if n == 0 {
		return Mapping{}, false
	}
	return m.outwards(s, n, &k, now)
}

// outwards is a mapping whose inside record has been found. The shard is locked.
func (m *Mappings) outwards(s *shard, n uint32, k *flowKey, now int64) (Mapping, bool) {
	o, at := m.table().at(partner(s, n))
	out := o.keyOf(at)
	if m.flushed(k) {
		return Mapping{}, false
	}
	s.record(n).touch(now)
	return Mapping{out.flow(Egress), Tracked{at: s.ref(n), a: k.a, b: k.b}}, true
}

// Answer is what a packet that arrives on the other side is on this one, the way back. It keeps the mapping alive.
func (m *Mappings) Answer(arrived packet.Flow, now int64) (Mapping, bool) {
	if m.outside.empty() {
		return Mapping{}, false
	}
	k := m.outside.key(arrived.Reverse())
	s, n := m.lockInside(&k, m.outside.hash(&k), now)
	if n == 0 {
		return Mapping{}, false
	}
	defer s.mu.Unlock()
	s.record(n).touch(now)
	in := s.keyOf(n)
	return Mapping{in.flow(Egress).Reverse(), Tracked{at: s.ref(n), a: in.a, b: in.b}}, true
}

// lockInside finds the inside record of the mapping that has an outside key, and locks its shard; none is locked if there is none, or it has
// idled out.
func (m *Mappings) lockInside(out *flowKey, h uint64, now int64) (*shard, uint32) {
	t := m.table()
	o := t.shardOf(h)
	o.mu.Lock()
	at := o.find(out, h)
	if at == 0 {
		o.mu.Unlock()
		return nil, 0
	}
	in := partner(o, at)
	o.mu.Unlock()
	s, n := t.at(in)
	s.mu.Lock()
	switch {
	case !m.inside.pointsTo(in, o.ref(at)), !o.holds(at, out), m.flushed(out): // it has ended; the places may be others' by now
	case t.idledOut(s, n, now):
		t.forget(s, n)
	default:
		return s, n
	}
	s.mu.Unlock()
	return nil, 0
}

// endOutside takes the outside record out with the inside one, whose shard is locked.
func (m *Mappings) endOutside(s *shard, n uint32) {
	out := partner(s, n)
	o, at := m.table().at(out)
	if o != s {
		if !o.mu.TryLock() { // who waits for more than one does it in order
			m.leaveBehind(out, s.ref(n))
			return
		}
		defer o.mu.Unlock()
	}
	if m.outside.pointsTo(out, s.ref(n)) {
		m.table().forget(o, at)
	}
}

// leaveBehind marks an outside record whose shard is not locked: it may become another flow's at any moment, whose time stays as it is.
func (m *Mappings) leaveBehind(out, in ref) {
	r := m.table().record(out)
	last := r.last.Load()
	if m.outside.pointsTo(out, in) && r.last.CompareAndSwap(last, leftBehind) && !m.outside.pointsTo(out, in) {
		r.last.CompareAndSwap(leftBehind, last)
	}
}

// leftBehind is the time of outside records without an inside one, long ago. That of others is one at which the mapping was there, so that it
// cannot have idled out for a while.
const leftBehind = math.MinInt64 / 2

// fresh reports whether the mapping of an outside record is surely there and has not idled out. The shard is locked.
func (m *Mappings) fresh(s *shard, n uint32, now int64) bool {
	r := s.record(n)
	return now-r.last.Load() < m.outside.idle(packet.Proto(r.b.Load()>>24))
}

// over reports whether an outside record was left behind, or its mapping has idled out and is ended now. The shard is locked.
func (m *Mappings) over(s *shard, n uint32, now int64) bool {
	if m.fresh(s, n, now) {
		return false
	}
	t, r, in := m.table(), s.record(n), partner(s, n)
	i, at := t.at(in)
	switch {
	case !m.inside.pointsTo(in, s.ref(n)):
		return true
	case i == s || !i.mu.TryLock(): // somebody will come by the inside one
		return false
	}
	defer i.mu.Unlock()
	switch {
	case !m.inside.pointsTo(in, s.ref(n)):
	case t.idledOut(i, at, now):
		t.forget(i, at)
	default:
		r.last.Store(max(r.last.Load(), t.lastOf(in)))
		return false
	}
	return true
}

// Forget ends the mapping of a flow that comes in.
func (m *Mappings) Forget(in packet.Flow) { m.inside.Forget(in) }

// Flush ends every mapping.
func (m *Mappings) Flush() {
	m.adding.Lock()
	defer m.adding.Unlock()
	m.inside.Flush()
	m.outside.Flush()
	m.counts.clear()
}

// Close ends every mapping and makes no other.
func (m *Mappings) Close() {
	m.adding.Lock()
	defer m.adding.Unlock()
	m.inside.Close()
	m.outside.Close()
	m.counts.clear()
}

// flushed reports whether a key is one of before a flush. Who has read the other record of a mapping, and then that it was not flushed,
// has read that of the mapping.
func (m *Mappings) flushed(k *flowKey) bool {
	n := k.tracker()
	return n != m.inside.tracker.number.Load() && n != m.outside.tracker.number.Load()
}

// pointsTo reports whether a record is one of the memory's, and has the number of another one.
func (m *Memory) pointsTo(r, other ref) bool {
	s, n := m.tracker.table.at(r)
	b := s.record(n).b.Load()
	return b != 0 && trackerNumber(b) == m.tracker.number.Load() && partner(s, n) == other
}

// partner is the other record of a mapping.
func partner(s *shard, n uint32) ref { return ref(unpackValue(s.tail(n).state())) }

// at is where a record stands.
func (t *FlowTable) at(r ref) (*shard, uint32) { return &t.shards[r%shards], uint32(r >> shardBits) }

// Join makes a mapping of a new flow, or keeps the one alive that it has. It is false if that is another, if the outside is that of another
// flow, or if the table is full.
func (m *Mappings) Join(in, out packet.Flow, now int64) bool {
	if m.table() == nil {
		return false
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	i, o := m.keys(in, out)
	have, how := m.add(&i, &o, now)
	return how == added || how == known && have.Flow == out
}

// The ports that translators allot begin with FirstAllotted. Beside that, how many mappings one address has towards one destination at the most (NAT-7, NAT-8, ELB-31).
const (
	FirstAllotted = 1024
	ownPorts      = 65536 - FirstAllotted
	mostMappings  = 55_000
)

// Allot makes a mapping of a new flow, with a source port of its own on the other side, or keeps the one alive that it has. It is false if
// no port is left towards that destination (NAT-11) or the table is full.
func (m *Mappings) Allot(in, out packet.Flow, now int64) (Mapping, bool) {
	if m.table() == nil {
		return Mapping{}, false
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	i, o := m.keys(in, out)
	from := in.Hash()
	if !m.portLeft(o, from, now) {
		return m.Find(in, now)
	}
	for port := range portsFrom(from) {
		o.setPort(port)
		switch have, how := m.add(&i, &o, now); how {
		case added, known:
			return have, true
		case full:
			return Mapping{}, false
		}
	}
	return Mapping{}, false
}

func (m *Mappings) keys(in, out packet.Flow) (i, o flowKey) {
	m.inside.tracker.ready()
	m.outside.tracker.ready()
	return m.inside.key(in), m.outside.key(out)
}

// portsFrom walks pseudo-randomly over all ports, from a place that depends on the flow alone (NAT-12).
func portsFrom(hash uint32) iter.Seq[uint16] {
	// ownPorts is 2^10 · 3^2 · 7, so a step with other factors meets every port.
	const step = 25 * 11 * 13
	return func(yield func(uint16) bool) {
		for i, at := 0, int(hash%ownPorts); i < ownPorts; i, at = i+1, (at+step)%ownPorts {
			if !yield(uint16(FirstAllotted + at)) {
				return
			}
		}
	}
}

// portLeft reports whether one more mapping may have the source address and destination of an outside key. If there are too many it looks
// for one that has idled out; having found none it does not look again before one can have.
func (m *Mappings) portLeft(o flowKey, from uint32, now int64) bool {
	n, quiet := m.counts.of(&o)
	if n < mostMappings {
		return true
	}
	if now < quiet {
		return false
	}
	quiet = now + m.inside.idle(o.proto())
	for port := range portsFrom(from) {
		o.setPort(port)
		last, taken := m.vacate(&o, now)
		if taken {
			quiet = min(quiet, last+m.inside.idle(o.proto()))
		} else if n, _ := m.counts.of(&o); n < mostMappings {
			return true
		}
	}
	m.counts.setQuiet(&o, quiet)
	return false
}

// vacate reports whether a mapping has an outside key, and when it was used last. What is left of one that has ended is forgotten.
func (m *Mappings) vacate(o *flowKey, now int64) (last int64, taken bool) {
	t := m.table()
	h := m.outside.hash(o)
	if s, n := m.lockInside(o, h, now); n != 0 {
		defer s.mu.Unlock()
		return t.lastOf(s.ref(n)), true
	}
	s := t.shardOf(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.find(o, h); n != 0 {
		t.forget(s, n)
	}
	return 0, false
}

// outcome is what became of a new mapping.
type outcome uint8

const (
	full  outcome = iota // no room in the table
	taken                // the outside key is another mapping's
	busy                 // maybe it is
	known                // another packet of the flow was faster
	added
)

// add makes a mapping.
func (m *Mappings) add(i, o *flowKey, now int64) (Mapping, outcome) {
	have, how := m.tryAdd(i, o, now)
	if how == busy {
		if _, still := m.vacate(o, now); still {
			return Mapping{}, taken
		}
		return m.tryAdd(i, o, now) // nobody else adds
	}
	return have, how
}

// tryAdd is add, unless it would have to wait for a third shard.
func (m *Mappings) tryAdd(i, o *flowKey, now int64) (Mapping, outcome) {
	if m.inside.tracker.flushed(i) || m.outside.tracker.flushed(o) { // closed: nobody else flushes now
		return Mapping{}, full
	}
	t := m.table()
	hi, ho := m.inside.hash(i), m.outside.hash(o)
	in, out := t.shardOf(hi), t.shardOf(ho)
	out.index.Load().fetch(ho)
	lockBoth(in, out)
	defer unlockBoth(in, out)
	if n := in.find(i, hi); n != 0 && !t.idledOut(in, n, now) {
		if have, ok := m.outwards(in, n, i, now); ok {
			return have, known
		}
	} else if n != 0 {
		t.forget(in, n)
	}
	if n := out.find(o, ho); n != 0 {
		if how := m.end(out, n, in, now); how != added {
			return Mapping{}, how
		}
	}
	t.expire(in, now)
	t.expire(out, now)
	b := t.admit(out, o, ho, now, 0)
	if b == 0 {
		return Mapping{}, full
	}
	a := t.admit(in, i, hi, now, packValue(uint32(out.ref(b))))
	if a == 0 {
		out.remove(t, b)
		return Mapping{}, full
	}
	out.tail(b).setState(packValue(uint32(in.ref(a))))
	m.counts.more(o, now+m.inside.idle(i.proto()))
	return Mapping{o.flow(Egress), Tracked{at: in.ref(a), a: i.a, b: i.b}}, added
}

// end makes room for a new mapping, if the one that has the outside record has ended or idled out. Two shards are locked.
func (m *Mappings) end(out *shard, at uint32, other *shard, now int64) outcome {
	if m.fresh(out, at, now) {
		return taken
	}
	t, in := m.table(), partner(out, at)
	s, n := t.at(in)
	if s != out && s != other {
		if !s.mu.TryLock() {
			return busy
		}
		defer s.mu.Unlock()
	}
	switch {
	case !m.inside.pointsTo(in, out.ref(at)):
		t.forget(out, at)
	case !t.idledOut(s, n, now):
		return taken
	case s == out:
		t.forget(s, n)
	default:
		t.forget(s, n)
		t.forget(out, at)
	}
	return added
}

// lockBoth locks two shards, or one that is both, in the order of all.
func lockBoth(a, b *shard) {
	if a.id > b.id {
		a, b = b, a
	}
	a.mu.Lock()
	if a != b {
		b.mu.Lock()
	}
}

func unlockBoth(a, b *shard) {
	a.mu.Unlock()
	if a != b {
		b.mu.Unlock()
	}
}
