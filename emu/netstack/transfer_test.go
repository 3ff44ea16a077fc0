package netstack_test

import (
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
)

// TestTransfer: 1 GiB arrives as it was sent. It takes about a second.
func TestTransfer(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() {
		size = 64 << 20
	}
	if raceEnabled {
		size = 256 << 10 // gVisor moves 2 MB/s there
	}
	for _, c := range []struct {
		name, to string
		size     int64
	}{
		{"IPv4", "10.0.2.20:80", size},
		{"IPv6", "[2001:db8:1:2::20]:80", size / 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := emu.New(sample(), emu.Options{})
			require.NoError(t, err)
			web, db := hostAt(t, e, "web-1", netstack.Options{}), hostAt(t, e, "db-1", netstack.Options{})
			start := time.Now()
			transfer(t, web, listen(t, db, "tcp", ":80"), c.to, c.size)
			t.Logf("%d MiB, %.0f MB/s", c.size>>20, float64(c.size)/1e6/time.Since(start).Seconds())
			assert.Zero(t, web.Refused()+db.Refused())
		})
	}
}

// transfer sends bytes to a listener and claims that the same ones arrive.
func transfer(t testing.TB, from *netstack.Host, l net.Listener, to string, size int64) {
	t.Helper()
	arrived := make(chan []byte, 1)
	go func() {
		defer close(arrived)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
		if n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{c}, make([]byte, 1<<18)); err == nil && n == size {
			arrived <- sum.Sum(nil)
		}
	}()
	c, err := from.DialContext(within(t, patience), "tcp", to)
	require.NoError(t, err)
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	var seed [32]byte
	random := io.LimitReader(rand.NewChaCha8(seed), size)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(c, sum)}, random, make([]byte, 1<<18))
	require.NoError(t, err)
	require.Equal(t, size, n)
	require.NoError(t, c.Close())
	require.Equal(t, sum.Sum(nil), <-arrived)
}

// TestPathMTU: an interface sends packets of 9001 bytes, and of 1500 over the edge of the VPC
// once the router has said so (MTU-5, MTU-7). The host on the internet takes larger ones, so
// that it is not its maximum segment size that keeps them small.
func TestPathMTU(t *testing.T) {
	const size = 12_000 // of what was too large gVisor sends two packets again each time-out, 200 ms
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
			e := newEmulator(t, sample(), emu.Options{})
			outside := map[string][]addr{"internet": addrs("203.0.113.80", "2001:db8:ffff::80"), "onprem:vgw": addrs("192.168.1.80")}
			server := hostAt(t, e.Emulator, c.server, netstack.Options{Addresses: outside[c.server], MTU: c.mtu})
			transfer(t, hostAt(t, e.Emulator, c.from, netstack.Options{}), listen(t, server, "tcp", c.at), c.to, size)
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

// TestFragments: a datagram larger than the way is cut by the router and put together by the
// host (MTU-6).
func TestFragments(t *testing.T) {
	e := newEmulator(t, sample(), emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	internet := hostAt(t, e.Emulator, "internet", netstack.Options{Addresses: addrs("203.0.113.80")})
	server, err := internet.ListenPacket("udp", ":53")
	require.NoError(t, err)
	c, err := web.Dial("udp", "203.0.113.80:53")
	require.NoError(t, err)
	sent, b := make([]byte, 8000), make([]byte, 9000)
	for k := range sent {
		sent[k] = byte(k)
	}
	_, err = c.Write(sent)
	require.NoError(t, err)
	require.NoError(t, server.SetReadDeadline(time.Now().Add(patience)))
	n, _, err := server.ReadFrom(b)
	require.NoError(t, err)
	assert.Equal(t, sent, b[:n])
}
