package packet

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// slowChecksum is the definition in RFC 1071: add 16-bit words, wrap every carry around at once, complement.
func slowChecksum(parts ...[]byte) uint16 {
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	if len(all)%2 == 1 {
		all = append(all, 0)
	}
	sum := 0
	for i := 0; i < len(all); i += 2 {
		sum += int(all[i])<<8 | int(all[i+1])
		if sum > 0xffff {
			sum -= 0xffff
		}
	}
	return ^uint16(sum)
}

// slowChecksums is the twin of ChecksumOK for whole packets without IPv6 extension headers. It knows nothing of Packet.
func slowChecksums(b []byte) bool {
	v4 := b[0]>>4 == 4
	hlen, addrs, proto := 40, []byte(nil), b[6]
	if v4 {
		hlen, addrs, proto = int(b[0]&0xf)*4, b[12:20], b[9]
		if slowChecksum(b[:hlen]) != 0 {
			return false
		}
	} else {
		addrs = b[8:40]
	}
	t := b[hlen:]
	pseudo := append([]byte{}, addrs...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(t)))
	pseudo = append(pseudo, 0, 0, 0, proto)
	switch {
	case proto == 17 && v4 && t[6] == 0 && t[7] == 0:
		return true
	case proto == 6, proto == 17, proto == 58 && !v4:
		return slowChecksum(pseudo, t) == 0
	case proto == 1 && v4:
		return slowChecksum(t) == 0
	}
	return true
}

func TestChecksumKnown(t *testing.T) {
	header := []byte{0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 192, 168, 0, 1, 192, 168, 0, 199}
	for _, c := range []struct {
		name string
		got  uint16
		want uint16
	}{
		{"the example of RFC 1071 section 3", fold(sumBytes(0, []byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7})), 0xddf2},
		{"an odd last byte is the high one", fold(sumBytes(0, []byte{0x12, 0x34, 0x56})), 0x6834},
		{"a captured IPv4 header", fold(sumBytes(0, header)), 0xffff},
		{"the same, in a straight line", fold(sumHeader20(header)), 0xffff},
		{"the largest carry", fold(^uint64(0)), 0xffff},
		{"a carry out of the second fold", fold(0xfffffffeffffffff), 0xfffe},
		{"carries to the last fold", fold(0xffffffff00010000), 1},
		{"nothing", fold(0), 0},
	} {
		assert.Equal(t, c.want, c.got, c.name)
	}
}

// The example of RFC 1624 section 4: RFC 1141 would make 0xffff of it.
func TestChecksumRFC1624(t *testing.T) {
	b := []byte{0x55, 0x55, 0xdd, 0x2f}
	fixChecksum(b, 2, put16(b, 0, 0x3285))
	assert.Equal(t, []byte{0x32, 0x85, 0, 0}, b)
}

func TestChecksumUDP(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new uint16
		sum      uint16
		want     uint16
	}{
		{"none stays none", 1, 2, 0, 0},
		{"a computed 0 is sent as 0xffff", 0x5555, 0x3285, 0xdd2f, 0xffff},
		{"a computed 1 stays", 0x5555, 0x3284, 0xdd2f, 1},
	} {
		b := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, c.old), c.sum)
		fixUDPChecksum(b, 2, put16(b, 0, c.new))
		assert.Equal(t, c.want, binary.BigEndian.Uint16(b[2:]), c.name)
	}
}

// A UDP checksum that comes out as 0 is sent as 0xffff, since 0 says that there is none (RFC 768).
func TestBuildUDPZero(t *testing.T) {
	s := Spec{Flow: MustParseFlow("udp 10.0.0.1:1 > 10.0.0.2:2"), Payload: []byte{0, 0}}
	s.Payload = s.Bytes()[26:28] // the checksum so far makes the sum come out as 0xffff
	assert.Equal(t, []byte{0xff, 0xff}, s.Bytes()[26:28])
}

func TestSumIsSlowSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		require.Equal(t, slowChecksum(b), ^fold(sumBytes(0, b)))
		if len(b) >= 20 {
			require.Equal(t, slowChecksum(b[:20]), ^fold(sumHeader20(b)))
		}
	})
}

func TestIncrementalIsFromScratch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 10, 60).Draw(t, "b")
		b[0] |= 1 // not all zero
		put16(b, 2, 0)
		put16(b, 2, slowChecksum(b))
		fixChecksum(b, 2, put16(b, 4, rapid.Uint16().Draw(t, "v")))

		got := binary.BigEndian.Uint16(b[2:])
		put16(b, 2, 0)
		require.Equal(t, slowChecksum(b), got)
	})
}

func TestBuildIsSlowChecked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpec(t)
		s.MoreFragments, s.FragOffset, s.Atomic = false, 0, false
		if s.version() == 6 {
			s.Options = nil
		}
		b := s.Bytes()
		var p Packet
		require.NoError(t, p.Parse(b))
		require.True(t, slowChecksums(b))
		require.True(t, p.ChecksumOK())

		b[len(b)-1] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		require.Equal(t, slowChecksums(b), p.ChecksumOK())
	})
}
