package reach

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// Class is ends of a network that nothing in it tells apart: whatever gets to or from one
// gets to or from each of the others. What is no ordinary interface is alone in its class.
type Class struct {
	Kind emu.EndKind
	// Members are in the order of the description; there is at least one.
	Members []*emu.End

	number int
}

// Name is that of the first member.
func (c *Class) Name() string { return c.Members[0].Name }

// Names are those of the members.
func (c *Class) Names() []string {
	names := make([]string, len(c.Members))
	for k, m := range c.Members {
		names[k] = m.Name
	}
	return names
}

// classes sorts the ends of a network, which are [emu.Explorer.Ends], into classes.
//
// If two interfaces of a class change places, the network stays what it is but for names
// and addresses; and an address matters by the prefixes that it is in and by who else has
// it. So the two are in the same subnet and have the same groups, settings and kinds of
// addresses, each in the same [cells]; and neither of them is named by anything.
func classes(x *emu.Explorer, ends []emu.End) ([]*Class, *classifier) {
	c := newClassifier(x, ends)
	var all []*Class
	known := make(map[string]*Class)
	var key []byte
	for k := range ends {
		e := &ends[k]
		alone := true
		if e.Kind == emu.InterfaceEnd {
			key, alone = c.key(e, key[:0])
		}
		class := known[string(key)]
		if class == nil || alone {
			class = &Class{Kind: e.Kind, number: len(all)}
			all = append(all, class)
			if !alone {
				known[string(key)] = class
			}
		}
		class.Members = append(class.Members, e)
	}
	return all, c
}

// classifier is what a network has that may tell interfaces apart.
type classifier struct {
	mentioned map[string]bool // names
	cells     [2]cells        // of IPv4 and IPv6
	subnets   map[*vpc.Subnet]int
	realms    map[*vpc.VPC]*vpc.VPC // one VPC of those that are joined
	owners    map[owned]int         // how many have an address
}

type owned struct {
	realm *vpc.VPC
	addr  netip.Addr
}

func newClassifier(x *emu.Explorer, ends []emu.End) *classifier {
	n := x.Network()
	found := newMentions()
	found.walk(reflect.ValueOf(n))
	for _, p := range x.Special() {
		found.prefixes[p] = true
	}
	c := &classifier{mentioned: found.strings, subnets: make(map[*vpc.Subnet]int), realms: realms(n), owners: make(map[owned]int)}
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
		}
		for _, p := range i.Prefixes {
			found.prefixes[p] = true
		}
	}
	c.cells = cellsOf(found.prefixes)
	return c
}

// key is the same for interfaces of a class. It is alone in its class if something names
// it, or if too little is known of it.
func (c *classifier) key(e *emu.End, key []byte) (_ []byte, alone bool) {
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
		if c.owners[owned{c.realms[e.VPC], a.IP}] > 1 {
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

func (c *classifier) address(key []byte, a netip.Addr) []byte {
	switch {
	case !a.IsValid():
		return append(key, '-')
	case a.Is4():
		return strconv.AppendInt(append(key, " 4:"...), int64(c.cells[0].of(a)), 10)
	}
	return strconv.AppendInt(append(key, " 6:"...), int64(c.cells[1].of(a)), 10)
}
