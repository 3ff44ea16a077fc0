package vpc

import "github.com/vpcemu/vpcemu/routing"

// outsideUsage is what one Region has of virtual private gateways.
type outsideUsage struct {
	first     *VPC
	gateways  int
	customers map[string]bool
}

// limitVPN counts virtual private gateways and customer gateways by Region,
// connections by gateway and BGP routes by connection (LIM-40 to LIM-42).
func (c *checker) limitVPN(l Limits) {
	used := make(map[region]*outsideUsage)
	var order []*outsideUsage
	for _, v := range c.n.VPCs {
		key := region{v.Account, v.Region}
		if used[key] == nil {
			used[key] = &outsideUsage{first: v, customers: make(map[string]bool)}
			order = append(order, used[key])
		}
		for _, g := range v.Gateways {
			if g.Kind == routing.VPNGateway && !g.Gone() {
				used[key].gateways++
				c.limitLinks(g, used[key], l)
			}
		}
	}
	for _, u := range order {
		c.each(subject{element: u.first, kind: "the Region of VPC", name: u.first.ID, origin: u.first.Origin},
			over(u.gateways, l.VPNGateways, CodeVPNGatewayLimit, "VPN gateways", "LIM-40"),
			over(len(u.customers), l.CustomerGateways, CodeCustomerGatewayLimit, "customer gateways", "LIM-41"))
	}
}

func (c *checker) limitLinks(g *Gateway, u *outsideUsage, l Limits) {
	if g.VPN == nil {
		return
	}
	c.add(gatewaySubject(g), over(len(g.VPN.Connections), l.VPNConnections, CodeVPNConnectionLimit, "VPN connections", "LIM-41"))
	for _, k := range g.VPN.Connections {
		if k.CustomerGateway != "" {
			u.customers[k.CustomerGateway] = true
		}
		if !k.Static {
			c.add(subject{element: k, kind: "VPN connection", name: k.ID, origin: k.Origin},
				over(len(k.Prefixes), l.VPNRoutes, CodeRouteLimit, "routes learned by BGP", "LIM-42"))
		}
	}
}
