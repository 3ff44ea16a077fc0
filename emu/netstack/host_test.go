package netstack_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
)

// TestClose: what waits for something at a host ends with it, and nothing begins later.
func TestClose(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
	before := goleak.IgnoreCurrent()
	l, idle := listen(t, db, "tcp", ":80"), listen(t, web, "tcp", ":80")
	c, err := web.DialContext(within(t, patience), "tcp", "10.0.2.20:80")
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	datagrams, err := web.ListenPacket("udp", ":53")
	require.NoError(t, err)
	ends := make(chan error)
	go func() { _, err := c.Read(make([]byte, 1)); ends <- err }()
	go func() { _, err := idle.Accept(); ends <- err }()
	go func() { _, _, err := datagrams.ReadFrom(make([]byte, 1)); ends <- err }()
	go func() { _, err := web.Dial("tcp", "10.0.2.20:81"); ends <- err }()
	e.wait(1, to(packet.TCP, 81))

	require.NoError(t, web.Close())
	for range 4 {
		assert.ErrorIs(t, comes(t, ends), net.ErrClosed)
	}
	_, err = s.Read(make([]byte, 1))
	assert.ErrorContains(t, err, "connection reset by peer")
	_, err = web.Dial("tcp", "10.0.2.20:80")
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = web.Dial("udp", "10.0.2.20:53")
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = web.Listen("tcp", ":80")
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = web.ListenPacket("udp", ":54")
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = c.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, web.Close(), "again")
	require.NoError(t, db.Close())
	require.NoError(t, goleak.Find(before))
}

// TestOneHostAtAPort: a host keeps its port until it is closed, whatever becomes of others that
// wanted it.
func TestOneHostAtAPort(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	before := goleak.IgnoreCurrent()
	web, err := netstack.New(e.Emulator, "web-1", netstack.Options{})
	require.NoError(t, err)
	db, err := netstack.New(e.Emulator, "db-1", netstack.Options{})
	require.NoError(t, err)
	go echo(listen(t, db, "tcp", ":80"))
	for _, c := range []struct {
		name  string
		given []addr
		fails string
	}{
		{"a second host", nil, "netstack: db-1 has a host already, which has not been closed"},
		{"one that cannot be", addrs("10.0.2.20", "10.0.2.20"), "netstack: db-1: address 10.0.2.20: duplicate address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := netstack.New(e.Emulator, "db-1", netstack.Options{Addresses: c.given})
			require.EqualError(t, err, c.fails)
			conn, err := web.DialContext(within(t, patience), "tcp", "10.0.2.20:80")
			require.NoError(t, err)
			says(t, conn, "hello")
		})
	}
	require.NoError(t, db.Close())
	next, err := netstack.New(e.Emulator, "db-1", netstack.Options{})
	require.NoError(t, err)
	require.NoError(t, db.Close(), "again, which is not the next one's business")
	go echo(listen(t, next, "tcp", ":80"))
	conn, err := web.DialContext(within(t, patience), "tcp", "10.0.2.20:80")
	require.NoError(t, err)
	says(t, conn, "hello")
	require.NoError(t, next.Close())
	require.NoError(t, web.Close())
	require.NoError(t, goleak.Find(before))
}

// TestNew: a host has the addresses of its interface, which must be one, or those that it
// is given.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		name, at string
		given    []addr
		want     []addr
		fails    string
	}{
		{"an interface", "web-1", nil, addrs("10.0.1.10", "2001:db8:1::10", "10.0.1.11"), ""},
		{"some of an interface's", "web-1", addrs("10.0.1.11"), addrs("10.0.1.11"), ""},
		{"the internet", "internet", addrs("203.0.113.80", "203.0.113.81"), addrs("203.0.113.80", "203.0.113.81"), ""},
		{"the internet, without any", "internet", nil, nil, "netstack: internet is no interface: which addresses does the host have?"},
		{"one address twice", "internet", addrs("203.0.113.80", "203.0.113.80"), nil, "netstack: internet: address 203.0.113.80: duplicate address"},
		{"nobody", "web-2", nil, nil, "web-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, sample(), emu.Options{})
			h, err := netstack.New(e.Emulator, c.at, netstack.Options{Addresses: c.given})
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			defer h.Close()
			assert.ElementsMatch(t, c.want, h.Addresses())
		})
	}
}

// TestNewRefuses what no host can have.
func TestNewRefuses(t *testing.T) {
	four := addrs("203.0.113.80")
	for _, c := range []struct {
		name  string
		given []addr
		mtu   int
		fails string
	}{
		{"an MTU below zero", four, -1, "MTU -1: not from 68 to 65535 bytes"},
		{"an MTU that no IP packet fits in", four, 10, "MTU 10: not from 68 to 65535 bytes"},
		{"just too small", four, 67, "MTU 67: not from 68 to 65535 bytes"},
		{"the smallest", four, 68, ""},
		{"too small for IPv6", addrs("203.0.113.80", "2001:db8:ffff::80"), 1279, "MTU 1279: not from 1280 to 65535 bytes"},
		{"the smallest for IPv6", addrs("203.0.113.80", "2001:db8:ffff::80"), 1280, ""},
		{"IPv4 written as IPv6", addrs("::ffff:203.0.113.80"), 68, ""},
		{"the largest", four, 65535, ""},
		{"larger than a packet can be", four, 65536, "MTU 65536: not from 68 to 65535 bytes"},
		{"no address", []addr{{}}, 0, "address invalid IP: no host has that"},
		{"an address that is everywhere", addrs("0.0.0.0"), 0, "address 0.0.0.0: no host has that"},
		{"an address that every host has", addrs("::1"), 0, "address ::1: no host has that"},
		{"multicast", addrs("224.0.0.1"), 0, "address 224.0.0.1: no host has that"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, sample(), emu.Options{})
			h, err := netstack.New(e.Emulator, "internet", netstack.Options{Addresses: c.given, MTU: c.mtu})
			if c.fails != "" {
				require.EqualError(t, err, "netstack: internet: "+c.fails)
				return
			}
			require.NoError(t, err)
			require.NoError(t, h.Close())
		})
	}
}

// TestAnyAddressOutside: a host on no interface takes the address that it is to listen or
// dial at, and is silent at others.
func TestAnyAddressOutside(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	internet := hostAt(t, e.Emulator, "internet", netstack.Options{Addresses: addrs("203.0.113.80")})
	go echo(listen(t, internet, "tcp", "203.0.113.90:80"))
	c, err := web.DialContext(within(t, patience), "tcp", "203.0.113.90:80")
	require.NoError(t, err)
	says(t, c, "hello")
	_, err = web.DialContext(within(t, brief), "tcp", "203.0.113.91:80")
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	require.NoError(t, c.Close())
	other := netip.MustParseAddr("203.0.113.92")
	e.never(t, emu.SGIngress, func(ctx context.Context) error {
		_, err := internet.From(other).DialContext(ctx, "tcp", "198.51.100.10:22")
		return err
	})
	assert.Contains(t, internet.Addresses(), other)
	assert.Positive(t, e.count(func(ev event) bool { return ev.Flow.Src == other }))
}

// TestREADME: the code of README.md is that of the example.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	lines := 0
	for block := range strings.SplitSeq(string(readme), "```") {
		if !strings.Contains(block, "netstack.New(") {
			continue
		}
		for line := range strings.SplitSeq(strings.TrimPrefix(block, "go\n"), "\n") {
			code, _, _ := strings.Cut(line, " // ")
			assert.Contains(t, string(example), code)
			lines++
		}
	}
	assert.Greater(t, lines, 10)
}
