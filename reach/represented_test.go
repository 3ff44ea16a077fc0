package reach

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestRepresented_Random: an address that another one stands for fares as that does.
func TestRepresented_Random(t *testing.T) {
	thinned := 0
	for n := range uint64(*compared) {
		m := random.New(9, n)
		net := m.Network(random.Pick(m, random.Everything, random.NATGateways|random.Details, 0))
		for _, v := range net.VPCs {
			for _, s := range v.Subnets {
				for k, i := range s.Interfaces {
					for a := range 3 { // some of a free range, some of which no rule knows
						if c := s.CIDRs[0]; c.Addr().Is4() && c.Bits() <= 24 && m.One(2) {
							at := space.Prefix(c).First.Plus(space.Num{Lo: uint64(201 + 3*k + a)})
							i.Addresses = append(i.Addresses, vpc.Address{IP: at.Addr(false)})
						}
					}
				}
			}
		}
		e, err := emu.New(net, emu.Options{})
		if err != nil {
			continue
		}
		x := e.Explorer()
		all, classifier := classesOf(x, x.Ends())
		for range 12 {
			from, to := random.Pick(m, all...), random.Pick(m, all...)
			if from == to || !meets(from, to) {
				continue
			}
			full, ok, err := x.Between(from.Members[0], to.Members[0], false)
			if err != nil || !ok || !classes.Many(full) {
				continue
			}
			thin, _, err := x.Between(from.Members[0], to.Members[0], false)
			require.NoError(t, err)
			classifier.Represent(thin)
			if len(thin.All) == len(full.All) {
				continue
			}
			thinned++
			var want, got [3]space.Set
			for _, p := range parts(full, full.Decide) {
				want[p.Answer] = append(want[p.Answer], p.set...)
			}
			for _, p := range parts(thin, thin.Decide) {
				got[p.Answer] = append(got[p.Answer], expanded(thin, p.set)...)
			}
			for a := range want {
				for _, b := range want[a].Minus(got[a]) {
					if _, some := full.Some(b); some {
						t.Fatalf("network %d: %s to %s: %v is %v, and not by what stands for it", n, from.Name(), to.Name(), b, emu.Answer(a))
					}
				}
			}
		}
	}
	t.Logf("%d pairs with addresses left out", thinned)
	require.Positive(t, thinned)
}
