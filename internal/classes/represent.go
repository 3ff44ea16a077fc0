package classes

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Represent leaves one of an interface's addresses that nothing tells apart. So an interface
// with thirty costs no more than one with two.
func (c *Classifier) Represent(p *emu.Pair) {
	if Many(p) {
		p.Represent(c.representatives)
	}
}

// Many reports whether an end of a pair has so many addresses that some may be left out.
func Many(p *emu.Pair) bool { return len(p.Sources()) > 2 || len(p.Destinations()) > 2 }

// representatives says for each of an end's ranges which of them is asked about in its place. These
// stand for themselves: the first one, which queries by name mean; prefixes; addresses of
// load balancers; public addresses, and private ones that have one. Of the others, one of
// each cell is asked about.
func (c *Classifier) representatives(list []emu.Range) []int {
	first := make([]int, len(list))
	known := make(map[int]int)
	for k := range list {
		first[k] = k
		r := &list[k]
		v, i := r.Owner()
		if i == nil || k == 0 || r.Node != "" {
			continue
		}
		at := slices.IndexFunc(i.Addresses, func(a vpc.Address) bool { return a.IP.IsValid() && space.Address(a.IP) == r.Span.First })
		if at < 0 || i.Addresses[at].Public.IsValid() || c.owners[owned{c.realms[v], i.Addresses[at].IP}] > 1 {
			continue
		}
		ip := i.Addresses[at].IP
		cell := c.cell(ip)
		if one, ok := known[cell]; ok {
			first[k] = one
		} else {
			known[cell] = k
		}
	}
	return first
}
