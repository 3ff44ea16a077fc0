package emu

import (
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

// farService is the far side of a gateway endpoint.
type farService struct {
	gateway *plan.Gateway
	port    *Port
}

func serviceKey(g *plan.Gateway) string { return g.VPCs[0].Desc.ID + "/" + g.Desc.ID }

// endpointServices gives every gateway endpoint a port, which stays from plan to
// plan.
func (g *generation) endpointServices(prev *generation) {
	for _, gateway := range g.plan.Gateways {
		if gateway.Desc.Kind != routing.GatewayEndpoint {
			continue
		}
		key := serviceKey(gateway)
		port := prev.services[key].port
		if port == nil {
			port = &Port{em: g.em, id: gateway.Desc.ID, key: key, passing: g.em.flows.Passive(), enter: func(w *walk) { w.fromEndpointPort(key) }}
		}
		if g.services == nil {
			g.services = make(map[string]farService)
		}
		g.services[key] = farService{gateway, port}
	}
}

// serviceNamed finds gateway endpoints by ID, by name or by "vpc/name".
func (g *generation) serviceNamed(name string) []*plan.Gateway {
	var found []*plan.Gateway
	for key, s := range g.services {
		d, v := s.gateway.Desc, s.gateway.VPCs[0].Desc
		if name == d.ID || name == key || name == d.Name || d.Name != "" && (name == v.ID+"/"+d.Name || name == v.Name+"/"+d.Name) {
			found = append(found, s.gateway)
		}
	}
	return found
}

// serviceEnd is the service of a gateway endpoint as an end of a query: an address
// of each IP version of its prefix list.
func (g *generation) serviceEnd(name string, gateway *plan.Gateway) queryEnd {
	e := queryEnd{name: name, service: gateway}
	list := g.plan.Network.ServiceList(gateway.Desc)
	if list == nil {
		return e
	}
	for _, p := range list.Entries {
		k := 0
		if p.Addr().Is6() {
			k = 1
		}
		if !e.hosts[k].IsValid() {
			e.hosts[k] = p.Masked().Addr().Next()
		}
	}
	return e
}
