package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pieces returns the fragments of b, each checked: it parses, fits and has a valid header checksum.
func pieces(t require.TestingT, b []byte, mtu int) (all [][]byte) {
	var p Packet
	require.NoError(t, p.Parse(b))
	Fragment(&p, mtu, func(f []byte) {
		var q Packet
		require.NoError(t, q.Parse(f))
		require.True(t, q.ChecksumOK())
		require.Equal(t, f, q.Bytes())
		require.LessOrEqual(t, len(f), mtu)
		all = append(all, append([]byte{}, f...))
	})
	return all
}

// reassemble is the slow inverse of Fragment: RFC 791's, for fragments that are all there.
func reassemble(t require.TestingT, all [][]byte) []byte {
	data := map[int]byte{}
	var header []byte
	size, copied := -1, 0
	for _, f := range all {
		hlen := int(f[0]&0xf) * 4
		offset := (int(f[6]&0x1f)<<8 | int(f[7])) * 8
		if offset == 0 {
			header = f[:hlen]
		}
		if f[6]&0x20 == 0 {
			require.Equal(t, -1, size, "two last fragments")
			size = offset + len(f) - hlen
		}
		for i, v := range f[hlen:] {
			data[offset+i] = v
		}
		copied += len(f) - hlen
	}
	require.Equal(t, []int{size, size}, []int{copied, len(data)}, "no last fragment, an overlap, a gap or data after the last fragment")
	b := append([]byte{}, header...)
	for i := range size {
		b = append(b, data[i])
	}
	return edit(edit(b, 2, byte(len(b)>>8), byte(len(b))), 6, b[6]&0xc0, 0)
}

func TestFragmentReassemble(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Spec{
			Flow:    drawFlow(t, 4),
			ID:      uint32(rapid.Uint16().Draw(t, "id")),
			Options: drawOptions(t),
			Payload: drawLong(t),
		}
		b := s.Bytes()
		mtu := rapid.SampledFrom([]int{128, 577, 900, 1500}).Draw(t, "mtu")
		all := pieces(t, b, mtu)
		require.Equal(t, b, reassemble(t, all))

		second := rapid.SampledFrom([]int{128, 300, 576, 1001}).Draw(t, "second mtu") // a later link is narrower: fragments of fragments
		var smaller [][]byte
		for _, f := range all {
			smaller = append(smaller, pieces(t, f, second)...)
		}
		require.Equal(t, b, reassemble(t, smaller))
	})
}

// drawLong draws a long payload in which every byte differs from those 8, 16, ... bytes away.
func drawLong(t *rapid.T) []byte {
	b := make([]byte, rapid.IntRange(0, 20).Draw(t, "hundreds")*100+rapid.IntRange(0, 9).Draw(t, "ones"))
	for i := range b {
		b[i] = byte(i%8*32 + i/8%31)
	}
	return b
}

func TestFragmentSizes(t *testing.T) {
	f := MustParseFlow("udp 10.0.1.10:40000 > 203.0.113.9:53")
	for _, c := range []struct {
		name    string
		payload int
		mtu     int
		want    []int
	}{
		{"fits exactly", 1472, 1500, []int{1500}},
		{"one byte more", 1473, 1500, []int{1500, 21}},
		{"an mtu that is no multiple of 8", 1500, 1001, []int{996, 552}},
		{"jumbo frame to the internet", 8973, 1500, []int{1500, 1500, 1500, 1500, 1500, 1500, 121}},
		{"an mtu below the least", 100, 1, []int{68, 68, 32}},
		{"the largest packet", 65507, 65535, []int{65535}},
	} {
		var sizes []int
		var p Packet
		require.NoError(t, p.Parse(Spec{Flow: f, Payload: make([]byte, c.payload)}.Bytes()), c.name)
		Fragment(&p, c.mtu, func(b []byte) { sizes = append(sizes, len(b)) })
		assert.Equal(t, c.want, sizes, c.name)
	}
}

func TestFragmentOptions(t *testing.T) {
	options := []byte{7, 3, 4, 148, 4, 0, 0} // record route, not copied; router alert, copied
	all := pieces(t, Spec{Flow: MustParseFlow("udp 10.0.0.1:1 > 10.0.0.2:2"), Options: options, Payload: make([]byte, 300)}.Bytes(), 128)
	require.Greater(t, len(all), 2)
	assert.Equal(t, append(options, 0), all[0][20:28])
	for _, f := range all[1:] {
		assert.Equal(t, byte(0x46), f[0])
		assert.Equal(t, []byte{148, 4, 0, 0}, f[20:24])
	}
}

func TestFragmentIPv6Panics(t *testing.T) {
	var p Packet
	require.NoError(t, p.Parse(tcp6))
	assert.Panics(t, func() { Fragment(&p, 1280, func([]byte) {}) })
}
