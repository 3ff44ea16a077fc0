package emu

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/internal/plan"
)

// endpoint is one end of a query: an interface, the internet, or a bare address
// that nobody has.
type endpoint struct {
	name     string
	iface    *plan.Interface
	internet bool
	addr     netip.Addr // the one that was asked for, or that stands for the internet
	asked    bool       // addr was written by the user
}

// The internet host that "internet" stands for, from the ranges set aside for
// documentation.
var (
	someHost4 = netip.MustParseAddr("203.0.113.7")
	someHost6 = netip.MustParseAddr("2001:db8:ffff:ffff::7")
)

// address is the endpoint's address of an IP version, invalid if it has none.
func (e *endpoint) address(v6 bool) netip.Addr {
	switch {
	case e.asked:
		if e.addr.Is4() == v6 {
			return netip.Addr{}
		}
		return e.addr
	case e.internet && v6:
		return someHost6
	case e.internet:
		return someHost4
	case e.iface == nil:
		return netip.Addr{}
	}
	for _, a := range e.iface.Desc.Addresses {
		if a.IP.Is4() != v6 {
			return a.IP
		}
	}
	return netip.Addr{}
}

// resolve finds what a name in a query means.
func (g *generation) resolve(name string) (endpoint, error) {
	if name == "internet" {
		return endpoint{name: name, internet: true}, nil
	}
	if host, ok := strings.CutPrefix(name, "internet:"); ok {
		a, err := netip.ParseAddr(host)
		if err != nil {
			return endpoint{}, fmt.Errorf("%q is not an IP address", host)
		}
		return endpoint{name: name, internet: true, addr: a, asked: true}, nil
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return g.resolveAddress(name, a)
	}
	return g.resolveName(name)
}

// resolveAddress finds the interface that has a private or public address. An
// address that nobody has is an internet host, if it can be one.
func (g *generation) resolveAddress(name string, a netip.Addr) (endpoint, error) {
	var owners []*plan.Interface
	for _, v := range g.plan.VPCs {
		if i := v.Owner(a); i != nil {
			owners = append(owners, i)
		}
	}
	if len(owners) == 0 {
		if b, ok := g.plan.Public(a); ok {
			return endpoint{name: name, iface: b.Interface, addr: a, asked: true}, nil
		}
		return endpoint{name: name, addr: a, asked: true, internet: !isPrivate(a) && !g.local(a)}, nil
	}
	if len(owners) > 1 {
		return endpoint{}, ambiguous(name, owners)
	}
	return endpoint{name: name, iface: owners[0], addr: a, asked: true}, nil
}

// local reports whether an address lies in some VPC, so that it is no internet
// host whatever its range (VPC-3).
func (g *generation) local(a netip.Addr) bool {
	return slices.ContainsFunc(g.plan.VPCs, func(v *plan.VPC) bool { return v.Contains(a) })
}

// resolveName finds an interface or an instance by ID, by name or by "vpc/name".
// An ID wins over a name.
func (g *generation) resolveName(name string) (endpoint, error) {
	owner, rest, qualified := strings.Cut(name, "/")
	if !qualified {
		owner, rest = "", name
	}
	var byID, byName []*plan.Interface
	for _, i := range g.plan.Interfaces {
		if v := i.VPC.Desc; owner != "" && v.ID != owner && v.Name != owner {
			continue
		}
		switch {
		case i.Desc.ID == rest || i.Desc.Instance == rest || i.Instance != nil && i.Instance.ID == rest:
			byID = append(byID, i)
		case i.Desc.Name == rest || i.Instance != nil && i.Instance.Name == rest:
			byName = append(byName, i)
		}
	}
	found := byID
	if len(found) == 0 {
		found = byName
	}
	found = primaries(found)
	switch len(found) {
	case 0:
		return endpoint{}, g.notFound(name)
	case 1:
		return endpoint{name: name, iface: found[0]}, nil
	}
	return endpoint{}, ambiguous(name, found)
}

// primaries keeps, of several interfaces of one instance, the first by device
// index: that is what the instance's name means.
func primaries(found []*plan.Interface) []*plan.Interface {
	var kept []*plan.Interface
	for _, i := range found {
		same := slices.IndexFunc(kept, func(k *plan.Interface) bool {
			return i.Desc.Instance != "" && k.Desc.Instance == i.Desc.Instance && k.VPC == i.VPC
		})
		switch {
		case same < 0:
			kept = append(kept, i)
		case i.Desc.DeviceIndex < kept[same].Desc.DeviceIndex:
			kept[same] = i
		}
	}
	return kept
}

// ambiguous is the error for a name that several interfaces answer to.
func ambiguous(name string, found []*plan.Interface) error {
	var list []string
	for _, i := range found {
		list = append(list, fmt.Sprintf("%s (%s)", i.Key(), i.Desc.Addresses[0].IP))
	}
	return fmt.Errorf("%q is ambiguous, it may be %s", name, strings.Join(list, " or "))
}

// notFound is the error for an unknown name, with the nearest known one.
func (g *generation) notFound(name string) error {
	nearest, best := "", len(name)/2+1
	for _, i := range g.plan.Interfaces {
		for _, known := range []string{i.Desc.ID, i.Desc.Name, i.Desc.Instance} {
			if d := distance(name, known); known != "" && d < best {
				nearest, best = known, d
			}
		}
	}
	if nearest != "" {
		return fmt.Errorf("nothing is called %q; did you mean %q?", name, nearest)
	}
	return fmt.Errorf("nothing is called %q: want an interface, an instance, an address, internet or internet:ADDRESS", name)
}

// distance counts the insertions, deletions and replacements that turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
