package vpc

import (
	"fmt"
	"slices"
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

// LoadBalancer finds a load balancer by ID or name, nil if there is none.
func (v *VPC) LoadBalancer(name string) *LoadBalancer {
	return find(v.LoadBalancers, name, func(b *LoadBalancer) (string, string) { return b.ID, b.Name })
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
			if !free.fill(n.Addresses) {
				errs = append(errs, &Error{Code: CodeNoFreeAddress, Resource: "load balancer " + b.ID, Origin: b.Origin, Element: b,
					Message: fmt.Sprintf("no address of subnet %s is free (SUB-7)", s.ID)})
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

// IP protocol numbers of listeners.
const (
	protocolTCP = 6
	protocolUDP = 17
)
