package emu

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// On-premises is what lies behind a gateway that knows prefixes of it
// ([plan.Gateway.Outside]). It has a port for each gateway, as the internet has one.

// leaveOnPremises hands the packet to what is behind a gateway.
func (w *walk) leaveOnPremises(g *plan.Gateway) {
	w.outer = g
	w.result = Result{Fate: Exited, At: g.Desc.ID}
	if p := w.net.outer[g.Slot]; w.tracer == nil && p != nil {
		w.ends.arrive(p, w.pkt.Bytes())
		p.deliver(w.pkt.Bytes())
	}
}

// enterFrom is the way of a packet that comes from behind a gateway; nil is the
// internet.
func (w *walk) enterFrom(g *plan.Gateway) {
	if g == nil {
		w.enter()
		return
	}
	w.moveTo(stop{outer: g})
	if enter := ways[g.Desc.Kind].enter; enter != nil {
		enter(w)
		return
	}
	w.result = Result{Fate: Unknown}
}

// outerPorts carries the ports of gateways over to a new plan.
func (g *generation) outerPorts(prev *generation) {
	g.outer = make([]*Port, len(g.plan.Gateways))
	for slot, gateway := range g.plan.Gateways {
		if gateway.Outside == nil {
			continue
		}
		key := outerKey(gateway)
		i := slices.IndexFunc(prev.outer, func(p *Port) bool { return p != nil && p.key == key })
		if i >= 0 {
			g.outer[slot] = prev.outer[i]
			continue
		}
		p := &Port{em: g.em, id: "onprem:" + gateway.Desc.ID, key: key, passing: g.em.flows.Passive()}
		p.enter = func(w *walk) { w.fromOnPremisesPort(p) }
		g.outer[slot] = p
	}
}

// outerKey names a gateway across plans: inside a VPC its ID is only the VPC's, and an
// attachment's only its transit gateway's.
func outerKey(g *plan.Gateway) string {
	if g.Attachment != nil {
		return g.Attachment.Gateway.Desc.ID + "/" + g.Desc.ID
	}
	if g.Desc.Kind == routing.VPNGateway && len(g.VPCs) == 1 {
		return g.VPCs[0].Desc.ID + "/" + g.Desc.ID
	}
	return g.Desc.ID
}

// outerNames are what a gateway may be called: by ID, by name, and after its VPC.
func outerNames(g *plan.Gateway) []string {
	names := []string{g.Desc.ID, g.Desc.Name, outerKey(g)}
	if len(g.VPCs) == 1 && g.Desc.Name != "" {
		names = append(names, g.VPCs[0].Desc.ID+"/"+g.Desc.Name, g.VPCs[0].Desc.Name+"/"+g.Desc.Name)
	}
	return names
}

// fromOnPremisesPort is the way of a packet from an on-premises port, whose gateway may have
// gone.
func (w *walk) fromOnPremisesPort(p *Port) {
	if slot := slices.Index(w.net.outer, p); slot >= 0 {
		w.enterFrom(w.net.plan.Gateways[slot])
		return
	}
	w.result = Result{Fate: Dropped, Reason: NoRoute}
}

// resolveOnPremises finds what "onprem", "onprem:ADDRESS", "onprem:GATEWAY" or
// "onprem:GATEWAY:ADDRESS" means; the rest is what follows "onprem".
func (g *generation) resolveOnPremises(name, rest string) (queryEnd, error) {
	rest = strings.TrimPrefix(rest, ":")
	all := g.outsides()
	if a, err := parseAddr(rest); err == nil {
		return g.behindSome(name, a, all)
	}
	if rest == "" {
		return g.behindOne(name, all)
	}
	var found []*plan.Gateway
	host := ""
	for _, o := range all {
		for _, n := range outerNames(o) {
			after, ok := strings.CutPrefix(rest, n)
			if ok && n != "" && (after == "" || after[0] == ':') && !slices.Contains(found, o) {
				found, host = append(found, o), strings.TrimPrefix(after, ":")
			}
		}
	}
	if len(found) == 0 && len(all) > 0 {
		return queryEnd{}, notOnPremises(rest, all)
	}
	end, err := g.behindOne(name, found)
	if err != nil || host == "" {
		return end, err
	}
	end.asked = true
	end.addr, err = parseAddr(host)
	return end, err
}

// outsides are the gateways that lead to on-premises networks.
func (g *generation) outsides() []*plan.Gateway {
	var all []*plan.Gateway
	for _, o := range g.plan.Gateways {
		if o.Outside != nil && !o.Desc.Gone() {
			all = append(all, o)
		}
	}
	return all
}

// behindSome is a host with an address: behind the only gateway that knows it, or
// that may know it, or the only one that there is.
func (g *generation) behindSome(name string, a netip.Addr, all []*plan.Gateway) (queryEnd, error) {
	knows := slices.DeleteFunc(slices.Clone(all), func(o *plan.Gateway) bool { return !knows(o, a) })
	may := slices.DeleteFunc(slices.Clone(all), func(o *plan.Gateway) bool { return o.Outside.Gap == "" })
	for _, some := range [][]*plan.Gateway{knows, may} {
		if len(some) > 0 {
			all = some
			break
		}
	}
	end, err := g.behindOne(name, all)
	end.asked, end.addr = true, a
	return end, err
}

func knows(o *plan.Gateway, a netip.Addr) bool {
	_, ok := o.Outside.Lookup(a)
	return ok
}

// behindOne is the network behind the only gateway of a list, with the hosts that
// stand for it.
func (g *generation) behindOne(name string, list []*plan.Gateway) (queryEnd, error) {
	switch len(list) {
	case 0:
		return queryEnd{}, fmt.Errorf("no gateway leads to %q: want onprem:ADDRESS or onprem:GATEWAY:ADDRESS, behind a virtual private gateway or an attachment of a transit gateway", name)
	case 1:
		o := list[0]
		hosts := [2]netip.Addr{o.Outside.Host(false), o.Outside.Host(true)}
		for v, v6 := range [...]bool{false, true} { // behind a default route, or nobody says what
			if !hosts[v].IsValid() && (!v6 || o.Outside.MayHaveIPv6()) {
				hosts[v] = g.someHost(v6, 0)
			}
		}
		return queryEnd{name: name, outer: o, hosts: hosts}, nil
	}
	var ids []string
	for _, o := range list {
		ids = append(ids, outerKey(o))
	}
	return queryEnd{}, fmt.Errorf("%q is ambiguous, it may be behind %s", name, strings.Join(ids, " or "))
}

// behind are the addresses that hosts behind a gateway may have, one of which has been
// chosen: those that it knows, and if it may know more all that are no VPC's of it.
func behind(o *plan.Gateway, chosen netip.Addr) []space.Span {
	known := spans(o.Outside.Prefixes(), chosen)
	if o.Outside.Gap == "" {
		return known
	}
	none := []netip.Prefix{linkLocal4, linkLocal6, vpc.Services6, multicast4, multicast6, netip.PrefixFrom(everybody, 32)}
	for _, v := range o.VPCs {
		none = append(none, v.Desc.CIDRs...)
	}
	if o.Attachment != nil {
		for _, at := range o.Attachment.Gateway.Attachments {
			if at.VPC != nil {
				none = append(none, at.VPC.Desc.CIDRs...)
			}
		}
	}
	var holes []space.Span
	for _, p := range none {
		if p.Addr().BitLen() == chosen.BitLen() {
			holes = append(holes, space.Prefix(p))
		}
	}
	return space.Union(append(space.Except([]space.Span{space.Addresses(chosen.Is6())}, space.Union(holes)), known...))
}

// left is the gateway behind which the packet has gone, nil if it has not.
func (w *walk) left() *plan.Gateway {
	if w.result.Fate != Exited {
		return nil
	}
	return w.outer
}
