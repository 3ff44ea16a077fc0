package firewall

import (
	"net/netip"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

const (
	// fragmentLifetime is how long a first fragment is remembered, as Linux waits for the rest of a packet.
	fragmentLifetime = 30 * time.Second
	// maxFragments is how many are remembered at once; the oldest go first.
	maxFragments = 1 << 16
)

// Fragments remembers the ports of first fragments, and what ICMP errors quote, so that later ones, which carry neither, get the same
// verdict (SG-53, ACL-26).
// The zero Fragments is ready, and costs nothing until a first fragment is seen. It must not be copied; it is safe for concurrent use.
//
// Ask it once for each packet, where it enters the network, before NAT changes addresses. First fragments are remembered for 30 s,
// at most 65,536 of them, the oldest going first.
type Fragments struct {
	mu    sync.Mutex
	slots []fragment // a ring once it has maxFragments
	next  int        // the oldest slot, if it is a ring
	index map[fragmentKey]int
}

// fragmentKey is what the pieces of one packet have in common (RFC 791, RFC 8200).
type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	proto    packet.Proto
}

type fragment struct {
	key    fragmentKey
	flow   packet.Flow
	header Header
	quoted *packet.Flow // by an ICMP error, nil for none
	until  int64
}

func fragmentKeyOf(p *packet.Packet) fragmentKey {
	k := fragmentKey{p.Flow.Src, p.Flow.Dst, p.FragID, p.Flow.Proto}
	if p.Version == 6 {
		k.proto = 0 // what follows the fragment header may differ from piece to piece (RFC 8200 section 4.5)
	}
	return k
}

// Remember notes the ports of a first fragment. It ignores every other packet.
func (fs *Fragments) Remember(p *packet.Packet, now int64) {
	if !p.IsFirstFragment() {
		return
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.index == nil {
		fs.index = make(map[fragmentKey]int)
	}
	f := fragment{fragmentKeyOf(p), p.Flow, HeaderOf(p, p.Flow), nil, now + int64(fragmentLifetime)}
	if p.IsICMPError() {
		if quoted, ok := p.EmbeddedFlow(); ok {
			f.quoted = &quoted
		}
	}
	fs.put(f)
}

// put stores f in the next slot of the ring.
func (fs *Fragments) put(f fragment) {
	at := fs.next
	if len(fs.slots) < maxFragments {
		at = len(fs.slots)
		fs.slots = append(fs.slots, f)
	} else {
		old := fs.slots[at].key
		if fs.index[old] == at { // else a newer packet has the same ID
			delete(fs.index, old)
		}
		fs.slots[at] = f
		fs.next = (at + 1) % maxFragments
	}
	fs.index[f.key] = at
}

// Ports returns the flow and the header of a packet or, of a later fragment, those of its first fragment; false if that is not known,
// in which case the fragment is to be dropped (SG-53).
func (fs *Fragments) Ports(p *packet.Packet, now int64) (f packet.Flow, h Header, ok bool) {
	if !p.IsLaterFragment() {
		return p.Flow, HeaderOf(p, p.Flow), true
	}
	first, ok := fs.first(p, now)
	return first.flow, first.header, ok
}

// Quoted returns the flow of the packet that the first fragment of a later one quotes, if it is an ICMP error: the later ones are related
// to that flow as the first one is (SG-45).
func (fs *Fragments) Quoted(p *packet.Packet, now int64) (f packet.Flow, ok bool) {
	if !p.IsLaterFragment() || !p.Flow.Proto.IsICMP() {
		return packet.Flow{}, false
	}
	first, _ := fs.first(p, now)
	if first.quoted == nil {
		return packet.Flow{}, false
	}
	return *first.quoted, true
}

// first is what is known of the first fragment of a later one.
func (fs *Fragments) first(p *packet.Packet, now int64) (f fragment, ok bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	at, ok := fs.index[fragmentKeyOf(p)]
	if !ok || now >= fs.slots[at].until {
		return fragment{}, false
	}
	return fs.slots[at], true
}
