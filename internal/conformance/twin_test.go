package conformance

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

var (
	twinNetworks = flag.Int("twin.networks", 500, "how many networks TestTwin makes up")
	twinSeed     = flag.Uint64("twin.seed", 1, "what they are made up from")
)

// TestTwin sends random packets through random networks, which change on the way:
// the emulator and its twin must say the same of each.
func TestTwin(t *testing.T) {
	fates, invalid := make(map[string]int), 0
	for n := range *twinNetworks {
		g := game{Maker: random.New(*twinSeed, uint64(n))}
		if err := g.start(); err != nil {
			t.Log(err)
			invalid++
			continue
		}
		for range 60 {
			err := g.step()
			if g.twin.made > 1 {
				break // of several ports that one packet was given in a row only the last is to be seen
			}
			if err != nil {
				network, _ := yaml.Write(g.twin.n)
				t.Fatalf("-twin.seed=%d, network %d:\n%s\n%s\n%v", *twinSeed, n, network, strings.Join(g.steps, "\n"), err)
			}
		}
		for fate, times := range g.fates {
			fates[fate] += times
		}
	}
	t.Logf("%d networks that AWS would refuse; %v", invalid, fates)
	require.Less(t, invalid, *twinNetworks/10+1)
}

// twinParts are what the twin knows of.
const twinParts = random.Peerings | random.EgressOnlyGateways | random.NATGateways | random.TransitGateways

// game is one network, in the emulator and in its twin.
type game struct {
	*random.Maker
	emulator *emu.Emulator
	clock    emu.Clock
	twin     twin
	log      []string      // what the emulator said of the latest packet
	flows    []packet.Flow // as what it and what it set off ended
	steps    []string
	fates    map[string]int
}

func (g *game) start() (err error) {
	g.clock.Advance(time.Hour)
	g.fates = make(map[string]int)
	g.twin = twin{flows: make(map[string]map[flowID]*flow), first: make(map[fragmentID]firstFragment), went: make(map[string]map[packet.Flow]time.Duration), maps: make(map[string]map[packet.Flow]*mapping), chosen: g.chosen}
	if g.emulator, err = emu.New(oneSubnet(g.Network(twinParts)), emu.Options{Now: g.clock.Now, Observer: emu.Observer{Packet: g.ended}}); err == nil {
		g.listen()
	}
	return err
}

// listen gives the twin the network as it stands, and puts guests behind ports.
func (g *game) listen() {
	before := g.twin.hosts
	g.twin.look(g.emulator.Network())
	g.emulator.Internet().Receive(g.hears("internet"))
	for i, h := range g.twin.hosts {
		port, err := g.emulator.Port(h.key())
		if err != nil {
			panic(err)
		}
		if port.Receive(g.hears(h.key())); h.i.NoSourceDestCheck {
			port.Forward()
		}
		if !h.up() || i < len(before) && !before[i].up() {
			g.twin.forget(h.key()) // SG-50
		}
	}
}

func (g *game) hears(name string) func([]byte) {
	return func(b []byte) {
		var p packet.Packet
		if err := p.Parse(b); err != nil || !p.ChecksumOK() {
			g.log = append(g.log, fmt.Sprintf("%s hears nonsense: %v % x", name, err, b))
			return
		}
		g.log = append(g.log, name+" hears "+unitOf(&p).String())
	}
}

// ended is the observer of packets.
func (g *game) ended(e emu.Event) {
	fate := e.Result.Reason.String()
	if e.Result.Fate != emu.Dropped {
		fate = e.Result.Fate.String() + " " + e.Result.At
	}
	g.flows = append(g.flows, e.Flow)
	g.fates[strings.Fields(fate + " none")[0]]++
	g.log = append(g.log, fmt.Sprintf("%s: %s: %s", e.From, e.Flow, fate))
}

// step lets time pass, changes the network, and sends a packet.
func (g *game) step() error {
	if g.One(8) {
		d := random.Pick(g.Maker, 1, 10, 29, 30, 31, 59, 60, 61, 100, 181, 601, 432001)
		g.clock.Advance(time.Duration(d) * time.Second)
		g.steps = append(g.steps, fmt.Sprintf("wait %ds", d))
	}
	if g.One(12) {
		g.update()
	}
	name, spec := g.Next(random.Places(g.twin.n), g.twin.heard, random.Targets(g.twin.n)...)
	var p packet.Packet
	b := spec.Bytes()
	if err := p.Parse(b); err != nil {
		return fmt.Errorf("%+v: %w", spec, err)
	}
	u := unitOf(&p)
	port, err := g.emulator.Port(name)
	if err != nil {
		return err
	}
	g.twin.made = 0
	g.log, g.flows, g.twin.log, g.twin.now = nil, nil, nil, time.Duration(g.clock.Now().UnixNano())
	g.steps = append(g.steps, fmt.Sprintf("send %s %s flags=%s len=%d ttl=%d id=%d offset=%d more=%t df=%t", name, u, u.flags, u.size, u.ttl, u.id, u.off, u.more, u.df))
	port.Send(b) // first, for the twin does not choose the ports of NAT gateways
	g.twin.send(g.twin.find(func(h *host) bool { return h.key() == name }), u)
	return same([]string{strings.Join(g.log, "\n")}, []string{strings.Join(g.twin.log, "\n")})
}

// update changes one VPC; changes that AWS would refuse are part of the game.
func (g *game) update() {
	g.twin.expire(time.Duration(g.clock.Now().UnixNano()))
	err := g.emulator.Update(func(n *vpc.Network) error {
		k := g.IntN(len(n.VPCs))
		g.steps = append(g.steps, fmt.Sprintf("update %s of %s", g.Change(n.VPCs[k]), n.VPCs[k].ID))
		return nil
	})
	if err != nil {
		g.steps = append(g.steps, "which is refused: "+err.Error())
	}
	g.listen()
}

// chosen are the source ports, or identifiers, that flows have ended with whose source
// is one of some addresses, the packet that was sent first before what it set off.
func (g *game) chosen(sources []vpc.Address, inside packet.Flow) (ports []uint16) {
	for _, f := range slices.Backward(g.flows) {
		ours := slices.ContainsFunc(sources, func(a vpc.Address) bool { return f.Src == a.IP || f.Src == a.Public })
		if ours && f.Proto == inside.Proto && f.DstPort == inside.DstPort {
			ports = append(ports, f.SrcPort)
		}
	}
	return ports
}
