package conformance

import "github.com/vpcemu/vpcemu/routing"

// endpointPorts are those of the services behind gateway endpoints.
func (s *script) endpointPorts() []string {
	var names []string
	for _, v := range s.em.Network().VPCs {
		for _, g := range v.Gateways {
			if g.Kind == routing.GatewayEndpoint {
				names = append(names, v.ID+"/"+g.ID)
			}
		}
	}
	return names
}
