package awsjson

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// hoistTransit moves transit gateways that are described inside a VPC to the
// others, so that their attachments are settled with those.
func hoistTransit(n *vpc.Network) {
	for _, v := range n.VPCs {
		inside := v.Gateways
		v.Gateways = nil
		for _, g := range inside {
			if g.Kind != routing.TransitGateway {
				v.Gateways = append(v.Gateways, g)
				continue
			}
			g.VPCs = appendNew(g.VPCs, v.ID)
			n.Gateways = append(n.Gateways, g)
		}
	}
}

// explicitTransit is what transit gateways consist of as AWS lists it: IDs of its
// shape, VPC attachments first, an interface in each of their subnets.
func explicitTransit(n *vpc.Network) {
	taken := make(map[string]bool)
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		t := g.Transit
		for _, a := range t.Attachments {
			live := attachmentJSON{a.State, a.VPC}.live()
			if a.Kind == vpc.VPCAttachment && live && n.VPC(a.VPC) == nil {
				n.VPCs = append(n.VPCs, &vpc.VPC{ID: a.VPC, Partial: true})
			}
		}
		t.Attachments = n.TransitAttachments(g) // with those of VPCs that nothing describes
		for _, a := range t.Attachments {
			a.Association = cmp.Or(a.Association, t.Association)
			if len(a.Propagation) == 0 {
				a.Propagation = []string{t.Propagation}
			}
		}
		byVPC := func(a *vpc.TransitAttachment) int { return min(int(a.Kind), 1) }
		slices.SortStableFunc(t.Attachments, func(a, b *vpc.TransitAttachment) int { return byVPC(a) - byVPC(b) })
		nameTransit(g, taken)
		g.VPCs = nil
		for _, a := range t.Attachments {
			listedAttachment(t, a)
			if v := n.VPC(a.VPC); v != nil {
				attachmentInterfaces(v, a)
			}
			if (attachmentJSON{a.State, a.VPC}).live() {
				g.VPCs = appendNew(g.VPCs, a.VPC)
			}
			a.Addresses = nil // the interfaces have them
		}
		for _, table := range t.RouteTables {
			listedTable(table)
		}
	}
}

// nameTransit gives attachments and tables IDs of AWS's shape, and rewrites what
// names them.
func nameTransit(g *vpc.Gateway, taken map[string]bool) {
	t := g.Transit
	tables, targets := make(map[*string]*vpc.TransitTable), make(map[*string]*vpc.TransitAttachment)
	table := func(name *string) { tables[name] = t.Table(*name) }
	table(&t.Association)
	table(&t.Propagation)
	for _, a := range t.Attachments {
		table(&a.Association)
		for k := range a.Propagation {
			table(&a.Propagation[k])
		}
	}
	for _, table := range t.RouteTables {
		for k := range table.Routes {
			name := &table.Routes[k].Target.ID
			targets[name] = t.Attachment(*name)
		}
	}
	owner := strings.TrimPrefix(g.ID, "tgw-")
	for _, a := range t.Attachments {
		rename(taken, "tgw-attach-", owner, &a.ID, &a.Name)
	}
	for _, table := range t.RouteTables {
		rename(taken, "tgw-rtb-", owner, &table.ID, &table.Name)
	}
	for name, table := range tables {
		if table != nil && *name != vpc.NoTable {
			*name = table.ID
		}
	}
	for name, a := range targets {
		if a != nil {
			*name = a.ID
		}
	}
}

// rename gives a part of a gateway an ID of AWS's shape that is not taken; the old
// one becomes its name, unless it has one.
func rename(taken map[string]bool, prefix, owner string, id, name *string) {
	fresh := withPrefix(prefix, *id)
	if taken[fresh] || fresh != *id {
		fresh = free(withPrefix(prefix, owner+"-"+strings.TrimPrefix(fresh, prefix)), func(id string) bool { return taken[id] })
		*name, *id = cmp.Or(*name, *id), fresh
	}
	taken[fresh] = true
}

// listedAttachment reduces an attachment to what listings have of it.
func listedAttachment(t *vpc.Transit, a *vpc.TransitAttachment) {
	a.State = cmp.Or(a.State, "available")
	if a.Kind != vpc.VPCAttachment {
		a.VPC, a.Subnets, a.Appliance, a.IPv6, a.NoGroupReferences = "", nil, false, false, false
	}
	if a.Kind != vpc.PeeringAttachment {
		a.Peer = ""
	}
	if a.Kind == vpc.VPCAttachment && len(a.Subnets) == 0 && a.Unknown == "" {
		a.Unknown = "which subnets it has is not known"
	}
	order := func(name string) int {
		if i := slices.IndexFunc(t.RouteTables, func(t *vpc.TransitTable) bool { return t.ID == name }); i >= 0 {
			return i
		}
		return len(t.RouteTables)
	}
	described := func(name string) bool { return order(name) < len(t.RouteTables) }
	var kept []netip.Prefix
	for _, p := range a.Prefixes {
		if p = p.Masked(); !slices.Contains(kept, p) && slices.ContainsFunc(a.Propagation, described) {
			kept = append(kept, p)
		}
	}
	if a.Prefixes = kept; a.Kind == vpc.VPCAttachment || a.Kind == vpc.PeeringAttachment {
		a.Prefixes = nil
	}
	a.Propagation = slices.DeleteFunc(a.Propagation, func(name string) bool {
		return name == vpc.NoTable || a.Kind != vpc.VPCAttachment && len(a.Prefixes) == 0 && described(name)
	})
	slices.SortFunc(a.Propagation, func(x, y string) int { return cmp.Or(order(x)-order(y), cmp.Compare(x, y)) })
	a.Propagation = slices.Compact(a.Propagation)
	switch {
	case a.Kind == vpc.PeeringAttachment:
		a.Propagation = nil
	case len(a.Propagation) == 0:
		a.Propagation = []string{vpc.NoTable}
	}
}

// attachmentInterfaces makes the interfaces that an attachment has in its VPC
// interfaces of the VPC, as AWS lists them.
func attachmentInterfaces(v *vpc.VPC, a *vpc.TransitAttachment) {
	for k, name := range a.Subnets {
		s := v.Subnet(name)
		if s == nil || k >= len(a.Addresses) || !a.Addresses[k].IsValid() {
			continue
		}
		about := "Network Interface for Transit Gateway Attachment " + a.ID
		has := func(i *vpc.Interface) bool {
			return slices.ContainsFunc(i.Addresses, func(o vpc.Address) bool { return o.IP == a.Addresses[k] })
		}
		if at := slices.IndexFunc(s.Interfaces, has); at >= 0 {
			i := s.Interfaces[at]
			if i.Kind = "transit_gateway"; !strings.Contains(i.Description, a.ID) {
				i.Description = about
			}
			continue
		}
		id := free(strings.TrimPrefix(a.ID, "tgw-attach-")+"-"+s.ID, func(id string) bool { return s.Interface(id) != nil })
		s.Interfaces = append(s.Interfaces, &vpc.Interface{ID: id, Kind: "transit_gateway", Description: about,
			Addresses: []vpc.Address{{IP: a.Addresses[k]}}, Origin: a.Origin})
	}
}

// listedTable reduces the static routes of a table to what listings have of them:
// references to prefix lists come first.
func listedTable(t *vpc.TransitTable) {
	for k := range t.Routes {
		r := &t.Routes[k]
		r.Source, r.Destination = routing.Static, r.Destination.Masked()
		if r.PrefixList != "" {
			r.Destination = netip.Prefix{}
		}
		r.Target.Kind = routing.TransitGateway
		if r.Target.ID == "" {
			r.Target = routing.Target{}
		}
		r.Blackhole = r.Blackhole && r.Unknown == ""
	}
	byList := func(r routing.Route) int {
		if r.PrefixList != "" {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(t.Routes, func(a, b routing.Route) int { return byList(a) - byList(b) })
}

// transit gives what a transit gateway names its new ID.
func (x *rewriter) transit(g *vpc.Gateway) {
	if g.Transit == nil {
		return
	}
	for _, a := range g.Transit.Attachments {
		v := x.n.VPC(a.VPC)
		for k, name := range a.Subnets {
			if v != nil {
				a.Subnets[k] = id(x.renamer, v.Subnet(name), name)
			}
		}
		a.VPC = id(x.renamer, v, a.VPC)
		for _, peer := range x.n.Gateways {
			if a.Kind == vpc.PeeringAttachment && peer.Kind == routing.TransitGateway && a.Peer != "" && (peer.ID == a.Peer || peer.Name == a.Peer) {
				a.Peer = x.ids[peer]
				break
			}
		}
	}
	for _, t := range g.Transit.RouteTables {
		for k := range t.Routes {
			t.Routes[k].PrefixList = id(x.renamer, x.n.PrefixList(t.Routes[k].PrefixList), t.Routes[k].PrefixList)
		}
	}
}
