// Package classes says what a network cannot tell apart: interfaces, and the addresses of
// one. So all-pairs questions cost time with what is different, not with what there is.
//
// If two interfaces of a class change places, the network stays what it is but for names
// and addresses; and an address matters by the prefixes that it is in and by who else has
// it. So the two are in the same subnet and have the same groups, settings and kinds of
// addresses, each in the same cells, between which no prefix of the description begins or
// ends; and neither of them is named by anything. Prefixes and names are collected wherever
// they stand, so that a field that is added to the description tells apart by itself. When in
// doubt two classes.
package classes

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Classifier is what a network has that may tell interfaces and addresses apart.
type Classifier struct {
	mentioned map[string]bool       // names
	cells     [2]cells              // of IPv4 and IPv6
	subnets   map[*vpc.Subnet]int   // by number, from 1
	realms    map[*vpc.VPC]*vpc.VPC // one VPC of those that are joined
	owners    map[owned]int         // how many have an address
	both      map[netip.Addr]bool   // public addresses that lie in a VPC, where another may have them
}

type owned struct {
	realm *vpc.VPC
	addr  netip.Addr
}

// New is the Classifier of an explorer's network, of which ends are all.
func New(x *emu.Explorer, ends []emu.End) *Classifier {
	n := x.Network()
	found := newMentions()
	found.walk(reflect.ValueOf(n))
	for _, p := range x.Special() {
		found.prefixes[p] = true
	}
	c := &Classifier{mentioned: found.strings, subnets: make(map[*vpc.Subnet]int), realms: realms(n), owners: make(map[owned]int), both: make(map[netip.Addr]bool)}
	for k := range ends {
		i := ends[k].Interface
		if i == nil {
			continue
		}
		if s := ends[k].Subnet; s != nil && c.subnets[s] == 0 {
			c.subnets[s] = len(c.subnets) + 1
		}
		for _, a := range i.Addresses {
			c.owners[owned{c.realms[ends[k].VPC], a.IP}]++
			if a.Public.IsValid() && inside(n, a.Public) {
				c.both[a.Public] = true
			}
		}
		for _, p := range i.Prefixes {
			found.prefixes[p] = true
		}
	}
	c.cells = cellsOf(found.prefixes)
	return c
}

// inside reports whether an address lies in some VPC's ranges.
func inside(n *vpc.Network, a netip.Addr) bool {
	return slices.ContainsFunc(n.VPCs, func(v *vpc.VPC) bool {
		return slices.ContainsFunc(v.CIDRs, func(p netip.Prefix) bool { return p.Contains(a) })
	})
}

// Key appends what is the same for interfaces of a class. An interface is alone in its class
// if something names it, or if too little is known of it; the key says nothing then.
func (c *Classifier) Key(e *emu.End, key []byte) (_ []byte, alone bool) {
	i, inst := e.Interface, e.Instance
	if e.Unknown() != "" || c.mentioned[i.ID] || c.mentioned[i.Name] {
		return key, true
	}
	if inst != nil {
		if c.mentioned[inst.ID] || c.mentioned[inst.Name] {
			return key, true
		}
		rest := *inst
		rest.ID, rest.Name, rest.Origin = "", "", ""
		key = appendRest(key, rest)
	}
	key = append(strconv.AppendInt(key, int64(c.subnets[e.Subnet]), 10), '\n')
	for _, g := range i.Groups {
		key = append(strconv.AppendQuote(key, g), ' ')
	}
	for _, a := range i.Addresses {
		if c.owners[owned{c.realms[e.VPC], a.IP}] > 1 || c.both[a.IP] || c.both[a.Public] {
			return key, true
		}
		key = c.address(key, a.IP)
		key = c.address(key, a.Public)
		a.IP, a.Public = netip.Addr{}, netip.Addr{}
		key = appendRest(key, a)
	}
	rest := *i
	rest.ID, rest.Name, rest.Instance, rest.Description, rest.Origin = "", "", "", "", ""
	rest.Addresses, rest.Groups = nil, nil
	return appendRest(key, rest), false
}

// appendRest is what of a struct has not been looked at, whatever it may be.
func appendRest(key []byte, rest any) []byte {
	if reflect.ValueOf(rest).IsZero() {
		return append(key, '\n')
	}
	return fmt.Appendf(key, "%+v\n", rest)
}

func (c *Classifier) address(key []byte, a netip.Addr) []byte {
	switch {
	case !a.IsValid():
		return append(key, '-')
	case a.Is4():
		key = append(key, " 4:"...)
	default:
		key = append(key, " 6:"...)
	}
	return strconv.AppendInt(key, int64(c.cell(a)), 10)
}

// cell is the number of the cell that an address is in.
func (c *Classifier) cell(a netip.Addr) int { return c.cells[space.Version(a.Is6())].of(a) }

// Cells are in which cells the addresses of an interface are, as a text to compare.
func (c *Classifier) Cells(i *vpc.Interface) string {
	var all []string
	for _, a := range i.Addresses {
		all = append(all, string(c.address(nil, a.IP)))
	}
	slices.Sort(all)
	return fmt.Sprint(slices.Compact(all))
}
