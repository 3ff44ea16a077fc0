package random

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestUnrelatedFlowsDoNotMatter: packets of flows that have nothing to do with each
// other end the same in whatever order they are sent, and under all variants.
func TestUnrelatedFlowsDoNotMatter(t *testing.T) {
	property[[]sent]{
		with: Everything, many: 4,
		change: unlimited,
		ask: func(m *Maker, n *vpc.Network) []sent {
			var all []sent
			for range 30 {
				if s := m.sent(n); !related(all, s) {
					all = append(all, s)
				}
			}
			return all
		},
		about: func(n *vpc.Network) (func([]sent) error, error) {
			_, err := emulator(n)
			return func(all []sent) error {
				want, err := fates(n, variants[0], all, ordered(len(all)))
				if err != nil {
					return err
				}
				for _, o := range variants {
					for s := range uint64(3) {
						order := rand.New(rand.NewPCG(s, 0)).Perm(len(all))
						got, err := fates(n, o, all, order)
						if err != nil {
							return err
						}
						for k := range all {
							if got[k] != want[k] {
								return fmt.Errorf("%s %+v: first %s, then, in the order %v, %s", all[k].Port, all[k].Spec.Flow, want[k], order, got[k])
							}
						}
					}
				}
				return nil
			}, err
		},
	}.try(t)
}

// unlimited takes away the limit of tracked flows, which all flows share (SG-48).
func unlimited(n *vpc.Network) {
	for _, v := range n.VPCs {
		for _, i := range v.Instances {
			i.TrackedFlows = 0
		}
	}
}

// related reports whether a packet may have to do with earlier ones: pieces and
// errors may, and what could be the answer to something that was translated.
func related(all []sent, s sent) bool {
	switch {
	case s.MoreFragments || s.FragOffset > 0:
		return true
	case s.Flow.Proto.IsICMP() && s.ICMPType != packet.ICMPEchoRequest && s.ICMPType != packet.ICMPv6EchoRequest:
		return true
	case s.Flow.Proto.HasPorts() && s.Flow.DstPort > 1023, !s.Flow.Proto.HasPorts() && s.Flow.Dst.Is4() && isPublic(s.Flow.Dst):
		return true
	}
	return slices.ContainsFunc(all, func(o sent) bool {
		return o.Flow.Proto == s.Flow.Proto && o.Flow.SrcPort == s.Flow.SrcPort && o.Flow.DstPort == s.Flow.DstPort &&
			(o.Flow.Src == s.Flow.Src || o.Flow.Src == s.Flow.Dst || o.Flow.Dst == s.Flow.Dst || o.Flow.Dst == s.Flow.Src)
	})
}

func isPublic(a netip.Addr) bool { return netip.MustParsePrefix("198.51.100.0/24").Contains(a) }

func ordered(n int) []int {
	all := make([]int, n)
	for k := range all {
		all[k] = k
	}
	return all
}

// fates are how packets end that are sent in an order, with all that they set off.
func fates(n *vpc.Network, o emu.Options, all []sent, order []int) ([]string, error) {
	var ends []string
	o.Observer.Packet = func(e emu.Event) { ends = append(ends, e.From+" "+fateText(e.Result)) }
	e, err := emu.New(n, o)
	if err != nil {
		return nil, err
	}
	forwarders(e)
	texts := make([]string, len(all))
	for _, k := range order {
		port, err := e.Port(all[k].Port)
		if err != nil {
			continue
		}
		ends = nil
		port.Send(all[k].Bytes())
		texts[k] = strings.Join(ends, ", ")
	}
	return texts, nil
}
