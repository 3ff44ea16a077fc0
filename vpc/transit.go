package vpc

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
)

// Transit is what a transit gateway consists of (TGW-1 to TGW-36). A gateway of
// that kind without one has an attachment with AWS's defaults to each of its
// [Gateway.VPCs], and one route table.
//
//	VPC a ── attachment ──▶ associated route table ──▶ attachment ── VPC b
//	             └─ propagates its prefixes into any number of tables
type Transit struct {
	Attachments []*TransitAttachment
	RouteTables []*TransitTable
	// Association and Propagation name the table of attachments that name none:
	// NoTable for no table at all. Empty: the only table that is described, else
	// the one that is called "default", which AWS makes (TGW-8).
	Association, Propagation string
	// GroupReferences lets inbound rules refer to security groups of other VPCs on
	// it (SG-22); AWS's default is not to.
	GroupReferences bool
}

// NoTable in the place of a route table of a transit gateway means none.
const NoTable = "none"

// defaultTable is the name of the table that a transit gateway comes with.
const defaultTable = "default"

// TransitKind is what an attachment attaches.
type TransitKind uint8

// The kinds of attachments, in the order in which their routes are preferred
// (TGW-10).
const (
	VPCAttachment TransitKind = iota
	DirectConnectAttachment
	ConnectAttachment
	VPNAttachment
	PeeringAttachment // to another transit gateway
)

// TransitKinds are the names of the kinds, in their order.
var TransitKinds = []string{"vpc", "dx", "connect", "vpn", "peering"}

// String is "vpc", "dx", "connect", "vpn" or "peering".
func (k TransitKind) String() string { return TransitKinds[k] }

// TransitAttachment is one attachment of a transit gateway.
type TransitAttachment struct {
	ID, Name string
	Kind     TransitKind
	// VPC it attaches, by ID or name.
	VPC string
	// Subnets of that VPC, one for each zone that may use the gateway (TGW-1).
	// Without any, the first subnet of each zone.
	Subnets []string
	// Addresses of its interfaces, subnet by subnet; those that are missing or not
	// valid are assigned when the network is compiled.
	Addresses []netip.Addr
	// Peer is the transit gateway at the other end of a peering attachment.
	Peer string
	// Prefixes are what a VPN, Direct Connect or Connect attachment announces.
	Prefixes []netip.Prefix
	// Appliance is appliance mode: the zone goes by flow (TGW-19).
	Appliance bool
	// IPv6 is Ipv6Support: IPv6 ranges of the VPC are propagated too (TGW-7).
	IPv6 bool
	// NoGroupReferences takes the attachment out of the gateway's GroupReferences.
	NoGroupReferences bool
	// State is AWS's word for it; empty for the one in which it works (TGW-4).
	State string
	// Association is the table for what comes in through it (TGW-5), Propagation
	// the tables that get its prefixes (TGW-6): empty for the gateway's default,
	// NoTable for none.
	Association string
	Propagation []string
	// Unknown, if not empty, says what of it is not known, so that no packet
	// through it has a certain fate.
	Unknown string
	Origin  string
}

// Works reports whether the attachment is in the state in which it forwards
// (TGW-4).
func (a *TransitAttachment) Works() bool { return a.State == "" || a.State == "available" }

// TransitTable is a route table of a transit gateway. Its routes are static ones;
// a target's ID is that of an attachment, or its name, or that of its VPC.
// Propagated routes follow from attachments.
type TransitTable struct {
	ID, Name string
	Routes   []routing.Route
	// Unknown, if not empty, says why the routes are not (all) known.
	Unknown string
	Origin  string
}

func (g *Gateway) cloneTransit() {
	if g.Transit == nil {
		return
	}
	t := *g.Transit
	t.Attachments = cloneAll(t.Attachments, func(a *TransitAttachment) {
		a.Subnets, a.Addresses = slices.Clone(a.Subnets), slices.Clone(a.Addresses)
		a.Prefixes, a.Propagation = slices.Clone(a.Prefixes), slices.Clone(a.Propagation)
	})
	t.RouteTables = cloneAll(t.RouteTables, func(t *TransitTable) { t.Routes = slices.Clone(t.Routes) })
	g.Transit = &t
}

// transitGateway finds a transit gateway by ID or name, nil if there is none.
func (n *Network) transitGateway(name string) *Gateway {
	g := find(n.Gateways, name, gatewayNames)
	if g == nil || g.Kind != routing.TransitGateway {
		return nil
	}
	return g
}

// Attachment finds an attachment by ID or name, or by that of its VPC; nil if
// there is none.
func (t *Transit) Attachment(name string) *TransitAttachment {
	if a := find(t.Attachments, name, func(a *TransitAttachment) (string, string) { return a.ID, a.Name }); a != nil {
		return a
	}
	var found *TransitAttachment
	for _, a := range t.Attachments {
		if name != "" && a.VPC == name && (found == nil || a.Works()) {
			found = a
		}
	}
	return found
}

// Table finds a route table by ID or name, nil if there is none.
func (t *Transit) Table(name string) *TransitTable {
	return find(t.RouteTables, name, func(t *TransitTable) (string, string) { return t.ID, t.Name })
}

// standard is the name of the table that attachments get which name none.
func (t *Transit) standard(option string) string {
	switch {
	case option != "":
		return option
	case len(t.RouteTables) == 1:
		return t.RouteTables[0].ID
	}
	return defaultTable
}

// settle writes out what a transit gateway's description leaves open: the
// attachments of its VPCs, the default table, who is associated with what, the
// attachment subnets. What is settled stays as it is.
func (n *Network) settle(g *Gateway) {
	if g.Transit == nil {
		g.Transit = new(Transit)
	}
	t := g.Transit
	t.Association, t.Propagation = t.standard(t.Association), t.standard(t.Propagation)
	t.Attachments = n.TransitAttachments(g)
	for _, a := range t.Attachments {
		if a.Association == "" {
			a.Association = t.Association
		}
		if len(a.Propagation) == 0 {
			a.Propagation = []string{t.Propagation}
		}
		if a.Kind == PeeringAttachment {
			a.Propagation = []string{NoTable} // TGW-13
		}
		if v := n.VPC(a.VPC); v != nil && len(a.Subnets) == 0 && a.Unknown == "" {
			a.Subnets = v.firstSubnets()
		}
		for len(a.Addresses) < len(a.Subnets) {
			a.Addresses = append(a.Addresses, netip.Addr{})
		}
	}
	if t.used(defaultTable) && t.Table(defaultTable) == nil {
		t.RouteTables = append(t.RouteTables, &TransitTable{ID: defaultTable, Name: defaultTable, Origin: g.Origin})
	}
}

func (t *Transit) used(table string) bool {
	return slices.ContainsFunc(t.Attachments, func(a *TransitAttachment) bool {
		return a.Association == table || slices.Contains(a.Propagation, table)
	})
}

// TransitAttachments are the attachments of a transit gateway: those that are
// described, and one for each VPC that it joins and none of those names.
func (n *Network) TransitAttachments(g *Gateway) []*TransitAttachment {
	var all []*TransitAttachment
	if g.Transit != nil {
		all = slices.Clip(g.Transit.Attachments)
	}
	for _, name := range g.VPCs {
		v := n.VPC(name)
		if v == nil || slices.ContainsFunc(all, func(a *TransitAttachment) bool { return n.VPC(a.VPC) == v }) {
			continue
		}
		all = append(all, &TransitAttachment{ID: g.ID + "-" + v.ID, Name: v.Name, VPC: v.ID, Origin: g.Origin})
	}
	return all
}

// firstSubnets are the first subnets with IPv4 of each zone (TGW-32).
func (v *VPC) firstSubnets() []string {
	var ids []string
	seen := make(map[string]bool)
	for _, s := range v.Subnets {
		if !seen[s.Zone] && mayAttach(s) {
			seen[s.Zone] = true
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// mayAttach reports whether a subnet can be that of a transit gateway attachment
// (TGW-32).
func mayAttach(s *Subnet) bool { return slices.ContainsFunc(s.CIDRs, is4) && !isLocalZone(s.Zone) }

// isLocalZone reports whether a zone is a Local Zone, like us-west-2-lax-1a.
func isLocalZone(zone string) bool { return strings.Count(zone, "-") >= 4 }

// transitAddress is the place of an address of an attachment's interface.
type transitAddress struct {
	gateway    *Gateway
	attachment *TransitAttachment
	index      int
}

// settleTransit settles all transit gateways, and lists the addresses of their
// interfaces by subnet.
func (n *Network) settleTransit() map[*Subnet][]transitAddress {
	places := make(map[*Subnet][]transitAddress)
	for _, g := range n.Gateways {
		if g.Kind != routing.TransitGateway {
			continue
		}
		n.settle(g)
		for _, a := range g.Transit.Attachments {
			v := n.VPC(a.VPC)
			for k, name := range a.Subnets {
				if v == nil || v.Subnet(name) == nil {
					continue
				}
				s := v.Subnet(name)
				places[s] = append(places[s], transitAddress{g, a, k})
			}
		}
	}
	return places
}

// transitKind is the InterfaceType of the interfaces of transit gateways.
const transitKind = "transit_gateway"

// own is the address of the interface that is described as the attachment's, the
// zero Addr if none is.
func (p transitAddress) own(s *Subnet) netip.Addr {
	for _, i := range s.Interfaces {
		if i.Kind == transitKind && len(i.Addresses) > 0 && strings.Contains(i.Description, p.attachment.ID) {
			return i.Addresses[0].IP
		}
	}
	return netip.Addr{}
}

// assign gives the interface of an attachment in a subnet its address.
// It is false if the subnet is full.
func (p transitAddress) assign(s *Subnet, free *freeAddresses) bool {
	a := &p.attachment.Addresses[p.index]
	if a.IsValid() {
		return true
	}
	ok := true
	if *a = p.own(s); !a.IsValid() {
		*a, ok = free.take()
	}
	return ok
}

// takeTransit marks the addresses of attachments that are written down as taken.
func (v *VPC) takeTransit(transit map[*Subnet][]transitAddress, taken map[netip.Addr]bool) {
	for _, s := range v.Subnets {
		for _, p := range transit[s] {
			if a := p.attachment.Addresses[p.index]; a.IsValid() {
				taken[a] = true
			}
		}
	}
}
