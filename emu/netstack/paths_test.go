package netstack

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip/faketime"

	"github.com/vpcemu/vpcemu/packet"
)

// tooBig is what a router says of a packet.
func tooBig(t *testing.T, s packet.Spec, mtu int) []byte {
	var p packet.Packet
	require.NoError(t, p.Parse(s.Bytes()))
	return packet.AppendTooBig(nil, s.Flow.Dst, &p, mtu)
}

// TestHear: what a router says is believed, if it can be.
func TestHear(t *testing.T) {
	const unknown = math.MaxInt
	four := packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:1 > 203.0.113.80:53"), Payload: make([]byte, 3000)}
	six := packet.Spec{Flow: packet.MustParseFlow("udp [2001:db8:1::10]:1 > [2001:db8:ffff::80]:53"), Payload: make([]byte, 3000)}
	tcp := four
	tcp.Flow.Proto = packet.TCP
	bad := tooBig(t, four, 1500)
	bad[22]++ // the checksum of ICMP
	for _, c := range []struct {
		name string
		said []byte
		want int
	}{
		{"IPv4", tooBig(t, four, 1500), 1500},
		{"IPv6", tooBig(t, six, 1400), 1400},
		{"less than any path has", tooBig(t, four, 100), 552},
		{"less than any path has, IPv6", tooBig(t, six, 1000), 1280},
		{"of a TCP segment, of which TCP hears", tooBig(t, tcp, 1500), unknown},
		{"with a wrong checksum", bad, unknown},
		{"nothing at all", []byte{0x45}, unknown},
		{"something else", four.Bytes(), unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPaths(faketime.NewManualClock())
			p.hear(c.said)
			assert.Equal(t, c.want, min(p.mtu(four.Flow.Dst), p.mtu(six.Flow.Dst)))
		})
	}
}

// TestPathsAreForgotten: no more are kept than were told within ten minutes.
func TestPathsAreForgotten(t *testing.T) {
	clock := faketime.NewManualClock()
	p := newPaths(clock)
	a := netip.MustParseAddr("203.0.113.80")
	for range 1000 {
		clock.Advance(time.Minute)
		p.learn(a, 1500)
		assert.LessOrEqual(t, len(p.to), 10)
		a = a.Next()
	}
}
