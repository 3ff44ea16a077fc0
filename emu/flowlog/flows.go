package flowlog

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// key is what one line is about (FLOW-2, FLOW-3).
type key struct {
	vpc, iface       string
	dir              firewall.Direction
	accept           bool
	flow             packet.Flow // with the addresses in the packet, without an ICMP identifier
	source, destined netip.Addr
}

// sums is one line to be: the first record of a flow and what all its records add
// up to.
type sums struct {
	emu.Record
	packets, bytes int
	first, last    int64 // seconds
	timed          bool
	flags          int
}

// flows are those of one window.
type flows struct {
	start   int64
	list    []*sums
	byKey   map[key]*sums
	seen    map[[2]string]bool // interfaces with packets
	skipped map[[2]string]bool // interfaces whose records were lost
}

func newFlows(start int64) *flows {
	return &flows{start: start, byKey: make(map[key]*sums), seen: make(map[[2]string]bool), skipped: make(map[[2]string]bool)}
}

// busy reports whether there is anything to say of the window but NODATA.
func (f *flows) busy() bool { return len(f.seen)+len(f.skipped) > 0 }

// add counts a packet for its flow.
func (f *flows) add(r emu.Record) {
	if !r.Flow.Proto.HasPorts() {
		r.Flow.SrcPort, r.Flow.DstPort = 0, 0 // FLOW-23
	}
	f.seen[[2]string{r.VPC, r.Interface}] = true
	k := key{r.VPC, r.Interface, r.Direction, r.Accept, r.Flow, r.Source, r.Destination}
	s := f.byKey[k]
	if s == nil {
		s = &sums{Record: r, timed: !r.Time.IsZero(), first: r.Time.Unix(), last: r.Time.Unix()}
		f.byKey[k] = s
		f.list = append(f.list, s)
	}
	s.packets++
	s.bytes += r.Length
	s.first, s.last = min(s.first, r.Time.Unix()), max(s.last, r.Time.Unix())
	s.flags |= flagsOf(r.Flags)
}

// flagsOf is AWS's number for the flags of one packet: an ACK counts only beside a
// SYN (FLOW-29).
func flagsOf(f packet.TCPFlags) int {
	flags := f & (packet.FIN | packet.SYN | packet.RST)
	if f.Has(packet.SYN | packet.ACK) {
		flags |= packet.ACK
	}
	return int(flags)
}

func (f *flows) skip(vpc, iface string) { f.skipped[[2]string{vpc, iface}] = true }

// statuses are the lines without a flow that an interface has in the window
// (FLOW-26, FLOW-27).
func (f *flows) statuses(p emu.Place) []string {
	switch k := [2]string{p.VPC, p.Interface}; {
	case f.skipped[k]:
		return []string{"SKIPDATA"}
	case !f.seen[k]:
		return []string{"NODATA"}
	}
	return nil
}
