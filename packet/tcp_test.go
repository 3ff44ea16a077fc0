package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestClampMSS(t *testing.T) {
	syn := func(flags TCPFlags, o ...byte) []byte {
		return Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 203.0.113.9:443"), Flags: flags, TCPOptions: o}.Bytes()
	}
	for _, c := range []struct {
		name string
		b    []byte
		want uint16 // announced afterwards, 0 for none
		cut  bool
	}{
		{"SYN above the limit", syn(SYN, 2, 4, 0x22, 0xd9), 8460, true},
		{"SYN-ACK above the limit", syn(SYN|ACK, 2, 4, 0x22, 0xd9), 8460, true},
		{"SYN at the limit", syn(SYN, 2, 4, 0x21, 0x0c), 8460, false},
		{"SYN one above", syn(SYN, 2, 4, 0x21, 0x0d), 8460, true},
		{"SYN below stays", syn(SYN, 2, 4, 0x05, 0xb4), 1460, false},
		{"SYN without MSS gets none", syn(SYN, 1, 1, 1, 1), 0, false},
		{"no SYN, no MSS", syn(ACK, 2, 4, 0x22, 0xd9), 0, false},
		{"at an odd byte", syn(SYN, 1, 2, 4, 0x22, 0xd9), 8460, true},
		{"behind another option", syn(SYN, 3, 3, 7, 2, 4, 0x22, 0xd9), 8460, true},
		{"after the end of the list", syn(SYN, 0, 2, 4, 0x22, 0xd9), 0, false},
		{"behind a length of 0, which must not loop", syn(SYN, 8, 0, 2, 4, 0x22, 0xd9), 0, false},
		{"cut off", syn(SYN, 1, 1, 2, 4), 0, false},
		{"of length 3", syn(SYN, 2, 3, 0x22, 0), 0, false},
		{"UDP", udp4, 0, false},
	} {
		var p Packet
		require.NoError(t, p.Parse(c.b), c.name)
		assert.Equal(t, c.cut, p.ClampMSS(8460), c.name)
		mss, ok := p.MSS()
		assert.Equal(t, c.want, mss, c.name)
		assert.Equal(t, c.want != 0, ok, c.name)
		assert.True(t, p.ChecksumOK(), c.name)
	}
}

func TestClampMSSIsRebuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, limit := rapid.Uint16().Draw(t, "was"), rapid.Uint16().Draw(t, "limit")
		nops := rapid.SliceOfN(rapid.Just[byte](1), 0, 3).Draw(t, "no-ops")
		build := func(mss uint16) []byte {
			o := append(append([]byte{}, nops...), 2, 4, byte(mss>>8), byte(mss))
			return Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 203.0.113.9:443"), Flags: SYN, TCPOptions: o}.Bytes()
		}
		var p Packet
		require.NoError(t, p.Parse(build(was)))
		p.ClampMSS(limit)
		require.Equal(t, build(min(was, limit)), p.Bytes())
	})
}

func TestTCPFlags(t *testing.T) {
	assert.Equal(t, "syn|ack", (SYN | ACK).String())
	assert.Equal(t, "none", TCPFlags(0).String())
	assert.True(t, (SYN | ACK).Has(SYN))
	assert.False(t, SYN.Has(SYN|ACK))
	assert.Equal(t, []TCPFlags{1, 2, 4, 8, 16, 32}, []TCPFlags{FIN, SYN, RST, PSH, ACK, URG})
}
