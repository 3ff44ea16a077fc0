package random

import (
	"fmt"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestFormatsKeepVerdicts: a network that was written as YAML and read answers like
// the one that was written.
func TestFormatsKeepVerdicts(t *testing.T) {
	written(t, Everything, nil, func(n *vpc.Network) (*vpc.Network, error) {
		text, err := yaml.Write(n)
		if err != nil {
			return nil, err
		}
		read, _, err := yaml.Parse("network.yaml", text)
		return read, err
	})
}

// TestListingsKeepVerdicts is the same of AWS's JSON.
func TestListingsKeepVerdicts(t *testing.T) {
	written(t, Everything&^(OnPremises|Gaps), listed, func(n *vpc.Network) (*vpc.Network, error) {
		read, _, err := awsjson.LoadFiles(awsjson.WriteFiles(n))
		return read, err
	})
}

// listed takes away what no listing says: whether a service takes UDP, what
// appliances do, and the metadata options of interfaces.
func listed(n *vpc.Network) {
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				i.Metadata = vpc.Metadata{}
			}
		}
		for _, g := range v.Gateways {
			if g.Endpoint != nil {
				g.Endpoint.UDP, g.Endpoint.Appliances = vpc.Maybe, nil
			}
		}
	}
}

func written(t *testing.T, with Parts, change func(*vpc.Network), through func(*vpc.Network) (*vpc.Network, error)) {
	property[emu.Query]{
		with: with, many: 40, change: change,
		ask: (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			e, err := emulator(n)
			if err != nil {
				return nil, err
			}
			read, err := through(n)
			if err != nil {
				return func(emu.Query) error { return fmt.Errorf("what was written is not read: %w", err) }, nil
			}
			f, err := emulator(read)
			if err != nil {
				return func(emu.Query) error { return fmt.Errorf("what was written is refused: %w", err) }, nil
			}
			return func(q emu.Query) error {
				a, err := e.Trace(q)
				if err != nil {
					return nil
				}
				b, err := f.Trace(q)
				if err != nil {
					return err
				}
				if a.Verdict != b.Verdict {
					return fmt.Errorf("%v by %+v %+v, and after reading %v by %+v %+v", a.Verdict, a.Blockers, a.Unknowns, b.Verdict, b.Blockers, b.Unknowns)
				}
				return nil
			}, nil
		},
	}.try(t)
}
