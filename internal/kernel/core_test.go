//go:build linux

package kernel

import (
	"maps"
	"slices"

	"github.com/google/nftables"

	"github.com/vpcemu/vpcemu/vpc"
)

// coreRules are the middle of a VPC, where packets arrive that are to be delivered in it, whatever its route tables say (RT-51).
func (o *oracle) coreRules(v *vpc.VPC) {
	core := o.cores[v]
	r := core.rules("core")
	r.silent()
	cross := r.at("cross", nftables.ChainHookPrerouting, beforeRoute+10, nftables.ChainTypeFilter)
	for _, link := range slices.Sorted(maps.Keys(core.links)) {
		if w := o.peers[link]; w != nil {
			o.peeringRules(r, cross, link, w, v)
		}
	}
}

// loopRules drop what a route would send back to the station that it comes from (RT-52).
func (o *oracle) loopRules(ns *namespace, v *vpc.VPC, s *vpc.Subnet) {
	r := ns.rules("loops")
	c := r.at("loops", nftables.ChainHookForward, 0, nftables.ChainTypeFilter)
	for _, p := range o.stations {
		if p.s != s {
			continue
		}
		for _, a := range p.own() { // that is no route
			c.rule(from(p.link), destination(a), accept)
		}
		c.rule(from(p.link), to(p.link), drop)
	}
	transitLoops(c)
	o.redirectRules(c, v, s)
}

// internetRules let nothing from outside turn round there.
func (o *oracle) internetRules() {
	o.internet.sameTTL()
	r := o.internet.rules("internet")
	r.silent()
	r.at("turn", nftables.ChainHookForward, 0, nftables.ChainTypeFilter).rule(from("guest"), to("guest"), drop)
	r.at("deliver", nftables.ChainHookPostrouting, 0, nftables.ChainTypeFilter).
		both(func(v4 bool) []part { return []part{to("guest"), setTag(fresh, v4)} })
}
