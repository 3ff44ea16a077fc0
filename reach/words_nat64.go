package reach

import (
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// nat64Words words those IPv6 addresses that stand for IPv4 ones (NAT-36): "NAT64 of
// 8.8.8.0/24", or "NAT64 of anywhere" for all that internet hosts have. left are the
// addresses that it has not worded: all of them, unless some and rest both have addresses
// that stand for IPv4 ones.
func (t Traffic) nat64Words(some, rest []space.Span) (words []string, left []space.Span) {
	whole := space.Prefix(vpc.NAT64)
	own, others := four(some), four(rest)
	if !t.places.v6 || len(own) == 0 || len(others) == 0 {
		return nil, some
	}
	words = addressWords(own, others, false)
	internet := t.places.internet()
	if public := space.Common(own, internet); len(public) > 0 {
		short := shorterList(addressWords(public, others, false), addressWords(space.Common(others, internet), own, false), "anywhere")
		short = append(short, addressWords(space.Except(own, internet), others, false)...)
		if len(short) < len(words) || short[0] == "anywhere" && len(short) == 1 {
			words = short
		}
	}
	words[0] = "NAT64 of " + words[0]
	return words, space.Except(some, []space.Span{whole})
}

// four are the IPv4 addresses that IPv6 addresses stand for.
func four(list []space.Span) (all []space.Span) {
	for _, s := range space.Common(list, []space.Span{space.Prefix(vpc.NAT64)}) {
		all = append(all, space.Span{First: space.Num{Lo: s.First.Lo & (1<<32 - 1)}, Last: space.Num{Lo: s.Last.Lo & (1<<32 - 1)}})
	}
	return all
}
