package tap

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// TestStates: what a conversation is called after the packets that were seen of it. A
// packet of the guest begins with >, one that it gets with <.
func TestStates(t *testing.T) {
	const s, a, f, r = packet.SYN, packet.ACK, packet.FIN, packet.RST
	type seen struct {
		out   bool
		flags packet.TCPFlags
		fate  emu.Fate
	}
	out := func(flags packet.TCPFlags) seen { return seen{true, flags, emu.Delivered} }
	in := func(flags packet.TCPFlags) seen { return seen{false, flags, emu.Delivered} }
	tcp, udp := packet.MustParseFlow("tcp 10.0.1.4:40000 > 10.0.2.4:80"), packet.MustParseFlow("udp 10.0.1.4:40000 > 10.0.2.4:53")
	for _, c := range []struct {
		name string
		flow packet.Flow
		seen []seen
		want string
	}{
		{"no answer", tcp, []seen{out(s)}, "asking"},
		{"dropped", tcp, []seen{{true, s, emu.Dropped}}, "dropped"},
		{"unknown", tcp, []seen{{true, s, emu.Unknown}}, "unknown"},
		{"handshake", tcp, []seen{out(s), in(s | a), out(a)}, "established"},
		{"dropped later", tcp, []seen{out(s), in(s | a), {true, a, emu.Dropped}}, "established"},
		{"one side ends", tcp, []seen{out(s), in(s | a), out(f | a)}, "closing"},
		{"both end", tcp, []seen{out(s), in(s | a), out(f | a), in(f | a)}, "closed"},
		{"refused", tcp, []seen{out(s), in(r | a)}, "reset"},
		{"a datagram", udp, []seen{out(0)}, "asking"},
		{"and an answer", udp, []seen{out(0), in(0)}, "answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen traffic
			now := time.Unix(1000, 0)
			for _, p := range c.seen {
				if p.out {
					seen.sent([]flowOf{{c.flow, p.flags, 40}}, []emu.Result{{Fate: p.fate}}, now)
				} else {
					seen.received([][]byte{packet.Spec{Flow: c.flow.Reverse(), Flags: p.flags}.Bytes()}, now)
				}
			}
			flows := seen.flows("web-1", now)
			if assert.Len(t, flows, 1) {
				assert.Equal(t, c.want, flows[0].State)
				assert.Equal(t, uint64(len(c.seen)), flows[0].Packets)
			}
			assert.Len(t, seen.flows("web-1", now.Add(forgetAfter)), 1)
			assert.Empty(t, seen.flows("web-1", now.Add(forgetAfter+1)))
			assert.Empty(t, seen.talks, "forgotten")
		})
	}
}

// TestAnswersAreNoFlows: who only answers has begun nothing.
func TestAnswersAreNoFlows(t *testing.T) {
	var seen traffic
	f := packet.MustParseFlow("udp 10.0.1.4:40000 > 10.0.2.4:53")
	seen.received([][]byte{packet.Spec{Flow: f}.Bytes()}, time.Unix(1000, 0))
	seen.sent([]flowOf{{f.Reverse(), 0, 40}}, []emu.Result{{Fate: emu.Delivered}}, time.Unix(1000, 0))
	assert.Empty(t, seen.flows("db-1", time.Unix(1000, 0)))
}

// TestTrafficIsBounded: a guest that scans fills no memory.
func TestTrafficIsBounded(t *testing.T) {
	var seen traffic
	f := packet.MustParseFlow("udp 10.0.1.4:40000 > 10.0.2.4:53")
	for range mostTalks + 10 {
		f.Dst = f.Dst.Next()
		seen.sent([]flowOf{{f, 0, 40}}, []emu.Result{{Reason: emu.SGIngress}}, time.Unix(1000, 0))
	}
	assert.Len(t, seen.talks, mostTalks)
	assert.Len(t, seen.drops, mostDrops)

	later := time.Unix(1000, 0).Add(forgetAfter + time.Second)
	seen.sent([]flowOf{{f, 0, 40}}, []emu.Result{{Fate: emu.Delivered}}, later)
	assert.Len(t, seen.talks, 1, "those of long ago make room")
}

func TestRates(t *testing.T) {
	var l looks
	at := func(bytes uint64, seconds float64) float64 {
		flows := []Flow{{Host: "a", Bytes: bytes}}
		l.rates(flows, time.Unix(1000, 0).Add(time.Duration(seconds*float64(time.Second))))
		return flows[0].Rate
	}
	assert.Zero(t, at(1000, 0), "seen for the first time")
	assert.Equal(t, 8000.0, at(2000, 1))
	assert.Equal(t, 8000.0, at(9000, 1.1), "too soon to say")
	assert.Equal(t, 4000.0, at(3000, 3))
	assert.Zero(t, at(3000, 4))
	assert.Zero(t, at(1000, 5), "begun anew, on a host that is new or after it was forgotten")
	assert.Equal(t, 8000.0, at(2000, 6))
}
