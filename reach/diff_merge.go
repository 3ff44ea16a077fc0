package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// merge makes one of changes that are alike: first of sources, then of destinations.
func merge(all []Change) []Change {
	slices.SortStableFunc(all, func(a, b Change) int { return cmp.Compare(a.Kind, b.Kind) })
	alike := func(a, b *Change) bool {
		return a.Kind == b.Kind && a.Was == b.Was && a.Is == b.Is && a.v6 == b.v6 && slices.Equal(a.words, b.words) && a.set.Equal(b.set) &&
			slices.Equal(rules(a.By), rules(b.By)) && slices.Equal(rules(a.Before), rules(b.Before))
	}
	for _, turn := range [...]func(c *Change) (same []string, more *[]string){
		func(c *Change) ([]string, *[]string) { return c.Destinations, &c.Sources },
		func(c *Change) ([]string, *[]string) { return c.Sources, &c.Destinations },
	} {
		var kept []Change
		for _, c := range all {
			same, _ := turn(&c)
			k := slices.IndexFunc(kept, func(o Change) bool {
				its, _ := turn(&o)
				return slices.Equal(its, same) && alike(&o, &c)
			})
			if k < 0 {
				kept = append(kept, c)
				continue
			}
			_, into := turn(&kept[k])
			_, more := turn(&c)
			for _, name := range *more {
				if !slices.Contains(*into, name) {
					*into = append(*into, name)
				}
			}
		}
		all = kept
	}
	return all
}

// mergeVersions makes one of changes that are alike but for the IP version.
func mergeVersions(all []Change) []Change {
	var kept []Change
	for _, c := range all {
		k := slices.IndexFunc(kept, func(o Change) bool {
			return c.v6 && !o.v6 && o.six == nil && o.Kind == c.Kind && o.Was == c.Was && o.Is == c.Is && slices.Equal(o.words, c.words) &&
				slices.Equal(o.Sources, c.Sources) && slices.Equal(o.Destinations, c.Destinations) &&
				slices.EqualFunc(o.By, c.By, sameSetting) && slices.EqualFunc(o.Before, c.Before, sameSetting)
		})
		if k < 0 {
			kept = append(kept, c)
			continue
		}
		kept[k].six = c.set
		kept[k].Traffic = append(kept[k].Traffic, c.Traffic...)
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
