package netstack_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
)

func TestDial(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
	go echo(listen(t, db, "tcp", ":80"))
	go echo(listen(t, db, "tcp", ":81"))
	go echo(listen(t, web, "tcp", "127.0.0.1:90"))
	for _, c := range []struct {
		name, network, address string
		want                   error // nil: it connects
		message                string
	}{
		{"IPv4", "tcp", "10.0.2.20:80", nil, ""},
		{"IPv6", "tcp", "[2001:db8:1:2::20]:80", nil, ""},
		{"a name", "tcp", "db-1.ec2.internal:80", nil, ""},
		{"a name with a dot at its end", "tcp", "db-1.ec2.internal.:80", nil, ""},
		{"a name, IPv4", "tcp4", "db-1.ec2.internal:80", nil, ""},
		{"a name, IPv6", "tcp6", "db-1.ec2.internal:80", nil, ""},
		{"a port by name", "tcp", "10.0.2.20:http", nil, ""},
		{"the host itself", "tcp", "127.0.0.1:90", nil, ""},
		{"the host itself, by name", "tcp", "localhost:90", nil, ""},
		{"the host itself, by name, IPv4", "tcp4", "LocalHost.:90", nil, ""},
		{"the host itself, by name, where nobody listens", "tcp4", "localhost:80", syscall.ECONNREFUSED, "dial tcp4 127.0.0.1:80: connect: connection refused"},
		{"a name that nobody has", "tcp", "db-2.ec2.internal:80", nil, "dial tcp: lookup db-2.ec2.internal on 10.0.0.2:53: no such host"},
		{"the host itself, where nobody listens", "tcp", "127.0.0.1:80", syscall.ECONNREFUSED, "dial tcp 127.0.0.1:80: connect: connection refused"},
		{"the host itself, by its address", "tcp", "10.0.1.10:90", syscall.ECONNREFUSED, "dial tcp 10.0.1.10:90: connect: connection refused"},
		{"a listener that the group hides", "tcp", "10.0.2.20:81", context.DeadlineExceeded, "dial tcp 10.0.2.20:81: context deadline exceeded"},
		{"the same over IPv6", "tcp", "[2001:db8:1:2::20]:81", context.DeadlineExceeded, "dial tcp [2001:db8:1:2::20]:81: context deadline exceeded"},
		{"the wrong IP version", "tcp6", "10.0.2.20:80", nil, "dial tcp6: address 10.0.2.20: no suitable address"},
		{"no port", "tcp", "10.0.2.20", nil, "dial tcp: address 10.0.2.20: missing port in address"},
		{"no network", "tls", "10.0.2.20:80", nil, "dial tls: unknown network tls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := patience
			if c.want == context.DeadlineExceeded {
				limit = brief
			}
			conn, err := web.DialContext(within(t, limit), c.network, c.address)
			if c.want == nil && c.message == "" {
				require.NoError(t, err)
				says(t, conn, "hello")
				assert.NoError(t, conn.Close())
				return
			}
			require.Error(t, err)
			assert.Equal(t, c.message, err.Error())
			if c.want != nil {
				assert.ErrorIs(t, err, c.want)
			}
			var op *net.OpError
			require.ErrorAs(t, err, &op)
			assert.Equal(t, []any{"dial", c.network}, []any{op.Op, op.Net})
			assert.Equal(t, c.want == context.DeadlineExceeded, op.Timeout())
		})
	}
	e.never(t, emu.SGIngress, func(ctx context.Context) error {
		_, err := web.DialContext(ctx, "tcp", "10.0.2.20:81")
		return err
	})
}

// TestRefusals: whoever may ask is refused where nobody listens or nobody listens any
// more; whoever may not, hears nothing.
func TestRefusals(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
	refused := func() {
		_, err := web.DialContext(within(t, patience), "tcp", "10.0.2.20:80")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
	refused()
	l := listen(t, db, "tcp", ":80")
	accepted := make(chan error)
	go func() { _, err := l.Accept(); accepted <- err }()
	c, err := web.DialContext(within(t, patience), "tcp", "10.0.2.20:80")
	require.NoError(t, err)
	require.NoError(t, comes(t, accepted))
	go func() { _, err := l.Accept(); accepted <- err }()
	require.NoError(t, l.Close())
	assert.ErrorIs(t, comes(t, accepted), net.ErrClosed)
	assert.ErrorIs(t, l.Close(), net.ErrClosed)
	refused()
	require.NoError(t, c.Close())
	_, err = db.Listen("tcp", ":80") // while a connection from before is there
	assert.NoError(t, err)
	_, err = db.Listen("tcp", ":80")
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
	assert.EqualError(t, err, "listen tcp :80: bind: address already in use")
}

// TestConnectionErrors are those of package net.
func TestConnectionErrors(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
	l := listen(t, db, "tcp", ":80")
	pair := func() (client, server net.Conn) {
		client, err := web.DialContext(within(t, patience), "tcp", "10.0.2.20:80")
		require.NoError(t, err)
		server, err = l.Accept()
		require.NoError(t, err)
		return client, server
	}
	b := make([]byte, 1)
	t.Run("a deadline", func(t *testing.T) {
		c, _ := pair()
		require.NoError(t, c.SetReadDeadline(time.Now().Add(brief)))
		_, err := c.Read(b)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.EqualError(t, err, "read tcp "+c.LocalAddr().String()+"->10.0.2.20:80: i/o timeout")
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(-time.Second)))
		_, err = c.Write(b)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
	t.Run("closed here, while it reads", func(t *testing.T) {
		c, _ := pair()
		got := make(chan error)
		go func() { _, err := c.Read(b); got <- err }()
		require.NoError(t, c.Close())
		assert.ErrorIs(t, comes(t, got), net.ErrClosed)
		_, err := c.Write(b)
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, c.Close(), net.ErrClosed)
		assert.Equal(t, "10.0.2.20:80", c.RemoteAddr().String(), "which it keeps")
	})
	t.Run("closed there", func(t *testing.T) {
		c, s := pair()
		require.NoError(t, s.Close())
		_, err := c.Read(b)
		assert.EqualError(t, err, "EOF")
	})
	t.Run("half closed", func(t *testing.T) {
		c, s := pair()
		require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
		_, err := s.Read(b)
		assert.EqualError(t, err, "EOF")
		_, err = s.Write(b)
		require.NoError(t, err)
		_, err = c.Read(b)
		assert.NoError(t, err)
	})
	t.Run("the other host goes down", func(t *testing.T) {
		c, _ := pair()
		require.NoError(t, db.Close())
		_, err := c.Read(b)
		assert.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

// TestAddresses: a host speaks from the addresses that it has, and takes those that it may
// have; the emulator would drop others.
func TestAddresses(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
	for _, c := range []struct {
		name, from, to string
		ok             bool
	}{
		{"the primary one", "10.0.1.10", "10.0.2.20:80", true},
		{"a secondary one", "10.0.1.11", "10.0.2.20:80", true},
		{"of a delegated prefix", "10.0.1.33", "10.0.2.20:80", true},
		{"the next one", "10.0.1.48", "10.0.2.20:80", false},
		{"IPv6", "2001:db8:1::10", "[2001:db8:1:2::20]:80", true},
		{"somebody else's", "10.0.2.20", "10.0.2.20:80", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, db, "tcp", ":80")
			defer l.Close()
			conn, err := web.From(netip.MustParseAddr(c.from)).DialContext(within(t, patience), "tcp", c.to)
			if !c.ok {
				assert.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
				_, err = web.Listen("tcp", netip.AddrPortFrom(netip.MustParseAddr(c.from), 99).String())
				assert.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.from, conn.LocalAddr().(*net.TCPAddr).IP.String())
			seen, err := l.Accept()
			require.NoError(t, err)
			assert.Equal(t, conn.LocalAddr().String(), netip.AddrPortFrom(seen.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap(), uint16(seen.RemoteAddr().(*net.TCPAddr).Port)).String())
		})
	}
}

// TestHappyEyeballs: of a name with both kinds of addresses that which the network lets
// through is used, also if the other is only silent.
func TestHappyEyeballs(t *testing.T) {
	for _, c := range []struct {
		name, open, want string
	}{
		{"both", "tcp/80 web", "2001:db8:1:2::20"},
		{"IPv4 alone", "tcp/80 10.0.1.0/24", "10.0.2.20"},
		{"IPv6 alone", "tcp/80 2001:db8:1::/64", "2001:db8:1:2::20"},
		{"neither", "tcp/81 web", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := sample()
			service, peer, _ := strings.Cut(c.open, " ")
			n.SecurityGroup("db").Ingress = nil
			n.SecurityGroup("db").AllowIn(service, peer)
			e := newEmulator(t, n, emu.Options{})
			web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
			go echo(listen(t, db, "tcp", ":80"))
			limit := patience
			switch c.name {
			case "both":
				defer netstack.SetHeadStart(patience)() // however slow this machine is
			case "neither":
				limit = 500 * time.Millisecond
			}
			conn, err := web.DialContext(within(t, limit), "tcp", "db-1.ec2.internal:80")
			if c.want == "" {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, conn.RemoteAddr().(*net.TCPAddr).IP.String())
		})
	}
}

// TestOneOfSeveralAddresses: of a name with a silent address first, that one has its share
// of the time and not all of it.
func TestOneOfSeveralAddresses(t *testing.T) {
	n := sample()
	e := newEmulator(t, n, emu.Options{Names: func(string) []addr { return addrs("10.0.2.99", "10.0.2.20") }})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
	go echo(listen(t, db, "tcp", ":80"))
	c, err := web.DialContext(within(t, 3*time.Second), "tcp", "two.example.com:80")
	require.NoError(t, err)
	assert.Equal(t, "10.0.2.20:80", c.RemoteAddr().String())
	assert.Positive(t, e.dropped(emu.NoSuchAddress), "it was tried")
}

// TestCancelledDial ends at once and leaves nothing that would connect later.
func TestCancelledDial(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { _, err := web.DialContext(ctx, "tcp", "10.0.2.20:81"); done <- err }()
	e.wait(1, to(packet.TCP, 81))
	cancel()
	err := comes(t, done)
	assert.ErrorIs(t, err, context.Canceled)
	assert.False(t, errors.Is(err, context.DeadlineExceeded))
}

// TestDialTooLate: with a context that has ended nothing is dialled, no UDP socket either.
func TestDialTooLate(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, network := range []string{"tcp", "udp"} {
		_, err := web.DialContext(ctx, network, "10.0.2.20:80")
		assert.ErrorIs(t, err, context.Canceled, network)
		_, err = new(net.Dialer).DialContext(ctx, network, "127.0.0.1:80")
		assert.ErrorIs(t, err, context.Canceled, "package net, "+network)
	}
	assert.Zero(t, e.count(func(event) bool { return true }))
}
