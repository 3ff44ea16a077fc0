package random

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestConnections: connections that last long enough for short cuts, over pauses and
// changes of the network, fare packet for packet alike under all variants.
func TestConnections(t *testing.T) {
	taken := make(map[string]int)
	for _, with := range []Parts{Everything &^ Gaps &^ PublicAccess, TransitGateways | OnPremises | EgressOnlyGateways} {
		connect(t, with, taken)
	}
	t.Log(taken)
	for _, kind := range []string{"IPv4", "IPv6", "transit IPv4", "transit IPv6", "from on-premises", "to on-premises", "from internet", "to internet", "ping"} {
		assert.GreaterOrEqual(t, taken[kind], *networks/10, "%s: too few short cuts to say anything", kind)
	}
}

func connect(t *testing.T, with Parts, taken map[string]int) {
	property[uint64]{
		with: with, many: 1,
		change: willing,
		ask:    func(m *Maker, n *vpc.Network) uint64 { return m.Uint64() },
		about: func(n *vpc.Network) (func(uint64) error, error) {
			_, err := emulator(n)
			return func(seed uint64) error {
				var all [][]string
				for _, o := range variants {
					c := connections{Maker: New(seed, 0), taken: taken}
					if err := c.play(n, o); err != nil {
						return err
					}
					all = append(all, c.log)
				}
				for k, with := range all[0] {
					if with != all[1][k] {
						return fmt.Errorf("with short cuts\n%s\nwithout\n%s\nafter\n%s", with, all[1][k], strings.Join(all[0][max(0, k-20):k], "\n"))
					}
				}
				return nil
			}, err
		},
	}.try(t)
}

// willing takes away most of what keeps packets from arriving: groups allow nearly
// everything, and track it (SG-28), and all is in working order.
func willing(n *vpc.Network) {
	for _, v := range n.VPCs {
		for _, g := range v.SecurityGroups {
			g.Ingress, g.Egress = nil, nil
			for _, all := range []string{"0.0.0.0/0", "::/0"} {
				g.AllowIn("tcp/1-60000", all).AllowIn("udp/1-60000", all).AllowOut("tcp/1-60000", all).AllowOut("udp/1-60000", all)
			}
			g.AllowIn("icmp", "0.0.0.0/0").AllowOut("icmp", "0.0.0.0/0").AllowIn("icmpv6", "::/0").AllowOut("icmpv6", "::/0")
		}
		for _, i := range v.Instances {
			i.State = vpc.Running
		}
		for k, s := range v.Subnets {
			if k > 0 {
				s.NetworkACL = ""
			}
			for _, i := range s.Interfaces {
				i.Detached = false
			}
		}
	}
	for _, g := range n.Gateways {
		if g.Kind == routing.TransitGateway {
			across(n, g)
		}
		g.State = ""
		if g.Transit != nil {
			g.Transit.Association, g.Transit.Propagation = "rt0", "rt0"
			for _, a := range g.Transit.Attachments {
				a.State, a.Association, a.Propagation, a.IPv6 = "", "", nil, true
			}
		}
	}
}

// across routes the IPv6 ranges of VPCs that a transit gateway joins to it, in the tables
// of all subnets.
func across(n *vpc.Network, g *vpc.Gateway) {
	for _, v := range n.VPCs {
		for _, w := range n.VPCs {
			if v == w || !joins(g, v) || !joins(g, w) {
				continue
			}
			for _, s := range v.Subnets {
				t := v.RouteTable(s.RouteTable)
				if t == nil {
					t, s.RouteTable = v.AddRouteTable("rt-"+s.ID), "rt-"+s.ID
				}
				for _, p := range w.CIDRs {
					if p.Addr().Is4() || p.Addr().IsPrivate() {
						continue
					}
					t.Routes = slices.DeleteFunc(t.Routes, func(r routing.Route) bool { return r.Destination == p })
					t.AddRoute(p.String(), g.ID)
				}
			}
		}
	}
}

// connections are played one after the other.
type connections struct {
	*Maker
	emulator *emu.Emulator
	clock    emu.Clock
	log      []string // a line for each packet that was sent, with all that it set off
	line     []string
	sent     uint8            // TTL of the latest packet
	heard    map[string]Heard // by the port that sent: where its packet arrived, and as what
	taken    map[string]int   // short cuts by kind
}

func (c *connections) play(n *vpc.Network, o emu.Options) (err error) {
	o.Now, o.Observer.Packet = c.clock.Now, c.ended
	if c.emulator, err = emu.New(n, o); err != nil {
		return err
	}
	for range 100 {
		now := c.emulator.Network()
		places := Places(now)
		c.listen(places)
		forwarders(c.emulator)
		c.connection(places, Targets(now))
		if c.One(8) {
			c.clock.Advance(Pick(c.Maker, 1, 29*time.Second, 30*time.Second, 60*time.Second, 349*time.Second))
		}
		if c.One(20) {
			c.note("update %v", c.emulator.Update(func(n *vpc.Network) error {
				if len(n.VPCs) > 0 { // a shrunk one may have none
					c.Change(Pick(c.Maker, n.VPCs...))
				}
				return nil
			}))
		}
	}
	return nil
}

func (c *connections) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf(format, args...))
}

// listen puts somebody behind every port who remembers what came from whom.
func (c *connections) listen(places []Place) {
	for _, p := range places {
		port, err := c.emulator.Port(p.Port)
		if err != nil {
			continue
		}
		port.Receive(func(b []byte) {
			var pkt packet.Packet
			if pkt.Parse(b) == nil {
				c.line = append(c.line, fmt.Sprintf("%s hears %x", p.Port, b))
				c.heard[""] = Heard{p.Port, pkt.Flow}
			}
		})
	}
}

func (c *connections) ended(e emu.Event) {
	c.line = append(c.line, fmt.Sprintf("%s: %s: %s", e.From, e.Flow, fateText(e.Result)))
	if !e.ShortCut {
		return
	}
	ttl, version := e.Bytes[8], "IPv4"
	if !e.Flow.Src.Is4() {
		ttl, version = e.Bytes[7], "IPv6"
	}
	c.taken[version]++
	if e.Flow.Proto.IsICMP() {
		c.taken["ping"]++
	}
	switch to := c.heard[""].Port; {
	case ttl < c.sent && e.Result.Fate == emu.Delivered && e.From != "internet":
		c.taken["transit "+version]++
	case strings.HasPrefix(e.From, "onprem:"):
		c.taken["from on-premises"]++
	case strings.HasPrefix(to, "onprem:"):
		c.taken["to on-premises"]++
	case e.From == "internet":
		c.taken["from internet"]++
	case to == "internet":
		c.taken["to internet"]++
	}
}

// send sends a packet and returns where it arrived, if it did.
func (c *connections) send(port string, s packet.Spec) (Heard, bool) {
	p, err := c.emulator.Port(port)
	if err != nil {
		return Heard{}, false
	}
	c.line, c.sent, c.heard = nil, s.TTL, make(map[string]Heard)
	p.Send(s.Bytes())
	c.note("%s sends %s flags=%s ttl=%d len=%d: %s", port, s.Flow, s.Flags, s.TTL, len(s.Payload), strings.Join(c.line, "; "))
	h, ok := c.heard[""]
	return h, ok
}

// between is a flow from one place to another, as their guests would send it.
func (c *connections) between(places, targets []Place) (port string, f packet.Flow) {
	v6, from, to := c.One(2), Pick(c.Maker, places...), Pick(c.Maker, slices.Concat(places, targets)...)
	if others := elsewhere(places, from); len(others) > 0 && c.One(2) {
		to = Pick(c.Maker, others...)
	}
	own, others := ofVersion(from.Addresses, v6), ofVersion(to.Addresses, v6)
	if from.Port == Internet.Port {
		others = publics([]Place{to}, v6)
	}
	if len(own) == 0 || len(others) == 0 {
		return "", f
	}
	f = packet.Flow{Src: Pick(c.Maker, own...), Dst: Pick(c.Maker, others...), SrcPort: Pick(c.Maker, clientPorts...), DstPort: Pick(c.Maker, serverPorts...),
		Proto: Pick(c.Maker, packet.TCP, packet.TCP, packet.UDP, packet.ICMP)}
	if f.Proto == packet.ICMP {
		f.SrcPort, f.DstPort = 7, 0
		if v6 {
			f.Proto = packet.ICMPv6
		}
	}
	return from.Port, f
}

// elsewhere are the interfaces of other VPCs with addresses of both versions, to which few
// flows lead by chance.
func elsewhere(places []Place, from Place) (all []Place) {
	home, _, _ := strings.Cut(from.Port, "/")
	for _, p := range places {
		if v, _, _ := strings.Cut(p.Port, "/"); !p.Outside && v != home && len(ofVersion(p.Addresses, true)) > 0 {
			all = append(all, p)
		}
	}
	return all
}

var replies = map[packet.Proto]uint8{packet.ICMP: packet.ICMPEchoReply, packet.ICMPv6: packet.ICMPv6EchoReply}

// connection plays one: mostly segments in its middle, in both directions.
func (c *connections) connection(places, targets []Place) {
	port, f := c.between(places, targets)
	if port == "" {
		return
	}
	there := packet.Spec{Flow: f, ICMPType: packet.Echo(f).ICMPType, Flags: packet.SYN, TTL: 9}
	far, ok := c.send(port, there)
	if !ok {
		return
	}
	back := packet.Spec{Flow: far.Flow.Reverse(), ICMPType: replies[far.Flow.Proto], Flags: packet.SYN | packet.ACK, TTL: 9}
	c.send(far.Port, back)
	for range 4 + c.IntN(12) {
		flags := Pick(c.Maker, packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.PSH|packet.ACK, packet.PSH|packet.ACK, packet.SYN, packet.FIN|packet.ACK, packet.RST)
		p, s := port, there
		if c.One(2) {
			p, s = far.Port, back
		}
		s.Flags, s.TTL, s.DF = flags, Pick[uint8](c.Maker, 1, 2, 3, 9, 9, 9), c.One(2)
		s.Payload = make([]byte, Pick(c.Maker, 0, 0, 0, 0, 0, 0, 0, 1, 1400, 1460, 1480, 8470, 8990))
		c.send(p, s)
	}
}
