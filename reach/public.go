package reach

import (
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// public is a public address of a destination that is asked by the private one behind it too.
// Ordinary traffic inside takes the private one. So words pass over packets to the public address
// that fare as those to the private one, and name it for the others:
//
//	tcp/443                   to the private address, whatever becomes of it at the public one
//	tcp/22 to 203.0.113.10    to the public address alone
type public struct{ public, private space.Span }

// publicOf are the public addresses among those of a destination.
func publicOf(list []emu.Range) (all []public) {
	for k := range list {
		if r := &list[k]; r.Public() {
			all = append(all, public{r.Span, r.Private})
		}
	}
	return all
}

// apart is a set without packets to public addresses that it has to the private ones too.
func apart(set space.Set, all []public) space.Set {
	for _, a := range all {
		there, here := anyTo(a.public), anyTo(a.private)
		rest, to := set.Cut(&there, nil, nil)
		_, same := set.Cut(&here, nil, nil)
		for k := range same {
			same[k][space.Destinations] = a.public
		}
		set = append(rest, to.Minus(same)...)
	}
	return set
}

// anyTo is all packets to some addresses.
func anyTo(s space.Span) (b space.Box) {
	for d := range b {
		b[d] = everything
	}
	b[space.Destinations] = s
	return b
}

// everything is all places of any dimension.
var everything = space.Span{Last: space.Num{Hi: ^uint64(0), Lo: ^uint64(0)}}

// withoutPublic are addresses without the public ones.
func withoutPublic(list []space.Span, all []public) []space.Span {
	for _, a := range all {
		list = space.Except(list, []space.Span{a.public})
	}
	return list
}
