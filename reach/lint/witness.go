package lint

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// witness is a packet as a trace takes it.
func (p *pass) witness(pair *emu.Pair, at space.Point, src, dst string) *Witness {
	w := &Witness{Source: src, Destination: dst}
	proto, key := at[space.Services].Service()
	service := firewall.Service{Protocol: int(proto), From: int(key)}
	service.To = service.From
	switch {
	case service.IsICMP():
		service.From, service.To = service.From>>8, service.From&0xff
	case !service.HasPorts():
		service = service.Plain()
	default:
		w.SourcePort = uint16(at[space.SourcePorts].Lo)
	}
	w.Service = service.String()
	if t, err := pair.Trace(at); err == nil {
		sent := t.Sent()
		w.IPv6 = sent.Src.Is6()
		outside := func(name string) bool { return name == "internet" || strings.HasPrefix(name, "onprem:") }
		if outside(src) {
			w.Source += ":" + sent.Src.String()
		}
		if outside(dst) {
			w.Destination += ":" + sent.Dst.String()
		}
		named, _ := pair.Usual(pair.All)
		if at[space.Sources] != named[space.Sources] {
			w.Source = addressed(w.Source, pair.Sources(), sent.Src)
		}
		if at[space.Destinations] != named[space.Destinations] {
			w.Destination = addressed(w.Destination, pair.Destinations(), sent.Dst)
		}
	}
	return w
}

// addressed is an end by an address of it that its name does not mean.
func addressed(name string, list []emu.Range, addr netip.Addr) string {
	for k := range list {
		v, i := list[k].Owner()
		switch {
		case i == nil || !list[k].Span.Has(space.Address(addr)):
		case slices.ContainsFunc(i.Addresses, func(a vpc.Address) bool { return a.Public == addr }):
			return addr.String()
		default:
			return v.ID + "/" + addr.String()
		}
	}
	return name
}
