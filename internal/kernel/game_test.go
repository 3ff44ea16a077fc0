//go:build linux

package kernel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// step is a packet, time that passes, or a change of rules.
type step struct {
	Wait   time.Duration
	Change uint64 // what the new rules are made up from; 0 for none
	Port   string
	Spec   packet.Spec
	Cut    int  // bytes of payload in each piece; 0 for a whole packet
	Mixed  bool // the pieces after the first come in the opposite order

	Excused string // the rules of the one of the differences that a case of testdata shows on this step
}

func (s step) String() string {
	if s.Wait > 0 {
		return fmt.Sprintf("wait %v", s.Wait)
	}
	if s.Change > 0 {
		return fmt.Sprintf("change %d", s.Change)
	}
	text := arrival{s.Port, s.Spec.Bytes()}.text()
	if s.Cut > 0 {
		text += fmt.Sprintf(" in pieces of %d", s.Cut)
		if s.Mixed {
			text += ", the last ones first"
		}
	}
	return strings.Replace(text, "hears", "sends", 1)
}

// change gives a VPC other security groups or another network ACL, or a subnet of it other routes, and returns the VPC.
func (s step) change(n *vpc.Network) *vpc.VPC {
	m := maker{random.New(s.Change, 0)}
	v := random.Pick(m.Maker, n.VPCs...)
	random.Pick(m.Maker, m.groups, m.ACL, func(v *vpc.VPC) { m.reroute(n, v) })(v)
	return v
}

// packets are the bytes of a step.
func (s step) packets() (all [][]byte) {
	whole := s.Spec.Bytes()
	switch {
	case s.Cut == 0:
		return [][]byte{whole}
	case s.Spec.Flow.Src.Is4():
		all = cut4(whole, s.Cut)
	default:
		all = cut6(whole, s.Cut, s.Spec.ID)
	}
	if s.Mixed {
		slices.Reverse(all[1:])
	}
	return all
}

// game is one network twice.
type game struct {
	emulator *emu.Emulator
	oracle   *oracle
	clock    emu.Clock
	heard    []arrival // by the emulator's ports, ever
	latest   []arrival
	kernels  []arrival // the latest ones of the kernel
	excuses  map[string]int
	strange  map[ends]bool // flows of which the kernel has called a packet INVALID
	ports    natPorts
	seen     map[natFlow]time.Time // when a flow, with the emulator's port, was last to be seen
	nat      map[netip.Addr]string // NAT gateways, by their addresses
	sent     int
	steps    []step
}

// newGame builds a network in the emulator and in the kernel. An error that wraps errRefused means that AWS would refuse it.
func newGame(n *vpc.Network, s *sentinel) (*game, error) {
	g := &game{nat: make(map[netip.Addr]string), ports: make(natPorts), seen: make(map[natFlow]time.Time), excuses: make(map[string]int), strange: make(map[ends]bool)}
	g.clock.Advance(time.Hour)
	var err error
	if g.emulator, err = emu.New(n, emu.Options{Now: g.clock.Now}); err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	n = g.emulator.Network()
	if g.oracle, err = newOracle(n, s); err != nil {
		return nil, err
	}
	for _, v := range n.VPCs {
		for _, w := range v.Gateways {
			if w.Kind != routing.NATGateway {
				continue
			}
			for _, a := range w.Addresses {
				g.nat[a.IP], g.nat[a.Public] = v.ID+"/"+w.ID, v.ID+"/"+w.ID
			}
		}
	}
	for _, e := range g.oracle.ends {
		port, err := g.emulator.Port(e.name)
		if err != nil {
			return nil, err
		}
		port.Receive(func(b []byte) {
			g.latest = append(g.latest, arrival{e.name, slices.Clone(b)})
			if on := e.at.forward(b); on != nil {
				port.Send(on)
			}
		})
	}
	return g, nil
}

var errRefused = fmt.Errorf("refused")

// play takes one step on both sides and says how they differ.
func (g *game) play(s step) error {
	g.steps = append(g.steps, s)
	if s.Wait > 0 {
		g.clock.Advance(s.Wait)
		return g.oracle.wait(s.Wait)
	}
	if s.Change > 0 {
		if len(g.oracle.n.VPCs) == 0 { // a shrunk network may have none
			return nil
		}
		if g.emulator.Update(func(n *vpc.Network) error { s.change(n); return nil }) != nil {
			return nil // AWS refuses it
		}
		g.noteInvalid()
		return g.oracle.rewrite(s.change(g.oracle.n))
	}
	g.sent++
	port, err := g.emulator.Port(s.Port)
	if err != nil {
		return err
	}
	g.latest = nil
	for _, b := range s.packets() {
		port.Send(b)
	}
	var theirs [][]byte
	for _, b := range s.packets() {
		theirs = append(theirs, g.ports.toKernel(g.nat, b))
	}
	all, err := g.oracle.send(s.Port, theirs...)
	if err != nil {
		return err
	}
	ours := g.latest
	g.heard = append(g.heard, ours...)
	all = g.ports.fromKernel(g.nat, all, ours)
	g.kernels = all
	for _, a := range ours {
		var p packet.Packet
		if p.Parse(a.b) == nil && g.nat[p.Flow.Src] != "" {
			g.seen[natFlowOf(g.nat[p.Flow.Src], p.Flow)] = g.clock.Now()
		}
	}
	d := differ(texts(ours), texts(all))
	if d == nil {
		return nil
	}
	if why := g.excused(s, d); why != "" {
		g.excuses[why]++
		return nil
	}
	return d
}

// texts are what came out, put together from pieces, in an order of no meaning.
func texts(all []arrival) (lines []string) {
	for _, a := range whole(all) {
		lines = append(lines, a.text())
	}
	slices.Sort(lines)
	return lines
}

// disagreement is a packet of which the emulator and the kernel do not make the same.
type disagreement struct{ emulator, kernel []string }

func (d *disagreement) Error() string {
	return "the emulator says\n  " + strings.Join(d.emulator, "\n  ") + "\nthe kernel says\n  " + strings.Join(d.kernel, "\n  ")
}

func differ(emulator, kernel []string) *disagreement {
	if slices.Equal(emulator, kernel) {
		return nil
	}
	return &disagreement{emulator, kernel}
}
