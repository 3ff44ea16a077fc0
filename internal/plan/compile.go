package plan

import (
	"net/netip"
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

		public:     byAddress[Binding](publicCount(n)),
		released:   byAddress[bool](0),
		unmodelled: make(map[netip.Addr]string),

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
	c.finish()
	return p
}

// finish prepares for changes, and drops what only compiling needs.
func (c *compiler) finish() {
	c.plan.index = c.index.ForRules()
	c.freeSlots()
	for _, v := range c.plan.VPCs {
		c.plan.members[v.Number].known = nil
		c.plan.mentioned = append(c.plan.mentioned, mentions(v.Desc))
		c.plan.reserved = append(c.plan.reserved, c.plan.Network.Reserved(v.Desc))
		for _, s := range v.Subnets {
			s.interfaces = nil
		}
	}
	for i := range c.plan.Interfaces() {
		if i.Gateway != nil || i.Balancer != nil || i.Endpoint != nil {
			c.plan.mentioned[i.VPC.Number][i.Desc.ID] = true
		}
	}
}

// publicCount is about how many public addresses interfaces have.
func publicCount(n *vpc.Network) int {
	count := 0
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if len(i.Addresses) > 0 && i.Addresses[0].Public.IsValid() {
					count++
				}
			}
		}
	}
	return count
}

// compiler is the work in progress of one Compile.
type compiler struct {
	plan, prev *Plan
	prevVPCs   map[string]*VPC
	index      *vpc.Index
	slots      map[slotKey]int // of the interfaces before
	taken      []bool          // slots of interfaces that stay
	nextFree   int
}

// vpc begins a VPC with what needs no other one: its subnets, and the numbers of
// its security groups.
func (c *compiler) vpc(desc *vpc.VPC) *VPC {
	v := &VPC{Desc: desc, Number: len(c.plan.members), unmodelled: make(map[netip.Addr]string)}
	c.plan.members = append(c.plan.members, newMembers(desc))
	v.Resolver = desc.Resolver()
	for _, s := range desc.Subnets {
		v.Subnets = append(v.Subnets, &Subnet{Desc: s, VPC: v})
	}
	c.numberGroups(v)
	return v
}

// interfaces compiles the filters of a VPC and its interfaces. The groups of the
// VPCs that it is joined to have their numbers.
func (c *compiler) interfaces(v *VPC) {
	old, was := c.before(v)
	c.groups(v, old, was)
	c.acls(v, was)
	for _, s := range v.Subnets {
		c.subnet(v, s)
	}
	c.nameInterfaces(v)
	c.joinEndpoints(v)
	v.unlistedEndpoints()
	c.natInterfaces(v)
	c.loadBalancers(v)
}

// routes compiles the route tables of a VPC. All interfaces and gateways are there.
func (c *compiler) routes(v *VPC) {
	old, _ := c.before(v)
	c.tables(v, old)
	c.gateway(v)
	c.vpnEdge(v)
	c.regionalRoutes(v)
	for _, s := range v.Subnets {
		s.Routes = v.table(s.Desc.RouteTable, v.Desc.MainRouteTable)
		s.acl = c.acl(v, s.Desc.NetworkACL)
	}
}

// before is the VPC in the previous plan, an empty one if it is new.
func (c *compiler) before(v *VPC) (*VPC, *members) {
	if old := c.prevVPCs[v.Desc.ID]; old != nil {
		return old, c.prev.members[old.Number]
	}
	return &VPC{}, &members{}
}

// members are those of a VPC that is being compiled.
func (c *compiler) members(v *VPC) *members { return c.plan.members[v.Number] }

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
		_, owned := c.plan.public.get(a)
		_, released := c.plan.released.get(a)
		if !owned && !released && c.plan.unmodelled[a] == "" {
			c.plan.unmodelled[a] = "nothing describes what has the public address " + a.String()
		}
	}
}

func (c *compiler) subnet(v *VPC, s *Subnet) {
	m := c.members(v)
	s.interfaces = make([]*Interface, 0, len(s.Desc.Interfaces))
	for _, d := range s.Desc.Interfaces {
		i := c.iface(s, d)
		m.unsure = m.unsure || d.Unknown != ""
		c.plan.unsure = c.plan.unsure || d.Unknown != ""
		c.plan.interfaces.add(i)
		s.interfaces = append(s.interfaces, i)
		for _, a := range d.Addresses {
			m.owners.put(a.IP, i)
			switch {
			case !a.Public.Is4() || !a.IP.Is4():
			case i.publicInUse(a):
				c.plan.public.put(a.Public, Binding{i, a.IP})
			default:
				c.plan.released.put(a.Public, true)
			}
		}
		for _, p := range d.Prefixes {
			m.prefixes = append(m.prefixes, delegated{p, i})
		}
	}
}

// balancerDescription is how AWS describes the interfaces of load balancers, of which
// only those of Network Load Balancers have a type of their own. The description of
// the load balancer makes a node of one, see node.
const balancerDescription = "ELB "

func (c *compiler) iface(s *Subnet, desc *vpc.Interface) *Interface {
	i := newInterface(s, desc)
	i.Slot = c.slot(i.slotKey())
	i.Membership = c.members(s.VPC).membership(s.VPC, desc.Groups, isHost(desc.Kind))
	return i
}

// newInterface makes an interface that has no slot and no groups yet.
func newInterface(s *Subnet, desc *vpc.Interface) *Interface {
	v := s.VPC.Desc
	i := &Interface{Desc: desc, VPC: s.VPC, Subnet: s, Attached: !desc.Detached, Unknown: desc.Unknown}
	if desc.Instance != "" {
		i.Instance = v.Instance(desc.Instance)
	}
	switch {
	case i.Instance != nil && i.Instance.State != vpc.Running:
		i.Attached = false
	case i.Instance == nil && desc.Instance != "" && v.Partial && i.Unknown == "":
		i.Unknown = "nothing describes its instance " + desc.Instance + ", which may be stopped"
	}
	switch {
	case i.Unknown != "":
	case !isHost(desc.Kind):
		i.Unknown = "interfaces of type " + desc.Kind + " are not modelled"
	case desc.Instance == "" && strings.HasPrefix(desc.Description, balancerDescription):
		i.Unknown = "nothing describes its load balancer, and to what that listens"
	}
	return i
}

// nameInterfaces fills byName; an ID wins over another interface's name.
func (c *compiler) nameInterfaces(v *VPC) {
	byName := c.members(v).byName
	for _, s := range v.Subnets {
		for _, i := range s.interfaces {
			if i.Desc.Name != "" {
				byName.put(i.Desc.Name, i)
			}
		}
	}
	for _, s := range v.Subnets {
		for _, i := range s.interfaces {
			byName.put(i.Desc.ID, i)
		}
	}
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
