package emu

import (
	"cmp"
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// EndKind is what an [End] is.
type EndKind uint8

// The kinds of ends. Only the first three ask: the others answer, and are destinations.
const (
	InterfaceEnd  EndKind = iota // of a guest
	InternetEnd                  // all hosts out there
	OnPremisesEnd                // all hosts behind a gateway or an attachment
	BalancerEnd                  // a load balancer
	EndpointEnd                  // an interface of an interface endpoint
	ServiceEnd                   // what is behind a gateway endpoint
	NobodyEnd                    // an address that nobody has
)

// String is "interface", "internet", "on-premises", "load balancer", "endpoint", "service" or "nobody".
func (k EndKind) String() string {
	return [...]string{"interface", "internet", "on-premises", "load balancer", "endpoint", "service", "nobody"}[k]
}

// Asks reports whether such ends begin connections.
func (k EndKind) Asks() bool { return k <= OnPremisesEnd }

// End is where packets begin or end, as a [Query] may name it.
type End struct {
	Kind EndKind
	// Name is for people: of two ends that are called the same, both have their VPC's or
	// their ID in it.
	Name string
	// VPC, Subnet, Interface and Instance are those of an interface, else nil; the
	// Instance too if it stands for itself.
	VPC       *vpc.VPC
	Subnet    *vpc.Subnet
	Interface *vpc.Interface
	Instance  *vpc.Instance

	end queryEnd
}

// Ends are all ends that a network has: its interfaces in the order of the description,
// then what is not an interface of a guest, and the internet if some VPC has a gateway to
// it.
func (x *Explorer) Ends() []End {
	var all, more []End
	for i := range x.net.plan.Interfaces() {
		e := End{VPC: i.VPC.Desc, Interface: i.Desc, Instance: i.Instance, end: queryEnd{name: i.Key(), iface: i}}
		switch {
		case i.Gateway != nil || i.Balancer != nil || i.Endpoint != nil && i.Endpoint.Desc.Kind != routing.InterfaceEndpoint:
			continue
		case i.Endpoint != nil:
			e.Kind = EndpointEnd
		}
		if i.Subnet != nil {
			e.Subnet = i.Subnet.Desc
		}
		if e.Name = cmp.Or(i.Desc.Name, i.Desc.ID); i.Instance != nil && i.Desc.DeviceIndex == 0 {
			e.Name = cmp.Or(i.Instance.Name, e.Name)
		}
		all = append(all, e)
	}
	open := false
	for _, v := range x.net.plan.VPCs {
		open = open || v.Gateway != nil || v.EgressOnly != nil || v.Desc.Partial
		for _, b := range v.Balancers {
			if len(b.Nodes) > 0 {
				more = append(more, End{Kind: BalancerEnd, Name: cmp.Or(b.Desc.Name, b.Desc.ID), VPC: v.Desc, end: queryEnd{name: b.Desc.ID, iface: nodeInService(b), balancer: b}})
			}
		}
	}
	for _, g := range x.net.plan.Gateways {
		if s, ok := x.net.services[serviceOf(g)]; ok {
			e := End{Kind: ServiceEnd, Name: cmp.Or(g.Desc.Name, g.Desc.ID), VPC: g.VPCs[0].Desc, end: x.net.serviceEnd(g.Desc.ID, s.gateway)}
			more = append(more, e)
		}
	}
	for _, o := range x.net.outsides() {
		name := "onprem:" + cmp.Or(o.Desc.Name, o.Desc.ID)
		if end, err := x.net.behindOne(name, []*plan.Gateway{o}); err == nil {
			e := End{Kind: OnPremisesEnd, Name: name, end: end}
			if len(o.VPCs) == 1 {
				e.VPC = o.VPCs[0].Desc
			}
			more = append(more, e)
		}
	}
	if open {
		end, _ := x.net.resolve("internet") // which there always is
		more = append(more, End{Kind: InternetEnd, Name: "internet", end: end})
	}
	return distinct(append(all, more...))
}

// serviceOf is the key of a gateway endpoint's service, or of none.
func serviceOf(g *plan.Gateway) string {
	if g.Desc.Kind != routing.GatewayEndpoint || len(g.VPCs) == 0 {
		return ""
	}
	return serviceKey(g)
}

// distinct qualifies names that several ends have: by the VPC, and if that does not do,
// by the ID.
func distinct(all []End) []End {
	for _, longer := range [...]func(e *End) string{
		func(e *End) string { return cmp.Or(e.VPC.Name, e.VPC.ID) + "/" + e.Name },
		func(e *End) string { return e.VPC.ID + "/" + e.ID() },
	} {
		count := make(map[string]int, len(all))
		for i := range all {
			count[all[i].Name]++
		}
		for i := range all {
			if e := &all[i]; e.VPC != nil && count[e.Name] > 1 {
				e.Name = longer(e)
			}
		}
	}
	return all
}

// ID is that of the interface, or whatever else the end is.
func (e *End) ID() string {
	switch {
	case e.Interface != nil:
		return e.Interface.ID
	case e.end.service != nil:
		return e.end.service.Desc.ID
	case e.end.outer != nil:
		return e.end.outer.Desc.ID
	case e.end.iface != nil && e.end.iface.Balancer != nil:
		return e.end.iface.Balancer.Desc.ID
	}
	return e.Name
}

// Down is why nothing gets to the end or from it, whatever the rules say: "stopped" or
// "terminated", as its instance is, or "not attached". It is "" for all others (ENI-8).
func (e *End) Down() string {
	switch {
	case e.end.iface == nil || e.end.iface.Attached:
		return ""
	case e.Instance != nil && e.Instance.State != vpc.Running:
		return e.Instance.State.String()
	}
	return "not attached"
}

// Unknown says why no verdict about an interface is certain, "" for nothing.
func (e *End) Unknown() string {
	if e.end.iface == nil {
		return ""
	}
	return e.end.iface.Unknown
}

// Between is [Explorer.Pair] for two ends that [Explorer.Ends] has.
func (x *Explorer) Between(source, destination *End, v6 bool) (*Pair, bool, error) {
	return x.pair(source.end, destination.end, v6)
}

// End is what a [Query] means by a name or an address, called so. An error says that it
// means nothing, or several things.
func (x *Explorer) End(name string) (End, error) {
	found, err := x.net.resolve(name)
	if err != nil {
		return End{}, err
	}
	e := End{Name: name, end: found}
	switch i := found.iface; {
	case found.internet:
		e.Kind = InternetEnd
	case found.outer != nil:
		e.Kind = OnPremisesEnd
	case found.service != nil:
		e.Kind, e.VPC = ServiceEnd, found.service.VPCs[0].Desc
	case i == nil:
		e.Kind = NobodyEnd
	case i.Balancer != nil:
		e.Kind, e.VPC = BalancerEnd, i.VPC.Desc
	default:
		e.VPC, e.Interface, e.Instance = i.VPC.Desc, i.Desc, i.Instance
		if i.Endpoint != nil && i.Endpoint.Desc.Kind == routing.InterfaceEndpoint {
			e.Kind = EndpointEnd
		}
		if i.Subnet != nil {
			e.Subnet = i.Subnet.Desc
		}
	}
	return e, nil
}

// Inside reports whether the end is an interface, or interfaces, of the network.
func (e *End) Inside() bool { return e.end.iface != nil }

// Same reports whether two ends are the same interface, load balancer, service or network
// on-premises, by whichever address.
func (e *End) Same(o *End) bool {
	a, b := e.end, o.end
	switch {
	case a.iface != nil && b.iface != nil && a.iface.Balancer != nil:
		return a.iface.Balancer == b.iface.Balancer
	case a.iface != nil || b.iface != nil:
		return a.iface == b.iface
	case a.outer != nil || b.outer != nil:
		return a.outer == b.outer
	case a.service != nil || b.service != nil:
		return a.service == b.service
	}
	return e.Name == o.Name
}

// Public reports whether the end's subnet is what AWS calls public: its route table has a
// route to an internet gateway, whatever its destination, that is no blackhole. If none is
// known to be there, unknown says why one may; it is empty if none is.
func (e *End) Public() (public bool, unknown string) {
	if i := e.end.iface; i != nil && i.Subnet != nil {
		return i.Subnet.Routes.ToInternet()
	}
	return false, ""
}

// Network is the description of the network. Nobody must change it.
func (x *Explorer) Network() *vpc.Network { return x.net.plan.Network }

// Fork is another Explorer of the same network, for another goroutine.
func (x *Explorer) Fork() *Explorer { return newExplorer(x.net, x.marks.fork()) }

// Special are the prefixes that are something of their own in every network.
func (x *Explorer) Special() []netip.Prefix {
	return append(NotInternet(), nat64)
}

// On is the pair explored with another Explorer of the same network.
func (p *Pair) On(x *Explorer) *Pair {
	other := *p
	other.x = x
	return &other
}
