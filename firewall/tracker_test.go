package firewall

import (
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
		seq: [2]uint32{100, 1<<32 - 1}, beforeFIN: [2]uint32{100, 1<<32 - 1},
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

	{"SG-39 a stream stays one", udpFlow, ">", "> - new, < - answered, > - answered, < - stream, > - stream, +179s, < - stream"},

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

// TestSG41_FINWithData: the acknowledgment must cover the data before the FIN, and be one.
func TestSG41_FINWithData(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags packet.TCPFlags
		ack   uint32
		want  State
	}{
		{"data and FIN acknowledged", packet.ACK, 1006, Closed},
		{"data acknowledged", packet.ACK, 1005, Closing},
		{"nothing acknowledged", packet.ACK, 1000, Closing},
		{"a number without ACK", 0, 1006, Closing},
	} {
		side := newSide(tcpFlow, ">")
		for _, s := range []packet.Spec{
			{Flow: side.flow, Flags: packet.ACK, Seq: 1000, Ack: 50},
			{Flow: side.flow.Reverse(), Flags: packet.FIN | packet.ACK, Seq: 50, Ack: 1000},
			{Flow: side.flow, Flags: packet.FIN | packet.ACK, Seq: 1000, Ack: 51, Payload: []byte("hello")},
			{Flow: side.flow.Reverse(), Flags: c.flags, Seq: 51, Ack: c.ack},
		} {
			dir, p := Egress, mustParse(s)
			if s.Flow != side.flow {
				dir = Ingress
			}
			if side.Lookup(dir, p, p.Flow, 0) == Untracked {
				side.Add(dir, p, p.Flow, 0)
				continue
			}
			if s.Seq == 51 {
				// the last one: look again with a packet that changes nothing
				probe := mustParse(packet.Spec{Flow: side.flow})
				got := side.Lookup(Egress, probe, probe.Flow, 0)
				if got == Untracked {
					got = Closed
				}
				if got != c.want {
					t.Errorf("%s: got %s, want %s", c.name, got, c.want)
				}
			}
		}
	}
}
