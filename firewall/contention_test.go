package firewall

import (
	"sync"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// What one goroutine may find when another is half way through something.

// whole fails if free records are not each in the chain once, or a record that is in use is.
func (t *FlowTable) whole(test *testing.T) {
	test.Helper()
	for i := range t.shards {
		s := &t.shards[i]
		free := make(map[uint32]bool)
		for n := s.free; n != 0; n = uint32(s.record(n).a.Load()) {
			if n > s.top || free[n] || s.record(n).b.Load() != 0 {
				test.Fatalf("shard %d: record %d is free twice, or in use", i, n)
			}
			free[n] = true
		}
		if len(free)+s.used != int(s.top) {
			test.Fatalf("shard %d: %d free and %d used of %d", i, len(free), s.used, s.top)
		}
	}
}

// forgetAllGone forgets what belongs to nobody in one shard, as expiry does. It is locked.
func (t *FlowTable) forgetAllGone(s *shard) {
	for n := uint32(1); n <= s.top; n++ {
		if b := s.record(n).b.Load(); b != 0 && t.trackerOf(trackerNumber(b)) == nil {
			t.forget(s, n)
		}
	}
}

// TestMappings_HalfFlushed: an answer comes when the inside is flushed and the outside not yet, and somebody has come by.
func TestMappings_HalfFlushed(t *testing.T) {
	var table FlowTable
	m := newMappings(&table)
	was, _ := m.Allot(toward(1), outsideOfMapped(toward(1)), 0)
	m.inside.Flush()
	for i := range table.shards {
		s := &table.shards[i]
		s.mu.Lock()
		table.forgetAllGone(s)
		s.mu.Unlock()
	}
	if _, ok := m.Answer(was.Flow.Reverse(), 1); ok {
		t.Error("an answer of a mapping that was flushed")
	}
	table.whole(t)
}

// TestMappings_LeavesOthersAlone: who ends a mapping finds the shard of its outside record locked, by somebody who has just given its place to
// another flow.
func TestMappings_LeavesOthersAlone(t *testing.T) {
	var table FlowTable
	m := newMappings(&table)
	was, _ := m.Allot(toward(1), outsideOfMapped(toward(1)), 0)
	in, out := m.inside.key(toward(1)), m.outside.key(was.Flow)
	s, o := table.shardOf(m.inside.hash(&in)), table.shardOf(m.outside.hash(&out))
	if s == o {
		t.Fatal("the test wants a flow with its records in two shards")
	}
	n := s.find(&in, m.inside.hash(&in))
	m.Flush()
	o.mu.Lock()
	defer o.mu.Unlock()
	table.forgetAllGone(o)
	other := table.NewMemory(0, time.Hour, time.Hour)
	other.tracker.ready()
	k := other.key(toward(2))
	for p := uint16(1); table.shardOf(other.hash(&k)) != o; p++ {
		f := toward(2)
		f.SrcPort = p
		k = other.key(f)
	}
	at := o.insert(&table, &k, other.hash(&k), 7, packValue(0))
	m.endOutside(s, n)
	if last := o.record(at).last.Load(); last != 7 {
		t.Errorf("the other flow was last used at %d, want 7", last)
	}
}

// TestJoin_RingStaysWhole: the record where answers come in idles out while a packet of the sender is learnt. Either the sender has no short
// cut then, or the mapping knows of it.
func TestJoin_RingStaysWhole(t *testing.T) {
	f := toward(1)
	for range 3000 {
		var table FlowTable
		m, inside, internet := newMappings(&table), table.Passive(), table.Passive()
		mapping, _ := m.Allot(f, outsideOfMapped(f), 0)
		answers := mapping.Flow.Reverse()
		sender, border := inside.Pass(f, 0), internet.Pass(answers, 0)
		table.Join(border, []Tracked{mapping.Entry, sender}, 1, 1)
		var both sync.WaitGroup
		both.Go(func() { table.Join(sender, []Tracked{mapping.Entry}, 1, 2) })
		both.Go(func() { internet.memory.Forget(answers) })
		both.Wait()
		if table.record(sender.at).fast.Load() != 0 && table.tail(sender.at).next() != mapping.Entry.at && table.tail(mapping.Entry.at).next() != sender.at {
			t.Fatal("the sender has a short cut, and the mapping does not know")
		}
	}
}

// TestTracker_Closed: a packet that is still under way when its interface goes is tracked by nobody, and no number stays behind.
func TestTracker_Closed(t *testing.T) {
	var table FlowTable
	tracker, memory, m := table.NewTracker(Timeouts{}, nil), table.NewMemory(0, time.Hour, time.Hour), newMappings(&table)
	f := toward(1)
	enter := func() (tracked, remembered, mapped bool) {
		p := mustParse(packet.Spec{Flow: f, Flags: packet.SYN})
		_, mapped = m.Allot(f, outsideOfMapped(f), 0)
		passes := tracker.Add(Egress, p, f, 0)
		return passes && tracker.Lookup(Egress, p, f, 0) != Untracked, memory.Enter(f, 0, 0), mapped
	}
	if tracked, remembered, mapped := enter(); !tracked || !remembered || !mapped {
		t.Fatal("not entered")
	}
	tracker.Close()
	memory.Close()
	m.Close()
	if tracked, remembered, mapped := enter(); tracked || remembered || mapped {
		t.Errorf("entered after the end: %t, %t, %t", tracked, remembered, mapped)
	}
	for n := range *table.trackers.list.Load() {
		if table.trackerOf(uint32(n)) != nil {
			t.Errorf("number %d is still given", n)
		}
	}
}
