package tap

import (
	"strconv"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// Look is what has passed a running network of late: what "vpcemu top" shows.
type Look struct {
	Time  time.Time `json:"time"`
	Flows []Flow    `json:"flows"` // the busiest first; those that were silent for a minute are left out
	Drops []Drop    `json:"drops"` // the latest first, since the start
}

// looks remembers what one look needs of those before it.
type looks struct {
	mu   sync.Mutex
	last map[string]rate
	why  map[dropKey]why
}

// rate is a flow's bits per second, measured over half a second at the least.
type rate struct {
	bytes uint64
	at    time.Time
	bits  float64
}

// why is the rule that dropped something, as a trace found it in an epoch.
type why struct{ detail, origin string }

// rates fills in how fast the flows are.
func (l *looks) rates(flows []Flow, now time.Time) {
	next := make(map[string]rate, len(flows))
	for k := range flows {
		f := &flows[k]
		key := f.Host + " " + f.Service + " " + f.Source + " " + f.Destination
		was, known := l.last[key]
		r := rate{f.Bytes, now, 0}
		known = known && f.Bytes >= was.bytes // else it was forgotten in between, and has begun anew
		if past := now.Sub(was.at); known && past >= time.Second/2 {
			r.bits = float64(f.Bytes-was.bytes) * 8 / past.Seconds()
		} else if known {
			r = was
		}
		f.Rate, next[key] = r.bits, r
	}
	l.last = next
}

// explain finds the rule that drops packets like one that was dropped.
func (l *looks) explain(e *emu.Emulator, from string, key dropKey) why {
	if w, ok := l.why[key]; ok {
		return w
	}
	w := explain(e, from, key)
	if l.why == nil || len(l.why) >= mostDrops*4 {
		l.why = make(map[dropKey]why)
	}
	l.why[key] = w
	return w
}

func explain(e *emu.Emulator, from string, key dropKey) why {
	reason := why{detail: key.result.Reason.Text()}
	service, err := firewall.ParseService(serviceOf(key.proto, key.port))
	if err != nil || key.result.Fate != emu.Dropped {
		return reason
	}
	t, err := e.Trace(emu.Query{Source: from, Destination: key.dst.String(), Service: service, OneWay: true})
	if err != nil {
		return reason
	}
	for _, b := range t.Blockers {
		if b.Reason == key.result.Reason.String() {
			return why{b.Component + ": " + b.Detail, b.Origin}
		}
	}
	return reason
}

// forget is for after an update, when other rules count.
func (l *looks) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why = nil
}

// serviceOf is a protocol and port as queries write them.
func serviceOf(proto packet.Proto, port uint16) string {
	switch proto {
	case packet.TCP:
		return "tcp/" + strconv.Itoa(int(port))
	case packet.UDP:
		return "udp/" + strconv.Itoa(int(port))
	case packet.ICMP:
		return "icmp"
	case packet.ICMPv6:
		return "icmpv6"
	}
	return "ip/" + strconv.Itoa(int(proto))
}

// peers are the names of who has an address, if only one has it.
func peers(hosts []*Host) map[string]string {
	names := make(map[string]string)
	for _, h := range hosts {
		for _, d := range h.Devices {
			for _, a := range d.Addresses {
				addr := a.Addr().String()
				if other, taken := names[addr]; taken && other != h.Name {
					names[addr] = "" // in VPCs with the same range
					continue
				}
				names[addr] = h.Name
			}
		}
	}
	return names
}

// reasonOf is why something was dropped, in a word.
func reasonOf(r emu.Result) string {
	if r.Fate == emu.Unknown {
		return r.Fate.String()
	}
	return r.Reason.String()
}
