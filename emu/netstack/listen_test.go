package netstack_test

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
)

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
