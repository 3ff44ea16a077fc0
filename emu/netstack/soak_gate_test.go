package netstack_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// gate is a rule that comes and goes.
type gate struct {
	name, host string
	ip         netip.Addr
	port       uint16
	tracked    bool       // flows outlive the rule (SG-27), else they are cut (SG-31, ACL-19)
	silent     bool       // datagrams are not answered: without the rule answers open flows (SG-33)
	reason     emu.Reason // of drops while it is closed
	set        func(open bool) error

	mu  sync.RWMutex // held while it changes
	now epoch
}

// epoch is a time without changes of a gate. It is over when ctx is done.
type epoch struct {
	open bool
	ctx  context.Context
	end  context.CancelFunc
}

func soakGates(e *emu.Emulator) []*gate {
	group := func(name, port, from string) func(bool) error {
		return func(open bool) error {
			return e.UpdateSecurityGroup(name, func(g *vpc.SecurityGroup) error { admit(g, open, port, from); return nil })
		}
	}
	return []*gate{
		{name: "a rule", host: "db-1", ip: netip.MustParseAddr("10.0.2.20"), port: 8001, tracked: true, reason: emu.SGIngress, set: group("db", "8001", "web")},
		{name: "a rule, IPv6, by Update", host: "db-1", ip: netip.MustParseAddr("2001:db8:1:2::20"), port: 8002, tracked: true, reason: emu.SGIngress,
			set: func(open bool) error {
				return e.Update(func(n *vpc.Network) error { admit(n.SecurityGroup("db"), open, "8002", "2001:db8:1::/64"); return nil })
			}},
		{name: "a rule for all", host: "wide-1", ip: netip.MustParseAddr("10.0.2.30"), port: 8003, silent: true, reason: emu.SGIngress, set: group("wide", "8003", "0.0.0.0/0")},
		{name: "a network ACL", host: "narrow-1", ip: netip.MustParseAddr("10.0.4.20"), port: 8004, reason: emu.NACLIngress, set: func(open bool) error {
			return e.UpdateNetworkACL("narrow", func(a *vpc.NetworkACL) error {
				a.Ingress = nil
				if a.AllowIn(100, "all", "0.0.0.0/0"); !open {
					a.DenyIn(50, "tcp/8004", "0.0.0.0/0").DenyIn(51, "udp/8004", "0.0.0.0/0")
				}
				return nil
			})
		}},
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

// turn opens or closes the gate, and begins an epoch.
func (g *gate) turn(open bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now.ctx != nil {
		if g.now.open == open {
			return nil
		}
		g.now.end()
	}
	err := g.set(open)
	g.now.open = open
	g.now.ctx, g.now.end = context.WithCancel(context.Background())
	return err
}

func (g *gate) epoch() epoch {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.now
}

// tries dials through a gate. Each has a port of its own, whose turn comes again when nobody
// remembers what it was used for before: an attempt that a change cut short leaves a flow.
func (s *soak) tries(g *gate, firstPort uint16) func() error {
	k, web := uint16(0), netip.MustParseAddr("10.0.1.10")
	if g.ip.Is6() {
		web = netip.MustParseAddr("2001:db8:1::10")
	}
	return func() error {
		now, limit := g.epoch(), brief
		if now.open {
			limit = patience
		}
		ctx, cancel := context.WithTimeout(now.ctx, limit)
		defer cancel()
		from := netip.AddrPortFrom(web, firstPort+k)
		k = (k + 1) % portsOfGate
		c, err := s.hosts["web-1"].DialFrom(ctx, from, netip.AddrPortFrom(g.ip, g.port))
		changed := now.ctx.Err() != nil
		s.begun.tcp.Add(1) // at web-1
		if err == nil {
			defer c.Close()
			s.connections.Add(1)
			s.begun.tcp.Add(1)
		}
		switch {
		case changed:
			s.undecided.Add(1)
		case !now.open && err == nil:
			return errors.New("a connection through the closed gate")
		case !now.open && !errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("not just silence: %w", err)
		case !now.open:
			s.blocked.Add(1)
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
func (s *soak) probesOf(g *gate) func() error {
	const oldPort, firstPort, lastPort = 5000, 10000, 60000 // a port's turn comes again when its flow has idled out
	src := netip.MustParseAddr("10.0.1.11")
	if g.ip.Is6() {
		src = netip.MustParseAddr("2001:db8:1::11")
	}
	port, begun := uint16(firstPort), false
	send := func(from uint16) (now epoch, r emu.Result, decided bool) {
		now = g.epoch()
		r = s.probe.Send(packet.Spec{Flow: packet.Flow{Proto: packet.UDP, Src: src, SrcPort: from, Dst: g.ip, DstPort: g.port}}.Bytes())
		s.probes.Add(1)
		if decided = now.ctx.Err() == nil; !decided {
			s.undecided.Add(1)
		}
		return now, r, decided
	}
	right := func(open bool, r emu.Result) bool {
		if open {
			return r.Fate == emu.Delivered
		}
		s.blocked.Add(1)
		return r.Fate == emu.Dropped && r.Reason == g.reason
	}
	return func() error {
		if port++; port > lastPort {
			port = firstPort
		}
		now, r, decided := send(port)
		if decided && !right(now.open, r) {
			return fmt.Errorf("a new flow, open=%v: %v", now.open, r)
		}
		s.begun.udp.Add(1) // at the probe
		if r.Fate == emu.Delivered {
			s.begun.udp.Add(1)
		}
		now, r, decided = send(oldPort)
		lives := g.tracked && begun
		switch {
		case lives && !now.open:
			s.kept.Add(1)
			fallthrough
		case lives:
			if r.Fate != emu.Delivered {
				return fmt.Errorf("a tracked flow, open=%v: %v", now.open, r)
			}
		case decided && !right(now.open, r):
			return fmt.Errorf("a flow from before, open=%v: %v", now.open, r)
		}
		begun = begun || r.Fate == emu.Delivered
		return nil
	}
}

// echo pings db-1 and claims that a reply comes back.
func (s *soak) echo() func() error {
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
		s.datagrams.Add(1)
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

// change makes the k-th change: of a gate, or an interface that comes, works and goes.
func (s *soak) change(k int) {
	defer s.changes.Add(1)
	if turn := k % (len(s.gates) + 1); turn < len(s.gates) {
		g := s.gates[turn]
		err := g.turn(!g.epoch().open)
		s.expect(err == nil, g.name, "%v", err)
		return
	}
	err := s.guest()
	s.expect(err == nil, "guest", "%v", err)
}

// openAll opens all gates.
func (s *soak) openAll() {
	for _, g := range s.gates {
		err := g.turn(true)
		s.expect(err == nil, g.name, "%v", err)
	}
}

// guest is an interface that comes, works and goes.
func (s *soak) guest() error {
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
		s.connections.Add(1)
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

// level is what the process and the emulator hold while nothing happens.
type level struct {
	goroutines, files, records int
	heap                       uint64 // bytes
}

func (l level) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d records, heap %.1f MB", l.goroutines, l.files, l.records, float64(l.heap)/1e6)
}

// near reports whether a level is that of before, give or take.
func (l level) near(before level) bool {
	return l.goroutines <= before.goroutines+20 && l.files <= before.files+2 && l.heap <= before.heap*3/2+16<<20
}

// level opens all gates, waits until what was stuck is through and what was closed is gone,
// and looks.
func (s *soak) level() (l level) {
	s.openAll()
	s.quiet.Lock()
	defer s.quiet.Unlock()
	closing := func() (n int) {
		for _, h := range s.hosts {
			n += h.Closing()
		}
		return n
	}
	for end, same := time.Now().Add(patience), 0; same < 3 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		n := runtime.NumGoroutine()
		if same++; n != l.goroutines || closing() != 0 {
			l.goroutines, same = n, 0
		}
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l.heap = m.HeapAlloc
	files, _ := os.ReadDir("/proc/self/fd") // none elsewhere
	l.files = len(files)
	l.records = s.e.FlowRecords()
	return l
}
