package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Plan is a compiled network.
type Plan struct {
	// Epoch counts the plans of one emulator, from 1.
	Epoch uint64
	// Network is the description it was compiled from; nobody changes it.
	Network *vpc.Network

	VPCs       []*VPC
	Gateways   []*Gateway
	interfaces list
	// Slots is one more than the highest Interface.Slot.
	Slots int
	free  []int // slots below that which nobody has

	members []*members                // by VPC.Number
	public  dict[netip.Addr, Binding] // public IPv4 → private address
	// released are public IPv4 addresses of interfaces that do not have them at
	// the moment (IGW-27).
	released dict[netip.Addr, bool]
	// unmodelled are public addresses of which it is not known what becomes of
	// packets to them, and why.
	unmodelled map[netip.Addr]string
	gateways   map[*vpc.Gateway]*Gateway
	groups     map[string]firewall.GroupID
	lastGroup  firewall.GroupID // the highest number ever given
	index      *vpc.Index       // for checking rules
	// By VPC.Number: what refers to interfaces (see mentions), and addresses that
	// no interface can have.
	mentioned []map[string]bool
	reserved  []map[netip.Addr]bool
	unsure    bool // see members.unsure
}

// Binding is a private address and the interface that has it.
type Binding struct {
	Interface *Interface
	Private   netip.Addr
}

// Public finds the interface behind a public IPv4 address that is in use
// (IGW-9, IGW-27).
func (p *Plan) Public(addr netip.Addr) (Binding, bool) {
	return p.public.get(addr)
}

// Unmodelled says why it is not known what has a public address, or the global
// IPv6 address of a VPC, that no described interface has: "" if nothing has it.
func (p *Plan) Unmodelled(addr netip.Addr) string {
	if why := p.unmodelled[addr]; why != "" {
		return why
	}
	if _, released := p.released.get(addr); released {
		return ""
	}
	for _, v := range p.VPCs {
		if v.Desc.Unlisted != "" && (addr.Is4() || v.Contains(addr)) {
			return v.Desc.Unlisted
		}
	}
	return ""
}

// Unmodelled says why it is not known what has an address in the VPC that no
// described interface has: "" if nothing has it.
func (v *VPC) Unmodelled(addr netip.Addr) string {
	return cmp.Or(v.unmodelled[addr], v.Desc.Unlisted)
}

// Global finds the interface that owns a global IPv6 address in a VPC that has, or
// may have, an internet gateway (IGW-18).
func (p *Plan) Global(addr netip.Addr) *Interface {
	if addr.Is4() {
		return nil
	}
	for _, v := range p.VPCs {
		if v.Gateway == nil && v.EgressOnly == nil && !v.Desc.Partial {
			continue
		}
		if i := p.Owner(v, addr); i != nil {
			return i
		}
	}
	return nil
}

// GatewayOf is the interface's own gateway if it belongs to one of a kind.
func (i *Interface) GatewayOf(kind vpc.Kind) *Gateway {
	if i.Gateway == nil || i.Gateway.Desc.Kind != kind {
		return nil
	}
	return i.Gateway
}

// VPC is a compiled VPC.
type VPC struct {
	// Desc is what it was compiled from; see Plan.Described.
	Desc *vpc.VPC
	// Number is its place in Plan.VPCs.
	Number  int
	Subnets []*Subnet
	// Gateway is the internet gateway attached to it, nil for none.
	Gateway *InternetGateway
	// EgressOnly is its egress-only internet gateway, nil for none.
	EgressOnly *Gateway
	// VPNGateway is its virtual private gateway, nil for none.
	VPNGateway *Gateway
	// Balancers are its load balancers.
	Balancers []*LoadBalancer
	// Resolver is the description's, see [vpc.VPC.Resolver].
	Resolver netip.Addr

	nowhere []*Subnet // where its regional NAT gateways are
	// unmodelled are the private addresses of gateways that packets cannot be
	// carried through, with a text that says so.
	unmodelled map[netip.Addr]string
	tables     map[string]*Table
	names      names
	groupAt    map[string]int       // positions in members.groups by ID
	descs      []*vpc.SecurityGroup // its own groups, the default one included
}

type delegated struct {
	prefix netip.Prefix
	owner  *Interface
}

// Contains reports whether the address lies in one of the VPC's CIDRs.
func (v *VPC) Contains(addr netip.Addr) bool {
	return within(v.Desc.CIDRs, addr)
}

func within(some []netip.Prefix, addr netip.Addr) bool {
	for _, p := range some {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Subnet is a compiled subnet.
type Subnet struct {
	Desc       *vpc.Subnet // without the interfaces that came later
	VPC        *VPC
	interfaces []*Interface // while the VPC is compiled
	Routes     *Table
	acl        int // see Plan.ACL
	// Exposure is what Block Public Access leaves of its way to the internet.
	Exposure Exposure
	// ExposureAssumed says that nothing describes Block Public Access, so that the
	// Exposure may be wrong.
	ExposureAssumed bool
}

// Contains reports whether the address lies in one of the subnet's CIDRs.
func (s *Subnet) Contains(addr netip.Addr) bool {
	return within(s.Desc.CIDRs, addr)
}

// InternetGateway is an attached internet gateway.
type InternetGateway struct {
	Desc *vpc.InternetGateway
	VPC  *VPC
	// Edge is the route table for what enters through it, nil for none.
	Edge *Table
}

// Table is a compiled route table.
type Table struct {
	ID     string
	Routes []routing.Route
	FIB    *routing.FIB
	// Targets are the resolved targets of Routes, index by index.
	Targets []Target
	// Unknown, if not empty, says why the routes are not known.
	Unknown string
}

// ToInternet reports whether some route leads to an internet gateway, whatever its
// destination, and is no blackhole: subnets with such a table are what AWS calls public. If
// none is known to, unknown says why one may; it is empty if none does.
func (t *Table) ToInternet() (open bool, unknown string) {
	unknown = t.Unknown
	for k := range t.Targets {
		switch r := &t.Targets[k]; {
		case r.Kind == routing.InternetGateway && !r.Blackhole && r.Unknown == "":
			return true, ""
		case r.Unknown != "" && unknown == "":
			unknown = r.Unknown
		}
	}
	return false, unknown
}

// Gateway is a compiled gateway that packets are carried through.
type Gateway struct {
	Desc *vpc.Gateway
	// VPCs are the one it belongs to, or the ones it joins.
	VPCs []*VPC
	// Interface is the gateway's own in its subnet, nil if it has none. It has no
	// security groups and no source/destination check (SG-52).
	Interface *Interface
	// Place is the subnet of a NAT gateway. That of a regional one is no real one: it
	// has no ranges and no network ACL, but a route table (NAT-41, NAT-44).
	Place *Subnet
	// Attachments are those of a transit gateway.
	Attachments  []*Attachment
	attachmentOf map[*VPC]*Attachment // see AttachmentOf
	// Attachment is set for what is no gateway of its own but the far side of a
	// transit gateway's attachment to on-premises networks.
	Attachment *Attachment
	// Outside is what it knows of on-premises networks, nil if it leads to none.
	Outside *Outside
	// Slot numbers gateways as Interface.Slot does interfaces.
	Slot int
}

// Other is the VPC at the far end of a peering connection, nil if v is at
// neither end.
func (g *Gateway) Other(v *VPC) *VPC {
	switch {
	case len(g.VPCs) != 2:
		return nil
	case g.VPCs[0] == v:
		return g.VPCs[1]
	case g.VPCs[1] == v:
		return g.VPCs[0]
	}
	return nil
}

// Target is where a route leads in this plan.
type Target struct {
	Kind routing.TargetKind
	ID   string
	// Interface is set for the kinds Interface, Instance and NATGateway.
	Interface *Interface
	// Gateway is set for gateways that packets are carried through.
	Gateway *Gateway
	// Attachment is the VPC's own to a transit gateway; in the tables of one it is
	// where the route leads, and Equal are others that are as good (TGW-31).
	Attachment *Attachment
	Equal      []*Attachment
	// Subnet is where the interface or the gateway stands, nil if it stands in
	// none or that is not known.
	Subnet *Subnet
	// Blackhole means that nothing is there any more (RT-14).
	Blackhole bool
	// Unknown, if not empty, says why the fate of packets is unknown.
	Unknown string
}

// ACL is a compiled network ACL.
type ACL struct {
	ID      string
	Desc    *vpc.NetworkACL // nil for the default ACL that nobody described
	In, Out *firewall.ACL
	// Unknown, if not empty, says why the entries are not known.
	Unknown string
}

// Group is a compiled security group.
type Group struct {
	ID      firewall.GroupID
	Desc    *vpc.SecurityGroup
	In, Out *firewall.RuleSet
}

// Interface is a compiled network interface.
type Interface struct {
	// Slot numbers the interface. It keeps its slot from plan to plan; when it has
	// gone, a plan after that may give the slot to another.
	Slot   int
	Desc   *vpc.Interface
	VPC    *VPC
	Subnet *Subnet
	// Instance it is attached to, nil for an interface that stands for itself.
	Instance *vpc.Instance
	// Gateway it belongs to, nil for the interface of a guest.
	Gateway *Gateway
	// Endpoint is the VPC endpoint that it is an interface of, nil for none.
	Endpoint *Gateway
	// Balancer it is a node of, nil for none.
	Balancer *LoadBalancer
	// Behind are the nodes that it answers through, where a load balancer leaves
	// the client's address in the packets that it sends there (ELB-29).
	Behind []*Interface
	// Attached means that it can send and receive.
	Attached bool
	madeUp   bool // of a NAT gateway that nothing describes
	// Membership is which groups it has; what they let pass says Plan.Filters.
	*Membership
	// Unknown, if not empty, says why verdicts about it are not certain.
	Unknown string
}

// Regional reports whether the interface is that of a regional NAT gateway, which
// stands in no subnet (NAT-41).
func (i *Interface) Regional() bool { return i.Gateway != nil && i.Gateway.Desc.Regional }

// Key names the interface across plans.
func (i *Interface) Key() string { return i.VPC.Desc.ID + "/" + i.Desc.ID }

// Owns reports whether the address is one of the interface's own (ENI-2).
func (i *Interface) Owns(addr netip.Addr) bool {
	for _, a := range i.Desc.Addresses {
		if a.IP == addr {
			return true
		}
	}
	return within(i.Desc.Prefixes, addr)
}

// Public is the public IPv4 address that a private address leaves the internet
// gateway with (IGW-3, IGW-4).
func (i *Interface) Public(private netip.Addr) (netip.Addr, bool) {
	for _, a := range i.Desc.Addresses {
		if a.IP == private && a.Public.Is4() && i.publicInUse(a) {
			return a.Public, true
		}
	}
	return netip.Addr{}, false
}

// publicInUse says whether a public address is there at the moment: an
// auto-assigned one is released when its instance stops (IGW-27).
func (i *Interface) publicInUse(a vpc.Address) bool {
	return a.Elastic || i.Instance == nil || i.Instance.State == vpc.Running
}

// HasPublic reports whether any of the interface's addresses has a public IPv4
// address (RT-47).
func (i *Interface) HasPublic() bool {
	for _, a := range i.Desc.Addresses {
		if _, ok := i.Public(a.IP); ok {
			return true
		}
	}
	return false
}

// IsPublic reports whether an address belongs to this network as seen from the
// internet, so that a packet to it comes back in (ORDER-16): a public IPv4 address,
// also one that has been released, or a global IPv6 address of a VPC.
func (p *Plan) IsPublic(addr netip.Addr) bool {
	if addr.Is4() {
		_, public := p.public.get(addr)
		_, released := p.released.get(addr)
		return public || released || p.unmodelled[addr] != ""
	}
	return !addr.IsPrivate() && slices.ContainsFunc(p.VPCs, func(v *VPC) bool { return v.Contains(addr) })
}

// PublicAddresses are the public IPv4 addresses of this network, in order.
func (p *Plan) PublicAddresses() []netip.Addr {
	var list []netip.Addr
	for _, shard := range p.public.shards {
		for a := range shard {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// GatewayID is the internet gateway's ID, empty if the VPC has none.
func (v *VPC) GatewayID() string {
	if v.Gateway == nil {
		return ""
	}
	return v.Gateway.Desc.ID
}
