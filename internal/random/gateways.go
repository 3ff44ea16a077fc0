package random

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// between makes what joins VPCs.
func (b *builder) between() {
	if b.has(Peerings) {
		b.peerings()
	}
	if b.has(TransitGateways) {
		b.transitGateways()
	}
}

// peerings joins some pairs of VPCs: those that overlap fail by themselves.
func (b *builder) peerings() {
	for i, v := range b.net.VPCs {
		for _, w := range b.net.VPCs[:i] {
			if b.One(3) {
				continue
			}
			g := b.net.AddPeering("pcx-"+v.ID+w.ID, v.ID, w.ID)
			g.State = Pick(b.Maker, "", "", "", "", "", "pending-acceptance", "deleted", "rejected")
			for _, u := range []*vpc.VPC{v, w} {
				if u.DNSHostnames && !u.DisableDNS && g.State == "" && b.One(2) {
					g.PeerDNS = append(g.PeerDNS, u.ID)
				}
			}
			if g.State == "" && v.CIDRs[0] != w.CIDRs[0] && v.Region == w.Region && b.One(2) { // SG-20
				v.SecurityGroup(Pick(b.Maker, "g0", "g1")).AllowIn("tcp/80-443", "only-"+w.ID).AllowOut("udp/53", "only-"+w.ID)
			}
		}
	}
}

// inside makes the gateways of one VPC.
func (b *builder) inside(k int, v *vpc.VPC) {
	if b.has(NATGateways) {
		b.nat(v)
	}
	if b.has(Translation) && v.InternetGateway != nil && b.One(3) {
		v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.NATGateway, ID: "natr", Name: "natr", Regional: true})
	}
	if b.has(EgressOnlyGateways) && b.One(2) {
		v.AddEgressOnlyGateway("eigw")
	}
	if b.has(OnPremises) && b.One(2) {
		b.vpnGateway(k, v)
	}
	if b.has(Endpoints) {
		b.endpoints(v)
	}
	if b.has(Appliances) && b.One(2) {
		g := &vpc.Gateway{Kind: routing.GWLBEndpoint, ID: "gwlbe", Name: "gwlbe", Subnet: Pick(b.Maker, "a", "b"), Endpoint: new(vpc.Endpoint)}
		for k := range b.IntN(3) {
			verdict := Pick(b.Maker, vpc.Pass, vpc.Pass, vpc.Pass, vpc.Drop, vpc.Undecided)
			g.Endpoint.Appliances = append(g.Endpoint.Appliances, vpc.Appliance{Name: fmt.Sprintf("fw%d", k), Verdict: verdict})
		}
		v.Gateways = append(v.Gateways, g)
	}
	if b.has(LoadBalancers) {
		b.loadBalancers(v)
	}
}

// nat makes a public NAT gateway in the first subnet, and a private one in another.
func (b *builder) nat(v *vpc.VPC) {
	if !b.One(3) {
		g := v.AddNATGateway("nat", "a")
		g.State = Pick(b.Maker, "", "", "", "", "deleting", "pending", "deleted")
		if b.One(4) {
			g.Addresses = []vpc.Address{{AutoPublic: true}, {AutoPublic: true}}
		}
	}
	if b.One(3) {
		v.AddNATGateway("natp", Pick(b.Maker, "b", "c")).Private = true
	}
}

// wide are ranges of links beside those of offices: they hold other networks, or cut
// them in two.
var wide = []string{"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/15", "10.0.1.8/29", "10.10.1.0/25", "172.16.0.0/12", "192.0.0.0/3", "160.0.0.0/4", "176.0.0.0/8", "203.0.112.0/21", "203.0.113.192/26"}

// vpnGateway makes a virtual private gateway with a VPN connection and, at times,
// Direct Connect.
func (b *builder) vpnGateway(k int, v *vpc.VPC) {
	link := func(id string, prefixes ...string) *vpc.Link {
		l := &vpc.Link{ID: id, Name: id, State: Pick(b.Maker, "", "", "", "down")}
		for _, p := range prefixes {
			l.Prefixes = append(l.Prefixes, vpc.Announcement{Prefix: netip.MustParsePrefix(p), MED: uint32(b.IntN(3))})
		}
		return l
	}
	vpn := new(vpc.VPN)
	if !b.One(4) {
		l := link("vpn", "192.168.0.0/16", Pick(b.Maker, wide...), Pick(b.Maker, wide...))
		if l.Static = b.One(2); b.has(Gaps) && b.One(6) {
			l.Unknown = "its routes were not listed"
		}
		vpn.Connections = append(vpn.Connections, l)
	}
	if b.One(3) {
		vpn.Connections = append(vpn.Connections, link("vpn2", "192.168.0.0/17", Pick(b.Maker, wide...)))
	}
	if b.One(2) {
		dx := link("dxvif", "192.168.0.0/16", Pick(b.Maker, "2001:db8:aaaa::/48", "2001:db8:aaaa::/48", "2001:db8::/32"))
		dx.MTU = Pick(b.Maker, 0, 8500)
		if b.One(2) {
			within := v.Subnets[1].CIDRs[0]
			dx.DirectConnectGateway, dx.Allowed = "dxgw-"+v.ID, []netip.Prefix{Pick(b.Maker, v.CIDRs[0], within, netip.PrefixFrom(within.Addr(), 26))}
		}
		vpn.Interfaces = append(vpn.Interfaces, dx)
	}
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", Name: "vgw", State: Pick(b.Maker, "", "", "", "detached"), VPN: vpn})
}

// endpoints makes a gateway endpoint and an interface endpoint; tables that are
// associated with the former come later.
func (b *builder) endpoints(v *vpc.VPC) {
	if b.One(2) {
		v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.GatewayEndpoint, ID: "s3ep", Name: "s3ep", State: Pick(b.Maker, "", "", "pending", "deleted"),
			Endpoint: &vpc.Endpoint{Service: "com.amazonaws.eu-west-1.s3", PrefixList: Pick(b.Maker, "", "pl-s3"), DualStack: b.One(2)}})
	}
	if b.One(2) {
		v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "sqsep", Name: "sqsep", State: Pick(b.Maker, "", "", "pending"),
			Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: Pick(b.Maker, []string{"a"}, []string{"b", "c"}),
				Groups: some(b.Maker, []string{"g0", "g1"}), UDP: Pick(b.Maker, vpc.No, vpc.Yes, vpc.Maybe)}})
	}
}

// loadBalancers makes a Network and an Application Load Balancer over one target
// group each.
func (b *builder) loadBalancers(v *vpc.VPC) {
	_, secondary := bases(v)
	health := func() string { return Pick(b.Maker, "", "", "healthy", "unhealthy", "draining") }
	if b.One(2) {
		g := &vpc.TargetGroup{ID: "tg", Name: "tg", Protocol: "TCP_UDP", Port: 80, Type: vpc.InstanceTargets,
			Preserve: Pick(b.Maker, vpc.PreserveDefault, vpc.PreserveOff)}
		for _, s := range some(b.Maker, v.Subnets[:3]) {
			g.Targets = append(g.Targets, vpc.LoadBalancerTarget{ID: s.Interfaces[0].ID, Health: health(), Port: Pick[uint16](b.Maker, 0, 443)})
		}
		nlb := &vpc.LoadBalancer{ID: "nlb", Name: "nlb", Internal: v.InternetGateway == nil || b.One(2),
			CrossZone: Pick(b.Maker, vpc.CrossZoneDefault, vpc.CrossZoneOn),
			Groups:    some(b.Maker, []string{"g0", "g1"}), Nodes: []vpc.LoadBalancerNode{{Subnet: "a"}, {Subnet: "b"}}[:1+b.IntN(2)],
			Listeners: []vpc.Listener{{Protocol: "TCP", Port: 80, Forward: []vpc.Forward{{TargetGroup: "tg"}}},
				{Protocol: "TCP_UDP", Port: 53, Forward: []vpc.Forward{{TargetGroup: "tg"}}}}}
		v.TargetGroups, v.LoadBalancers = append(v.TargetGroups, g), append(v.LoadBalancers, nlb)
	}
	if b.One(2) {
		g := &vpc.TargetGroup{ID: "tgip", Name: "tgip", Protocol: "HTTP", Port: 80,
			Targets: []vpc.LoadBalancerTarget{{ID: secondary + "1.10", Health: health()}, {ID: "192.168.0.9"}}[:1+b.IntN(2)]}
		alb := &vpc.LoadBalancer{ID: "alb", Name: "alb", Kind: vpc.ApplicationLoadBalancer,
			Internal: v.InternetGateway == nil || b.One(2), Groups: []string{Pick(b.Maker, "g0", "g1")},
			Nodes:     []vpc.LoadBalancerNode{{Subnet: "b"}, {Subnet: "c"}},
			Listeners: []vpc.Listener{{Protocol: "HTTPS", Port: 443, Forward: []vpc.Forward{{TargetGroup: "tgip"}}}, {Protocol: "HTTP", Port: 80}}}
		v.TargetGroups, v.LoadBalancers = append(v.TargetGroups, g), append(v.LoadBalancers, alb)
		if nlb := v.LoadBalancer("nlb"); nlb != nil && b.One(3) {
			v.TargetGroups = append(v.TargetGroups, &vpc.TargetGroup{ID: "tgalb", Name: "tgalb", Protocol: "TCP", Port: 443, Type: vpc.BalancerTargets,
				Targets: []vpc.LoadBalancerTarget{{ID: "alb"}}})
			nlb.Listeners = append(nlb.Listeners, vpc.Listener{Protocol: "TCP", Port: 443, Forward: []vpc.Forward{{TargetGroup: "tgalb"}}})
		}
	}
}

func (b *builder) blockPublicAccess() {
	if !b.has(PublicAccess) || b.One(2) {
		return
	}
	p := &vpc.BlockPublicAccess{Mode: Pick(b.Maker, vpc.BlockOff, vpc.BlockBidirectional, vpc.BlockIngress, vpc.BlockIngress)}
	for _, name := range some(b.Maker, []string{"v0", "v0/a", "v0/b"}) {
		p.Exclusions = append(p.Exclusions, vpc.BlockExclusion{Resource: name, EgressOnly: b.One(2)})
	}
	b.net.BlockPublicAccess = append(b.net.BlockPublicAccess, p)
}
