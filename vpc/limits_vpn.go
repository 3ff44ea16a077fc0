package vpc

import "github.com/vpcemu/vpcemu/routing"

// outsideUsage is what one Region has of virtual private gateways.
type outsideUsage struct {
	gateways  int
	customers map[string]bool
}

// limitVPN counts virtual private gateways and customer gateways by Region,
// connections by gateway and BGP routes by connection (LIM-40 to LIM-42).
func (c *checker) limitVPN(l Limits) {
	for _, vpcs := range c.n.regions() {
		first, u := vpcs[0], &outsideUsage{customers: make(map[string]bool)}
		for _, v := range vpcs {
			for _, g := range v.Gateways {
				if g.Kind == routing.VPNGateway && !g.Gone() {
					u.gateways++
					c.limitLinks(g, u, l)
				}
			}
		}
		c.each(subject{element: first, kind: "the Region of VPC", name: first.ID, origin: first.Origin},
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
