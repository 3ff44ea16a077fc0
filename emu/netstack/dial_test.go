package netstack_test

import (
	"context"
	"errors"
	"fmt"
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
	require.NoError(t, <-accepted)
	go func() { _, err := l.Accept(); accepted <- err }()
	require.NoError(t, l.Close())
	assert.ErrorIs(t, <-accepted, net.ErrClosed)
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
		assert.ErrorIs(t, <-got, net.ErrClosed)
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

func TestUDP(t *testing.T) {
	for _, c := range []struct{ name, network, at, to string }{
		{"IPv4", "udp4", "10.0.2.20:53", "10.0.2.20:53"},
		{"IPv4, to a socket for both", "udp", ":53", "10.0.2.20:53"},
		{"IPv6, to a socket for both", "udp", ":53", "[2001:db8:1:2::20]:53"},
		{"IPv6", "udp6", ":53", "[2001:db8:1:2::20]:53"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, sample(), emu.Options{})
			web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
			server, err := db.ListenPacket(c.network, c.at)
			require.NoError(t, err)
			client, err := web.DialContext(within(t, patience), "udp", c.to)
			require.NoError(t, err)
			_, err = client.Write([]byte("question"))
			require.NoError(t, err)
			require.NoError(t, server.SetDeadline(time.Now().Add(patience)))
			require.NoError(t, client.SetDeadline(time.Now().Add(patience)))
			b := make([]byte, 100)
			n, from, err := server.ReadFrom(b)
			require.NoError(t, err)
			assert.Equal(t, "question", string(b[:n]))
			_, err = server.WriteTo([]byte("answer"), from)
			require.NoError(t, err)
			n, err = client.Read(b)
			require.NoError(t, err)
			assert.Equal(t, "answer", string(b[:n]))

			a := from.(*net.UDPAddr).AddrPort()
			_, err = server.WriteTo([]byte("again"), net.UDPAddrFromAddrPort(netip.AddrPortFrom(a.Addr().Unmap(), a.Port())))
			require.NoError(t, err)
			n, err = client.Read(b)
			require.NoError(t, err)
			assert.Equal(t, "again", string(b[:n]))

			_, err = server.WriteTo(nil, new(net.TCPAddr))
			assert.Error(t, err)
			require.NoError(t, server.Close())
			_, _, err = server.ReadFrom(b)
			assert.ErrorIs(t, err, net.ErrClosed)
		})
	}
}

// TestUDPRefused: where nobody listens the host says so, and the group lets that back in as
// about a tracked flow (SG-45).
func TestUDPRefused(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	hostAt(t, e.Emulator, "db-1", netstack.Options{})
	c, err := web.DialContext(within(t, patience), "udp", "10.0.2.20:53")
	require.NoError(t, err)
	_, err = c.Write([]byte("question"))
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	_, err = c.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestWriteToErrors are those of package net, of a socket of the machine's beside it.
func TestWriteToErrors(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	ours, err := web.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	connected, err := web.Dial("udp4", ours.LocalAddr().String())
	require.NoError(t, err)
	theirs, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer theirs.Close()
	theirsConnected, err := net.Dial("udp4", theirs.LocalAddr().String())
	require.NoError(t, err)
	defer theirsConnected.Close()
	for _, c := range []struct {
		name         string
		ours, theirs net.PacketConn
		to           net.Addr
		want         string
	}{
		{"nobody", ours, theirs, nil, "invalid argument"},
		{"no UDP address", ours, theirs, (*net.UDPAddr)(nil), "missing address"},
		{"a TCP address", ours, theirs, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 53}, "invalid argument"},
		{"another peer", connected.(net.PacketConn), theirsConnected.(net.PacketConn), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 53}, "use of WriteTo with pre-connected connection"},
		{"no peer, of a socket that has one", connected.(net.PacketConn), theirsConnected.(net.PacketConn), (*net.UDPAddr)(nil), "use of WriteTo with pre-connected connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for whose, conn := range map[string]net.PacketConn{"ours": c.ours, "package net's": c.theirs} {
				_, err := conn.WriteTo([]byte("x"), c.to)
				var op *net.OpError
				require.ErrorAs(t, err, &op, whose)
				assert.EqualError(t, op.Err, c.want, whose)
				assert.NotEmpty(t, op.Error(), whose)
			}
		})
	}
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
			if c.want == "" {
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
	err := <-done
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

// TestListen: a listener takes connections at its address and of its IP version, and
// refuses elsewhere.
func TestListen(t *testing.T) {
	for _, c := range []struct {
		name, network, at string
		takes             []string
		refuses           []string
	}{
		{"everywhere", "tcp", ":80", []string{"10.0.2.20", "2001:db8:1:2::20"}, nil},
		{"every IPv4 address", "tcp4", ":80", []string{"10.0.2.20"}, []string{"2001:db8:1:2::20"}},
		{"every IPv6 address", "tcp6", ":80", []string{"2001:db8:1:2::20"}, []string{"10.0.2.20"}},
		{"every address, written out", "tcp", "[::]:80", []string{"10.0.2.20", "2001:db8:1:2::20"}, nil},
		{"every address, as package net has it", "tcp", "0.0.0.0:80", []string{"10.0.2.20", "2001:db8:1:2::20"}, nil},
		{"every IPv4 address, written out", "tcp4", "0.0.0.0:80", []string{"10.0.2.20"}, []string{"2001:db8:1:2::20"}},
		{"one address", "tcp", "10.0.2.20:80", []string{"10.0.2.20"}, []string{"2001:db8:1:2::20"}},
		{"the host itself", "tcp", "127.0.0.1:80", nil, []string{"10.0.2.20", "2001:db8:1:2::20"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, sample(), emu.Options{})
			web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
			go echo(listen(t, db, c.network, c.at))
			for _, to := range c.takes {
				conn, err := web.DialContext(within(t, patience), "tcp", net.JoinHostPort(to, "80"))
				require.NoError(t, err)
				says(t, conn, "hello")
			}
			for _, to := range c.refuses {
				_, err := web.DialContext(within(t, patience), "tcp", net.JoinHostPort(to, "80"))
				assert.ErrorIs(t, err, syscall.ECONNREFUSED, to)
			}
		})
	}
}

// TestListenTwice: two listeners may not take the same connections, whichever comes first. At
// loopback addresses package net is asked the same.
func TestListenTwice(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	type listens func(network, address string) (net.Listener, error)
	all := map[string]listens{"ours": web.Listen}
	if six, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		require.NoError(t, six.Close())
		all["package net"] = net.Listen
	}
	type at struct{ network, host string }
	for _, c := range []struct {
		name string
		a, b at
		ok   bool
	}{
		{"the same address", at{"tcp", "127.0.0.1"}, at{"tcp", "127.0.0.1"}, false},
		{"everywhere and an address", at{"tcp", ""}, at{"tcp", "127.0.0.1"}, false},
		{"everywhere, written as IPv4, and an IPv6 address", at{"tcp", "0.0.0.0"}, at{"tcp", "::1"}, false},
		{"every IPv4 address and one", at{"tcp4", ""}, at{"tcp", "127.0.0.1"}, false},
		{"everywhere and every IPv4 address", at{"tcp", ""}, at{"tcp4", ""}, false},
		{"every IPv4 address and an IPv6 address", at{"tcp4", ""}, at{"tcp", "::1"}, true},
		{"every IPv6 address and an IPv4 address", at{"tcp6", ""}, at{"tcp", "127.0.0.1"}, true},
		{"every IPv4 address and every IPv6 address", at{"tcp4", ""}, at{"tcp6", ""}, true},
		{"two addresses", at{"tcp", "127.0.0.1"}, at{"tcp", "::1"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			twice := func(listen listens, a, b at) error {
				first, err := listen(a.network, net.JoinHostPort(a.host, "0"))
				require.NoError(t, err)
				defer first.Close()
				port := fmt.Sprint(first.Addr().(*net.TCPAddr).Port)
				second, err := listen(b.network, net.JoinHostPort(b.host, port))
				if err == nil {
					second.Close()
				}
				return err
			}
			for who, listen := range all {
				for _, order := range [][2]at{{c.a, c.b}, {c.b, c.a}} {
					err := twice(listen, order[0], order[1])
					for c.ok && who != "ours" && errors.Is(err, syscall.EADDRINUSE) { // by somebody else on the machine
						err = twice(listen, order[0], order[1])
					}
					if c.ok {
						assert.NoError(t, err, who)
					} else {
						assert.ErrorIs(t, err, syscall.EADDRINUSE, who)
					}
				}
			}
		})
	}
	for _, order := range [][2]string{{":80", "10.0.1.10:80"}, {"10.0.1.10:80", ":80"}} {
		first := listen(t, web, "tcp", order[0])
		_, err := web.Listen("tcp", order[1])
		assert.EqualError(t, err, "listen tcp "+order[1]+": bind: address already in use")
		require.NoError(t, first.Close())
	}
	for _, order := range [][2]string{{":53", "10.0.1.10:53"}, {"10.0.1.10:53", ":53"}, {"0.0.0.0:53", "[::1]:53"}} {
		first, err := web.ListenPacket("udp", order[0])
		require.NoError(t, err)
		_, err = web.ListenPacket("udp", order[1])
		assert.EqualError(t, err, "listen udp "+order[1]+": bind: address already in use")
		require.NoError(t, first.Close())
	}
	listen(t, web, "tcp", "10.0.1.10:80")
	listen(t, web, "tcp", "10.0.1.11:80")
}

func TestListenErrors(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	for _, c := range []struct{ name, network, at, want string }{
		{"a name", "tcp", "web-1:80", "listen tcp: address web-1: not an IP address"},
		{"a port by name", "tcp", ":http", "listen tcp: address http: not a port number"},
		{"the wrong IP version", "tcp6", "10.0.1.10:80", "listen tcp6: address 10.0.1.10: no suitable address"},
		{"datagrams", "udp", ":80", "listen udp: unknown network udp"},
		{"no port", "tcp", "10.0.1.10", "listen tcp: address 10.0.1.10: missing port in address"},
		{"somebody else's address", "tcp", "10.0.2.20:80", "listen tcp 10.0.2.20:80: bind: cannot assign requested address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := web.Listen(c.network, c.at)
			assert.EqualError(t, err, c.want)
		})
	}
	l := listen(t, web, "tcp", ":0")
	assert.Positive(t, l.Addr().(*net.TCPAddr).Port, "some port")
}
