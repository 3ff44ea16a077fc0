package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// merge makes one of changes that are alike: first of sources, then of destinations. Packets to
// public addresses are alike if they are to the same one of each.
func merge(all []Change) []Change {
	slices.SortStableFunc(all, func(a, b Change) int { return cmp.Compare(a.Kind, b.Kind) })
	for _, turn := range [...]func(c *Change) (same []string, more *[]string){
		func(c *Change) ([]string, *[]string) { return c.Destinations, &c.Sources },
		func(c *Change) ([]string, *[]string) { return c.Sources, &c.Destinations },
	} {
		var kept []Change
		var known []map[string]bool     // of each, the names that grow
		index := make(map[string][]int) // of kept, by all that is alike but the packets
		for _, c := range all {
			same, more := turn(&c)
			key := fmt.Sprintf("%d %d %d %t %q %q %q %q", c.Kind, c.Was, c.Is, c.v6, c.general, rules(c.By), rules(c.Before), same)
			at := slices.IndexFunc(index[key], func(k int) bool { return kept[k].set.Equal(c.set) })
			if at < 0 {
				index[key] = append(index[key], len(kept))
				known = append(known, namesOf(*more))
				kept = append(kept, c)
				continue
			}
			k := index[key][at]
			o := &kept[k]
			if !slices.Equal(o.words, c.words) {
				o.Traffic, o.words = generally(o.Traffic), o.general
			}
			_, into := turn(o)
			*into = withNames(*into, *more, known[k])
		}
		all = kept
	}
	return all
}

func namesOf(list []string) map[string]bool {
	names := make(map[string]bool, len(list))
	for _, name := range list {
		names[name] = true
	}
	return names
}

// withNames adds names that a list does not have, whose names are known.
func withNames(list, more []string, known map[string]bool) []string {
	for _, name := range more {
		if !known[name] {
			known[name] = true
			list = append(list, name)
		}
	}
	return list
}

// mergeVersions makes one of changes that are alike but for the IP version.
func mergeVersions(all []Change) []Change {
	var kept []Change
	index := make(map[string][]int) // of kept, those of IPv4
	for _, c := range all {
		key := fmt.Sprintf("%d %d %d %q %q %q", c.Kind, c.Was, c.Is, c.words, c.Sources, c.Destinations)
		if !c.v6 {
			index[key] = append(index[key], len(kept))
			kept = append(kept, c)
			continue
		}
		at := slices.IndexFunc(index[key], func(k int) bool {
			o := &kept[k]
			return o.six == nil && slices.EqualFunc(o.By, c.By, sameSetting) && slices.EqualFunc(o.Before, c.Before, sameSetting)
		})
		if at < 0 {
			kept = append(kept, c)
			continue
		}
		o := &kept[index[key][at]]
		o.six = c.set
		o.Traffic = append(o.Traffic, c.Traffic...)
	}
	return kept
}

// sameSetting reports whether two causes are one setting, about packets of two IP versions:
// all the words are the same, but for addresses.
func sameSetting(a, b Cause) bool {
	alike := func(x, y string) bool {
		_, first := netip.ParseAddr(x)
		_, second := netip.ParseAddr(y)
		return x == y || first == nil && second == nil
	}
	return a.Component == b.Component && a.Rule == b.Rule && a.Origin == b.Origin && slices.EqualFunc(strings.Fields(a.Text), strings.Fields(b.Text), alike)
}

// rules are where causes are and what they say, whoever they were met at.
func rules(list []Cause) []string {
	all := make([]string, len(list))
	for k, c := range list {
		all[k] = c.Origin + " " + c.Rule
	}
	return all
}
