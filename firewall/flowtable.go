package firewall

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
)

// flowKey is what packets of one tracked flow have in common (SG-36), whichever way they go. It holds no pointers and no padding,
// which makes it cheap to hash and invisible to the garbage collector.
type flowKey struct {
	local, remote         [16]byte
	localPort, remotePort uint16 // TCP and UDP; the ICMP identifier is a localPort
	proto                 packet.Proto
	v6                    bool // tells ::ffff:10.0.0.1 from 10.0.0.1
}

// echoPort keeps echoes apart from other ICMP messages, which have no identifier, in a field that ICMP does not use.
const echoPort = 8

// keyOf is the key of the flow that f belongs to if it crosses the interface in this direction. Echo says that it is an ICMP echo.
func keyOf(dir Direction, f packet.Flow, echo bool) flowKey {
	k := flowKey{local: f.Src.As16(), remote: f.Dst.As16(), proto: f.Proto, v6: f.Src.Is6()}
	if dir == Ingress {
		k.local, k.remote = k.remote, k.local
	}
	switch {
	case f.Proto.HasPorts() && dir == Egress:
		k.localPort, k.remotePort = f.SrcPort, f.DstPort
	case f.Proto.HasPorts():
		k.localPort, k.remotePort = f.DstPort, f.SrcPort
	case f.Proto.IsICMP():
		k.localPort = f.SrcPort
		if echo {
			k.remotePort = echoPort
		}
	}
	return k
}

// flow is the inverse of keyOf.
func (k flowKey) flow(dir Direction) packet.Flow {
	f := packet.Flow{Src: k.addr(k.local), Dst: k.addr(k.remote), SrcPort: k.localPort, DstPort: k.remotePort, Proto: k.proto}
	if k.proto.IsICMP() {
		f.DstPort = 0 // echoPort
	}
	if dir == Ingress {
		return f.Reverse()
	}
	return f
}

func (k flowKey) addr(a [16]byte) netip.Addr {
	if k.v6 {
		return netip.AddrFrom16(a)
	}
	return netip.AddrFrom16(a).Unmap()
}

// entry is one tracked flow.
type entry struct {
	key    flowKey
	last   int64 // when its last packet passed
	due    int64 // when the table looks whether it has idled out; not later than it does
	heapAt int32 // its place in flowTable.heap
	opener Direction
	cost   uint8 // entries that it takes of the instance's budget (SG-35)
	conn   conn
}

// flowTable holds entries by key and finds those that have idled out. It never allocates for a hit.
//
//	index  key ──▶ slot            slots of removed entries are used again
//	slots  [ entry | entry | free | entry | … ]
//	heap   [ slot, slot, … ]       the earliest due first
//
// A packet moves an entry's end, but not its place in the heap: that would cost more than the lookup. Its due time is merely the
// earliest at which it could have idled out; once it is reached, the entry is either removed or due again later. Whatever shortens
// an entry's life must call hasten.
type flowTable struct {
	index map[flowKey]int32
	slots []entry
	free  []int32
	heap  []int32
}

func (t *flowTable) len() int { return len(t.heap) }

// find returns the entry of k, nil if there is none.
func (t *flowTable) find(k flowKey) *entry {
	slot, ok := t.index[k]
	if !ok {
		return nil
	}
	return &t.slots[slot]
}

// insert adds an entry whose key is not in the table.
func (t *flowTable) insert(e entry) {
	if t.index == nil {
		t.index = make(map[flowKey]int32)
	}
	var slot int32
	if n := len(t.free); n > 0 {
		slot, t.free = t.free[n-1], t.free[:n-1]
	} else {
		slot = int32(len(t.slots))
		t.slots = append(t.slots, entry{})
	}
	e.heapAt = int32(len(t.heap))
	t.slots[slot] = e
	t.index[e.key] = slot
	t.heap = append(t.heap, slot)
	t.up(len(t.heap) - 1)
}

// remove forgets an entry of the table.
func (t *flowTable) remove(e *entry) {
	at, last := int(e.heapAt), len(t.heap)-1
	slot := t.heap[at]
	t.swap(at, last)
	t.heap = t.heap[:last]
	if at < last {
		t.fix(at)
	}
	delete(t.index, e.key)
	t.free = append(t.free, slot)
}

// earliest returns the entry that is due first, nil if the table is empty.
func (t *flowTable) earliest() *entry {
	if len(t.heap) == 0 {
		return nil
	}
	return &t.slots[t.heap[0]]
}

// postpone sets a due time.
func (t *flowTable) postpone(e *entry, due int64) {
	e.due = due
	t.fix(int(e.heapAt))
}

// hasten makes sure that an entry is due no later than at due.
func (t *flowTable) hasten(e *entry, due int64) {
	if due < e.due {
		t.postpone(e, due)
	}
}

// fix restores the order of the heap after the due time of one place changed.
func (t *flowTable) fix(at int) {
	t.up(at)
	t.down(at)
}

func (t *flowTable) up(at int) {
	for at > 0 {
		parent := (at - 1) / 2
		if !t.less(at, parent) {
			return
		}
		t.swap(at, parent)
		at = parent
	}
}

func (t *flowTable) down(at int) {
	for {
		child := 2*at + 1
		if child >= len(t.heap) {
			return
		}
		if child+1 < len(t.heap) && t.less(child+1, child) {
			child++
		}
		if !t.less(child, at) {
			return
		}
		t.swap(at, child)
		at = child
	}
}

func (t *flowTable) less(i, j int) bool { return t.slots[t.heap[i]].due < t.slots[t.heap[j]].due }

func (t *flowTable) swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.slots[t.heap[i]].heapAt = int32(i)
	t.slots[t.heap[j]].heapAt = int32(j)
}
