package tap

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// traffic is what has passed one device: conversations as its guest sees them, before
// any address is translated, and what was dropped of what it sent.
type traffic struct {
	mu    sync.Mutex
	talks map[packet.Flow]*talk // by the flow of what the guest sends
	aired time.Time             // when those that ended long ago were forgotten for want of room
	drops map[dropKey]*dropped
}

// A device that talks to more than so many within forgetAfter counts no others.
const (
	mostTalks = 8192
	mostDrops = 1024
)

// forgetAfter is how long a conversation is shown after its last packet.
const forgetAfter = 60 * time.Second

// talk is one conversation.
type talk struct {
	began           bool // by the guest
	out, in         count
	outSeen, inSeen packet.TCPFlags // all that were seen
	last            time.Time
	fate            emu.Result // of what was sent last
}

type count struct{ packets, bytes uint64 }

func (c *count) add(bytes int) {
	c.packets++
	c.bytes += uint64(bytes)
}

// dropKey says which drops are one line: the client's port does not matter.
type dropKey struct {
	src, dst netip.Addr
	proto    packet.Proto
	port     uint16
	result   emu.Result
}

type dropped struct {
	count
	last time.Time
}

// flowOf is what is noted of a packet before it is sent and translated.
type flowOf struct {
	packet.Flow
	flags  packet.TCPFlags
	length int
}

// sent notes what became of packets of the guest.
func (t *traffic) sent(flows []flowOf, results []emu.Result, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range flows {
		f, r := &flows[k], results[k]
		if c := t.talk(f.Flow, true, now); c != nil {
			c.out.add(f.length)
			c.outSeen |= f.flags
			c.last, c.fate = now, r
		}
		if r.Fate == emu.Dropped || r.Fate == emu.Unknown {
			t.dropped(f, r, now)
		}
	}
}

func (t *traffic) dropped(f *flowOf, r emu.Result, now time.Time) {
	key := dropKey{f.Src, f.Dst, f.Proto, f.DstPort, r}
	d := t.drops[key]
	if d == nil {
		if len(t.drops) == mostDrops {
			return
		}
		if t.drops == nil {
			t.drops = make(map[dropKey]*dropped)
		}
		d = new(dropped)
		t.drops[key] = d
	}
	d.add(f.length)
	d.last = now
}

// received notes packets that the guest gets.
func (t *traffic) received(packets [][]byte, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var p packet.Packet
	for _, b := range packets {
		if p.Parse(b) != nil {
			continue
		}
		if c := t.talk(p.Flow.Reverse(), false, now); c != nil {
			c.in.add(p.Len())
			c.inSeen |= p.Flags
			c.last = now
		}
	}
}

// talk is a conversation, nil if there are too many.
func (t *traffic) talk(f packet.Flow, out bool, now time.Time) *talk {
	c := t.talks[f]
	if c == nil && len(t.talks) == mostTalks && now.Sub(t.aired) >= time.Second {
		t.aired = now
		t.forget(now)
	}
	if c == nil && len(t.talks) < mostTalks && f.Proto != 0 {
		if t.talks == nil {
			t.talks = make(map[packet.Flow]*talk)
		}
		c = &talk{began: out}
		t.talks[f] = c
	}
	return c
}

// state is the conversation's in a word.
func (c *talk) state(proto packet.Proto) string {
	both := c.outSeen & c.inSeen
	switch {
	case c.in.packets == 0 && (c.fate.Fate == emu.Dropped || c.fate.Fate == emu.Unknown):
		return c.fate.Fate.String()
	case c.in.packets == 0:
		return "asking"
	case proto != packet.TCP:
		return "answered"
	case (c.outSeen | c.inSeen).Has(packet.RST):
		return "reset"
	case both.Has(packet.FIN):
		return "closed"
	case (c.outSeen | c.inSeen).Has(packet.FIN):
		return "closing"
	}
	return "established"
}

// Flow is one conversation, told by who began it.
type Flow struct {
	Host        string `json:"host"` // who began
	Peer        string `json:"peer,omitempty"`
	Address     string `json:"address"` // of the peer
	Source      string `json:"source"`  // address and port
	Destination string `json:"destination"`
	Service     string `json:"service"` // "tcp/443"
	Packets     uint64 `json:"packets"` // both ways
	Bytes       uint64 `json:"bytes"`
	// Rate is bits per second since the last look, both ways.
	Rate float64 `json:"rate"`
	// State is "established", "closing", "closed", "reset" (TCP), "answered"
	// (others), "asking" if nothing has come back, "dropped" or "unknown".
	State string    `json:"state"`
	Last  time.Time `json:"last"`
}

// Drop is packets of one kind that were dropped, or of unknown fate.
type Drop struct {
	Host        string `json:"host"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Service     string `json:"service"`
	Packets     uint64 `json:"packets"`
	Bytes       uint64 `json:"bytes"`
	// Reason is as in traces, "SG_INGRESS", or "unknown".
	Reason string `json:"reason"`
	// Detail says which rule it was, as far as a trace of the same finds it, and Origin
	// where that was written.
	Detail string    `json:"detail,omitempty"`
	Origin string    `json:"origin,omitempty"`
	Last   time.Time `json:"last"`
}

// forget forgets the conversations that ended long ago.
func (t *traffic) forget(now time.Time) {
	maps.DeleteFunc(t.talks, func(_ packet.Flow, c *talk) bool { return now.Sub(c.last) > forgetAfter })
}

// flows are the conversations that the guest began, and that have not ended long ago.
func (t *traffic) flows(host string, now time.Time) []Flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	var list []Flow
	for f, c := range t.talks {
		if c.began {
			list = append(list, Flow{
				Host: host, Address: f.Dst.String(), Source: endOf(f.Src, f.SrcPort, f.Proto), Destination: endOf(f.Dst, f.DstPort, f.Proto), Service: serviceOf(f.Proto, f.DstPort),
				Packets: c.out.packets + c.in.packets, Bytes: c.out.bytes + c.in.bytes, State: c.state(f.Proto), Last: c.last,
			})
		}
	}
	return list
}

// dropList is what was dropped of what the guest sent.
func (t *traffic) dropList() map[dropKey]dropped {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make(map[dropKey]dropped, len(t.drops))
	for k, d := range t.drops {
		list[k] = *d
	}
	return list
}

// endOf is "10.0.1.4:443", or the address alone where there are no ports.
func endOf(a netip.Addr, port uint16, proto packet.Proto) string {
	if proto == packet.TCP || proto == packet.UDP {
		return netip.AddrPortFrom(a, port).String()
	}
	return a.String()
}

// sortFlows puts the busiest first, then the latest.
func sortFlows(list []Flow) {
	slices.SortFunc(list, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(b.Rate, a.Rate), b.Last.Compare(a.Last), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination))
	})
}

// sortDrops puts the latest first.
func sortDrops(list []Drop) {
	slices.SortFunc(list, func(a, b Drop) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Service, b.Service))
	})
}
