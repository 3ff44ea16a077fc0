package bench

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// changing is a large network that is about to change, and a client that sends to a
// server in it, over a thousand connections in turn.
type changing struct {
	e       *emu.Emulator
	client  *emu.Port
	packets [][]byte // of established connections, one each
	next    int
	count   int // of changes
	vpcs    int
}

func newChanging(b *testing.B, interfaces int) *changing {
	n := Large(interfaces).Network()
	v := n.VPCs[0]
	v.AddNetworkACL("edge").AllowIn(100, "tcp", "0.0.0.0/0").AllowOut(100, "tcp", "0.0.0.0/0")
	v.Subnets[0].UseNetworkACL("edge")
	v.AddSecurityGroup("pair").AllowIn("tcp/5432", "pair").AllowOut("tcp/5432", "pair")
	v.Subnets[0].AddInterface("client", "", "pair")
	v.Subnets[1].AddInterface("server", "", "pair")
	e, err := emu.New(n, emu.Options{})
	require.NoError(b, err)
	c := &changing{e: e, vpcs: len(n.VPCs)}
	now := e.Network()
	f := packet.Flow{Src: addressOf(now, "client"), Dst: addressOf(now, "server"), DstPort: 5432, Proto: packet.TCP}
	server, err := e.Port("server")
	require.NoError(b, err)
	c.client, err = e.Port("client")
	require.NoError(b, err)
	for i := range 1000 {
		f.SrcPort = uint16(40_000 + i)
		require.Equal(b, emu.Delivered, c.client.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes()).Fate)
		require.Equal(b, emu.Delivered, server.Send(packet.Spec{Flow: f.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes()).Fate)
		c.packets = append(c.packets, packet.Spec{Flow: f, Flags: packet.ACK}.Bytes())
	}
	return c
}

func addressOf(n *vpc.Network, name string) netip.Addr { return n.Interface(name).Addresses[0].IP }

func (c *changing) send() {
	if c.next++; c.next == len(c.packets) {
		c.next = 0
	}
	if c.client.Send(c.packets[c.next]).Fate != emu.Delivered {
		panic("the packet was not delivered")
	}
}

// changes are the kinds of change. Each is another one every time.
func (c *changing) changes() map[string]func() error {
	return map[string]func() error{
		"rule": func() error {
			return c.e.UpdateSecurityGroup("vpc-0/g-0", func(g *vpc.SecurityGroup) error {
				g.Ingress[len(g.Ingress)-1].Service.From, g.Ingress[len(g.Ingress)-1].Service.To = 20_000+c.count%1000, 20_000+c.count%1000
				return nil
			})
		},
		"entry": func() error {
			return c.e.UpdateNetworkACL("vpc-0/edge", func(a *vpc.NetworkACL) error {
				a.Egress[0].Number = 100 + c.count%1000
				return nil
			})
		},
		"interface": func() error {
			id, v := fmt.Sprintf("new-%d", c.count), c.count%c.vpcs
			return c.e.AddInterface(fmt.Sprintf("vpc-%d/subnet-%d-1", v, v), &vpc.Interface{ID: id, Name: id, Groups: []string{"g-1", "g-2"}})
		},
		"removal": func() error { return c.e.RemoveInterface(fmt.Sprintf("eni-%d", c.count)) },
		"any": func() error {
			return c.e.Update(func(n *vpc.Network) error {
				n.VPCs[0].SecurityGroups[0].Ingress[0].Service.From = 1024 + c.count%100
				n.VPCs[0].SecurityGroups[0].Ingress[0].Service.To = 30_000
				return nil
			})
		},
	}
}

// BenchmarkUpdate is the time from a change to the packet that sees it.
func BenchmarkUpdate(b *testing.B) {
	for _, interfaces := range []int{10_000, 100_000} {
		if testing.Short() && interfaces > 10_000 {
			continue
		}
		c := newChanging(b, interfaces)
		all := c.changes()
		for _, name := range []string{"rule", "entry", "interface", "removal", "any"} {
			b.Run(fmt.Sprintf("interfaces=%d/change=%s", interfaces, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.count++
					if err := all[name](); err != nil {
						b.Fatal(err)
					}
					c.send()
				}
			})
		}
	}
}

// BenchmarkUnderChanges is how long packets of a thousand established connections
// take while the network changes a thousand times a second: percentiles, of the time
// on the wall. After a change the next packet of each connection takes the stages.
func BenchmarkUnderChanges(b *testing.B) {
	c := newChanging(b, 100_000)
	all := c.changes()
	for _, name := range []string{"none", "rule", "interface"} {
		b.Run("interfaces=100000/change="+name, func(b *testing.B) {
			times := make([]time.Duration, 0, b.N)
			last := time.Now()
			var changing time.Duration
			made := 0
			for b.Loop() {
				before := time.Now()
				if name != "none" && before.Sub(last) > time.Millisecond {
					c.count++
					if err := all[name](); err != nil {
						b.Fatal(err)
					}
					last, before = before, time.Now()
					changing += before.Sub(last)
					made++
				}
				c.send()
				times = append(times, time.Since(before))
			}
			slices.Sort(times)
			for _, p := range []struct {
				unit string
				of   float64
			}{{"p50-ns", .5}, {"p99-ns", .99}, {"p99.9-ns", .999}, {"max-ns", 1}} {
				b.ReportMetric(float64(times[int(p.of*float64(len(times)-1))]), p.unit)
			}
			if made > 0 {
				b.ReportMetric(float64(changing.Microseconds())/float64(made), "µs/change")
				b.ReportMetric(float64(made), "changes")
			}
		})
	}
}

// BenchmarkHeap is what the operating system gives the heap until a network of a
// million interfaces is there: that of the description which is handed in, all that
// checking and compiling needs on the way, and what stays. It counts only if it is
// the first benchmark of a process.
func BenchmarkHeap(b *testing.B) {
	if testing.Short() {
		b.Skip("takes 2 GB")
	}
	size := Large(1_000_000)
	b.Run("interfaces=1000000", func(b *testing.B) {
		var e *emu.Emulator
		for b.Loop() {
			n := size.Network()
			var err error
			if e, err = emu.New(n, emu.Options{}); err != nil {
				b.Fatal(err)
			}
			runtime.KeepAlive(n)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/float64(size.Interfaces), "B/interface")
		runtime.KeepAlive(e)
	})
}
