package replay_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
)

// BenchmarkReplay is one packet of long connections, read from a capture and sent, with
// and without a capture of what happens.
func BenchmarkReplay(b *testing.B) {
	for _, c := range []struct{ name, server, port string }{{"inside", "192.168.1.20", "5432"}, {"nat", "192.168.1.1", "443"}} {
		for _, pcap := range []bool{false, true} {
			b.Run(fmt.Sprintf("way=%s/pcap=%v", c.name, pcap), func(b *testing.B) {
				file := longCapture(b, c.server, c.port)
				var r *replay.Replay
				var in *capture.Reader
				again := func() {
					var o replay.Options
					o.Map = map[netip.Addr]string{addr("192.168.1.10"): "app-1", addr("192.168.1.20"): "db-1", addr("192.168.1.1"): "internet"}
					if pcap {
						o.Observer = capture.NewWriter(io.Discard, capture.Filter{}).Observer()
					}
					var err error
					r, err = replay.New(office(), o)
					require.NoError(b, err)
					in, err = capture.NewReader(bytes.NewReader(file))
					require.NoError(b, err)
				}
				again()
				b.SetBytes(600)
				b.ReportAllocs()
				for b.Loop() {
					p, err := in.Next()
					if err != nil {
						again()
						continue
					}
					r.Send(&p)
				}
				require.Zero(b, r.Report().Dropped)
			})
		}
	}
}

// longCapture is a pcap file of 100 connections with 2,000 packets each, of 600 bytes.
func longCapture(t testing.TB, server, port string) []byte {
	t.Helper()
	words := func(b []byte, words ...uint32) []byte {
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	out := words(nil, 0xa1b2c3d4, 4<<16|2, 0, 0, 65535, uint32(capture.Raw))
	for n := range uint32(2000) {
		for k := range 100 {
			s := spec(fmt.Sprintf("tcp 192.168.1.10:%d > %s:%s", 40000+k, server, port), ack)
			if n == 0 {
				s.Flags = syn
			}
			if n%2 == 1 {
				s.Flow = s.Flow.Reverse()
			}
			s.Payload = make([]byte, 560)
			out = append(words(out, 1000+n/1000, n%1000*1000+uint32(k), 600, 600), s.Bytes()...)
		}
	}
	return out
}
