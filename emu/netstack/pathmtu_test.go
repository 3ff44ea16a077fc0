package netstack_test

import (
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip/faketime"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
)

// TestPathMTU: an interface sends packets of 9001 bytes, and of 1500 over the edge of the VPC
// once the router has said so (MTU-5, MTU-7). The host on the internet takes larger ones, so
// that it is not its maximum segment size that keeps them small. The clock stands still: what was
// too large is sent again because the router has said so, not because nothing was heard of it.
func TestPathMTU(t *testing.T) {
	for _, c := range []struct {
		name, from, to, server, at string
		mtu                        int // of the server
		told                       int // packets that were too large: 0 or more
		largest                    int // that arrived
	}{
		{"inside", "web-1", "10.0.2.20:80", "db-1", ":80", 0, 0, 9001},
		{"inside, IPv6", "web-1", "[2001:db8:1:2::20]:80", "db-1", ":80", 0, 0, 9001},
		{"over the internet gateway", "web-1", "203.0.113.80:80", "internet", ":80", 9001, 1, 1500},
		{"over the internet gateway, IPv6", "web-1", "[2001:db8:ffff::80]:80", "internet", ":80", 9001, 1, 1500},
		{"over a NAT gateway", "app-1", "203.0.113.80:80", "internet", ":80", 9001, 1, 1500},
		{"to a host with an ordinary MTU", "web-1", "203.0.113.80:80", "internet", ":80", 0, 0, 1500},
		{"over VPN, which tells nobody (VPN-9): the host must know", "app-1", "192.168.1.80:80", "onprem:vgw", ":80", 1446, 0, 1446},
	} {
		t.Run(c.name, func(t *testing.T) {
			const size = 1 << 20
			clock := faketime.NewManualClock()
			e := newEmulator(t, sample(), emu.Options{Now: clock.Now})
			outside := map[string][]addr{"internet": addrs("203.0.113.80", "2001:db8:ffff::80"), "onprem:vgw": addrs("192.168.1.80")}
			server := hostAt(t, e.Emulator, c.server, netstack.Options{Addresses: outside[c.server], MTU: c.mtu, Clock: clock})
			transfer(t, hostAt(t, e.Emulator, c.from, netstack.Options{Clock: clock}), listen(t, server, "tcp", c.at), c.to, size)
			assert.Equal(t, c.told > 0, e.dropped(emu.MTUExceeded) > 0)
			largest := 0
			e.count(func(ev event) bool {
				if ev.Flow.Proto == packet.TCP && ev.Flow.DstPort == 80 && ev.Result.Fate != emu.Dropped {
					largest = max(largest, ev.size)
				}
				return false
			})
			assert.InDelta(t, c.largest, largest, 40, "bytes; gVisor leaves room for all options that there may be")
			assert.LessOrEqual(t, largest, c.largest)
		})
	}
}

// TestDatagrams: one that is too large for the way is lost, and its socket hears of it; the
// next ones go in fragments, for ten minutes, as on Linux (MTU-5, MTU-6, MTU-7).
func TestDatagrams(t *testing.T) {
	const small, large, huge = 1400, 8000, 20_000 // huge is larger than the host's own MTU
	for _, c := range []struct {
		name, from, to string
		size           int
		lost           bool // the first
		pieces         int  // of the second, as the host sends them
	}{
		{"small", "web-1", "203.0.113.80", small, false, 1},
		{"small, IPv6", "web-1", "2001:db8:ffff::80", small, false, 1},
		{"large", "web-1", "203.0.113.80", large, true, 6},
		{"large, IPv6", "web-1", "2001:db8:ffff::80", large, true, 6},
		{"large, over a NAT gateway", "app-1", "203.0.113.80", large, true, 6},
		{"huge, which goes in fragments anyway", "web-1", "203.0.113.80", huge, false, 3},
		{"huge, IPv6, of which routers cut nothing", "web-1", "2001:db8:ffff::80", huge, true, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := faketime.NewManualClock()
			e := newEmulator(t, sample(), emu.Options{Now: clock.Now})
			from := hostAt(t, e.Emulator, c.from, netstack.Options{Clock: clock})
			server, err := hostAt(t, e.Emulator, "internet", netstack.Options{Addresses: addrs("203.0.113.80", "2001:db8:ffff::80"), Clock: clock}).ListenPacket("udp", ":53")
			require.NoError(t, err)
			conn, err := from.Dial("udp", net.JoinHostPort(c.to, "53"))
			require.NoError(t, err)
			other, err := from.Dial("udp", net.JoinHostPort(c.to, "53"))
			require.NoError(t, err)
			lost := func() {
				t.Helper()
				before := e.dropped(emu.MTUExceeded)
				_, err := conn.Write(datagram(c.size))
				require.NoError(t, err)
				e.wait(before+1, func(ev event) bool { return ev.Result.Reason == emu.MTUExceeded })
			}
			if c.lost {
				read := make(chan error)
				go func() { _, err := conn.Read(make([]byte, 1)); read <- err }()
				runtime.Gosched() // so that it mostly waits already
				lost()
				assert.EqualError(t, comes(t, read), "read udp "+conn.LocalAddr().String()+"->"+conn.RemoteAddr().String()+": read: message too long")
			}
			for _, conn := range []net.Conn{conn, other} { // which has heard nothing, but whose host knows
				_, err = conn.Write(datagram(c.size))
				require.NoError(t, err)
				arrives(t, server, datagram(c.size))
			}
			outside := func(ev event) bool { return ev.Flow.Proto == packet.UDP && ev.Result.Fate == emu.Exited }
			e.wait(2*c.pieces, outside)
			most := 2 * c.pieces
			if c.lost && c.size > 9001 { // when its first fragment is lost the others may be cut already
				most = 3 * c.pieces
			}
			assert.LessOrEqual(t, e.count(outside), most)
			if !c.lost {
				assert.Zero(t, e.dropped(emu.MTUExceeded))
				return
			}
			clock.Advance(10*time.Minute - 1)
			_, err = conn.Write(datagram(c.size))
			require.NoError(t, err)
			arrives(t, server, datagram(c.size))
			clock.Advance(1)
			lost()
			_, err = conn.Write(datagram(small))
			assert.ErrorIs(t, err, syscall.EMSGSIZE, "told once more, who writes first")
			_, err = conn.Write(datagram(small))
			require.NoError(t, err)
			arrives(t, server, datagram(small))
			assert.Equal(t, 2, from.Told())
			require.NoError(t, conn.Close())
			assert.Equal(t, 1, from.Told())
		})
	}
}

// TestDatagramsWithoutPeer: a socket that is not connected hears nothing, but the host does.
func TestDatagramsWithoutPeer(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	server, err := hostAt(t, e.Emulator, "internet", netstack.Options{Addresses: addrs("203.0.113.80")}).ListenPacket("udp", ":53")
	require.NoError(t, err)
	socket, err := hostAt(t, e.Emulator, "web-1", netstack.Options{}).ListenPacket("udp", ":0")
	require.NoError(t, err)
	to := &net.UDPAddr{IP: net.IPv4(203, 0, 113, 80).To4(), Port: 53}
	_, err = socket.WriteTo(datagram(8000), to)
	require.NoError(t, err)
	e.wait(1, func(ev event) bool { return ev.Result.Reason == emu.MTUExceeded })
	_, err = socket.WriteTo(datagram(8001), to)
	require.NoError(t, err)
	arrives(t, server, datagram(8001))
}

// TestDontFragment: datagrams have DF, as Linux sends them, unless they are pieces.
func TestDontFragment(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		df   bool
	}{
		{"small", 100, true},
		{"as large as the host's MTU", 9001 - 28, true},
		{"larger", 9001 - 27, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen []bool
			e, err := emu.New(sample(), emu.Options{Observer: emu.Observer{Port: func(p emu.Passage) {
				var b packet.Packet
				if b.Parse(p.Bytes) == nil && b.Flow.Dst == addrs("10.0.2.20")[0] {
					seen = append(seen, b.DF())
				}
			}}})
			require.NoError(t, err)
			web := hostAt(t, e, "web-1", netstack.Options{})
			conn, err := web.Dial("udp", "10.0.2.20:53")
			require.NoError(t, err)
			_, err = conn.Write(datagram(c.size))
			require.NoError(t, err)
			require.NoError(t, web.Close()) // which sends what waits
			require.NotEmpty(t, seen)
			for _, df := range seen {
				assert.Equal(t, c.df, df)
			}
		})
	}
}

func datagram(size int) []byte {
	b := make([]byte, size)
	for k := range b {
		b[k] = byte(k + k>>8)
	}
	return b
}

// arrives claims that a datagram comes.
func arrives(t testing.TB, c net.PacketConn, want []byte) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	b := make([]byte, 1<<16)
	n, _, err := c.ReadFrom(b)
	require.NoError(t, err)
	require.Equal(t, want, b[:n])
}
