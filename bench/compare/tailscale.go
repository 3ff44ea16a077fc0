package main

import (
	"net/netip"

	"go4.org/netipx"
	"tailscale.com/net/ipset"
	tspacket "tailscale.com/net/packet"
	"tailscale.com/types/ipproto"
	"tailscale.com/types/logger"
	"tailscale.com/types/views"
	"tailscale.com/wgengine/filter"

	"github.com/vpcemu/vpcemu/packet"
)

// tailscale is wgengine/filter. It asks of a packet what ours asks, and whether it is for this node.
type tailscale struct {
	looper
	filter *filter.Filter
	seen   []tspacket.Parsed
}

// node is the address that packets are for.
var node = netip.MustParseAddr("10.0.2.20")

func newTailscale(in filterInput) *tailscale {
	var matches []filter.Match
	for _, r := range in.rules {
		from := []netip.Prefix{r.from}
		matches = append(matches, filter.Match{
			IPProto:      views.SliceOf([]ipproto.Proto{ipproto.TCP}),
			Srcs:         from,
			SrcsContains: ipset.NewContainsIPFunc(views.SliceOf(from)),
			Dsts:         []filter.NetPortRange{{Net: netip.PrefixFrom(node, 32), Ports: filter.PortRange{First: r.first, Last: r.last}}},
		})
	}
	var local netipx.IPSetBuilder
	local.Add(node)
	set, _ := local.IPSet() // an error would be of what was removed from it
	p := &tailscale{looper{name: "tailscale wgengine/filter"}, filter.New(matches, nil, set, set, nil, logger.Discard), make([]tspacket.Parsed, len(in.seen))}
	for i, s := range in.seen {
		f := packet.Flow{Src: s.src, Dst: node, SrcPort: 40000, DstPort: s.port, Proto: packet.TCP}
		p.seen[i].Decode(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes())
	}
	return p
}

func (p *tailscale) allows(i int) bool { return p.filter.RunIn(&p.seen[i], 0) == filter.Accept }

func (p *tailscale) Run(n int) error {
	mask, sum := len(p.seen)-1, 0
	for i := p.next; i < p.next+n; i++ {
		if p.allows(i & mask) {
			sum++
		}
	}
	return p.done(n, sum)
}
