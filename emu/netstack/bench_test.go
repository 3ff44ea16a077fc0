//go:build unix

package netstack

import (
	"context"
	"io"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkTransfer moves 16 MiB over a TCP connection between two hosts, in turn over the
// emulator and over gVisor's own channel link, which carries packets from one stack to the
// other and does nothing with them. It reports the CPU time of both, of all cores, and the
// ratio.
func BenchmarkTransfer(b *testing.B) { compare(b, 16<<20, (*pair).transfer) }

// BenchmarkRequest sends one byte there and back 1,000 times.
func BenchmarkRequest(b *testing.B) { compare(b, 1000, (*pair).ask) }

// pair is a connection between two hosts.
type pair struct {
	client, server io.ReadWriter
}

func compare(b *testing.B, size int, work func(p *pair, b *testing.B, size int)) {
	links := [...]*pair{overEmulator(b), overChannel(b)}
	names := [...]string{"emulator-cpu-ms", "channel-cpu-ms"}
	var took [len(links)][]float64
	for b.Loop() {
		for k, p := range links {
			start := cpuTime(b)
			work(p, b, size)
			took[k] = append(took[k], (cpuTime(b) - start).Seconds())
		}
	}
	for k := range links {
		slices.Sort(took[k])
		b.ReportMetric(1000*took[k][len(took[k])/2], names[k])
	}
	b.ReportMetric(took[0][len(took[0])/2]/took[1][len(took[1])/2], "ratio")
}

// cpuTime is what the process has used.
func cpuTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func (p *pair) transfer(b *testing.B, size int) {
	done := make(chan error)
	go func() {
		_, err := io.CopyN(io.Discard, p.server, int64(size))
		done <- err
	}()
	data := make([]byte, 1<<17)
	for sent := 0; sent < size; sent += len(data) {
		if _, err := p.client.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, <-done)
}

func (p *pair) ask(b *testing.B, size int) {
	done := make(chan error)
	go func() {
		one := make([]byte, 1)
		for range size {
			if _, err := p.server.Read(one); err != nil {
				done <- err
				return
			}
			p.server.Write(one)
		}
		done <- nil
	}()
	one := make([]byte, 1)
	for range size {
		p.client.Write(one)
		if _, err := p.client.Read(one); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, <-done)
}

func overEmulator(b *testing.B) *pair {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSubnet("a", "10.0.1.0/24").AddInterface("a", "10.0.1.10", "a")
	v.AddSubnet("b", "10.0.2.0/24").AddInterface("b", "10.0.2.10", "b")
	v.AddSecurityGroup("a").AllowAllOut()
	v.AddSecurityGroup("b").AllowIn("tcp/80", "a")
	e, err := emu.New(&n, emu.Options{})
	require.NoError(b, err)
	var hosts [2]*Host
	for k, name := range []string{"a", "b"} {
		hosts[k], err = New(e, name, Options{})
		require.NoError(b, err)
		b.Cleanup(func() { hosts[k].Close() })
	}
	return connect(b, hosts)
}

// overChannel has hosts as New makes them, but for the link.
func overChannel(b *testing.B) *pair {
	var hosts [2]*Host
	var links [2]*channel.Endpoint
	ctx, cancel := context.WithCancel(context.Background())
	for k, a := range []string{"10.0.1.10", "10.0.2.10"} {
		links[k] = channel.New(queueLimits[0], emu.InterfaceMTU, "")
		links[k].SupportedGSOKind = stack.GVisorGSOSupported
		h := &Host{name: a, link: newLink(nil, emu.InterfaceMTU, newPaths(tcpip.NewStdClock()), queueLimits)}
		h.down, h.goDown = context.WithCancel(context.Background())
		require.NoError(b, h.start(links[k], Options{Addresses: []netip.Addr{netip.MustParseAddr(a)}}))
		hosts[k] = h
	}
	var done sync.WaitGroup
	for k, link := range links {
		done.Go(func() {
			for p := link.ReadContext(ctx); p != nil; p = link.ReadContext(ctx) {
				in := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: p.ToBuffer()})
				p.DecRef()
				links[1-k].InjectInbound(ipv4.ProtocolNumber, in)
				in.DecRef()
			}
		})
	}
	b.Cleanup(func() {
		for _, h := range hosts {
			h.goDown()
			h.stack.Close()
		}
		cancel()
		done.Wait()
		for _, h := range hosts {
			h.stack.Wait()
		}
	})
	return connect(b, hosts)
}

func connect(b *testing.B, hosts [2]*Host) *pair {
	l, err := hosts[1].Listen("tcp", ":80")
	require.NoError(b, err)
	c, err := hosts[0].Dial("tcp", "10.0.2.10:80")
	require.NoError(b, err)
	s, err := l.Accept()
	require.NoError(b, err)
	return &pair{c, s}
}
