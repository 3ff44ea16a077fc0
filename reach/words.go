package reach

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// named are the protocols that go by their names, in the order in which they are listed.
var named = [...]packet.Proto{packet.TCP, packet.UDP, packet.ICMP, packet.ICMPv6}

// serviceWords are some services of all that there are.
func serviceWords(some, all []space.Span) (words []string) {
	other := all
	for _, p := range named {
		whole := []space.Span{space.Protocol(uint8(p))}
		other = space.Except(other, whole)
		switch own := space.Common(some, whole); {
		case len(own) == 1 && own[0] == whole[0]:
			words = append(words, p.String())
		default:
			for _, s := range own {
				words = append(words, p.String()+"/"+keys(p, s))
			}
		}
	}
	own := space.Common(some, other)
	if len(own) > 0 && len(space.Except(other, own)) == 0 {
		return append(words, "other protocols")
	}
	return append(words, protocolWords(own, space.Except(all, own))...)
}

// protocolWords are some protocols by number, of those that there are besides.
func protocolWords(own, besides []space.Span) (words []string) {
	var first, last uint64
	open := false
	for n := range uint64(257) {
		one := space.Protocol(uint8(n))
		switch {
		case n < 256 && space.Meets(own, one):
			if !open {
				first, open = n, true
			}
			last = n
		case open && (n == 256 || space.Meets(besides, one)):
			words, open = append(words, "ip/"+numbers(first, last)), false
		}
	}
	return words
}

// joined are spans that nothing of others is between.
func joined(list, others []space.Span) (all []space.Span) {
	for _, s := range list {
		if n := len(all); n > 0 && !space.Meets(others, space.Span{First: all[n-1].Last, Last: s.First}) {
			all[n-1].Last = s.Last
			continue
		}
		all = append(all, s)
	}
	return all
}

// keys are ports of a protocol, or types and codes of ICMP.
func keys(p packet.Proto, s space.Span) string {
	from, to := s.First.Lo&0xffff, s.Last.Lo&0xffff
	switch {
	case !p.IsICMP():
		return numbers(from, to)
	case from&0xff == 0 && to&0xff == 0xff:
		return numbers(from>>8, to>>8)
	case from>>8 == to>>8:
		return fmt.Sprintf("%d/%s", from>>8, numbers(from&0xff, to&0xff))
	}
	return fmt.Sprintf("%d/%d-%d/%d", from>>8, from&0xff, to>>8, to&0xff)
}

func numbers(from, to uint64) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d-%d", from, to)
}

func portWords(list []space.Span) (words []string) {
	for _, s := range list {
		words = append(words, numbers(s.First.Lo, s.Last.Lo))
	}
	return words
}

// addressWords are addresses as prefixes: the largest ones that have none of the rest, and
// no larger than they need to be. Places that are in neither are nobody's. Spans that take
// many prefixes stay spans.
func addressWords(some, rest []space.Span, v6 bool) (words []string) {
	whole := space.Addresses(v6)
	prefixes := cover(nil, some, rest, netip.PrefixFrom(whole.First.Addr(v6), 0))
	spans := joined(some, rest)
	if len(prefixes) > 3*len(spans) {
		for _, s := range spans {
			words = append(words, addresses(s, v6))
		}
		return words
	}
	for _, p := range prefixes {
		if p.IsSingleIP() {
			words = append(words, p.Addr().String())
		} else {
			words = append(words, p.String())
		}
	}
	return words
}

// addresses is a span as a prefix, or as its first and last address.
func addresses(s space.Span, v6 bool) string {
	first, last := s.First.Addr(v6), s.Last.Addr(v6)
	for bits := range first.BitLen() + 1 {
		if p := netip.PrefixFrom(first, bits); space.Prefix(p) == s && bits < first.BitLen() {
			return p.String()
		}
	}
	if first == last {
		return first.String()
	}
	return first.String() + "-" + last.String()
}

// cover adds the prefixes below one that have what there is of some, and nothing of the rest.
func cover(list []netip.Prefix, some, rest []space.Span, below netip.Prefix) []netip.Prefix {
	switch s := space.Prefix(below); {
	case !space.Meets(some, s):
		return list
	case !space.Meets(rest, s):
		return append(list, shrunk(some, below))
	}
	low, high := space.Halves(below)
	return cover(cover(list, some, rest, low), some, rest, high)
}

// shrunk is a prefix, or the smallest one below it that has as much of some.
func shrunk(some []space.Span, p netip.Prefix) netip.Prefix {
	for !p.IsSingleIP() {
		low, high := space.Halves(p)
		switch {
		case !space.Meets(some, space.Prefix(low)):
			p = high
		case !space.Meets(some, space.Prefix(high)):
			p = low
		default:
			return p
		}
	}
	return p
}
