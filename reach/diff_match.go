package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// twin is an end of both networks, or of one: its index, or -1.
type twin struct{ before, after int }

// group is ends that neither network tells apart.
type group struct{ ends []twin }

// match finds the ends that are in both networks.
func (d *differ) match() {
	partner := make([]int, len(d.after.ends)) // of what is in the new network, plus one
	taken := make([]int, len(d.before.ends))
	for _, key := range matchKeys {
		old, now := keyed(d.before.ends, taken, key), keyed(d.after.ends, partner, key)
		for k, i := range old {
			if j, ok := now[k]; ok && i >= 0 && j >= 0 {
				taken[i], partner[j] = j+1, i+1
			}
		}
	}
	for j := range d.after.ends {
		d.ends = append(d.ends, twin{partner[j] - 1, j})
		if i := partner[j] - 1; i >= 0 && called(&d.before.ends[i]) != called(&d.after.ends[j]) && called(&d.before.ends[i]) != "" {
			d.out.Renamed = append(d.out.Renamed, [2]string{d.before.ends[i].Name, d.after.ends[j].Name})
		}
		if partner[j] == 0 && d.after.ends[j].Kind != emu.InternetEnd {
			d.out.Added = append(d.out.Added, d.after.ends[j].Name)
		}
	}
	for i := range d.before.ends {
		if taken[i] == 0 {
			d.ends = append(d.ends, twin{i, -1})
			if d.before.ends[i].Kind != emu.InternetEnd {
				d.out.Removed = append(d.out.Removed, d.before.ends[i].Name)
			}
		}
	}
}

// matchKeys are by what ends are matched, the best first.
var matchKeys = []func(e *emu.End) string{
	func(e *emu.End) string {
		if e.VPC == nil || called(e) == "" {
			return ""
		}
		return cmp.Or(e.VPC.Name, e.VPC.ID) + "/" + called(e)
	},
	called,
	func(e *emu.End) string { return e.ID() },
	func(e *emu.End) string {
		if e.Interface == nil || len(e.Interface.Addresses) == 0 {
			return ""
		}
		return e.Interface.Addresses[0].IP.String()
	},
	func(e *emu.End) string {
		if e.Kind == emu.OnPremisesEnd {
			return "onprem"
		}
		return ""
	},
}

// called is the name of an end, without what tells it from others.
func called(e *emu.End) string {
	switch {
	case e.Interface == nil:
		return e.Name[strings.LastIndexByte(e.Name, '/')+1:]
	case e.Instance != nil && e.Interface.DeviceIndex == 0 && e.Instance.Name != "":
		return e.Instance.Name
	}
	return e.Interface.Name
}

// keyed finds the ends without a partner by a key, -1 where several have it.
func keyed(ends []emu.End, partner []int, key func(*emu.End) string) map[string]int {
	found := make(map[string]int)
	for k := range ends {
		name := key(&ends[k])
		if partner[k] > 0 || name == "" {
			continue
		}
		name = ends[k].Kind.String() + " " + name
		if _, twice := found[name]; twice {
			found[name] = -1
			continue
		}
		found[name] = k
	}
	return found
}

// share sorts the ends into groups that neither network tells apart.
func (d *differ) share() {
	type key struct {
		before, after int
		touched       bool
		moved         string
	}
	index := make(map[key]*group)
	for _, e := range d.ends {
		key := key{before: -1, after: -1, touched: d.touched(e), moved: d.moved(e)}
		if e.before >= 0 {
			key.before = d.before.class[e.before]
		}
		if e.after >= 0 {
			key.after = d.after.class[e.after]
		}
		g := index[key]
		if g == nil {
			g = &group{}
			index[key] = g
			d.groups = append(d.groups, g)
		}
		g.ends = append(g.ends, e)
	}
}

// moved describes how an interface's list of addresses has changed: for each new address,
// where the old list has its private and its public address, or -1. It is "" if there was
// and is one address, and its public one has stayed.
func (d *differ) moved(e twin) string {
	if e.before < 0 || e.after < 0 {
		return ""
	}
	old, now := d.before.ends[e.before].Interface, d.after.ends[e.after].Interface
	if old == nil || now == nil {
		return ""
	}
	was, is := old.Addresses, now.Addresses
	if len(was) == 1 && len(is) == 1 && was[0].Public == is[0].Public {
		return ""
	}
	var at []int
	for _, a := range is {
		at = append(at, slices.IndexFunc(was, func(o vpc.Address) bool { return o.IP == a.IP }),
			slices.IndexFunc(was, func(o vpc.Address) bool { return o.Public == a.Public }))
	}
	return fmt.Sprint(at)
}

// touched reports whether a change of the filters is about an end itself.
func (d *differ) touched(e twin) bool {
	return e.before < 0 || e.after < 0 || d.same.touched(&d.before.ends[e.before], &d.after.ends[e.after])
}

// kind is that of an end, whichever network has it.
func (d *differ) kind(e twin) emu.EndKind {
	if e.after >= 0 {
		return d.after.ends[e.after].Kind
	}
	return d.before.ends[e.before].Kind
}

// name is that of an end, in the new network if it is there.
func (d *differ) name(e twin) string {
	if e.after >= 0 {
		return d.after.ends[e.after].Name
	}
	return d.before.ends[e.before].Name
}

// names are those of a group.
func (d *differ) names(g *group) []string {
	names := make([]string, len(g.ends))
	for k, e := range g.ends {
		names[k] = d.name(e)
	}
	return names
}
