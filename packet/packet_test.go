package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseTrimsPadding(t *testing.T) {
	for _, b := range [][]byte{tcp4, tcp6} {
		frame := append(append([]byte{}, b...), "padding"...)
		var p Packet
		require.NoError(t, p.Parse(frame))
		assert.Equal(t, b, p.Bytes())
		assert.Equal(t, len(b), p.Len())
		_ = append(p.Bytes(), "grown"...)
		assert.Equal(t, "padding", string(frame[len(b):]), "appending to Bytes must not write into the caller's buffer")
	}
}

// parse(build(x)) == x, whatever the view held before.
func TestBuildParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		b := s.Bytes()
		var p Packet
		require.NoError(t, p.Parse(drawSpec(t).Bytes()))
		require.NoError(t, p.Parse(b))

		require.Equal(t, s.Flow, p.Flow)
		require.Equal(t, s.version(), p.Version)
		require.Equal(t, s.Flags, p.Flags)
		require.Equal(t, []uint8{s.ICMPType, s.ICMPCode}, []uint8{p.ICMPType, p.ICMPCode})
		require.Equal(t, []uint8{s.TTL, s.TOS}, []uint8{p.TTL(), p.TOS()})
		require.Equal(t, s.ID, p.FragID)
		require.Equal(t, s.FragOffset, p.FragOffset)
		require.Equal(t, s.MoreFragments, p.MoreFragments)
		require.Equal(t, s.DF || s.version() == 6, p.DF())
		require.Equal(t, string(s.Payload), string(p.Payload()))
		require.Equal(t, b, p.Bytes())
		require.True(t, p.ChecksumOK())
	})
}

func TestFragmentKinds(t *testing.T) {
	for _, c := range []struct {
		name                string
		b                   []byte
		whole, first, later bool
	}{
		{"whole", udp4, true, false, false},
		{"first", edit(udp4, 6, 0x20), false, true, false},
		{"middle", fragment4(UDP, 16, true, "12345678"), false, false, true},
		{"last", fragment4(UDP, 16, false, "12345678"), false, false, true},
		{"atomic is whole", chain6(44, atomicThenTCP, headerOfTCP), true, false, false},
	} {
		var p Packet
		require.NoError(t, p.Parse(c.b), c.name)
		assert.Equal(t, []bool{c.whole, c.first, c.later}, []bool{!p.IsFragment(), p.IsFirstFragment(), p.IsLaterFragment()}, c.name)
	}
}

func TestChecksumOK(t *testing.T) {
	none := edit(udp4, 26, 0, 0)
	none6 := Spec{Flow: MustParseFlow("udp [2001:db8::1]:1 > [2001:db8::2]:2")}.Bytes()
	put16(none6, 46, 0)
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"built", udp4, true},
		{"UDP payload changed", edit(udp4, 30, 'Q'), false},
		{"IPv4 UDP without checksum", none, true},
		{"IPv6 UDP without checksum", none6, false},
		{"UDP length longer than the packet", edit(udp4, 24, 0, 17), false},
		{"a fragment cannot be checked", edit(edit(udp4, 30, 'Q'), 6, 0x20), true},
		{"ESP has none", edit(esp4, 22, 'X'), true},
	} {
		var p Packet
		require.NoError(t, p.Parse(c.b), c.name)
		assert.Equal(t, c.want, p.ChecksumOK(), c.name)
	}
	var p Packet
	require.NoError(t, p.Parse(append([]byte{}, tcp4...)))
	p.Bytes()[8]--
	assert.False(t, p.ChecksumOK(), "IPv4 header changed after Parse")
}
