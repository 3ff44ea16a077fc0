//go:build linux

package kernel

import (
	"slices"

	"github.com/google/nftables/expr"

	"github.com/vpcemu/vpcemu/vpc"
)

// makeEdges makes what comes in by an internet gateway go by its route table.
func (o *oracle) makeEdges() (err error) {
	for _, v := range o.n.VPCs {
		laid := make(map[*station]string)
		ways := o.edgeWays(v)
		for _, w := range ways {
			link := "" // RT-37
			switch {
			case w.kind == "local":
				link = "core"
			case w.next != nil && w.next.hasPublic(): // RT-47
				if laid[w.next] == "" {
					if laid[w.next], err = o.past(o.igws[v], "edge", o.homes[w.next.s], w.next.link); err != nil {
						return err
					}
				}
				link = laid[w.next]
			}
			if err := o.igws[v].route(main, w.to, link); err != nil {
				return err
			}
		}
		for _, p := range o.stations {
			for _, a := range p.own() {
				if p.v == v && longestMatch(ways, a.Addr()).next == p { // RT-49
					if err := o.igws[v].route(main, a, "core"); err != nil {
						return err
					}
				}
			}
		}
		if egressOnly(v) != nil { // whose answers go by no table (RT-50)
			if err := o.igws[v].answersRule(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *station) hasPublic() bool {
	return slices.ContainsFunc(p.addresses(), func(a vpc.Address) bool { return a.Public.IsValid() })
}

// redirectRules are in the subnets whose inbound traffic an edge table gives to others: they do not get out past these (RT-48).
func (o *oracle) redirectRules(c chain, v *vpc.VPC, s *vpc.Subnet) {
	ways := o.edgeWays(v)
	if ways == nil {
		return
	}
	for _, p := range o.stations {
		if p.s != s {
			continue
		}
		own := c.chain("redirect-" + p.link)
		c.rule(from(p.link), links(expr.MetaKeyOIFNAME, "igw"), jump(own))
		own.rule(mark(0))
		for _, w := range ways {
			elsewhere := uint32(0)
			if w.kind != "local" && w.next != p {
				elsewhere = 1
			}
			own.rule(source(w.to), mark(elsewhere))
		}
		for _, of := range s.CIDRs {
			own.rule(source(of), marked(1), drop)
		}
		own.rule(mark(0))
	}
}
