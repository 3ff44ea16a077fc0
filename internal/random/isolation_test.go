package random

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// sent is a packet and the port that it is put in by.
type sent struct {
	Port string
	packet.Spec
}

func (m *Maker) sent(n *vpc.Network) sent {
	port, s := m.Fresh(Places(n), Targets(n)...)
	return sent{port, s}
}

// TestEqualRangesStayApart: a packet for an address in a VPC's own IPv4 ranges never
// gets into another VPC that has these ranges too, whatever joins them (VPC-19,
// RT-7), and not outside either.
func TestEqualRangesStayApart(t *testing.T) {
	tried := 0
	property[sent]{
		with: Everything &^ OnPremises, many: 40,
		ask: (*Maker).sent,
		about: func(n *vpc.Network) (func(sent) error, error) {
			_, err := emulator(n)
			return func(s sent) error {
				v := vpcOf(n, s.Port)
				if v == nil || !s.Flow.Dst.Is4() || !slices.ContainsFunc(v.CIDRs, func(p netip.Prefix) bool { return p.Contains(s.Flow.Dst) }) {
					return nil
				}
				tried++
				return staysIn(n, v, s)
			}, err
		},
	}.try(t)
	t.Logf("%d packets were for the VPC's own addresses", tried)
}

func vpcOf(n *vpc.Network, port string) *vpc.VPC {
	for _, v := range n.VPCs {
		if strings.HasPrefix(port, v.ID+"/") {
			return v
		}
	}
	return nil
}

// staysIn sends a packet, and listens at the ports of all other VPCs and outside.
func staysIn(n *vpc.Network, v *vpc.VPC, s sent) error {
	e, err := emulator(n)
	if err != nil {
		return err
	}
	port, err := e.Port(s.Port)
	if err != nil {
		return nil
	}
	forwarders(e)
	var heard []string
	for _, p := range Places(e.Network()) {
		if strings.HasPrefix(p.Port, v.ID+"/") {
			continue
		}
		if there, err := e.Port(p.Port); err == nil {
			there.Receive(func([]byte) { heard = append(heard, p.Port) })
		}
	}
	if r := port.Send(s.Bytes()); r.Fate == emu.Exited || len(heard) > 0 {
		return fmt.Errorf("%+v; heard at %v", r, heard)
	}
	return nil
}
