package conformance

import (
	"fmt"
	"strings"
)

// state claims the state of a gateway, and its failure code if it has failed.
func (s *script) state(name string, want []string) error {
	n := s.em.Network()
	all := n.Gateways
	for _, v := range n.VPCs {
		all = append(all, v.Gateways...)
	}
	for _, g := range all {
		if g.ID == name {
			return same(strings.Fields(g.State+" "+g.Failure), want)
		}
	}
	return fmt.Errorf("there is no gateway %s", name)
}
