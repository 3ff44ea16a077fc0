package reach

import (
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
)

// Words are which packets have an answer: "tcp/443, icmp/8", "tcp/22 from 192.0.2.0/24". What
// only one IP version of two has is marked; which addresses are named [Traffic.Destinations]
// says.
func (a *Answer) Words(answer emu.Answer) []string {
	var both [2]bool // IP versions that there are
	for i := range a.Parts {
		both[space.Version(a.Parts[i].IPv6())] = true
	}
	four, six := a.services(answer, false), a.services(answer, true)
	var words []string
	for _, list := range [...][]limited{four, six} {
		for _, l := range list {
			others := six
			if l.v6 {
				others = four
			}
			same := slices.IndexFunc(others, func(o limited) bool { return o.to == l.to })
			var names []string
			for _, s := range l.services {
				switch also := same >= 0 && slices.Contains(others[same].services, s); {
				case also && l.v6: // it stands with those of IPv4
				case also, !both[0], !both[1], strings.HasPrefix(s, "icmp"):
					names = append(names, s)
				case l.v6:
					names = append(names, s+" (IPv6)")
				default:
					names = append(names, s+" (IPv4)")
				}
			}
			if len(names) > 0 {
				words = append(words, strings.Join(names, ", ")+l.to)
			}
		}
	}
	return words
}

// limited is services, and for which addresses and source ports if not for all.
type limited struct {
	services []string
	to       string
	v6       bool
}

// services are the packets of an IP version that have an answer.
func (a *Answer) services(answer emu.Answer, v6 bool) (all []limited) {
	for _, t := range a.Traffic(answer, v6) {
		l := limited{services: []string{t.Services()}, v6: v6}
		if !strings.HasPrefix(l.services[0], "all") {
			l.services = strings.Split(l.services[0], ", ")
		}
		for _, more := range [...][2]string{{" from ", t.Sources()}, {" to ", t.Destinations()}, {" source ports ", t.SourcePorts()}} {
			if more[1] != "" && more[1] != "anywhere" {
				l.to += more[0] + more[1]
			}
		}
		all = append(all, l)
	}
	return all
}

// Has reports whether some packets have an answer.
func (a *Answer) Has(answer emu.Answer) bool {
	return slices.ContainsFunc(a.Parts, func(p Part) bool { return p.Answer == answer })
}

// Why says why of some packets it is not known whether they are answered.
func (a *Answer) Why() ([]string, error) {
	var all []string
	add := func(s string) {
		if s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	for i := range a.Parts {
		p := &a.Parts[i]
		if p.Answer != emu.Uncertain {
			continue
		}
		if p.Depends != "" {
			add("it depends on " + p.Depends)
		}
		why, err := p.Explain()
		if err != nil {
			return nil, err
		}
		for _, r := range why.Unknowns {
			r.Traffic, r.Direction = nil, "request" // what is not known is the same on the way back
			add(r.String())
		}
	}
	return all, nil
}

// Of is the answer about some services only.
func (a *Answer) Of(service firewall.Service) *Answer {
	services := spanOf(service)
	only := &Answer{Source: a.Source, Destination: a.Destination}
	for _, p := range a.Parts {
		var set space.Set
		for _, b := range p.set {
			if b[space.Services] = b[space.Services].And(services); !b.Empty() {
				set = append(set, b)
			}
		}
		if p.set = set; len(set) > 0 {
			only.Parts = append(only.Parts, p)
		}
	}
	return only
}

// spanOf is the places of a service.
func spanOf(s firewall.Service) space.Span {
	if s.Protocol == firewall.AllProtocols {
		return space.AllServices()
	}
	proto, first, last := uint8(s.Protocol), uint16(0), uint16(65535)
	switch {
	case s.HasPorts() && s.From >= 0:
		first, last = uint16(s.From), uint16(s.To)
	case s.IsICMP() && s.From >= 0 && s.To >= 0:
		first = uint16(s.From)<<8 | uint16(s.To)
		last = first
	case s.IsICMP() && s.From >= 0:
		first, last = uint16(s.From)<<8, uint16(s.From)<<8|255
	}
	return space.Span{First: space.Service(proto, first), Last: space.Service(proto, last)}
}
