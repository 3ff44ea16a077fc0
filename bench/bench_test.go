package bench

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// start compiles a network on a clock that stands still.
func start(tb testing.TB, n *vpc.Network) *emu.Emulator {
	tb.Helper()
	var clock emu.Clock
	e, err := emu.New(n, emu.Options{Now: clock.Now})
	require.NoError(tb, err)
	return e
}

func port(tb testing.TB, e *emu.Emulator, name string) *emu.Port {
	tb.Helper()
	p, err := e.Port(name)
	require.NoError(tb, err)
	return p
}

// established opens flows and returns one segment of each, in an order in which
// neighbours are neighbours in no table, and one after the other in memory, as in
// the ring of a network card.
func established(tb testing.TB, e *emu.Emulator, flows int) [][]byte {
	tb.Helper()
	client, server := port(tb, e, "app-1"), port(tb, e, "db-1")
	segments := make([][]byte, flows)
	var ring []byte
	send := func(from *emu.Port, f packet.Flow, flags packet.TCPFlags) {
		if r := from.Send(packet.Spec{Flow: f, Flags: flags}.Bytes()); r.Fate != emu.Delivered {
			tb.Fatal(f, r)
		}
	}
	for i := range segments {
		f := Flow(i * 7919 % flows) // a prime
		send(client, f, packet.SYN)
		send(server, f.Reverse(), packet.SYN|packet.ACK)
		send(client, f, packet.ACK)
		send(client, f, packet.ACK)
	}
	for i := range segments {
		b := packet.Spec{Flow: Flow(int(uint64(i) * 104_729 % uint64(flows))), Flags: packet.ACK}.Bytes()
		if cap(ring)-len(ring) < len(b) {
			ring = make([]byte, 0, 1<<20)
		}
		ring = append(ring, b...)
		segments[i] = ring[len(ring)-len(b):]
	}
	return segments
}

// BenchmarkForward is the whole path of a packet of an established connection
// between two subnets, with groups of 60 rules and network ACLs. The clock moves
// with every batch.
func BenchmarkForward(b *testing.B) {
	for _, flows := range []int{1_000, 100_000, 1_000_000, 10_000_000} {
		if flows > 1_000_000 && testing.Short() {
			continue
		}
		var clock emu.Clock
		var e *emu.Emulator
		var segments [][]byte
		prepare := func(b *testing.B) *emu.Port {
			if e == nil {
				var err error
				e, err = emu.New(Pair(60), emu.Options{Now: clock.Now})
				require.NoError(b, err)
				segments = established(b, e, flows)
			}
			return port(b, e, "app-1")
		}
		b.Run(fmt.Sprintf("rules=60/flows=%d/batch=32", flows), func(b *testing.B) {
			client := prepare(b)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; {
				at := i % len(segments)
				some := segments[at:min(at+32, len(segments))]
				client.SendBatch(some, nil)
				i += len(some)
				clock.Advance(time.Microsecond)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkts/s")
		})
		b.Run(fmt.Sprintf("rules=60/flows=%d/batch=1", flows), func(b *testing.B) {
			client := prepare(b)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				client.Send(segments[i%len(segments)])
				clock.Advance(30 * time.Nanosecond)
			}
		})
	}
}

func BenchmarkEstablished(b *testing.B) {
	for _, rules := range []int{2, 60} {
		for _, flows := range []int{1, 1_000, 50_000} {
			b.Run(fmt.Sprintf("rules=%d/flows=%d", rules, flows), func(b *testing.B) {
				e := start(b, Pair(rules))
				segments := established(b, e, flows)
				client := port(b, e, "app-1")
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					client.Send(segments[i])
					if i++; i == len(segments) {
						i = 0
					}
				}
			})
		}
	}
}

func TestEstablishedPathAllocatesNothing(t *testing.T) {
	e := start(t, Pair(60))
	segment := established(t, e, 1)[0]
	client := port(t, e, "app-1")
	var last emu.Result
	require.Zero(t, testing.AllocsPerRun(1000, func() { last = client.Send(segment) }))
	require.Equal(t, emu.Delivered, last.Fate)
}

func BenchmarkThroughInternetGateway(b *testing.B) {
	e := start(b, Pair(60))
	client := port(b, e, "app-1")
	f := packet.MustParseFlow("tcp 10.0.1.10:40000 > 203.0.113.9:443")
	client.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes())
	segment := packet.Spec{Flow: f, Flags: packet.ACK, Payload: make([]byte, 64)}.Bytes()
	work := make([]byte, len(segment))
	b.ReportAllocs()
	for b.Loop() {
		copy(work, segment) // the gateway rewrites the source
		client.Send(work)
	}
}

// BenchmarkNewFlow sends the first packet of a flow, again and again: a SYN from
// a new port each time, on a clock that lets old half-open flows idle out.
func BenchmarkNewFlow(b *testing.B) {
	for _, rules := range []int{2, 60} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			var clock emu.Clock
			e, err := emu.New(Pair(rules), emu.Options{Now: clock.Now})
			require.NoError(b, err)
			client := port(b, e, "app-1")
			syns := make([][]byte, 60_000)
			for i := range syns {
				syns[i] = packet.Spec{Flow: Flow(i), Flags: packet.SYN}.Bytes()
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				client.Send(syns[i])
				if i++; i == len(syns) {
					i = 0
					clock.Advance(time.Minute)
				}
			}
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, routes := range []int{5, 50, 1000} {
		b.Run(fmt.Sprintf("routes=%d", routes), func(b *testing.B) {
			var table []routing.Route
			for i := range routes {
				table = append(table, routing.Route{Destination: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, byte(16 + i>>8), byte(i), 0}), 24)})
			}
			fib := routing.Compile(table, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, nil)
			addrs := make([]netip.Addr, 1024)
			for i := range addrs {
				addrs[i] = netip.AddrFrom4([4]byte{172, byte(16 + i%routes>>8), byte(i % routes), 9})
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				fib.Lookup(addrs[i&1023])
				i++
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, rules := range []int{1, 60, 1000} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			n := Pair(rules)
			filter := firewall.NewFilter(firewall.CompileRules(n.SecurityGroup("app").Egress, nil))
			h := firewall.Header{Proto: 6, Port: 5432}
			remote := netip.MustParseAddr("10.0.2.20")
			require.Equal(b, firewall.Allowed, filter.Decide(h, remote, nil).Verdict)
			b.ReportAllocs()
			for b.Loop() {
				filter.Decide(h, remote, nil)
			}
		})
	}
}

func BenchmarkTrace(b *testing.B) {
	e := start(b, Pair(60))
	q := emu.Query{Source: "app-1", Destination: "db-1", Service: firewall.MustParseService("tcp/5432")}
	b.ReportAllocs()
	for b.Loop() {
		if t, err := e.Trace(q); err != nil || t.Verdict != emu.Reachable {
			b.Fatal(t, err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	n := Grid(10_000)
	require.NoError(b, n.Validate())
	require.NoError(b, n.Assign())
	b.Run("interfaces=10000/from=nothing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plan.Compile(n, nil)
		}
	})
	b.Run("interfaces=10000/from=previous", func(b *testing.B) {
		prev := plan.Compile(n, nil)
		b.ReportAllocs()
		for b.Loop() {
			plan.Compile(n, prev)
		}
	})
}
