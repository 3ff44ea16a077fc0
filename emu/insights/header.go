package insights

import (
	"net/netip"
	"strconv"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// headers writes headers of one leg: of the packet alone, or of all that are alike.
type headers struct {
	alike *space.Product // of one protocol, if it has ports; nil for the packet alone
	sent  packet.Flow    // the request as it was sent
	reply bool
}

// of is a packet's header; nil for none.
func (w *headers) of(f packet.Flow) *AnalysisPacketHeader {
	if !f.Src.IsValid() {
		return nil
	}
	h := &AnalysisPacketHeader{Protocol: strconv.Itoa(int(f.Proto)), SourceAddresses: one(f.Src), DestinationAddresses: one(f.Dst)}
	if f.Proto.HasPorts() {
		h.SourcePortRanges, h.DestinationPortRanges = port(f.SrcPort), port(f.DstPort)
	}
	if w.alike != nil {
		w.widen(h, f)
	}
	return h
}

// widen gives a header the places of all packets that are alike, but where something has
// translated them: of that one example is known.
func (w *headers) widen(h *AnalysisPacketHeader, f packet.Flow) {
	client, server := &h.SourceAddresses, &h.DestinationAddresses
	clientPorts, serverPorts := &h.SourcePortRanges, &h.DestinationPortRanges
	if w.reply {
		client, server, clientPorts, serverPorts = server, client, serverPorts, clientPorts
		f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
	}
	if f.Src == w.sent.Src {
		*client = cidrs(w.alike[space.Sources], f.Src.Is6())
	}
	if f.Dst == w.sent.Dst {
		*server = cidrs(w.alike[space.Destinations], f.Dst.Is6())
	}
	if !f.Proto.HasPorts() || f.Proto != w.sent.Proto {
		return
	}
	if f.SrcPort == w.sent.SrcPort {
		*clientPorts = portRanges(w.alike[space.SourcePorts])
	}
	if f.DstPort == w.sent.DstPort {
		*serverPorts = portRanges(w.alike[space.Services])
	}
}

// changed is what of a header became another.
func (w *headers) changed(in, out packet.Flow) *AnalysisPacketHeader {
	was, h := w.of(in), w.of(out)
	if was == nil || h == nil {
		return h
	}
	if h.Protocol == was.Protocol {
		h.Protocol = ""
	}
	if in.Src == out.Src {
		h.SourceAddresses = nil
	}
	if in.Dst == out.Dst {
		h.DestinationAddresses = nil
	}
	if in.SrcPort == out.SrcPort {
		h.SourcePortRanges = nil
	}
	if in.DstPort == out.DstPort {
		h.DestinationPortRanges = nil
	}
	return h
}

func one(a netip.Addr) []string { return []string{netip.PrefixFrom(a, a.BitLen()).String()} }

func port(n uint16) []PortRange { return []PortRange{{int(n), int(n)}} }

// portRanges are those of ports, or of services of one protocol.
func portRanges(list []space.Span) (all []PortRange) {
	for _, s := range list {
		all = append(all, PortRange{int(s.First.Lo & 0xffff), int(s.Last.Lo & 0xffff)})
	}
	return all
}

// cidrs are the fewest prefixes that have some addresses and no others.
func cidrs(list []space.Span, v6 bool) (all []string) {
	whole := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if v6 {
		whole = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	for _, s := range list {
		all = within(s, whole, all)
	}
	return all
}

// within appends the prefixes in one that a span has.
func within(s space.Span, p netip.Prefix, all []string) []string {
	switch own := space.Prefix(p); {
	case own.And(s).Empty():
		return all
	case own.And(s) == own:
		return append(all, p.String())
	}
	low, high := space.Halves(p)
	return within(s, high, within(s, low, all))
}
