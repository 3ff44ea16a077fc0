package firewall

import (
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// Memory is what a gateway remembers of flows: that they went out, so that what answers them may come in, or what was decided of them. It
// lives in a [FlowTable], one record for each flow, and all its methods are safe for concurrent use. The zero Memory remembers nothing.
type Memory struct {
	tracker    Tracker   // it has the number
	tcp, other int64     // how long flows without packets are remembered
	mappings   *Mappings // whose keys it has, on one side
}

// NewMemory returns a memory that forgets flows of TCP and of other protocols when they have been idle for that long. The realm is
// that of the interfaces that send them: see [FlowTable.NewTrackerIn].
func (t *FlowTable) NewMemory(realm uint32, tcp, other time.Duration) *Memory {
	m := new(Memory)
	m.begin(t, realm, tcp, other)
	return m
}

func (m *Memory) begin(t *FlowTable, realm uint32, tcp, other time.Duration) {
	m.tcp, m.other = int64(tcp), int64(other)
	m.tracker.table, m.tracker.realm, m.tracker.memory = t, realm, m
}

func (m *Memory) idle(p packet.Proto) int64 {
	if p == packet.TCP {
		return m.tcp
	}
	return m.other
}

func (m *Memory) empty() bool { return m.tracker.number.Load() == 0 }

func (m *Memory) key(f packet.Flow) flowKey { return m.tracker.keyOf(Egress, f, false) }

func (m *Memory) hash(k *flowKey) uint64 { return k.hash(m.tracker.realm) }

// Enter remembers a flow with a value below [MaxFlows], in the place of the one that it had. It is false if the table is full.
func (m *Memory) Enter(f packet.Flow, value uint32, now int64) bool {
	t := m.tracker.table
	if t == nil {
		return false
	}
	m.tracker.ready()
	k := m.key(f)
	h := m.hash(&k)
	s, n := m.tracker.lock(&k, h, now)
	defer s.mu.Unlock()
	switch {
	case m.tracker.flushed(&k):
		return false
	case n == 0:
		t.expire(s, now)
		n = t.admit(s, &k, h, now, packValue(value))
		return n != 0
	}
	s.record(n).touch(now)
	s.tail(n).setState(packValue(value))
	return true
}

// Find is the value of a flow, if it is remembered. It keeps the flow alive.
func (m *Memory) Find(f packet.Flow, now int64) (value uint32, ok bool) {
	value, name := m.find(f, now)
	return value, name != (Tracked{})
}

// Entry names a flow that is remembered, for [FlowTable.Join]. It keeps the flow alive.
func (m *Memory) Entry(f packet.Flow, now int64) Tracked {
	_, name := m.find(f, now)
	return name
}

func (m *Memory) find(f packet.Flow, now int64) (uint32, Tracked) {
	if m.empty() {
		return 0, Tracked{}
	}
	k := m.key(f)
	s, n := m.tracker.lock(&k, m.hash(&k), now)
	defer s.mu.Unlock()
	if n == 0 {
		return 0, Tracked{}
	}
	s.record(n).touch(now)
	return unpackValue(s.tail(n).state()), Tracked{at: s.ref(n), a: k.a, b: k.b}
}

// Forget forgets a flow.
func (m *Memory) Forget(f packet.Flow) {
	if m.empty() {
		return
	}
	k := m.key(f)
	h := m.hash(&k)
	t := m.tracker.table
	s := t.shardOf(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.find(&k, h); n != 0 {
		t.forget(s, n)
	}
}

// Flush forgets every flow.
func (m *Memory) Flush() {
	if !m.empty() {
		m.tracker.Flush()
	}
}

// Close forgets every flow and remembers no other.
func (m *Memory) Close() {
	if m.tracker.table != nil {
		m.tracker.Close()
	}
}

// forgets is told of each record before it is taken out of the table.
func (m *Memory) forgets(s *shard, n uint32) {
	switch {
	case m == nil || m.mappings == nil:
	case m == &m.mappings.inside:
		m.mappings.endOutside(s, n)
	default:
		k := s.keyOf(n)
		m.mappings.counts.less(&k)
	}
}

// A value stands in a record where tracked flows have their conn. Its state says that no other flow may take its place.
func packValue(v uint32) uint32   { return v<<3 | uint32(Established) }
func unpackValue(w uint32) uint32 { return w >> 3 }

// admit is insert that may take the place of a flow that is not established. The shard is locked.
func (t *FlowTable) admit(s *shard, k *flowKey, h uint64, now int64, state uint32) uint32 {
	n := s.insert(t, k, h, now, state)
	if n == 0 && t.evict(s) {
		n = s.insert(t, k, h, now, state)
	}
	return n
}
