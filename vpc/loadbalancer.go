package vpc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// LoadBalancer is a Network or an Application Load Balancer: one node in each of
// its subnets, listeners, and what they forward to.
type LoadBalancer struct {
	ID, Name string
	Kind     LoadBalancerKind
	// Internal balancers have no public addresses.
	Internal bool
	// Nodes are its interfaces, one in each of its subnets.
	Nodes []LoadBalancerNode
	// Groups are its security groups by ID or name. A Network Load Balancer without
	// any filters nothing; an Application Load Balancer then has the VPC's default
	// group.
	Groups    []string
	CrossZone CrossZone
	Listeners []Listener
	// State is AWS's word for it; empty for active.
	State string
	// Unknown, if not empty, says what of it could not be understood.
	Unknown string
	Origin  string
}

// LoadBalancerKind is AWS's Type. The zero kind is Network.
type LoadBalancerKind uint8

// The kinds.
const (
	NetworkLoadBalancer     LoadBalancerKind = iota // forwards packets
	ApplicationLoadBalancer                         // answers clients, and asks targets itself
)

var loadBalancerKinds = [...]string{"network", "application"}

// String is AWS's word.
func (k LoadBalancerKind) String() string { return loadBalancerKinds[k] }

// LoadBalancerKinds are AWS's words in the order of the kinds.
func LoadBalancerKinds() []string { return loadBalancerKinds[:] }

// CrossZone says whether nodes send to targets in other zones. The zero value is
// AWS's default: Application Load Balancers do, Network Load Balancers do not.
type CrossZone uint8

// The settings.
const (
	CrossZoneDefault CrossZone = iota
	CrossZoneOn
	CrossZoneOff
)

// CrossesZones reports whether nodes send to targets in other zones.
func (b *LoadBalancer) CrossesZones() bool {
	if b.CrossZone == CrossZoneDefault {
		return b.Kind == ApplicationLoadBalancer
	}
	return b.CrossZone == CrossZoneOn
}

// LoadBalancerNode is the interface of a load balancer in one subnet.
type LoadBalancerNode struct {
	// Subnet it stands in, by ID or name.
	Subnet string
	// Addresses are its own, the first one private IPv4. Without any it gets the
	// subnet's next free one and, unless the balancer is internal, a public one.
	Addresses []Address
}

// Listener is a port at which a load balancer takes connections.
type Listener struct {
	// Protocol is AWS's: TCP, UDP, TCP_UDP, TLS, HTTP or HTTPS.
	Protocol string
	Port     uint16
	// Forward are the target groups, each with a weight. Without any the listener
	// answers clients itself.
	Forward []Forward
	// Unknown, if not empty, says why what it does is not known.
	Unknown string
	Origin  string
}

// Forward is a target group and its share of the connections. The zero Weight is
// that of a listener's only group.
type Forward struct {
	TargetGroup string
	Weight      int
}

// Takes reports whether the listener is for packets of an IP protocol.
func (l *Listener) Takes(protocol uint8) bool {
	switch l.Protocol {
	case "UDP", "QUIC":
		return protocol == protocolUDP
	case "TCP_UDP", "TCP_QUIC":
		return protocol == protocolTCP || protocol == protocolUDP
	}
	return protocol == protocolTCP
}

// ListenerProtocols are AWS's words.
func ListenerProtocols() []string {
	return []string{"TCP", "UDP", "TCP_UDP", "TLS", "HTTP", "HTTPS", "QUIC", "TCP_QUIC"}
}

// TargetGroup is what listeners forward to.
type TargetGroup struct {
	ID, Name string
	Protocol string // as of a listener
	// Port of targets that have none of their own.
	Port uint16
	// Instances says that targets are instances and not addresses.
	Instances bool
	// Preserve says whether targets see the client's address (ELB-28).
	Preserve Preserve
	Targets  []LoadBalancerTarget
	Origin   string
}

// Preserve is the attribute preserve_client_ip.enabled. The zero value is AWS's
// default: on, apart from addresses as targets of TCP and TLS.
type Preserve uint8

// The settings.
const (
	PreserveDefault Preserve = iota
	PreserveOn
	PreserveOff
)

// PreservesClient reports whether targets of a Network Load Balancer see the
// client's address.
func (g *TargetGroup) PreservesClient() bool {
	if g.Preserve != PreserveDefault {
		return g.Preserve == PreserveOn
	}
	return g.Instances || strings.Contains(g.Protocol, "UDP") || strings.Contains(g.Protocol, "QUIC")
}

// LoadBalancerTarget is one target of a group.
type LoadBalancerTarget struct {
	// ID is an address, or an instance or interface by ID or name.
	ID string
	// Port, 0 for the group's.
	Port uint16
	// Health is AWS's word; empty for healthy.
	Health string
}

// Healthy reports whether connections are sent to the target: one that is not
// checked is taken to be so.
func (t *LoadBalancerTarget) Healthy() bool {
	return t.Health == "" || t.Health == "healthy" || t.Health == "unavailable"
}

// InUse reports whether the target may get connections when none is healthy
// (ELB-9).
func (t *LoadBalancerTarget) InUse() bool {
	return t.Healthy() || t.Health == "unhealthy" || t.Health == "initial"
}

// TargetHealth are AWS's words for the state of a target.
func TargetHealth() []string {
	return []string{"healthy", "unhealthy", "initial", "draining", "unhealthy.draining", "unused", "unavailable"}
}

// LoadBalancer finds a load balancer by ID or name, nil if there is none.
func (v *VPC) LoadBalancer(name string) *LoadBalancer {
	return find(v.LoadBalancers, name, func(b *LoadBalancer) (string, string) { return b.ID, b.Name })
}

// TargetGroup finds a target group by ID or name, nil if there is none.
func (v *VPC) TargetGroup(name string) *TargetGroup {
	return find(v.TargetGroups, name, func(g *TargetGroup) (string, string) { return g.ID, g.Name })
}

func (b *LoadBalancer) clone() {
	b.Nodes, b.Groups, b.Listeners = slices.Clone(b.Nodes), slices.Clone(b.Groups), slices.Clone(b.Listeners)
	for k := range b.Nodes {
		b.Nodes[k].Addresses = slices.Clone(b.Nodes[k].Addresses)
	}
	for k := range b.Listeners {
		b.Listeners[k].Forward = slices.Clone(b.Listeners[k].Forward)
	}
}

func (g *TargetGroup) clone() { g.Targets = slices.Clone(g.Targets) }

// assignNodes gives the nodes in a subnet their addresses.
func (v *VPC) assignNodes(s *Subnet, free *freeAddresses) Errors {
	var errs Errors
	for _, b := range v.LoadBalancers {
		for k := range b.Nodes {
			n := &b.Nodes[k]
			if n.Subnet == "" || v.Subnet(n.Subnet) != s {
				continue
			}
			if len(n.Addresses) == 0 {
				n.Addresses = []Address{{AutoPublic: !b.Internal}}
			}
			for j := range n.Addresses {
				if n.Addresses[j].IP.IsValid() {
					continue
				}
				ip, ok := free.take()
				if !ok {
					errs = append(errs, &Error{Code: CodeNoFreeAddress, Resource: "load balancer " + b.ID, Origin: b.Origin, Element: b,
						Message: fmt.Sprintf("no address of subnet %s is free (SUB-7)", s.ID)})
					break
				}
				n.Addresses[j].IP = ip
			}
		}
	}
	return errs
}

// nodeAddresses calls f for the addresses of all load balancers of the VPC.
func (v *VPC) nodeAddresses(f func([]Address)) {
	for _, b := range v.LoadBalancers {
		for k := range b.Nodes {
			f(b.Nodes[k].Addresses)
		}
	}
}

// loadBalancers checks load balancers and target groups. Their API has codes of its
// own; these are the EC2 API's with the same meaning.
func (c *checker) loadBalancers(v *VPC) {
	seen := make(map[string]bool)
	for _, b := range v.LoadBalancers {
		s := subject{element: b, kind: "load balancer", name: b.ID, origin: b.Origin}
		c.add(s, uniqueID(seen, b.ID), c.badNodes(v, b), c.badGroups(v, b), badListeners(v, b))
	}
	clear(seen)
	for _, g := range v.TargetGroups {
		s := subject{element: g, kind: "target group", name: g.ID, origin: g.Origin}
		c.add(s, uniqueID(seen, g.ID), badTargets(v, g))
	}
}

func uniqueID(seen map[string]bool, id string) *mistake {
	defer func() { seen[id] = true }()
	switch {
	case id == "":
		return wrong(CodeMissing, "has no ID (ERR-4)")
	case seen[id]:
		return wrong(CodeInvalidValue, "there is another one with this ID (ERR-5)")
	}
	return nil
}

func (c *checker) badNodes(v *VPC, b *LoadBalancer) *mistake {
	used := make(map[*Subnet]bool)
	for _, n := range b.Nodes {
		s := v.Subnet(n.Subnet)
		switch {
		case s == nil && !v.Partial:
			return wrong(CodeSubnetNotFound, "there is no subnet %s (ERR-9)", n.Subnet)
		case s == nil:
			continue
		case used[s]:
			return wrong(CodeInvalidValue, "has two nodes in subnet %s (ERR-5)", s.ID)
		}
		used[s] = true
		for _, a := range n.Addresses {
			if a.IP.IsValid() && !slices.ContainsFunc(s.CIDRs, func(p netip.Prefix) bool { return p.Contains(a.IP) }) {
				return wrong(CodeInvalidValue, "its address %s is not in subnet %s (ERR-5)", a.IP, s.ID)
			}
		}
	}
	return nil
}

func (c *checker) badGroups(v *VPC, b *LoadBalancer) *mistake {
	for _, name := range b.Groups {
		if v.SecurityGroup(name) == nil && !v.Partial {
			return wrong(CodeGroupNotFound, "there is no security group %s in the VPC (ERR-31)", name)
		}
	}
	return nil
}

func badListeners(v *VPC, b *LoadBalancer) *mistake {
	for k, l := range b.Listeners {
		for _, o := range b.Listeners[:k] {
			if o.Port == l.Port && (o.Takes(protocolTCP) && l.Takes(protocolTCP) || o.Takes(protocolUDP) && l.Takes(protocolUDP)) {
				return wrong(CodeInvalidValue, "has two listeners at port %d (ERR-5)", l.Port)
			}
		}
		for _, f := range l.Forward {
			if v.TargetGroup(f.TargetGroup) == nil && !v.Partial {
				return wrong(CodeInvalidValue, "its listener at port %d forwards to %s, and there is no such target group (ERR-5)", l.Port, f.TargetGroup)
			}
			if f.Weight < 0 || f.Weight > 999 {
				return wrong(CodeInvalidValue, "the weight %d is not from 0 to 999 (ERR-5)", f.Weight)
			}
		}
	}
	return nil
}

func badTargets(v *VPC, g *TargetGroup) *mistake {
	for _, t := range g.Targets {
		_, err := netip.ParseAddr(t.ID)
		switch {
		case t.Port == 0 && g.Port == 0:
			return wrong(CodeMissing, "its target %s has no port, and neither has the group (ERR-4)", t.ID)
		case !g.Instances && err != nil:
			return wrong(CodeInvalidValue, "its target %q is not an address (ERR-5)", t.ID)
		case g.Instances && !v.Partial && v.Instance(t.ID) == nil && !v.hasInterface(t.ID):
			return wrong(CodeInstanceNotFound, "there is no instance %s (ERR-40)", t.ID)
		}
	}
	return nil
}

func (v *VPC) hasInterface(name string) bool {
	return slices.ContainsFunc(v.Subnets, func(s *Subnet) bool { return s.Interface(name) != nil })
}

// IP protocol numbers of listeners.
const (
	protocolTCP = 6
	protocolUDP = 17
)
