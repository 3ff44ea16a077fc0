package tap

import (
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkIperf3 holds two hosts of a network that is up against two namespaces that
// Linux joins, with a third as the router between them and no filters, in turn:
//
//	up:     web-1 ─tap─▶ this process ─tap─▶ app-1
//	kernel:     a ─veth─▶ router ─veth─▶ b
//
//	go test ./emu/tap -run '^$' -bench 'Iperf3$' -benchtime 7x
func BenchmarkIperf3(b *testing.B) {
	needsIperf3(b)
	up := bring(b, "three-tier")
	kernel := routed(b)
	ways := []*way{
		upWay(b, "up", up),
		{name: "kernel", from: kernel[0], to: kernel[1], addr: "10.9.2.2"},
	}
	for _, c := range []struct{ name, args string }{
		{"tcp", "-n 2G"},
		{"tcp-mss-1460", "-n 1G -M 1460"},
		{"udp-1400", "-u -b 0 -l 1400 -n 200M"},
		{"udp-1400-paced", "-u -b 200M -l 1400 -n 50M"},
	} {
		b.Run(c.name, func(b *testing.B) { inTurn(b, ways, c.args) })
	}
}

// BenchmarkIperf3Pcap holds a network that is up against one that writes a capture of all
// packets, on both sides, and one that writes those that are dropped, which are none.
func BenchmarkIperf3Pcap(b *testing.B) {
	needsIperf3(b)
	var files []*os.File
	record := func(name string, f capture.Filter) *way {
		file, err := os.Create(filepath.Join(b.TempDir(), "out.pcapng"))
		require.NoError(b, err)
		files = append(files, file)
		b.Cleanup(func() { file.Close() })
		return upWay(b, name, bringObserved(b, "three-tier", capture.NewWriter(file, f).Observer()))
	}
	ways := []*way{
		upWay(b, "up", bring(b, "three-tier")),
		record("pcap", capture.Filter{}),
		record("pcap-dropped", capture.Filter{Views: []capture.View{capture.Dropped}}),
	}
	for _, c := range []struct{ name, args string }{
		{"tcp", "-n 256M"},
		{"tcp-mss-1460", "-n 128M -M 1460"},
	} {
		b.Run(c.name, func(b *testing.B) {
			inTurn(b, ways, c.args)
			for _, f := range files {
				require.NoError(b, f.Truncate(0))
			}
		})
	}
}

func needsIperf3(b *testing.B) {
	b.Helper()
	privileged(b)
	if _, err := exec.LookPath("iperf3"); err != nil {
		b.Skip("NOT RUN: needs iperf3")
	}
}

// way is from one namespace to another, and what was measured on it.
type way struct {
	name     string
	from, to *namespace
	addr     string
	measures
}

// upWay is the way from web-1 to app-1 of a network that is up, which it opens.
func upWay(b *testing.B, name string, up *Net) *way {
	b.Helper()
	require.NoError(b, up.Update(func(n *vpc.Network) error { n.SecurityGroup("app").AllowIn("all", "web"); return nil }))
	w := &way{name: name, addr: "10.0.2.4"}
	for _, r := range up.hosts {
		switch r.Name {
		case "web-1":
			w.from = r.ns
		case "app-1":
			w.to = r.ns
		}
	}
	return w
}

// inTurn measures several ways, one after the other in each round.
func inTurn(b *testing.B, ways []*way, args string) {
	for _, w := range ways {
		w.measures = measures{}
	}
	for b.Loop() {
		for _, w := range ways {
			w.add(iperf3(b, w.from, w.to, w.addr, args))
		}
	}
	for _, w := range ways {
		b.ReportMetric(median(w.rate)/1e9, w.name+"-Gbit/s")
		b.ReportMetric(median(w.cpu), w.name+"-cpu-s/GB")
	}
	b.ReportMetric(0, "ns/op")
}

// measures are of one way: bits per second by the wall, which says little on a busy
// machine, and seconds of CPU time per GB that arrives, of the client, the server,
// this process and the kernel on their behalf.
type measures struct{ rate, cpu []float64 }

func (m *measures) add(rate, cpu float64) {
	m.rate, m.cpu = append(m.rate, rate), append(m.cpu, cpu)
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// iperf3 runs it once.
func iperf3(b *testing.B, from, to *namespace, addr, args string) (rate, cpu float64) {
	b.Helper()
	start := func(ns *namespace, arg ...string) (c *exec.Cmd, out *strings.Builder) {
		c, out = exec.Command("iperf3", arg...), new(strings.Builder)
		c.Stdout = out
		require.NoError(b, ns.Do(c.Start))
		return c, out
	}
	server, _ := start(to, "-s", "-1", "-p", "8080")
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	for until := time.Now().Add(soon); ; {
		require.True(b, time.Now().Before(until), "iperf3 does not answer")
		before := ownTime(b)
		client, out := start(from, append([]string{"-c", addr, "-p", "8080", "-J"}, strings.Fields(args)...)...)
		_ = client.Wait()
		var report struct {
			End struct {
				Received struct {
					Bytes, Seconds float64
				} `json:"sum_received"`
			} `json:"end"`
		}
		if json.Unmarshal([]byte(out.String()), &report) != nil || report.End.Received.Bytes == 0 {
			continue // the server does not listen yet
		}
		_ = server.Wait()
		used := ownTime(b) - before
		for _, c := range []*exec.Cmd{client, server} {
			used += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		}
		r := report.End.Received
		return r.Bytes * 8 / r.Seconds, used.Seconds() / (r.Bytes / 1e9)
	}
}

// ownTime is the CPU time that this process has taken.
func ownTime(b *testing.B) time.Duration {
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// routed joins two namespaces by a third that forwards.
func routed(b *testing.B) [2]*namespace {
	b.Helper()
	var ends [2]*namespace
	router, err := newNamespace()
	require.NoError(b, err)
	b.Cleanup(func() { router.Close() })
	require.NoError(b, router.Do(func() error { return settings(true) }))
	for k := range ends {
		ends[k], err = newNamespace()
		require.NoError(b, err)
		b.Cleanup(func() { ends[k].Close() })
		near, far := []string{"to-a", "to-b"}[k], "eth0"
		gateway, host := netip.AddrFrom4([4]byte{10, 9, byte(k + 1), 1}), netip.AddrFrom4([4]byte{10, 9, byte(k + 1), 2})
		require.NoError(b, router.Do(func() error {
			l := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: near, MTU: emu.InterfaceMTU}, PeerName: far, PeerMTU: emu.InterfaceMTU, PeerNamespace: netlink.NsFd(ends[k].FD())}
			if err := netlink.LinkAdd(l); err != nil {
				return err
			}
			if err := netlink.AddrAdd(l, &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(gateway, 24))}); err != nil {
				return err
			}
			return netlink.LinkSetUp(l)
		}))
		require.NoError(b, ends[k].Do(func() error {
			d := Device{Name: far, Addresses: []netip.Prefix{netip.PrefixFrom(host, 24)}, Routers: []netip.Addr{gateway}}
			return d.configure(0, nil)
		}))
	}
	return ends
}
