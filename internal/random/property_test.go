package random

import (
	"cmp"
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

var (
	networks = flag.Int("random.networks", 60, "how many networks each property is tried on")
	seed     = flag.Uint64("random.seed", 1, "what they are made up from")
	first    = flag.Int("random.first", 0, "the number of the first network")
)

// variants are the options under which the same must come out.
var variants = []emu.Options{{}, {NoShortCuts: true}}

// property holds for every question about every network.
type property[Q any] struct {
	with Parts
	// change, if not nil, makes the network one that the property is about.
	change func(n *vpc.Network)
	// ask makes up a question about a network; many of them are asked.
	ask  func(m *Maker, n *vpc.Network) Q
	many int
	// networks is how many to make up; 0 is what the flag says.
	networks int
	// about prepares a network for questions: answers say that the property does
	// not hold. An error is a network that is refused.
	about func(n *vpc.Network) (func(Q) error, error)
}

// try asks, and of the first question that fails shows the smallest network.
func (p property[Q]) try(t *testing.T) {
	asked, refused, networks := 0, 0, cmp.Or(p.networks, *networks)
	for k := *first; k < *first+networks; k++ {
		m := New(*seed, uint64(k))
		n := m.Network(p.with)
		if p.change != nil {
			p.change(n)
		}
		named := n.Clone()
		check, err := p.about(n)
		if err != nil || named.Assign() != nil {
			refused++
			t.Logf("network %d is refused: %v", k, err)
			continue
		}
		for range p.many {
			q := p.ask(m, named)
			asked++
			err := check(q)
			if err == nil {
				continue
			}
			small := Shrink(n, func(n *vpc.Network) bool { return p.fails(n, q) != nil })
			if p.change != nil {
				p.change(small)
			}
			text, unwritten := yaml.Write(small)
			if unwritten != nil {
				text = []byte(unwritten.Error())
			}
			t.Fatalf("-random.seed=%d -random.first=%d\n%s\nquestion: %s\n%v\nin the whole network: %v", *seed, k, text, show(q), p.fails(small, q), err)
		}
	}
	t.Logf("%d questions about %d networks; %d networks were refused", asked, networks-refused, refused)
	require.LessOrEqual(t, refused, networks/20)
}

func (p property[Q]) fails(n *vpc.Network, q Q) error {
	if p.change != nil {
		n = n.Clone()
		p.change(n)
	}
	check, err := p.about(n)
	if err != nil {
		return nil
	}
	return check(q)
}

func show(q any) string { return fmt.Sprintf("%+v", q) }
