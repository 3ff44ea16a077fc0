package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseFlowErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		s    string
		want string
	}{
		{"nothing", "", `flow "": want "protocol source > destination"`},
		{"no arrow", "tcp 10.0.0.1:1 - 10.0.0.2:2", `want "protocol source > destination"`},
		{"unknown protocol", "sctp 10.0.0.1:1 > 10.0.0.2:2", `protocol "sctp": want tcp, udp, icmp, icmpv6 or ip/0 to ip/255`},
		{"protocol number too large", "ip/256 10.0.0.1 > 10.0.0.2", `protocol "ip/256"`},
		{"bare protocol number", "50 10.0.0.1 > 10.0.0.2", `protocol "50"`},
		{"tcp without port", "tcp 10.0.0.1 > 10.0.0.2:2", `10.0.0.1`},
		{"port too large", "tcp 10.0.0.1:65536 > 10.0.0.2:2", `65536`},
		{"icmp with port", "icmp 10.0.0.1:1 > 10.0.0.2", `10.0.0.1:1`},
		{"two versions", "icmp 10.0.0.1 > ::1", "10.0.0.1 and ::1 are not of one IP version"},
		{"mapped is IPv6", "icmp 10.0.0.1 > ::ffff:10.0.0.2", "are not of one IP version"},
		{"zone", "icmpv6 fe80::1%eth0 > fe80::2", "a packet carries no zone"},
		{"identifier of tcp", "tcp 10.0.0.1:1 > 10.0.0.2:2 id 7", `unexpected "id 7"`},
		{"identifier too large", "icmp 10.0.0.1 > 10.0.0.2 id 65536", `identifier "65536": want 0 to 65535`},
		{"identifier missing", "icmp 10.0.0.1 > 10.0.0.2 id", `unexpected "id"`},
	} {
		f, err := ParseFlow(c.s)
		assert.ErrorContains(t, err, c.want, c.name)
		assert.Equal(t, Flow{}, f, c.name)
		assert.Panics(t, func() { MustParseFlow(c.s) }, c.name)
	}
}

func TestFlowString(t *testing.T) {
	for _, s := range []string{
		"tcp 10.0.1.10:40000 > 10.0.2.20:5432",
		"udp [2001:db8::1]:5353 > [2001:db8::2]:53",
		"tcp [::ffff:10.0.0.1]:1 > [::ffff:10.0.0.2]:2",
		"icmp 10.0.0.1 > 10.0.0.2 id 7",
		"icmp 10.0.0.1 > 10.0.0.2",
		"icmpv6 fe80::1 > fe80::2 id 65535",
		"ip/50 10.0.0.1 > 10.0.0.2",
	} {
		assert.Equal(t, s, MustParseFlow(s).String())
	}
}

func TestFlowRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFlow(t, drawVersion(t))
		got, err := ParseFlow(f.String())
		require.NoError(t, err)
		require.Equal(t, f, got)
		require.Equal(t, f, f.Reverse().Reverse())
	})
}

func TestFlowReverse(t *testing.T) {
	for _, c := range []struct{ name, flow, want string }{
		{"ports swap", "tcp 10.0.0.1:1 > 10.0.0.2:2", "tcp 10.0.0.2:2 > 10.0.0.1:1"},
		{"the identifier does not", "icmp 10.0.0.1 > 10.0.0.2 id 7", "icmp 10.0.0.2 > 10.0.0.1 id 7"},
		{"no ports", "ip/50 10.0.0.1 > 10.0.0.2", "ip/50 10.0.0.2 > 10.0.0.1"},
	} {
		assert.Equal(t, c.want, MustParseFlow(c.flow).Reverse().String(), c.name)
	}
}

func TestProtoRoundTrip(t *testing.T) {
	for n := range 256 {
		p, err := ParseProto(Proto(n).String())
		require.NoError(t, err)
		require.Equal(t, Proto(n), p)
	}
	tcp, err := ParseProto("ip/6")
	require.NoError(t, err)
	assert.Equal(t, "tcp", tcp.String())
}
