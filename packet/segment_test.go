package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// segments returns what Segment makes of b, each checked: it parses, has right checksums and
// no more data than allowed.
func segments(t require.TestingT, b []byte, size int) (all []Packet) {
	var p Packet
	require.NoError(t, p.Parse(b))
	Segment(&p, size, func(s []byte) {
		var q Packet
		require.NoError(t, q.Parse(append([]byte{}, s...)))
		require.Equal(t, len(s), q.Len())
		all = append(all, q)
	})
	return all
}

// TestSegmentTogether: the segments are the large one once more, in order.
func TestSegmentTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Spec{
			Flow: drawFlow(t, rapid.SampledFrom([]uint8{4, 6}).Draw(t, "version")), ID: uint32(rapid.Uint16().Draw(t, "id")),
			Flags: TCPFlags(rapid.Uint8().Draw(t, "flags")) &^ (SYN | URG), Seq: rapid.Uint32().Draw(t, "seq"), Payload: drawLong(t),
		}
		s.Flow.Proto = TCP
		size := rapid.IntRange(1, 3000).Draw(t, "size")
		all := segments(t, s.Bytes(), size)
		var data []byte
		for k, q := range all {
			seq, _ := q.TCPSeq()
			assert.Equal(t, s.Seq+uint32(len(data)), seq)
			data = append(data, q.Payload()...)
			assert.Equal(t, s.Flow, q.Flow)
			assert.True(t, q.ChecksumOK())
			last := k == len(all)-1
			assert.LessOrEqual(t, len(q.Payload()), size)
			assert.True(t, last || len(q.Payload()) == size)
			assert.Equal(t, s.Flags&(FIN|PSH) != 0 && last, q.Flags&(FIN|PSH) != 0)
			assert.Equal(t, s.Flags&CWR != 0 && k == 0, q.Flags&CWR != 0)
			assert.Equal(t, s.Flags&^(FIN|PSH|CWR), q.Flags&^(FIN|PSH|CWR))
			if s.Flow.Src.Is4() {
				assert.Equal(t, uint16(s.ID)+uint16(k), uint16(q.Bytes()[4])<<8|uint16(q.Bytes()[5]))
			}
		}
		assert.Equal(t, string(s.Payload), string(data))
	})
}

// TestSegmentMendsChecksums: cards get segments whose checksums are not finished.
func TestSegmentMendsChecksums(t *testing.T) {
	b := Spec{Flow: MustParseFlow("tcp 10.0.0.1:1 > 10.0.0.2:2"), Flags: ACK, Payload: make([]byte, 100)}.Bytes()
	b[header4+checksumTCP] ^= 0xff
	all := segments(t, b, 40)
	require.Len(t, all, 3)
	for _, q := range all {
		assert.True(t, q.ChecksumOK())
	}
}

func TestSegmentLeavesAlone(t *testing.T) {
	tcp, udp := MustParseFlow("tcp 10.0.0.1:1 > 10.0.0.2:2"), MustParseFlow("udp 10.0.0.1:1 > 10.0.0.2:2")
	for _, c := range []struct {
		name string
		spec Spec
		size int
		want int
	}{
		{"what is too large", Spec{Flow: tcp, Flags: ACK, Payload: make([]byte, 101)}, 100, 2},
		{"what is just as large", Spec{Flow: tcp, Flags: ACK, Payload: make([]byte, 100)}, 100, 1},
		{"a SYN", Spec{Flow: tcp, Flags: SYN, Payload: make([]byte, 101)}, 100, 1},
		{"urgent data", Spec{Flow: tcp, Flags: ACK | URG, Payload: make([]byte, 101)}, 100, 1},
		{"a fragment", Spec{Flow: tcp, Flags: ACK, Payload: make([]byte, 204), MoreFragments: true}, 100, 1},
		{"a datagram", Spec{Flow: udp, Payload: make([]byte, 101)}, 100, 1},
		{"no size", Spec{Flow: tcp, Flags: ACK, Payload: make([]byte, 101)}, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.spec.Bytes()
			all := segments(t, b, c.size)
			assert.Len(t, all, c.want)
			if c.want == 1 {
				assert.Equal(t, b, all[0].Bytes())
			}
		})
	}
}
