package plan

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// Compile makes the plan of a network that has been validated and whose
// addresses are assigned. The previous plan, which may be nil, lends the parts
// whose description did not change.
func Compile(n *vpc.Network, prev *Plan) *Plan {
	if prev == nil {
		prev = &Plan{}
	}
	p := &Plan{
		Epoch:   prev.Epoch + 1,
		Network: n,
		public:  make(map[netip.Addr]Binding),

		released:   make(map[netip.Addr]bool),
		unmodelled: make(map[netip.Addr]string),

		slots:     make(map[string]int),
		groups:    make(map[string]firewall.GroupID),
		lastGroup: prev.lastGroup,
	}
	c := compiler{plan: p, prev: prev, prevVPCs: make(map[string]*VPC, len(prev.VPCs)), index: n.Index()}
	c.takenSlots()
	for _, v := range prev.VPCs {
		c.prevVPCs[v.Desc.ID] = v
	}
	for _, desc := range n.VPCs {
		p.VPCs = append(p.VPCs, c.vpc(desc))
	}
	c.gateways()
	c.blockPublicAccess()
	for _, v := range p.VPCs {
		c.interfaces(v)
	}
	c.unowned()
	c.transits()
	for _, v := range p.VPCs {
		c.routes(v)
	}
	return p
}

// compiler is the work in progress of one Compile.
type compiler struct {
	plan, prev *Plan
	prevVPCs   map[string]*VPC
	index      *vpc.Index
	taken      []bool // slots of interfaces that stay
	nextFree   int
}

// vpc begins a VPC with what needs no other one: its subnets, and the numbers of
// its security groups.
func (c *compiler) vpc(desc *vpc.VPC) *VPC {
	v := &VPC{Desc: desc, owners: make(map[netip.Addr]*Interface), byName: make(map[string]*Interface), unmodelled: make(map[netip.Addr]string)}
	v.Resolver = resolver(desc)
	for _, s := range desc.Subnets {
		v.Subnets = append(v.Subnets, &Subnet{Desc: s, VPC: v})
	}
	c.numberGroups(v)
	return v
}

// interfaces compiles the filters of a VPC and its interfaces. The groups of the
// VPCs that it is joined to have their numbers.
func (c *compiler) interfaces(v *VPC) {
	old := c.before(v)
	c.groups(v, old)
	c.acls(v, old)
	for _, s := range v.Subnets {
		c.subnet(v, s)
	}
	v.nameInterfaces()
	c.joinEndpoints(v)
	v.unlistedEndpoints()
	c.natInterfaces(v)
	c.loadBalancers(v)
}

// routes compiles the route tables of a VPC. All interfaces and gateways are there.
func (c *compiler) routes(v *VPC) {
	c.tables(v, c.before(v))
	c.gateway(v)
	c.vpnEdge(v)
	c.regionalRoutes(v)
	for _, s := range v.Subnets {
		s.Routes = v.table(s.Desc.RouteTable, v.Desc.MainRouteTable)
		s.ACL = v.acl(s.Desc.NetworkACL)
	}
}

// before is the VPC in the previous plan, an empty one if it is new.
func (c *compiler) before(v *VPC) *VPC {
	if old := c.prevVPCs[v.Desc.ID]; old != nil {
		return old
	}
	return &VPC{}
}

// unmodelled notes the addresses of a gateway that packets end at with an
// unknown fate.
func (c *compiler) unmodelled(g *vpc.Gateway, private map[netip.Addr]string) {
	why := g.ID + " has the address and is not modelled"
	for _, a := range g.Addresses {
		if a.IP.IsValid() && private != nil {
			private[a.IP] = why
		}
		if a.Public.IsValid() {
			c.plan.unmodelled[a.Public] = why
		}
	}
}

// unowned notes the public addresses that something has which is not described.
func (c *compiler) unowned() {
	for _, a := range c.plan.Network.Unowned {
		if _, owned := c.plan.public[a]; !owned && !c.plan.released[a] && c.plan.unmodelled[a] == "" {
			c.plan.unmodelled[a] = "nothing describes what has the public address " + a.String()
		}
	}
}

// resolver is base+2 of the primary CIDR (LNK-2).
func resolver(desc *vpc.VPC) netip.Addr {
	for _, p := range desc.CIDRs {
		if p.Addr().Is4() {
			return p.Masked().Addr().Next().Next()
		}
	}
	return netip.Addr{}
}

func (c *compiler) subnet(v *VPC, s *Subnet) {
	for _, d := range s.Desc.Interfaces {
		i := c.iface(s, d)
		c.plan.Interfaces = append(c.plan.Interfaces, i)
		s.Interfaces = append(s.Interfaces, i)
		for _, a := range d.Addresses {
			v.owners[a.IP] = i
			switch {
			case !a.Public.Is4() || !a.IP.Is4():
			case i.publicInUse(a):
				c.plan.public[a.Public] = Binding{i, a.IP}
			default:
				c.plan.released[a.Public] = true
			}
		}
		for _, p := range d.Prefixes {
			v.prefixes = append(v.prefixes, delegated{p, i})
		}
	}
}

// balancerDescription is how AWS describes the interfaces of load balancers, of which
// only those of Network Load Balancers have a type of their own. The description of
// the load balancer makes a node of one, see node.
const balancerDescription = "ELB "

func (c *compiler) iface(s *Subnet, desc *vpc.Interface) *Interface {
	i := &Interface{Desc: desc, VPC: s.VPC, Subnet: s, Attached: !desc.Detached, Unknown: desc.Unknown}
	i.Slot = c.slot(i.Key())
	if desc.Instance != "" {
		i.Instance = s.VPC.Desc.Instance(desc.Instance)
	}
	switch {
	case i.Instance != nil && i.Instance.State != vpc.Running:
		i.Attached = false
	case i.Instance == nil && desc.Instance != "" && s.VPC.Desc.Partial && i.Unknown == "":
		i.Unknown = "nothing describes its instance " + desc.Instance + ", which may be stopped"
	}
	switch {
	case i.Unknown != "":
	case !isHost(desc.Kind):
		i.Unknown = "interfaces of type " + desc.Kind + " are not modelled"
	case desc.Instance == "" && strings.HasPrefix(desc.Description, balancerDescription):
		i.Unknown = "nothing describes its load balancer, and to what that listens"
	}
	c.groupsOf(i)
	return i
}

// nameInterfaces fills byName; an ID wins over another interface's name.
func (v *VPC) nameInterfaces() {
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			v.byName[i.Desc.Name] = i
		}
	}
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			v.byName[i.Desc.ID] = i
		}
	}
}

// takenSlots marks the slots of interfaces that the network still has, so that
// new ones get the others.
func (c *compiler) takenSlots() {
	c.taken = make([]bool, c.prev.Slots)
	for _, v := range c.plan.Network.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if slot, ok := c.prev.slots[v.ID+"/"+i.ID]; ok {
					c.taken[slot] = true
				}
			}
		}
		for _, b := range v.LoadBalancers {
			for _, n := range b.Nodes {
				if s := v.Subnet(n.Subnet); s != nil {
					if slot, ok := c.prev.slots[v.ID+"/"+nodeID(b, s.ID)]; ok {
						c.taken[slot] = true
					}
				}
			}
		}
		for _, g := range v.Gateways { // their made-up interfaces
			for _, key := range [...]string{v.ID + "/" + g.ID, madeUpKey(v, g)} {
				if slot, ok := c.prev.slots[key]; ok {
					c.taken[slot] = true
				}
			}
		}
	}
	for _, key := range transitSlots(c.plan.Network) {
		if slot, ok := c.prev.slots[key]; ok {
			c.taken[slot] = true
		}
	}
}

// slot gives an interface the number it had before, or the lowest free one.
func (c *compiler) slot(key string) int {
	slot, ok := c.prev.slots[key]
	if !ok {
		for c.nextFree < len(c.taken) && c.taken[c.nextFree] {
			c.nextFree++
		}
		slot = c.nextFree
		c.nextFree++
	}
	c.plan.slots[key] = slot
	c.plan.Slots = max(c.plan.Slots, slot+1)
	return slot
}

// isHost reports whether an interface type is an ordinary end of flows, with
// security groups and a guest behind it (ENI-19).
func isHost(kind string) bool {
	switch kind {
	case "", "interface", "efa", "efa-only", "trunk", "branch", "lambda", "vpc_endpoint":
		return true
	}
	return false
}

// groupsOf fills in the groups of an interface and the union of their rules
// (SG-5, SG-6).
func (c *compiler) groupsOf(i *Interface) {
	v := i.VPC
	names := i.Desc.Groups
	if len(names) == 0 && isHost(i.Desc.Kind) {
		names = []string{v.Desc.DefaultSecurityGroup}
	}
	var in, out []*firewall.RuleSet
	for _, name := range names {
		g := v.group(name)
		if g == nil {
			i.UnknownGroups = append(i.UnknownGroups, name)
			continue
		}
		if slices.Contains(i.Groups, g) {
			continue
		}
		i.Groups = append(i.Groups, g)
		i.GroupIDs = append(i.GroupIDs, g.ID)
		in, out = append(in, g.In), append(out, g.Out)
	}
	slices.Sort(i.GroupIDs)
	i.In, i.Out = firewall.NewFilter(in...), firewall.NewFilter(out...)
}

func (c *compiler) acls(v, old *VPC) {
	v.acls = make(map[string]*ACL, len(v.Desc.NetworkACLs))
	for _, desc := range v.Desc.NetworkACLs {
		a := &ACL{ID: desc.ID, Desc: desc}
		if was := old.acls[desc.ID]; was != nil && slices.Equal(was.Desc.Ingress, desc.Ingress) && slices.Equal(was.Desc.Egress, desc.Egress) {
			a.In, a.Out = was.In, was.Out
		} else {
			a.In, a.Out = firewall.CompileACL(desc.Ingress), firewall.CompileACL(desc.Egress)
		}
		v.acls[desc.ID] = a
	}
}

// allowAll is a default network ACL as AWS makes it (ACL-8).
var allowAll = firewall.CompileACL(vpc.DefaultACLEntries())

// acl is the network ACL in effect for a subnet that names one (ACL-1).
func (v *VPC) acl(name string) *ACL {
	if name == "" {
		name = v.Desc.DefaultNetworkACL
	}
	if name == "" && !v.Desc.Partial {
		return &ACL{ID: "default", In: allowAll, Out: allowAll}
	}
	if desc := v.Desc.NetworkACL(name); desc != nil {
		return v.acls[desc.ID]
	}
	if name == "" {
		return &ACL{ID: "default", Unknown: "the description does not say which network ACL the subnet has"}
	}
	return &ACL{ID: name, Unknown: "nothing describes the network ACL " + name}
}

func (c *compiler) gateway(v *VPC) {
	desc := v.Desc.InternetGateway
	if desc == nil {
		return
	}
	v.Gateway = &InternetGateway{Desc: desc, VPC: v}
	v.Gateway.Edge = v.edgeTable(desc.RouteTable)
}

// prefixList gives prefix lists their meaning for routes.
func (c *compiler) prefixList(name string) (string, []netip.Prefix, bool) {
	l := c.plan.Network.PrefixList(name)
	if l == nil {
		return name, nil, false
	}
	return l.ID, l.Entries, l.Unknown == ""
}
