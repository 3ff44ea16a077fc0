package netstack_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gvisor.dev/gvisor/pkg/refs"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestMain fails if a closed host has left a goroutine, or packets that nobody let go. A
// segment that gVisor is just taking in when its host closes it may keep: three objects
// each. What the link forgot would be one for each packet of the tests.
func TestMain(m *testing.M) {
	refs.SetLeakMode(refs.LeaksPanic)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if leaked := leakedObjects(); code == 0 && leaked > 0 {
			fmt.Println(leaked, "objects of packets have leaked")
			code = 1
		}
		os.Exit(code)
	}))
}

// leakedObjects is how many gVisor's check finds. It tells by a panic.
func leakedObjects() (n int) {
	defer func() {
		if found := recover(); found != nil {
			if _, err := fmt.Sscanf(fmt.Sprint(found), "Leak checking detected %d", &n); err != nil {
				panic(found)
			}
		}
	}()
	refs.DoLeakCheck()
	return 0
}

// sample is a VPC with both IP versions.
//
//	web-1 ──▶ db-1       tcp/80, udp/53 and ICMP
//	app-1 ──▶ nat-1 ──▶ the internet gateway ◀──▶ web-1
//	app-1 ──▶ s3-endpoint, and both to and from on-premises, 192.168.0.0/16, behind vgw
func sample() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw-1")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "igw")
	web := v.AddSubnet("web", "10.0.1.0/24", "2001:db8:1::/64").UseRouteTable("public")
	i := web.AddInterface("web-1", "10.0.1.10", "web").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1::10").AddAddress("10.0.1.11")
	i.Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.1.32/28")}
	v.AddSubnet("db", "10.0.2.0/24", "2001:db8:1:2::/64").AddInterface("db-1", "10.0.2.20", "db").AddAddress("2001:db8:1:2::20")
	v.AddNATGateway("nat-1", "web")
	v.AddRouteTable("private").AddRoute("0.0.0.0/0", "nat-1")
	v.AddSubnet("app", "10.0.3.0/24").UseRouteTable("private").AddInterface("app-1", "10.0.3.10", "web")
	n.AddPrefixList("pl-s3", "52.216.0.0/15")
	v.Gateways = append(v.Gateways,
		&vpc.Gateway{Kind: routing.GatewayEndpoint, ID: "s3-endpoint", Endpoint: &vpc.Endpoint{Service: "s3", PrefixList: "pl-s3", RouteTables: []string{"private"}}},
		&vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", VPN: &vpc.VPN{Connections: []*vpc.Link{
			{ID: "vpn-1", Static: true, Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("192.168.0.0/16")}}}}}})
	v.RouteTable("public").AddRoute("192.168.0.0/16", "vgw")
	v.RouteTable("private").AddRoute("192.168.0.0/16", "vgw")
	v.AddSecurityGroup("web").AllowOut("all", "0.0.0.0/0").AllowOut("all", "::/0")
	v.AddSecurityGroup("db").AllowIn("tcp/80", "web").AllowIn("udp/53", "web").AllowIn("icmp", "web")
	return &n
}

// event is a packet that was sent, and its size in bytes.
type event struct {
	emu.Event
	size int
}

// witness sees the packets of an emulator.
type witness struct {
	*emu.Emulator
	t    testing.TB
	mu   sync.Mutex
	seen []event
	news chan struct{} // something has been seen
}

func newEmulator(t testing.TB, n *vpc.Network, o emu.Options) *witness {
	t.Helper()
	w := &witness{t: t, news: make(chan struct{}, 1)}
	o.Observer.Packet = func(ev emu.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		size := len(ev.Bytes)
		ev.Bytes = nil
		w.seen = append(w.seen, event{ev, size})
		select {
		case w.news <- struct{}{}:
		default:
		}
	}
	e, err := emu.New(n, o)
	require.NoError(t, err)
	w.Emulator = e
	return w
}

// dropped is how many packets were dropped for a reason.
func (w *witness) dropped(r emu.Reason) (n int) {
	return w.count(func(ev event) bool { return ev.Result.Fate == emu.Dropped && ev.Result.Reason == r })
}

func (w *witness) count(is func(event) bool) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range w.seen {
		if is(ev) {
			n++
		}
	}
	return n
}

// wait waits until so many packets have been seen that are like it.
func (w *witness) wait(n int, is func(event) bool) {
	w.t.Helper()
	for late := time.After(patience); w.count(is) < n; {
		select {
		case <-w.news:
		case <-late:
			w.t.Fatalf("waiting for %d packets, %d have been seen, and %d others", n, w.count(is), w.count(func(ev event) bool { return !is(ev) }))
		}
	}
}

// never claims that something runs out of time, and that the network drops what it sends: it
// is tried again until that has been seen.
func (w *witness) never(t testing.TB, r emu.Reason, try func(context.Context) error) {
	t.Helper()
	for before := w.dropped(r); w.dropped(r) == before; {
		err := try(within(t, brief))
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout(), "%v", err)
	}
}

// to are packets of a protocol to a port.
func to(proto packet.Proto, port uint16) func(event) bool {
	return func(ev event) bool { return ev.Flow.Proto == proto && ev.Flow.DstPort == port }
}

func hostAt(t testing.TB, e *emu.Emulator, name string, o netstack.Options) *netstack.Host {
	t.Helper()
	h, err := netstack.New(e, name, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	return h
}

func listen(t testing.TB, h *netstack.Host, network, address string) net.Listener {
	t.Helper()
	l, err := h.Listen(network, address)
	require.NoError(t, err)
	return l
}

// echo sends back what comes over the connections of a listener.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			b := make([]byte, 1<<16)
			for {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				if _, err := c.Write(b[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// says sends a line over a connection and claims that it comes back.
func says(t testing.TB, c net.Conn, line string) {
	t.Helper()
	require.NoError(t, exchange(c, line, patience))
}

// exchange sends a line over a connection, and fails if it does not come back in time.
func exchange(c net.Conn, line string, limit time.Duration) error {
	if _, err := c.Write([]byte(line)); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	b := make([]byte, len(line))
	if n, err := io.ReadFull(c, b); err != nil {
		return fmt.Errorf("after %q: %w", b[:n], err)
	}
	if string(b) != line {
		return fmt.Errorf("%q came back as %q", line, b)
	}
	return nil
}

// patience is for what arrives, brief for what never does.
const (
	patience = 30 * time.Second
	brief    = 20 * time.Millisecond
)

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// comes is what comes next over a channel, in time.
func comes[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing comes")
	}
	return v
}

type addr = netip.Addr

func addrs(texts ...string) (all []addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}
