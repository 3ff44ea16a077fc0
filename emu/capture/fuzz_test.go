package capture_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/capture"
)

// FuzzRead: no capture makes the reader panic, read on for ever, or take more memory than
// the capture has; and where gopacket reads all of it, it reads the same.
func FuzzRead(f *testing.F) {
	r := twoPackets(f, capture.Filter{})
	require.NoError(f, r.w.Close())
	f.Add(r.out.Bytes())                                                                                            // comments, two interfaces
	f.Add(record(micro, 1, 34, 34, strings.Repeat("m", 12)+"\x08\x00"+strings.Repeat("E", 20)))                     // pcap, Ethernet
	f.Add(record(nano, 113, 4, 9, "data"))                                                                          // cut short
	f.Add(join(big.section(), big.iface(276), big.block(3, 4, "data"), little.section(), little.iface(0)))          // both byte orders
	f.Add(join(little.section(), little.iface(101, uint16(9), uint16(1), "\xbf"), little.block(2, 0, -1, 1, 0, 0))) // odd times
	f.Add(zipped(record(micro, 101, 4, 4, "data")))                                                                 // compressed
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := capture.NewReader(bytes.NewReader(b))
		total, count := 0, 0
		for err == nil {
			var p capture.Packet
			if p, err = c.Next(); err != nil {
				break
			}
			count++
			total += len(p.Data)
			assert.Equal(t, count, p.Number)
			assert.LessOrEqual(t, len(p.Data), p.Length)
			_ = p.Comment()
			if ip, err := p.IP(); err == nil {
				assert.NotEmpty(t, ip)
				inner, ok, err := capture.VXLAN(ip)
				assert.Equal(t, ok && err == nil, len(inner) > 0)
			}
		}
		if zip := bytes.HasPrefix(b, []byte{0x1f, 0x8b}); !zip {
			assert.LessOrEqual(t, total, len(b))
		}
		if err != io.EOF {
			var where *capture.Error
			require.ErrorAs(t, err, &where)
			assert.Equal(t, count+1, where.Packet)
		}
	})
}

// BenchmarkReader is one packet read, ours and gopacket's.
func BenchmarkReader(b *testing.B) {
	var file bytes.Buffer
	w := gopacketWriter(b, &file, true, []layers.LinkType{layers.LinkTypeRaw})
	data := make([]byte, 400)
	for range 10_000 {
		require.NoError(b, w(gopacket.CaptureInfo{Timestamp: time.Unix(1, 2), CaptureLength: len(data), Length: len(data)}, data))
	}
	b.Run("reader=ours", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		var c *capture.Reader
		for b.Loop() {
			if c != nil {
				if _, err := c.Next(); err == nil {
					continue
				}
			}
			c, _ = capture.NewReader(bytes.NewReader(file.Bytes()))
		}
	})
	b.Run("reader=gopacket", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		var c *pcapgo.NgReader
		for b.Loop() {
			if c != nil {
				if _, _, err := c.ZeroCopyReadPacketData(); err == nil {
					continue
				}
			}
			c, _ = pcapgo.NewNgReader(bytes.NewReader(file.Bytes()), pcapgo.DefaultNgReaderOptions)
		}
	})
}
