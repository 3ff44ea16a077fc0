package netstack_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/internal/soak"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// gate is a rule that comes and goes.
type gate struct {
	soak.Gate
	host    string
	ip      netip.Addr
	port    uint16
	tracked bool       // flows outlive the rule (SG-27), else they are cut (SG-31, ACL-19)
	silent  bool       // datagrams are not answered: without the rule answers open flows (SG-33)
	reason  emu.Reason // of drops while it is closed
}

func soakGates(e *emu.Emulator) []*gate {
	group := func(name, port, from string) func(bool) error {
		return func(open bool) error {
			return e.UpdateSecurityGroup(name, func(g *vpc.SecurityGroup) error { admit(g, open, port, from); return nil })
		}
	}
	narrow := func(open bool) error {
		return e.UpdateNetworkACL("narrow", func(a *vpc.NetworkACL) error {
			a.Ingress = nil
			if a.AllowIn(100, "all", "0.0.0.0/0"); !open {
				a.DenyIn(50, "tcp/8004", "0.0.0.0/0").DenyIn(51, "udp/8004", "0.0.0.0/0")
			}
			return nil
		})
	}
	byUpdate := func(open bool) error {
		return e.Update(func(n *vpc.Network) error { admit(n.SecurityGroup("db"), open, "8002", "2001:db8:1::/64"); return nil })
	}
	return []*gate{
		{Gate: soak.Gate{Name: "a rule", Set: group("db", "8001", "web")},
			host: "db-1", ip: netip.MustParseAddr("10.0.2.20"), port: 8001, tracked: true, reason: emu.SGIngress},
		{Gate: soak.Gate{Name: "a rule, IPv6, by Update", Set: byUpdate},
			host: "db-1", ip: netip.MustParseAddr("2001:db8:1:2::20"), port: 8002, tracked: true, reason: emu.SGIngress},
		{Gate: soak.Gate{Name: "a rule for all", Set: group("wide", "8003", "0.0.0.0/0")},
			host: "wide-1", ip: netip.MustParseAddr("10.0.2.30"), port: 8003, silent: true, reason: emu.SGIngress},
		{Gate: soak.Gate{Name: "a network ACL", Set: narrow},
			host: "narrow-1", ip: netip.MustParseAddr("10.0.4.20"), port: 8004, reason: emu.NACLIngress},
	}
}

// admit adds the rules of a port, or takes them away.
func admit(g *vpc.SecurityGroup, open bool, port, from string) {
	for _, proto := range []string{"tcp/", "udp/"} {
		if open {
			g.AllowIn(proto+port, from)
		} else {
			g.RemoveIn(proto+port, from)
		}
	}
}

func (g *gate) address() string { return netip.AddrPortFrom(g.ip, g.port).String() }

// tries dials through a gate. Each has a port of its own, whose turn comes again when nobody
// remembers what it was used for before: an attempt that a change cut short leaves a flow.
func (s *soaked) tries(g *gate, firstPort uint16) func() error {
	k, web := uint16(0), netip.MustParseAddr("10.0.1.10")
	if g.ip.Is6() {
		web = netip.MustParseAddr("2001:db8:1::10")
	}
	return func() error {
		now, limit := g.Epoch(), brief
		if now.Open {
			limit = patience
		}
		ctx, cancel := context.WithTimeout(now, limit)
		defer cancel()
		from := netip.AddrPortFrom(web, firstPort+k)
		k = (k + 1) % portsOfGate
		c, err := s.hosts["web-1"].DialFrom(ctx, from, netip.AddrPortFrom(g.ip, g.port))
		changed := now.Over()
		s.begun.tcp.Add(1) // at web-1
		if err == nil {
			defer c.Close()
			s.Connections.Add(1)
			s.begun.tcp.Add(1)
		}
		switch {
		case changed:
			s.Undecided.Add(1)
		case !now.Open && err == nil:
			return errors.New("a connection through the closed gate")
		case !now.Open && !errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("not just silence: %w", err)
		case !now.Open:
			s.Blocked.Add(1)
		case err != nil:
			return fmt.Errorf("no connection through the open gate: %w", err)
		}
		return nil
	}
}

// portsOfGate is how many ports the attempts at a gate have. Those of all gates are below the
// ones that TCP/IP takes by itself, from 16000 on.
const portsOfGate = 3500

// probesOf sends datagrams through a gate, of a new flow and of one from before. What becomes
// of them is known at once.
func (s *soaked) probesOf(g *gate) func() error {
	const oldPort, firstPort, lastPort = 5000, 10000, 60000 // a port's turn comes again when its flow has idled out
	src := netip.MustParseAddr("10.0.1.11")
	if g.ip.Is6() {
		src = netip.MustParseAddr("2001:db8:1::11")
	}
	port, begun := uint16(firstPort), false
	send := func(from uint16) (now soak.Epoch, r emu.Result, decided bool) {
		now = g.Epoch()
		r = s.probe.Send(packet.Spec{Flow: packet.Flow{Proto: packet.UDP, Src: src, SrcPort: from, Dst: g.ip, DstPort: g.port}}.Bytes())
		s.Datagrams.Add(1)
		if decided = !now.Over(); !decided {
			s.Undecided.Add(1)
		}
		return now, r, decided
	}
	right := func(open bool, r emu.Result) bool {
		if open {
			return r.Fate == emu.Delivered
		}
		s.Blocked.Add(1)
		return r.Fate == emu.Dropped && r.Reason == g.reason
	}
	return func() error {
		if port++; port > lastPort {
			port = firstPort
		}
		now, r, decided := send(port)
		if decided && !right(now.Open, r) {
			return fmt.Errorf("a new flow, open=%v: %v", now.Open, r)
		}
		s.begun.udp.Add(1) // at the probe
		if r.Fate == emu.Delivered {
			s.begun.udp.Add(1)
		}
		now, r, decided = send(oldPort)
		lives := g.tracked && begun
		switch {
		case lives && !now.Open:
			s.Kept.Add(1)
			fallthrough
		case lives:
			if r.Fate != emu.Delivered {
				return fmt.Errorf("a tracked flow, open=%v: %v", now.Open, r)
			}
		case decided && !right(now.Open, r):
			return fmt.Errorf("a flow from before, open=%v: %v", now.Open, r)
		}
		begun = begun || r.Fate == emu.Delivered
		return nil
	}
}

// echo pings db-1 and claims that a reply comes back.
func (s *soaked) echo() func() error {
	replies := make(chan uint16, 1) // by sequence number
	s.probe.Receive(func(b []byte) {
		var p packet.Packet
		if p.Parse(b) == nil && p.Flow.Proto == packet.ICMP && p.ICMPType == 0 {
			replies <- binary.BigEndian.Uint16(b[26:])
		}
	})
	request := packet.Echo(packet.MustParseFlow("icmp 10.0.1.11 > 10.0.2.20 id 7"))
	return func() error {
		request.ICMPSeq++
		if r := s.probe.Send(request.Bytes()); r.Fate != emu.Delivered {
			return fmt.Errorf("the request: %v", r)
		}
		s.Datagrams.Add(1)
		select {
		case seq := <-replies:
			if seq != request.ICMPSeq {
				return fmt.Errorf("the reply to %d, not to %d", seq, request.ICMPSeq)
			}
			return nil
		case <-time.After(patience):
			return errors.New("no reply")
		}
	}
}

// Change makes the k-th change: of a gate, or an interface that comes, works and goes.
func (s *soaked) Change(k int) {
	if turn := k % (len(s.gates) + 1); turn < len(s.gates) {
		g := &s.gates[turn].Gate
		s.Turn(g, !g.Epoch().Open)
		return
	}
	s.Changes.Add(1)
	err := s.guest()
	s.Expect(err == nil, "guest", "%v", err)
}

// OpenAll opens all gates.
func (s *soaked) OpenAll() {
	for _, g := range s.gates {
		s.Turn(&g.Gate, true)
	}
}

// guest is an interface that comes, works and goes.
func (s *soaked) guest() error {
	s.guests++
	name, ip := fmt.Sprint("guest-", s.guests), netip.AddrFrom4([4]byte{10, 0, 1, byte(100 + s.guests%100)})
	err := s.e.AddInterface("web", &vpc.Interface{ID: name, Addresses: []vpc.Address{{IP: ip}}, Groups: []string{"web"}})
	if err != nil {
		return err
	}
	h, err := netstack.New(s.e, name, netstack.Options{})
	if err != nil {
		return err
	}
	port, err := s.e.Port(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := h.DialContext(ctx, "tcp", "10.0.2.20:7")
	if err == nil {
		s.Connections.Add(1)
		err = s.exchange(c, 10_000, patience)
		c.Close()
	}
	h.Close()
	if gone := s.e.RemoveInterface(name); gone != nil {
		return gone
	}
	hello := packet.Spec{Flow: packet.Flow{Proto: packet.UDP, Src: ip, SrcPort: 9, Dst: netip.MustParseAddr("10.0.2.20"), DstPort: 7}}
	if r := port.Send(hello.Bytes()); err == nil && r.Fate != emu.Dropped {
		err = fmt.Errorf("%s is gone and sends: %v", name, r)
	}
	return err
}

// level is what the process and the emulator hold while nothing happens. Its tasks are goroutines, its memory is the heap.
type level struct {
	soak.Level
	records int
}

func (l level) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d records, heap %.1f MB", l.Tasks, l.Files, l.records, float64(l.Memory)/1e6)
}

// level opens all gates, waits until what was stuck is through and what was closed is gone,
// and looks.
func (s *soaked) level() (l level) {
	s.OpenAll()
	resume := s.Quiet(func() bool {
		before, closing := l.Tasks, 0
		l.Tasks = runtime.NumGoroutine()
		for _, h := range s.hosts {
			closing += h.Closing()
		}
		return l.Tasks == before && closing == 0
	})
	defer resume()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l.Memory = int64(m.HeapAlloc)
	files, _ := os.ReadDir("/proc/self/fd") // none elsewhere
	l.Files = len(files)
	l.records = s.e.FlowRecords()
	return l
}
