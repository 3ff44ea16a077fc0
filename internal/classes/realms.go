package classes

import (
	"reflect"

	"github.com/vpcemu/vpcemu/vpc"
)

// realms are VPCs that something joins: all of a realm have one VPC of it. An address may
// be somebody's in each realm without their ever meeting (VPC-19).
func realms(n *vpc.Network) map[*vpc.VPC]*vpc.VPC {
	of := make(map[*vpc.VPC]*vpc.VPC, len(n.VPCs))
	byName := make(map[string][]*vpc.VPC)
	for _, v := range n.VPCs {
		of[v] = v
		byName[v.ID] = append(byName[v.ID], v)
		if v.Name != "" && v.Name != v.ID {
			byName[v.Name] = append(byName[v.Name], v)
		}
	}
	join := func(of map[*vpc.VPC]*vpc.VPC, a, b *vpc.VPC) {
		if a, b = of[a], of[b]; a != b {
			for v, r := range of {
				if r == b {
					of[v] = a
				}
			}
		}
	}
	joinAll := func(first *vpc.VPC, by any) {
		found := newMentions()
		found.walk(reflect.ValueOf(by))
		for name := range found.strings {
			for _, v := range byName[name] {
				if first == nil {
					first = v
				}
				join(of, first, v)
			}
		}
	}
	var transit *vpc.VPC // transit gateways may be peers of each other
	for _, g := range n.Gateways {
		if g.Transit == nil {
			joinAll(nil, g)
			continue
		}
		for _, a := range g.Transit.Attachments {
			if transit == nil && len(byName[a.VPC]) > 0 {
				transit = byName[a.VPC][0]
			}
		}
		joinAll(transit, g)
	}
	return of
}
