package firewall

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// sgSide plays the security-group stage of one interface (ORDER-5) for a flow whose egress direction is flow.
type sgSide struct {
	*Tracker
	flow      packet.Flow
	allow     string // the directions in which a rule allows packets: ">", "<" or "<>"
	now       int64
	seq       [2]uint32 // next sequence number of each side
	beforeFIN [2]uint32 // what each side acknowledges if it has not seen the other's latest FIN
}

func newSide(flow, allow string) *sgSide {
	return &sgSide{
		Tracker: NewTracker(Timeouts{}, nil), flow: packet.MustParseFlow(flow), allow: allow,
		seq: [2]uint32{1<<32 - 2, 100}, beforeFIN: [2]uint32{1<<32 - 2, 100},
	}
}

// build makes the packet of a step: S, A, F, R are TCP flags; a is an ACK that does not cover the other side's latest FIN; "-" is none.
func (s *sgSide) build(dir Direction, flags string) *packet.Packet {
	spec := packet.Spec{Flow: s.flow}
	if dir == Ingress {
		spec.Flow = s.flow.Reverse()
	}
	if spec.Flow.Proto.IsICMP() {
		spec.ICMPType = packet.ICMPEchoRequest
	}
	spec.Seq, spec.Ack = s.seq[dir], s.seq[1-dir]
	for _, c := range flags {
		switch c {
		case 'S':
			spec.Flags |= packet.SYN
		case 'A':
			spec.Flags |= packet.ACK
		case 'a':
			spec.Flags |= packet.ACK
			spec.Ack = s.beforeFIN[1-dir]
		case 'F':
			spec.Flags |= packet.FIN
			s.beforeFIN[dir] = s.seq[dir]
			s.seq[dir]++
		case 'R':
			spec.Flags |= packet.RST
		}
	}
	return mustParse(spec)
}

func mustParse(s packet.Spec) *packet.Packet {
	p := new(packet.Packet)
	if err := p.Parse(s.Bytes()); err != nil {
		panic(err)
	}
	return p
}

// pass sends one packet through the stage and tells what happened: the state of its flow, "new", "full" or "drop".
func (s *sgSide) pass(dir Direction, p *packet.Packet) string {
	if state := s.Lookup(dir, p, p.Flow, s.now); state != Untracked {
		return state.String()
	}
	switch {
	case !strings.Contains(s.allow, map[Direction]string{Egress: ">", Ingress: "<"}[dir]):
		return "drop"
	case s.Add(dir, p, p.Flow, s.now):
		return "new"
	}
	return "full"
}

// trackerCases are scripts of steps, separated by commas: "> SA state" is a packet that leaves, "<" one that arrives, "+30s" lets time pass.
var trackerCases = []struct{ name, flow, allow, steps string }{
	{"SG-26 replies need no rule", tcpFlow, ">", "> S new, < SA opening"},
	{"SG-26 unless nothing was sent", tcpFlow, ">", "< SA drop"},
	{"SG-26 nor do replies to what arrived", tcpFlow, "<", "< S new, > SA opening, < A established, > A established"},
	{"SG-3 but new flows do", tcpFlow, "<", "> S drop"},

	{"SG-37 established just before it idles out", tcpFlow, ">", handshake + "+431999s, < A established"},
	{"SG-37 established when it idles out", tcpFlow, ">", handshake + "+432000s, < A drop"},
	{"SG-37 every packet starts the time again", tcpFlow, ">", handshake + "+431999s, > A established, +431999s, < A established"},

	{"SG-38 one direction, in time", udpFlow, ">", "> - new, > - opening, +29s, < - answered"},
	{"SG-38 one direction, too late", udpFlow, ">", "> - new, > - opening, +30s, < - drop"},
	{"SG-38 one exchange, in time", udpFlow, ">", "> - new, < - answered, +29s, < - answered"},
	{"SG-38 one exchange, too late", udpFlow, ">", "> - new, < - answered, +30s, < - drop"},
	{"SG-38 one request with many responses is one exchange", udpFlow, ">", "> - new, < - answered, < - answered, < - answered, +30s, < - drop"},
	{"SG-38 a second request is not yet an exchange", udpFlow, ">", "> - new, < - answered, > - answered, +30s, < - drop"},
	{"SG-39 two exchanges, in time", udpFlow, ">", "> - new, < - answered, > - answered, < - stream, +179s, < - stream"},
	{"SG-39 two exchanges, too late", udpFlow, ">", "> - new, < - answered, > - answered, < - stream, +180s, < - drop"},

	{"SG-40 other protocols, in time", espFlow, ">", "> - new, +599s, < - answered"},
	{"SG-40 other protocols, too late", espFlow, ">", "> - new, +600s, < - drop"},
	{"SG-41 ICMP, in time", pingFlow, ">", "> - new, +29s, < - answered"},
	{"SG-41 ICMP, too late", pingFlow, ">", "> - new, +30s, < - drop"},
	{"SG-41 ICMP is no stream", pingFlow, ">", "> - new, < - answered, > - answered, < - answered, +30s, < - drop"},

	{"SG-41 a SYN, in time", tcpFlow, ">", "> S new, +59s, < SA opening"},
	{"SG-41 a SYN, too late", tcpFlow, ">", "> S new, +60s, < SA drop"},
	{"SG-41 a SYN-ACK does not establish", tcpFlow, ">", "> S new, < SA opening, +60s, > A new"},
	{"SG-41 the third segment does", tcpFlow, ">", handshake + "+60s, < A established"},
	{"SG-41 one side alone does not establish", tcpFlow, ">", "> S new, > A opening, +60s, < A drop"},

	{"SG-41 RST ends a flow", tcpFlow, ">", handshake + "< R closed, < A drop"},
	{"SG-41 RST ends a handshake", tcpFlow, ">", "> S new, < RA closed, < SA drop"},
	{"SG-41 RST of the other side", tcpFlow, ">", handshake + "> R closed, < A drop"},
	{"SG-41 RST that a rule allows begins nothing", tcpFlow, ">", "> R new, < A drop"},
	{"SG-41 both FINs acknowledged", tcpFlow, ">", handshake + "> FA closing, < FA closing, > A closed, < A drop"},
	{"SG-41 both FINs acknowledged, in four steps", tcpFlow, ">", handshake + "< FA closing, > A closing, > FA closing, < A closed, < A drop"},
	{"SG-44 the last ACK may come only once", tcpFlow, "<", "< S new, > SA opening, < A established, > FA closing, < FA closing, > A closed, > A drop"},
	{"SG-41 one FIN acknowledged", tcpFlow, ">", handshake + "> FA closing, < A closing, < A closing, > A closing"},
	{"SG-41 a half-closed flow lasts as long as any", tcpFlow, ">", handshake + "> FA closing, < A closing, +431999s, < A closing"},
	{"SG-41 both FINs, only one acknowledged", tcpFlow, ">", handshake + "> FA closing, < Fa closing, > A closing, < a closing, < A closed"},
	{"SG-41 a FIN sent twice", tcpFlow, ">", handshake + "< FA closing, > a closing, < A closing, > FA closing, < A closed"},
	{"SG-41 FIN before the third segment", tcpFlow, ">", "> S new, < SA opening, > FA closing, < A closing, +60s, < A closing"},
	{"a new SYN after a FIN", tcpFlow, ">", handshake + "> FA closing, > S opening, < SA opening, > A established, < A established"},
	{"a new SYN after a FIN is a new handshake", tcpFlow, ">", handshake + "> FA closing, > S opening, +60s, < SA drop"},
	{"a SYN without a FIN before changes nothing", tcpFlow, ">", handshake + "> S established, +60s, < A established"},

	{"SG-42 mid-stream segment, answered", tcpFlow, ">", "> A new, < A established, +60s, < A established"},
	{"SG-42 mid-stream segment, not answered", tcpFlow, ">", "> A new, > A opening, +60s, < A drop"},
	{"SG-42 mid-stream FIN", tcpFlow, ">", "> FA new, < FA closing, > A closed"},
	{"SG-43 late data until the client sends", tcpFlow, ">", handshake + "+432000s, < A drop, > A new, < A established"},
}

const (
	tcpFlow   = "tcp 10.0.1.10:40000 > 10.0.2.20:5432"
	udpFlow   = "udp [2001:db8::1]:40000 > [2001:db8::2]:53"
	espFlow   = "ip/50 10.0.1.10 > 10.0.2.20"
	pingFlow  = "icmp 10.0.1.10 > 10.0.2.20 id 7"
	handshake = "> S new, < SA opening, > A established, "
)

func TestTracker(t *testing.T) {
	for _, c := range trackerCases {
		t.Run(c.name, func(t *testing.T) {
			side := newSide(c.flow, c.allow)
			for i, step := range strings.Split(c.steps, ", ") {
				if d, ok := strings.CutPrefix(step, "+"); ok {
					side.now += int64(mustDuration(d))
					continue
				}
				word := strings.Fields(step)
				dir := Ingress
				if word[0] == ">" {
					dir = Egress
				}
				if got := side.pass(dir, side.build(dir, word[1])); got != word[2] {
					t.Fatalf("step %d, %q: got %s", i+1, step, got)
				}
			}
		})
	}
}

func mustDuration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

// TestSG36_Key tells which packets belong to a flow that left the interface.
func TestSG36_Key(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		dir                 Direction
		same                bool
	}{
		{"the answer", tcpFlow, "tcp 10.0.2.20:5432 > 10.0.1.10:40000", Ingress, true},
		{"the same again", tcpFlow, tcpFlow, Egress, true},
		{"the same, but arriving", tcpFlow, tcpFlow, Ingress, false},
		{"another local port", tcpFlow, "tcp 10.0.2.20:5432 > 10.0.1.10:40001", Ingress, false},
		{"another remote port", tcpFlow, "tcp 10.0.2.20:5433 > 10.0.1.10:40000", Ingress, false},
		{"ports exchanged", tcpFlow, "tcp 10.0.2.20:40000 > 10.0.1.10:5432", Ingress, false},
		{"another local address", tcpFlow, "tcp 10.0.2.20:5432 > 10.0.1.11:40000", Ingress, false},
		{"another remote address", tcpFlow, "tcp 10.0.2.21:5432 > 10.0.1.10:40000", Ingress, false},
		{"another protocol", tcpFlow, "udp 10.0.2.20:5432 > 10.0.1.10:40000", Ingress, false},
		{"IPv4-mapped addresses", tcpFlow, "tcp [::ffff:10.0.2.20]:5432 > [::ffff:10.0.1.10]:40000", Ingress, false},
		{"echo: the reply", pingFlow, "icmp 10.0.2.20 > 10.0.1.10 id 7", Ingress, true},
		{"echo: another identifier", pingFlow, "icmp 10.0.2.20 > 10.0.1.10 id 8", Ingress, false},
		{"echo: another host", pingFlow, "icmp 10.0.2.21 > 10.0.1.10 id 7", Ingress, false},
		{"ICMPv6 echo: the reply", "icmpv6 2001:db8::1 > 2001:db8::2 id 7", "icmpv6 2001:db8::2 > 2001:db8::1 id 7", Ingress, true},
		{"ESP: the answer", espFlow, "ip/50 10.0.2.20 > 10.0.1.10", Ingress, true},
		{"ESP: another protocol", espFlow, "ip/51 10.0.2.20 > 10.0.1.10", Ingress, false},
	} {
		tracker := NewTracker(Timeouts{}, nil)
		first := mustParse(packet.Spec{Flow: packet.MustParseFlow(c.first)})
		tracker.Add(Egress, first, first.Flow, 0)
		second := mustParse(packet.Spec{Flow: packet.MustParseFlow(c.second)})
		if got := tracker.Lookup(c.dir, second, second.Flow, 0) != Untracked; got != c.same {
			t.Errorf("%s: same flow %v, want %v", c.name, got, c.same)
		}
	}
}

// TestSG36_PortsOfTheFlow proves that the flow given counts, not the ports in the packet: NAT and fragments know better.
func TestSG36_PortsOfTheFlow(t *testing.T) {
	tracker := NewTracker(Timeouts{}, nil)
	whole := packet.MustParseFlow(udpFlow)
	tracker.Add(Egress, mustParse(packet.Spec{Flow: whole}), whole, 0)
	later := mustParse(packet.Spec{Flow: whole.Reverse(), FragOffset: 8, Payload: make([]byte, 8)})
	if got := tracker.Lookup(Ingress, later, later.Flow, 0); got != Untracked {
		t.Errorf("without ports: %s", got)
	}
	if got := tracker.Lookup(Ingress, later, whole.Reverse(), 0); got != Answered {
		t.Errorf("with the ports of its first fragment: %s", got)
	}
}

func TestSG45_Related(t *testing.T) {
	flow := packet.MustParseFlow(tcpFlow)
	packetOut := mustParse(packet.Spec{Flow: flow, Flags: packet.SYN})
	for _, c := range []struct {
		name     string
		opened   Direction // of the flow
		dir      Direction // of the error
		embedded packet.Flow
		want     bool
	}{
		{"arriving error about what left", Egress, Ingress, flow, true},
		{"arriving error about what arrived", Egress, Ingress, flow.Reverse(), false},
		{"leaving error about what arrived", Egress, Egress, flow.Reverse(), true},
		{"leaving error about what left", Egress, Egress, flow, false},
		{"leaving error about the flow of a client", Ingress, Egress, flow, true},
		{"arriving error about the answers to a client", Ingress, Ingress, flow.Reverse(), true},
		{"another flow", Egress, Ingress, packet.MustParseFlow("tcp 10.0.1.10:40001 > 10.0.2.20:5432"), false},
	} {
		tracker := NewTracker(Timeouts{}, nil)
		tracker.Add(c.opened, packetOut, flow, 0)
		if got := tracker.Related(c.dir, c.embedded, 0); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSG45_ErrorsKeepNothingAlive(t *testing.T) {
	side := newSide(tcpFlow, ">")
	side.pass(Egress, side.build(Egress, "S"))
	if !side.Related(Ingress, side.flow, int64(59*time.Second)) {
		t.Error("after 59 s: not related")
	}
	if side.Related(Ingress, side.flow, int64(60*time.Second)) {
		t.Error("after 60 s: related, as if the error had been a packet of the flow")
	}
}

// TestSG45_ErrorsAreNoFlow: an error has the addresses of a ping with identifier 0, but neither belongs to it nor begins a flow.
func TestSG45_ErrorsAreNoFlow(t *testing.T) {
	flow := packet.MustParseFlow("icmp 10.0.1.10 > 10.0.2.20")
	unreachable := mustParse(packet.Spec{Flow: flow.Reverse(), ICMPType: packet.ICMPUnreachable})
	tracker := NewTracker(Timeouts{}, nil)
	if !tracker.Add(Ingress, unreachable, unreachable.Flow, 0) || tracker.Len(0) != 0 {
		t.Errorf("an error began a flow: %d tracked", tracker.Len(0))
	}
	tracker.Add(Egress, mustParse(packet.Echo(flow)), flow, 0)
	if got := tracker.Lookup(Ingress, unreachable, unreachable.Flow, 0); got != Untracked {
		t.Errorf("an error passed as %s", got)
	}
}

func TestSG48_Budget(t *testing.T) {
	budget := &Budget{Limit: 2}
	one, two := NewTracker(Timeouts{}, budget), NewTracker(Timeouts{}, budget)
	add := func(tr *Tracker, port uint16, now time.Duration) bool {
		f := packet.MustParseFlow(udpFlow)
		f.SrcPort = port
		return tr.Add(Egress, mustParse(packet.Spec{Flow: f}), f, int64(now))
	}
	for i, step := range []struct {
		name string
		got  bool
		want bool
	}{
		{"first", add(one, 1, 0), true},
		{"second, on another interface", add(two, 2, time.Second), true},
		{"third", add(one, 3, 2*time.Second), false},
		{"the second again is no third", add(two, 2, 3*time.Second), true},
		{"third while the first is in time", add(two, 3, 30*time.Second-1), false},
		{"third once the first, of another interface, has idled out", add(two, 3, 30*time.Second), true},
		{"fourth", add(one, 4, 30*time.Second), false},
	} {
		if step.got != step.want {
			t.Errorf("step %d, %s: got %v, want %v", i+1, step.name, step.got, step.want)
		}
	}
	two.Flush()
	if !add(one, 5, 31*time.Second) || !add(one, 6, 31*time.Second) || add(one, 7, 31*time.Second) {
		t.Error("SG-50 after a flush there is room for two flows, no more and no less")
	}
	if budget.Used() != 2 {
		t.Errorf("used %d, want 2", budget.Used())
	}
}

func TestSG48_NoLimit(t *testing.T) {
	for name, budget := range map[string]*Budget{"nil": nil, "zero": {}} {
		tracker := NewTracker(Timeouts{}, budget)
		for port := range uint16(1000) {
			f := packet.Flow{Src: packet.MustParseFlow(udpFlow).Src, Dst: packet.MustParseFlow(udpFlow).Dst, SrcPort: port, Proto: packet.UDP}
			if !tracker.Add(Egress, mustParse(packet.Spec{Flow: f}), f, 0) {
				t.Fatalf("%s: flow %d refused", name, port)
			}
		}
	}
}

func TestSG50_Flush(t *testing.T) {
	side := newSide(tcpFlow, ">")
	side.pass(Egress, side.build(Egress, "S"))
	side.Flush()
	if got := side.pass(Ingress, side.build(Ingress, "SA")); got != "drop" || side.Len(0) != 0 {
		t.Errorf("after a flush: %s, %d tracked", got, side.Len(0))
	}
}

func TestTracker_SetTimeouts(t *testing.T) {
	side := newSide(udpFlow, ">")
	side.pass(Egress, side.build(Egress, "-"))
	side.SetTimeouts(Timeouts{UDP: 60 * time.Second})
	if got := side.Len(int64(59 * time.Second)); got != 1 {
		t.Errorf("SG-38 longer: %d flows after 59 s", got)
	}
	side.SetTimeouts(Timeouts{UDP: 45 * time.Second})
	if got := side.Len(int64(45 * time.Second)); got != 0 {
		t.Errorf("SG-38 shorter: %d flows after 45 s", got)
	}
}

// TestTracker_MemoryIsBounded: flows that idle out make room for new ones without anybody asking.
func TestTracker_MemoryIsBounded(t *testing.T) {
	tracker := new(Tracker)
	f := packet.MustParseFlow(udpFlow)
	p := mustParse(packet.Spec{Flow: f})
	for i := range 100_000 {
		f.SrcPort, f.DstPort = uint16(i), uint16(i>>16)
		tracker.Add(Egress, p, f, int64(i)*int64(30*time.Second)/100) // 100 of them in time
	}
	if n := len(tracker.flows.slots); n > 110 {
		t.Errorf("%d slots for 100 flows", n)
	}
}

func TestTracker_Flows(t *testing.T) {
	side := newSide(tcpFlow, "<>")
	side.pass(Ingress, side.build(Ingress, "S"))
	side.now = int64(time.Second)
	side.pass(Egress, side.build(Egress, "SA"))
	side.flow = packet.MustParseFlow(pingFlow)
	side.pass(Egress, side.build(Egress, "-"))
	var got []string
	for f := range side.Flows(int64(5 * time.Second)) {
		got = append(got, fmt.Sprintf("%s %s %s idle %s left %s", f.Opener, f.Flow, f.State, f.Idle, f.Left))
	}
	slices.Sort(got)
	want := []string{
		"egress icmp 10.0.1.10 > 10.0.2.20 id 7 opening idle 4s left 26s",
		"ingress tcp 10.0.2.20:5432 > 10.0.1.10:40000 opening idle 4s left 56s",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for range side.Flows(side.now) {
		break // must not go on
	}
}
