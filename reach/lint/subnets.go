package lint

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

// open reports whether a VPC has an internet gateway, or may have one that is not described.
func open(v *plan.VPC) bool { return v.Gateway != nil || v.Desc.Partial }

// way reports whether what a subnet sends gets to an internet gateway: by a route of its
// own or, if the gateway has an edge route table, through a middlebox in another subnet.
func way(v *plan.VPC, t *plan.Table) (open bool, unknown string) {
	open, unknown = t.ToInternet()
	if open || v.Gateway == nil || v.Gateway.Edge == nil {
		return open, unknown
	}
	for k := range t.Targets {
		var at *plan.Subnet
		switch r := &t.Targets[k]; {
		case r.Interface != nil:
			at = r.Interface.Subnet
		case r.Kind == routing.GWLBEndpoint && r.Gateway != nil:
			at = r.Gateway.Place
		}
		if at == nil || at.Routes == nil {
			continue
		}
		behind, why := at.Routes.ToInternet()
		if behind {
			return true, ""
		}
		unknown = cmp.Or(unknown, why)
	}
	return false, unknown
}

// called is what a subnet's name calls it: "public", "private", or "" for neither or both.
func called(s *plan.Subnet) string {
	name := s.Desc.Name
	if name == "" {
		name = s.Desc.ID
	}
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	public := slices.Contains(parts, "public")
	private := slices.Contains(parts, "private") || slices.Contains(parts, "isolated")
	switch {
	case public == private:
		return ""
	case public:
		return "public"
	}
	return "private"
}

// notPublic: subnets that are called public, or hand out public addresses, and have no way
// to the internet.
func notPublic(p *pass) {
	for _, v := range p.plan.VPCs {
		for _, s := range v.Subnets {
			var why string
			switch name := called(s); {
			case name == "public" && s.Desc.MapPublicIP:
				why = "it is called public and gives what is launched in it public addresses"
			case name == "public":
				why = "it is called public"
			case s.Desc.MapPublicIP && name != "private": // see notPrivate
				why = "it gives what is launched in it public addresses"
			default:
				continue
			}
			switch open, unknown := way(v, s.Routes); {
			case open:
			case unknown != "":
				p.unsure(ofSubnet(s), "%s", unknown)
			default:
				fix := "add a route for 0.0.0.0/0 to the internet gateway to route table " + s.Routes.ID
				if called(s) == "public" {
					fix += ", or call the subnet otherwise"
				} else {
					fix += ", or switch MapPublicIpOnLaunch off"
				}
				p.find(ofSubnet(s), nil, fix, "%s, and its route table %s has no route to an internet gateway: what is in it neither reaches the internet directly nor answers it", why, s.Routes.ID)
			}
		}
	}
}

// notPrivate: subnets that are called private and have a route to the internet gateway, or
// hand out public addresses.
func notPrivate(p *pass) {
	for _, v := range p.plan.VPCs {
		for _, s := range v.Subnets {
			if called(s) != "private" {
				continue
			}
			switch open, unknown := s.Routes.ToInternet(); {
			case open && s.Desc.MapPublicIP:
				p.find(ofSubnet(s), nil, "route 0.0.0.0/0 to a NAT gateway and switch MapPublicIpOnLaunch off, or call the subnet otherwise",
					"it is called private, gives what is launched in it public addresses, and its route table %s has a route to an internet gateway: all that is there is on the internet, as far as rules let it", s.Routes.ID)
			case open:
				p.find(ofSubnet(s), nil, "route 0.0.0.0/0 to a NAT gateway (and ::/0 to an egress-only internet gateway), or call the subnet otherwise",
					"it is called private, and its route table %s has a route to an internet gateway: what gets a public address there is on the internet, as far as rules let it", s.Routes.ID)
			case s.Desc.MapPublicIP:
				p.find(ofSubnet(s), nil, "switch MapPublicIpOnLaunch off, or call the subnet otherwise",
					"it is called private and gives what is launched in it public addresses: a route to an internet gateway, and all that is there is on the internet")
			case unknown != "":
				p.unsure(ofSubnet(s), "%s", unknown)
			}
		}
	}
}

// strandedAddresses: public addresses in subnets without a way to the internet.
func strandedAddresses(p *pass) {
	for i := range p.plan.Interfaces() {
		if i.Gateway != nil || i.Subnet == nil || !i.HasPublic() {
			continue
		}
		switch open, unknown := way(i.VPC, i.Subnet.Routes); {
		case open:
		case unknown != "":
			p.unsure(ofInterface(i), "%s", unknown)
		default:
			s := ofInterface(i)
			if i.Balancer != nil {
				s.part = "node in subnet " + i.Subnet.Desc.ID
			}
			p.find(s, nil, "add a route to the internet gateway to route table "+i.Subnet.Routes.ID+", or give up the address",
				"it has a public address, and route table %s of its subnet %s has no route to an internet gateway: it cannot answer what comes in to the address", i.Subnet.Routes.ID, i.Subnet.Desc.ID)
		}
	}
}

// strandedNAT: public NAT gateways that cannot reach the internet.
func strandedNAT(p *pass) {
	for _, g := range p.plan.Gateways {
		d := g.Desc
		if d.Kind != routing.NATGateway || d.Private || g.Place == nil || g.Place.Routes == nil || d.Gone() && d.State != "failed" {
			continue
		}
		at := ofGateway(g.VPCs[0].Desc, d)
		switch open, unknown := way(g.VPCs[0], g.Place.Routes); {
		case d.State == "failed":
			p.find(at, nil, "mend what it failed for and make it anew", "it is in state failed%s: packets to it are dropped", because(d.Failure))
		case open:
		case unknown != "":
			p.unsure(at, "%s", unknown)
		default:
			p.find(at, nil, "put it into a subnet with a route for 0.0.0.0/0 to the internet gateway",
				"the route table %s where it stands has no route to an internet gateway: what it translates goes nowhere", g.Place.Routes.ID)
		}
	}
}

func because(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}
