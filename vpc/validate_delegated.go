package vpc

import (
	"net/netip"
	"slices"
)

// delegation is a prefix of an interface, checked by itself.
type delegation struct {
	prefix netip.Prefix
	about  subject
}

// delegated checks the prefixes that are delegated to interfaces of one VPC
// (ENI-13, ENI-14): size and place, then overlaps with each other and with
// addresses.
func (c *checker) delegated(v *VPC, o owners) {
	var all []delegation
	var spans []span
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			if i.Unknown != "" {
				continue
			}
			for k := range i.Prefixes {
				about := interfaceSubject(i)
				about.element = &i.Prefixes[k]
				if !c.add(about, malformedDelegation(s, i.Prefixes[k])) {
					all = append(all, delegation{i.Prefixes[k].Masked(), about})
					spans = append(spans, span{i.Prefixes[k].Masked(), about})
				}
			}
		}
	}
	if len(all) == 0 {
		return
	}
	for _, pair := range overlapping(spans) {
		c.add(pair[1].owner.(subject), wrong(CodeAddressInUse, "the prefix %s is delegated to %s already (ENI-13)",
			pair[1].prefix, pair[0].owner.(subject).resource()))
	}
	used := o.sorted()
	for _, d := range all {
		k, _ := slices.BinarySearchFunc(used, d.prefix.Addr(), netip.Addr.Compare)
		if k < len(used) && d.prefix.Contains(used[k]) {
			c.add(d.about, wrong(CodeAddressInUse, "the prefix %s contains %s of %s (ENI-13)", d.prefix, used[k], o[used[k]]))
		}
	}
}

func (o owners) sorted() []netip.Addr {
	used := make([]netip.Addr, 0, len(o))
	for ip := range o {
		used = append(used, ip)
	}
	slices.SortFunc(used, netip.Addr.Compare)
	return used
}

func malformedDelegation(s *Subnet, p netip.Prefix) *mistake {
	if size := delegatedSize(p); p.Bits() != size {
		return wrong(CodeInvalidValue, "the delegated prefix %s is not a /28, or a /80 of IPv6 (ENI-13)", p)
	}
	for _, q := range s.CIDRs {
		if !within(p, q) {
			continue
		}
		first := q.Masked().Addr()
		if p.Contains(first) || p.Contains(lastAddr(q)) {
			return wrong(CodeInvalidValue, "the delegated prefix %s contains reserved addresses of %s (ENI-14)", p, q)
		}
		return nil
	}
	return wrong(CodeInvalidValue, "the delegated prefix %s is not in subnet %s %v (ENI-13)", p, s.ID, s.CIDRs)
}

// delegatedSize is the only size of a delegated prefix of p's family.
func delegatedSize(p netip.Prefix) int {
	if is4(p) {
		return 28
	}
	return 80
}
