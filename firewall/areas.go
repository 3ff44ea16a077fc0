package firewall

import (
	"slices"

	"github.com/vpcemu/vpcemu/internal/space"
)

// Area is what one rule, one entry, or one prefix of a list matches: services and addresses, of one IP version.
type Area struct {
	Services, Addresses space.Span

	// rank says which of several areas that match decides: one of the lowest.
	rank  int
	kind  peerKind
	group GroupID
}

// RuleAreas are the areas of one direction of a security group, for packets of one IP version. [Around] reads them as [Filter.Decide]
// does the rules.
func RuleAreas(rules []Rule, names Names, v6 bool) []Area {
	var areas []Area
	for g, parts := range partsByGrade(rules, names) {
		for i := range parts {
			areas = parts[i].areas(areas, g, v6)
		}
	}
	return areas
}

// EntryAreas are those of one direction of a network ACL, which [Around] reads as [ACL.Decide] does the entries.
func EntryAreas(entries []Entry, v6 bool) []Area {
	var areas []Area
	for rank, i := range byNumber(entries) {
		if e := &entries[i]; e.CIDR.IsValid() || e.Unknown != "" {
			p := e.part(i)
			areas = p.areas(areas, rank, v6)
		}
	}
	return areas
}

func (p *part) areas(areas []Area, rank int, v6 bool) []Area {
	services, ok := p.service.area(v6)
	if !ok {
		return areas
	}
	a := Area{services, space.Addresses(v6), rank, p.peer.kind, p.peer.group}
	if a.kind != somePrefixes {
		return append(areas, a)
	}
	for _, prefix := range p.peer.prefixes {
		if prefix.Addr().Is6() == v6 {
			a.Addresses = space.Prefix(prefix)
			areas = append(areas, a)
		}
	}
	return areas
}

// area is the span of the packets of an IP version that a service is for; false if there are none.
func (s Service) area(v6 bool) (space.Span, bool) {
	if s.Protocol == AllProtocols {
		return space.AllServices(), true
	}
	c := classOf(s.Protocol)
	first, last, ok := s.span(c)
	first, last = max(first, 0), min(last, maxKey)
	switch {
	case !ok || first > last || s.Protocol < 0 || s.Protocol > 255, c == classICMP && v6, c == classICMPv6 && !v6:
		return space.Span{}, false
	case c == classOther:
		return space.Protocol(uint8(s.Protocol)), true
	}
	p := uint8(s.Protocol)
	return space.Span{First: space.Service(p, uint16(first)), Last: space.Service(p, uint16(last))}, true
}

// has reports whether a packet is in the area, whose remote interface has these groups.
func (a *Area) has(service, remote space.Num, groups []GroupID) bool {
	return a.Services.Has(service) && a.Addresses.Has(remote) && (a.kind != oneGroup || slices.Contains(groups, a.group))
}

// Around narrows spans of services and of remote addresses to such as are decided like one packet in them. The lists are those of all
// the groups of an interface, or of one network ACL.
func Around(services, addresses *space.Span, service, remote space.Num, groups []GroupID, lists ...[]Area) {
	decides := decisive(service, remote, groups, lists)
	if decides != nil {
		*services, *addresses = services.And(decides.Services), addresses.And(decides.Addresses)
	}
	for _, list := range lists {
		for i := range list {
			a := &list[i]
			if decides != nil && a.rank >= decides.rank {
				break // they are sorted
			}
			if a.kind == oneGroup && !slices.Contains(groups, a.group) || a.Services.And(*services).Empty() || a.Addresses.And(*addresses).Empty() {
				continue
			}
			if !a.Services.Has(service) {
				*services = services.Beside(a.Services, service)
			} else {
				*addresses = addresses.Beside(a.Addresses, remote)
			}
		}
	}
}

// decisive is the first area of the lowest rank that has a packet, nil for none.
func decisive(service, remote space.Num, groups []GroupID, lists [][]Area) (best *Area) {
	for _, list := range lists {
		for i := range list {
			a := &list[i]
			if best != nil && a.rank >= best.rank {
				break
			}
			if a.has(service, remote, groups) {
				best = a
				break
			}
		}
	}
	return best
}
