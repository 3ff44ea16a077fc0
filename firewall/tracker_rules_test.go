package firewall

import (
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

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

// TestSG53_LaterFragmentsOfICMP proves that they are of the flow of the first one, which alone says what they are.
func TestSG53_LaterFragmentsOfICMP(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    uint8
		tracked string // what the fragment's pair of addresses has a flow of
		found   bool
		leaves  bool // a flow behind
	}{
		{"echo without identifier, of its flow", packet.ICMPEchoRequest, "echo", true, true},
		{"echo without identifier, of no flow", packet.ICMPEchoRequest, "timestamp", false, true},
		{"timestamp, of its flow", 13, "timestamp", true, true},
		{"timestamp, of no flow", 13, "echo", false, true},
		{"error, of no flow", packet.ICMPUnreachable, "timestamp", false, false},
	} {
		for _, empty := range []bool{false, true} {
			tracker := NewTracker(Timeouts{}, nil)
			f := packet.MustParseFlow("icmp 10.0.1.10 > 10.0.2.20")
			before := packet.Spec{Flow: f, ICMPType: map[string]uint8{"echo": packet.ICMPEchoRequest, "timestamp": 13}[c.tracked]}
			if !empty {
				tracker.Add(Egress, mustParse(before), f, 0)
			}
			later := mustParse(packet.Spec{Flow: f, FragOffset: 8, Payload: make([]byte, 8)})
			q := tracker.Query(Egress, later, f)
			q.First(f, Header{Proto: uint8(packet.ICMP), ICMPType: c.kind})
			if found := q.Find(0).State != Untracked; found != (c.found && !empty) {
				t.Errorf("%s: found %t", c.name, found)
			}
			if q.Add(0); empty && (tracker.Len(0) > 0) != c.leaves {
				t.Errorf("%s: %d flows are left", c.name, tracker.Len(0))
			}
		}
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
