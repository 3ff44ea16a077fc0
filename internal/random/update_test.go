package random

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// edits are changes of a network and what is asked after them.
type edits struct {
	Seed    uint64
	Queries []emu.Query
}

func (m *Maker) edits(n *vpc.Network) edits {
	q := edits{Seed: m.Uint64()}
	for range 12 {
		q.Queries = append(q.Queries, m.Query(n))
	}
	return q
}

// edit changes a network in one of the ways in which people do: rules, states and
// settings, things that go, and things that come back. AWS may refuse it.
func (m *Maker) edit(n, original *vpc.Network) {
	switch m.IntN(4) {
	case 0:
		if len(n.VPCs) > 0 {
			m.Change(Pick(m, n.VPCs...))
		}
	case 1, 2:
		Cut(n, m.IntN(300))
	case 3:
		back := original.Clone()
		if k := m.IntN(len(back.VPCs) + 1); k == len(back.VPCs) {
			n.Gateways = back.Gateways
		} else if here := slices.IndexFunc(n.VPCs, func(v *vpc.VPC) bool { return v.ID == back.VPCs[k].ID }); here >= 0 {
			n.VPCs[here] = back.VPCs[k]
		} else {
			n.VPCs = append(n.VPCs, back.VPCs[k])
		}
	}
}

// TestUpdatesLeadToTheSamePlan: a plan that came about by updates answers like one
// that was compiled afresh, and no update and no question after it is a panic.
func TestUpdatesLeadToTheSamePlan(t *testing.T) {
	accepted := 0
	property[edits]{
		with: Everything, many: 3,
		ask: (*Maker).edits,
		about: func(n *vpc.Network) (func(edits) error, error) {
			_, err := emulator(n)
			return func(q edits) error {
				e, err := emulator(n)
				if err != nil {
					return err
				}
				m := New(q.Seed, 0)
				for range 8 {
					if e.Update(func(now *vpc.Network) error { m.edit(now, n); return nil }) == nil {
						accepted++
					}
				}
				return likeFresh(e, q.Queries)
			}, err
		},
	}.try(t)
	t.Logf("%d updates were accepted", accepted)
}

// likeFresh compares an emulator with a new one of the same network.
func likeFresh(e *emu.Emulator, queries []emu.Query) error {
	fresh, err := emulator(e.Network())
	if err != nil {
		return fmt.Errorf("what updates led to is refused: %w", err)
	}
	for _, q := range queries {
		if err := answered(e, q); err != nil {
			return fmt.Errorf("%+v: %w", q, err)
		}
		a, aErr := e.Trace(q)
		b, bErr := fresh.Trace(q)
		if aErr != nil || bErr != nil {
			if fmt.Sprint(aErr) != fmt.Sprint(bErr) {
				return fmt.Errorf("%+v: after updates %v, afresh %v", q, aErr, bErr)
			}
			continue
		}
		if err := same(whole(a), whole(b)); err != nil {
			return fmt.Errorf("%+v: %w", q, err)
		}
	}
	return nil
}
