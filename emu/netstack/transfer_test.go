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
)

// TestTransfer: 1 GiB arrives as it was sent. It takes one to three seconds.
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
	require.NoError(t, c.SetDeadline(time.Now().Add(5*time.Minute)))
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	var seed [32]byte
	random := io.LimitReader(rand.NewChaCha8(seed), size)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(c, sum)}, random, make([]byte, 1<<18))
	require.NoError(t, err)
	require.Equal(t, size, n)
	require.NoError(t, c.Close())
	require.Equal(t, sum.Sum(nil), comes(t, arrived))
}
