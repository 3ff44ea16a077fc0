package capture_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/packet"
)

// frame is what the tests compare of a packet.
type frame struct {
	time   time.Time
	length int
	link   layers.LinkType
	data   string
}

// ours reads a capture with our reader, up to the first error.
func ours(b []byte) (all []frame, err error) {
	c, err := capture.NewReader(bytes.NewReader(b))
	for err == nil {
		var p capture.Packet
		if p, err = c.Next(); err == nil {
			all = append(all, frame{p.Time.UTC(), p.Length, layers.LinkType(p.Link), string(p.Data)})
		}
	}
	return all, err
}

// theirs reads it with gopacket's.
func theirs(b []byte) (all []frame, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("gopacket panics")
		}
	}()
	var source gopacket.PacketDataSource
	link := func(gopacket.CaptureInfo) layers.LinkType { return 0 }
	if bytes.HasPrefix(b, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		var r *pcapgo.NgReader
		if r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{WantMixedLinkType: true}); err == nil {
			source, link = r, func(i gopacket.CaptureInfo) layers.LinkType { return i.AncillaryData[0].(layers.LinkType) }
		}
	} else {
		var r *pcapgo.Reader
		if r, err = pcapgo.NewReader(bytes.NewReader(b)); err == nil {
			source, link = r, func(gopacket.CaptureInfo) layers.LinkType { return r.LinkType() }
		}
	}
	for err == nil {
		var data []byte
		var info gopacket.CaptureInfo
		if data, info, err = source.ReadPacketData(); err == nil {
			all = append(all, frame{info.Timestamp.UTC(), info.Length, link(info), string(data)})
		}
	}
	return all, err
}

// TestReader_Gopacket: what gopacket writes, we read.
func TestReader_Gopacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		ng := rapid.Bool().Draw(t, "pcapng")
		links := rapid.SliceOfN(rapid.SampledFrom([]layers.LinkType{layers.LinkTypeEthernet, layers.LinkTypeRaw, layers.LinkTypeNull}), 1, 3).Draw(t, "links")
		write := gopacketWriter(t, &out, ng, links)
		var want []frame
		for range rapid.IntRange(0, 5).Draw(t, "packets") {
			data := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data")
			tick := int64(1)
			if !ng {
				tick = 1000
			}
			info := gopacket.CaptureInfo{
				Timestamp:     time.Unix(rapid.Int64Range(0, 1<<31).Draw(t, "s"), tick*rapid.Int64Range(0, 1e9/tick-1).Draw(t, "ns")).UTC(),
				CaptureLength: len(data), Length: len(data) + rapid.IntRange(0, 9).Draw(t, "cut"),
			}
			if ng {
				info.InterfaceIndex = rapid.IntRange(0, len(links)-1).Draw(t, "interface")
			}
			require.NoError(t, write(info, data))
			want = append(want, frame{info.Timestamp, info.Length, links[info.InterfaceIndex], string(data)})
		}
		b := out.Bytes()
		if rapid.Bool().Draw(t, "gzip") {
			b = zipped(b)
		}
		got, err := ours(b)
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, want, got)
	})
}

func gopacketWriter(t require.TestingT, out *bytes.Buffer, ng bool, links []layers.LinkType) func(gopacket.CaptureInfo, []byte) error {
	if !ng {
		w := pcapgo.NewWriter(out)
		require.NoError(t, w.WriteFileHeader(65536, links[0]))
		return w.WritePacket
	}
	w, err := pcapgo.NewNgWriterInterface(out, pcapgo.NgInterface{Name: "a", LinkType: links[0]}, pcapgo.DefaultNgWriterOptions)
	require.NoError(t, err)
	for _, l := range links[1:] {
		_, err := w.AddInterface(pcapgo.NgInterface{Name: "b", LinkType: l})
		require.NoError(t, err)
	}
	require.NoError(t, w.Flush())
	return func(i gopacket.CaptureInfo, b []byte) error { return errors.Join(w.WritePacket(i, b), w.Flush()) }
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	w.Close()
	return out.Bytes()
}

// inputs are captures that others have published, hostile ones among them.
func inputs(t testing.TB) []string {
	var files []string
	for _, dir := range []string{"../../../shared/inputs/pcap", "../../../../shared/inputs/pcap"} {
		for _, pattern := range []string{"*/*.pcap", "*/*/*.pcapng"} {
			more, err := filepath.Glob(filepath.Join(dir, pattern))
			require.NoError(t, err)
			files = append(files, more...)
		}
	}
	return files
}

// TestReader_Published: on what others have published we and gopacket agree; where we do
// not, the case says why.
func TestReader_Published(t *testing.T) {
	files := inputs(t)
	if len(files) == 0 {
		t.Skip("THE CAPTURES OF OTHERS ARE NOT HERE")
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			got, err := ours(b)
			want, theirErr := theirs(b)
			if theirErr != io.EOF { // they give up earlier
				t.Logf("gopacket: %v; we: %d packets, %v", theirErr, len(got), err)
				require.GreaterOrEqual(t, len(got), len(want))
				got = got[:len(want)]
			} else {
				assert.Equal(t, io.EOF, err)
			}
			for i := range want {
				if want[i].time.Equal(time.Time{}) {
					want[i].time = got[i].time // a Simple Packet Block has none
				}
				want[i].length = max(want[i].length, len(want[i].data))
			}
			assert.Equal(t, want, got)
		})
	}
}

// ng makes blocks of pcapng by hand.
type ng struct{ order binary.AppendByteOrder }

var little, big = ng{binary.LittleEndian}, ng{binary.BigEndian}

func (n ng) block(kind uint32, words ...any) []byte {
	var body []byte
	for _, w := range words {
		switch w := w.(type) {
		case int:
			body = n.order.AppendUint32(body, uint32(w))
		case uint16:
			body = n.order.AppendUint16(body, w)
		case string:
			body = append(body, w...)
			body = append(body, make([]byte, -len(w)&3)...)
		}
	}
	b := n.order.AppendUint32(n.order.AppendUint32(nil, kind), uint32(len(body)+12))
	return n.order.AppendUint32(append(b, body...), uint32(len(body)+12))
}

func (n ng) section() []byte { return n.block(0x0a0d0d0a, 0x1a2b3c4d, uint16(1), uint16(0), -1, -1) }

func (n ng) iface(link uint16, options ...any) []byte {
	return n.block(1, append([]any{link, uint16(0), 0}, options...)...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// record is a pcap file with one packet.
func record(magic uint32, link, captured, length int, data string) []byte {
	o := binary.LittleEndian
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(o.AppendUint16(b, 2), 4)
	for _, w := range []int{0, 0, 64, link, 7, 9, captured, length} {
		b = o.AppendUint32(b, uint32(w))
	}
	return append(b, data...)
}

const micro, nano = 0xa1b2c3d4, 0xa1b23c4d

func TestReader(t *testing.T) {
	sec := func(s, ns int64) time.Time { return time.Unix(s, ns).UTC() }
	raw := layers.LinkTypeRaw
	for _, c := range []struct {
		name string
		b    []byte
		want []frame
	}{
		{"microseconds", record(micro, 101, 4, 4, "data"), []frame{{sec(7, 9000), 4, raw, "data"}}},
		{"nanoseconds", record(nano, 101, 4, 4, "data"), []frame{{sec(7, 9), 4, raw, "data"}}},
		{"cut short", record(micro, 101, 4, 40, "data"), []frame{{sec(7, 9000), 40, raw, "data"}}},
		{"a length that is less", record(micro, 101, 4, 2, "data"), []frame{{sec(7, 9000), 4, raw, "data"}}},
		{"a length of 4 GB", record(micro, 101, 4, -1, "data"), []frame{{sec(7, 9000), math.MaxInt32, raw, "data"}}},
		{"longer than the snap length", record(micro, 101, 100, 100, strings.Repeat("x", 100)), []frame{{sec(7, 9000), 100, raw, strings.Repeat("x", 100)}}},
		{"with a frame check sequence", record(micro, 101|0x24<<24, 4, 4, "data"), []frame{{sec(7, 9000), 4, raw, "data"}}},
		{"no packet", record(micro, 101, 0, 0, "")[:24], nil},
		{"pcapng, microseconds unless it says otherwise", join(little.section(), little.iface(101), little.block(6, 0, 0, 1_000_002, 4, 4, "data")),
			[]frame{{sec(1, 2000), 4, raw, "data"}}},
		{"big-endian", join(big.section(), big.iface(101), big.block(6, 0, 0, 1_000_002, 4, 4, "data")),
			[]frame{{sec(1, 2000), 4, raw, "data"}}},
		{"nanoseconds in pcapng", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x09"), little.block(6, 0, 0, 1_000_002, 4, 4, "data")),
			[]frame{{sec(0, 1_000_002), 4, raw, "data"}}},
		{"seconds", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x00"), little.block(6, 0, 0, 7, 4, 4, "data")),
			[]frame{{sec(7, 0), 4, raw, "data"}}},
		{"1/1024 seconds", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x8a"), little.block(6, 0, 0, 1024+512, 4, 4, "data")),
			[]frame{{sec(1, 500_000_000), 4, raw, "data"}}},
		{"10^-19 seconds", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x13"), little.block(6, 0, -1, -1, 4, 4, "data")),
			[]frame{{sec(1, 844_674_407), 4, raw, "data"}}},
		{"an offset", join(little.section(), little.iface(101, uint16(14), uint16(8), 100, 0), little.block(6, 0, 0, 7, 4, 4, "data")),
			[]frame{{sec(100, 7000), 4, raw, "data"}}},
		{"a negative offset", join(big.section(), big.iface(101, uint16(14), uint16(8), -1, -2), big.block(6, 0, 0, 7_000_000, 4, 4, "data")),
			[]frame{{sec(5, 0), 4, raw, "data"}}},
		{"a block that nobody knows", join(little.section(), little.block(0xbad, "?"), little.iface(101), little.block(0x80000001), little.block(6, 0, 0, 1, 4, 4, "data")),
			[]frame{{sec(0, 1000), 4, raw, "data"}}},
		{"a simple packet has the time of the one before", join(little.section(), little.iface(101), little.block(6, 0, 0, 1, 4, 4, "data"), little.block(3, 3, "sim")),
			[]frame{{sec(0, 1000), 4, raw, "data"}, {sec(0, 1000), 3, raw, "sim"}}},
		{"a simple packet of a limited interface", join(little.section(), little.block(1, uint16(101), uint16(0), 2), little.block(3, 3, "si")),
			[]frame{{time.Time{}, 3, raw, "si"}}},
		{"an obsolete packet", join(little.section(), little.iface(101), little.block(2, uint16(0), uint16(77), 0, 1, 4, 4, "data")),
			[]frame{{sec(0, 1000), 4, raw, "data"}}},
		{"a section of another byte order", join(little.section(), little.iface(101), big.section(), big.iface(1), big.block(6, 0, 0, 1, 4, 4, "data")),
			[]frame{{sec(0, 1000), 4, layers.LinkTypeEthernet, "data"}}},
		{"gzip", zipped(record(micro, 101, 4, 4, "data")), []frame{{sec(7, 9000), 4, raw, "data"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ours(c.b)
			assert.Equal(t, io.EOF, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestReader_Refuses(t *testing.T) {
	head := join(little.section(), little.iface(101))
	huge := join(head, []byte("\x06\x00\x00\x00\xfc\xff\xff\xff"), make([]byte, 100))
	many := little.section()
	for range 1<<16 + 1 {
		many = append(many, little.iface(101)...)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
		is   error
	}{
		{"nothing", nil, "packet 1, at byte 0: neither pcap nor pcapng", capture.ErrFormat},
		{"text", []byte("#!/bin/sh"), "packet 1, at byte 0: neither pcap nor pcapng", capture.ErrFormat},
		{"the start of a header", record(micro, 101, 4, 4, "data")[:20], "packet 1, at byte 0: the capture is cut off here", capture.ErrCutOff},
		{"version 1", append(binary.LittleEndian.AppendUint32(nil, micro), make([]byte, 20)...), "packet 1, at byte 0: neither pcap nor pcapng: pcap version 0.0, want 2.4", capture.ErrFormat},
		{"a record that ends early", record(micro, 101, 4, 4, "dat"), "packet 1, at byte 24: the capture is cut off here", capture.ErrCutOff},
		{"a second record that ends early", append(record(micro, 101, 4, 4, "data"), 1), "packet 2, at byte 44: the capture is cut off here", capture.ErrCutOff},
		{"a packet of 2 GB", record(micro, 101, 2_000_000_000, 4, "data"), "packet 1, at byte 24: a packet of 2000000000 bytes: longer than 16 MiB", capture.ErrTooBig},
		{"a packet of 16 MB that is not there", record(micro, 101, 16_000_000, 4, "data"), "packet 1, at byte 24: the capture is cut off here", capture.ErrCutOff},
		{"a block of 4 GB", huge, "packet 1, at byte 48: a block of 4294967292 bytes: longer than 16 MiB", capture.ErrTooBig},
		{"a block that ends early", join(head, little.block(6, 0, 0, 1, 4, 4, "data"))[:70], "packet 1, at byte 48: the capture is cut off here", capture.ErrCutOff},
		{"a block of 8 bytes", join(head, []byte("\x06\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00")), "packet 1, at byte 48: malformed: a block of 8 bytes", capture.ErrBroken},
		{"a block of 13 bytes", join(head, []byte("\x06\x00\x00\x00\x0d\x00\x00\x00\x0d\x00\x00\x00\x00")), "packet 1, at byte 48: malformed: a block of 13 bytes", capture.ErrBroken},
		{"two lengths", append(join(head, little.block(9, 1))[:60], 9, 9, 0, 0), "packet 1, at byte 48: malformed: a block of 16 bytes that ends as one of 2313", capture.ErrBroken},
		{"no byte order", little.block(0x0a0d0d0a, 1, 2, 3, 4), "packet 1, at byte 0: malformed: a section without byte order", capture.ErrBroken},
		{"a short section", little.block(0x0a0d0d0a, 0x1a2b3c4d, 2), "packet 1, at byte 0: malformed: a short section header", capture.ErrBroken},
		{"a short interface", join(little.section(), little.block(1, 101)), "packet 1, at byte 28: malformed: a short interface description", capture.ErrBroken},
		{"a packet before its interface", join(little.section(), little.block(6, 0, 0, 1, 4, 4, "data")), "packet 1, at byte 28: malformed: a packet of interface 0, of 0", capture.ErrBroken},
		{"a packet of the section before", join(head, little.section(), little.block(6, 0, 0, 1, 4, 4, "data")), "packet 1, at byte 76: malformed: a packet of interface 0, of 0", capture.ErrBroken},
		{"a simple packet before its interface", join(little.section(), little.block(3, 4, "data")), "packet 1, at byte 28: malformed: a packet of interface 0, of 0", capture.ErrBroken},
		{"a short packet block", join(head, little.block(6, 0, 0, 1, 4)), "packet 1, at byte 48: malformed: a short packet block", capture.ErrBroken},
		{"a short simple packet", join(head, little.block(3)), "packet 1, at byte 48: malformed: a short packet block", capture.ErrBroken},
		{"a short obsolete packet", join(head, little.block(2, 0)), "packet 1, at byte 48: malformed: a short packet block", capture.ErrBroken},
		{"a packet that is longer than its block", join(head, little.block(6, 0, 0, 1, 5, 5, "data")), "packet 1, at byte 48: malformed: a packet of 5 bytes in a block for 4", capture.ErrBroken},
		{"a packet of interface 4294967295", join(head, little.block(6, -1, 0, 1, 4, 4, "data")), "packet 1, at byte 48: malformed: a packet of interface 4294967295, of 1", capture.ErrBroken},
		{"a simple packet of 4 GB", join(head, little.block(3, -1, "data")), "packet 1, at byte 48: malformed: a packet of 4294967295 bytes in a block for 4", capture.ErrBroken},
		{"a packet of 4 GB in a block", join(head, little.block(6, 0, 0, 1, -1, -1, "data")), "packet 1, at byte 48: malformed: a packet of 4294967295 bytes in a block for 4", capture.ErrBroken},
		{"a simple packet that is longer than its block", join(head, little.block(3, 5, "data")), "packet 1, at byte 48: malformed: a packet of 5 bytes in a block for 4", capture.ErrBroken},
		{"10^-20 seconds", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x14")), "packet 1, at byte 28: malformed: times of an impossible resolution", capture.ErrBroken},
		{"2^-64 seconds", join(little.section(), little.iface(101, uint16(9), uint16(1), "\xc0")), "packet 1, at byte 28: malformed: times of an impossible resolution", capture.ErrBroken},
		{"the year 292277026596", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x00"), little.block(6, 0, -1, -1, 4, 4, "data")), "packet 1, at byte 56: malformed: a time beyond the year 2242", capture.ErrBroken},
		{"seconds that an offset takes beyond all", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x00", uint16(14), uint16(8), -1, 1<<31-1), little.block(6, 0, 0, 1, 4, 4, "data")), "packet 1, at byte 68: malformed: a time beyond the year 2242", capture.ErrBroken},
		{"an offset to long before", join(little.section(), little.iface(101, uint16(14), uint16(8), 0, -3), little.block(6, 0, 0, 7, 4, 4, "data")), "packet 1, at byte 60: malformed: a time beyond the year 2242", capture.ErrBroken},
		{"the year 2514", join(little.section(), little.iface(101, uint16(9), uint16(1), "\x00", uint16(14), uint16(8), 0, 2), little.block(6, 0, 2, 0, 4, 4, "data")), "packet 1, at byte 68: malformed: a time beyond the year 2242", capture.ErrBroken},
		{"interfaces without end", many, "packet 1, at byte 1310748: malformed: more than 65536 interfaces", capture.ErrBroken},
		{"gzip that is none", []byte{0x1f, 0x8b, 0, 0}, "packet 1, at byte 0: unexpected EOF", io.ErrUnexpectedEOF},
		{"gzip that ends early", zipped(record(micro, 101, 4, 4, "data"))[:30], "packet 1, at byte 24: the capture is cut off here", capture.ErrCutOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ours(c.b)
			require.EqualError(t, err, c.want)
			assert.ErrorIs(t, err, c.is)
		})
	}
}

// TestReader_OtherErrors: an error of the reader below is not taken for the end.
func TestReader_OtherErrors(t *testing.T) {
	gone := errors.New("gone")
	b := record(micro, 101, 4, 4, "data")
	for _, n := range []int{0, 10, 24, 30, 42, 44} {
		c, err := capture.NewReader(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(gone)))
		for err == nil {
			_, err = c.Next()
		}
		assert.ErrorIs(t, err, gone, n)
	}
}

// TestReader_Long: packets longer than a buffer, whose options begin behind the padding, and
// from a pipe that gives a byte at a time.
func TestReader_Long(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 20_000) + "x"
	b := join(little.section(), little.iface(101), little.block(6, 0, 0, 1, len(long), len(long), long, uint16(1), uint16(2), "ok"), little.block(6, 0, 0, 2, 4, 4, "data"))
	for _, in := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
		c, err := capture.NewReader(in)
		require.NoError(t, err)
		p, err := c.Next()
		require.NoError(t, err)
		assert.Equal(t, long, string(p.Data))
		_ = append(p.Data, "no longer in the options"...)
		assert.Equal(t, "ok", p.Comment())
		assert.Equal(t, 1, p.Number)
		assert.Equal(t, int64(48), p.Offset)
		p, err = c.Next()
		require.NoError(t, err)
		assert.Equal(t, "data", string(p.Data))
		assert.Equal(t, "", p.Comment())
		assert.Equal(t, int64(len(b)), c.Offset())
	}
}

// TestReader_Memory: what a capture claims to have costs nothing.
func TestReader_Memory(t *testing.T) {
	claim := record(micro, 101, 16_000_000, 16_000_000, "data")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		_, err := ours(claim)
		require.ErrorIs(t, err, capture.ErrCutOff)
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, (after.TotalAlloc-before.TotalAlloc)/10, uint64(1<<20))
}

// TestReader_LongNames: interfaces are all kept, but not all that a small compressed file makes
// of their names.
func TestReader_LongNames(t *testing.T) {
	const interfaces = 1000
	many := little.section()
	for range interfaces {
		many = append(many, little.iface(101, uint16(2), uint16(60_000), strings.Repeat("é", 30_000))...)
	}
	r, err := capture.NewReader(bytes.NewReader(append(many, little.block(3, 4, "data")...)))
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, err := r.Next()
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Equal(t, strings.Repeat("é", 127), p.InterfaceName)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(interfaces*1000))
	_, err = r.Next()
	assert.Equal(t, io.EOF, err)
}

// TestReader_PacketSource: gopacket decodes what our reader reads.
func TestReader_PacketSource(t *testing.T) {
	r := twoPackets(t, capture.Filter{})
	require.NoError(t, r.w.Close())
	c, err := capture.NewReader(&r.out)
	require.NoError(t, err)
	var ports []string
	for p := range gopacket.NewPacketSource(c, layers.LinkTypeRaw).Packets() {
		assert.Equal(t, []any{capture.Raw}, p.Metadata().AncillaryData)
		ports = append(ports, p.TransportLayer().TransportFlow().Dst().String())
	}
	assert.Equal(t, []string{"5432", "5432", "22", "22"}, ports)
}

func TestIP(t *testing.T) {
	four := string(packet.Spec{Flow: packet.MustParseFlow("udp 10.0.0.1:1 > 10.0.0.2:2")}.Bytes())
	six := string(packet.Spec{Flow: packet.MustParseFlow("udp [2001:db8::1]:1 > [2001:db8::2]:2")}.Bytes())
	ether := strings.Repeat("m", 12)
	for _, c := range []struct {
		name string
		link capture.LinkType
		data string
		want string // "" for four or six
	}{
		{"raw IPv4", capture.Raw, four, ""},
		{"raw IPv6", capture.Raw, six, ""},
		{"raw, as BSD numbers it", capture.RawBSD, four, ""},
		{"raw, as OpenBSD numbers it", capture.RawOBSD, four, ""},
		{"IPv4", capture.IPv4, four, ""},
		{"IPv6", capture.IPv6, six, ""},
		{"raw nothing", capture.Raw, "", "captured too short"},
		{"raw something", capture.Raw, "\x10", "not IP: version 1"},
		{"Ethernet", capture.Ethernet, ether + "\x08\x00" + four, ""},
		{"Ethernet, IPv6", capture.Ethernet, ether + "\x86\xdd" + six, ""},
		{"VLAN", capture.Ethernet, ether + "\x81\x00\x00\x07\x08\x00" + four, ""},
		{"VLAN in VLAN", capture.Ethernet, ether + "\x88\xa8\x00\x01\x81\x00\x00\x07\x86\xdd" + six, ""},
		{"VLAN, old", capture.Ethernet, ether + "\x91\x00\x00\x07\x08\x00" + four, ""},
		{"ARP", capture.Ethernet, ether + "\x08\x06" + four, "not IP: ARP"},
		{"LLDP", capture.Ethernet, ether + "\x88\xcc" + four, "not IP: EtherType 0x88cc"},
		{"802.3", capture.Ethernet, ether + "\x00\x40" + four, "not IP: IEEE 802.3 frame"},
		{"half an Ethernet header", capture.Ethernet, ether, "captured too short"},
		{"half a VLAN tag", capture.Ethernet, ether + "\x81\x00\x00", "captured too short"},
		{"an Ethernet header", capture.Ethernet, ether + "\x08\x00", "captured too short"},
		{"cooked", capture.SLL, strings.Repeat("c", 14) + "\x08\x00" + four, ""},
		{"cooked IPv6", capture.SLL, strings.Repeat("c", 14) + "\x86\xdd" + six, ""},
		{"cooked ARP", capture.SLL, strings.Repeat("c", 14) + "\x08\x06", "not IP: ARP"},
		{"half cooked", capture.SLL, strings.Repeat("c", 15), "captured too short"},
		{"cooked, version 2", capture.SLL2, "\x08\x00" + strings.Repeat("c", 18) + four, ""},
		{"half cooked, version 2", capture.SLL2, "\x08\x00" + strings.Repeat("c", 17), "captured too short"},
		{"loopback", capture.Null, "\x02\x00\x00\x00" + four, ""},
		{"loopback of a big-endian machine", capture.Null, "\x00\x00\x00\x02" + four, ""},
		{"loopback of FreeBSD", capture.Null, "\x1c\x00\x00\x00" + six, ""},
		{"loopback of macOS", capture.Null, "\x1e\x00\x00\x00" + six, ""},
		{"loopback of OpenBSD", capture.Loop, "\x00\x00\x00\x18" + six, ""},
		{"loopback, not IP", capture.Null, "\x07\x00\x00\x00", "not IP: address family 7"},
		{"half a loopback", capture.Null, "\x02\x00\x00", "captured too short"},
		{"USB", 220, four, "a link type that is not read: 220"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := (&capture.Packet{Link: c.link, Data: []byte(c.data)}).IP()
			if c.want != "" {
				assert.EqualError(t, err, c.want)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, []string{four, six}, string(got))
		})
	}
}

// TestSectionsOfOtherVersions are left out, whatever is in them, up to the next one.
func TestSectionsOfOtherVersions(t *testing.T) {
	other := little.block(0x0a0d0d0a, 0x1a2b3c4d, uint16(2), uint16(0), -1, -1)
	one := join(little.section(), little.iface(101), little.block(6, 0, 0, 1, 4, 4, "data"))
	for _, c := range []struct {
		name             string
		b                []byte
		packets, skipped int
	}{
		{"none", one, 1, 0},
		{"first", join(other, little.block(6, 7, 0, 1, 4, 4, "gone"), one), 1, 1},
		{"last", join(one, other, little.block(1), little.block(6, 0)), 1, 1},
		{"between, twice, of the other byte order", join(one, other, big.block(0x0a0d0d0a, 0x1a2b3c4d, uint16(9), uint16(0), -1, -1), big.block(3, 4, "gone"), one), 2, 2},
		{"alone", other, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := capture.NewReader(bytes.NewReader(c.b))
			require.NoError(t, err)
			n := 0
			for ; err == nil; n++ {
				_, err = r.Next()
			}
			assert.Equal(t, io.EOF, err)
			assert.Equal(t, []int{c.packets, c.skipped}, []int{n - 1, r.Skipped()})
		})
	}
}
