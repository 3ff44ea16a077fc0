package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestICMPEcho(t *testing.T) {
	reply4 := Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2 id 7"), ICMPType: ICMPEchoReply}.Bytes()
	reply6 := Spec{Flow: MustParseFlow("icmpv6 ::1 > ::2 id 7"), ICMPType: ICMPv6EchoReply}.Bytes()
	for _, c := range []struct {
		name        string
		b           []byte
		id          uint16
		request, ok bool
	}{
		{"request", ping4, 7, true, true},
		{"reply", reply4, 7, false, true},
		{"IPv6 request", ping6, 7, true, true},
		{"IPv6 reply", reply6, 7, false, true},
		{"timestamp", edit(ping4, 20, 13), 0, false, false},
		{"type 8 in IPv6", edit(ping6, 40, 8), 0, false, false},
		{"later fragment", fragment4(ICMP, 16, false, string(ping4[20:])), 0, false, false},
		{"TCP", tcp4, 0, false, false},
	} {
		var p Packet
		require.NoError(t, p.Parse(c.b), c.name)
		id, request, ok := p.ICMPEcho()
		assert.Equal(t, []any{c.id, c.request, c.ok}, []any{id, request, ok}, c.name)
	}
}

func TestIsICMPError(t *testing.T) {
	errors4 := map[uint8]bool{3: true, 11: true, 12: true}
	errors6 := map[uint8]bool{1: true, 2: true, 3: true, 4: true}
	for kind := range 256 {
		var p Packet
		require.NoError(t, p.Parse(edit(ping4, 20, byte(kind))))
		assert.Equal(t, errors4[uint8(kind)], p.IsICMPError(), "ICMP type %d", kind)
		require.NoError(t, p.Parse(edit(ping6, 40, byte(kind))))
		assert.Equal(t, errors6[uint8(kind)], p.IsICMPError(), "ICMPv6 type %d", kind)
	}
}
