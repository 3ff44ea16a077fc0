package netstack_test

import (
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
)

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
