package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
)

func TestOneService(t *testing.T) {
	for _, s := range []string{"tcp/443", "udp/53", "tcp/0", "icmp", "icmp/3/4", "icmpv6", "icmpv6/128", "ip/50"} {
		svc, err := oneService(s)
		require.NoError(t, err, s)
		assert.Equal(t, firewall.MustParseService(s), svc)
	}
}

func TestNotOneService(t *testing.T) {
	for _, c := range []struct{ service, want string }{
		{"all", "one protocol"},
		{"tcp", "range of ports: name the one to knock at, like tcp/443"},
		{"udp", "like udp/53"},
		{"ip/6", "range of ports"},
		{"tcp/8000-8100", "like tcp/8000"},
		{"https", `did you mean "tcp/443"?`},
		{"ping", `did you mean "icmp"?`},
		{"443", `did you mean "tcp/443"?`},
		{"443/udp", `did you mean "udp/443"?`},
		{"TCP/443", `did you mean "tcp/443"?`},
		{"tcp:443", `did you mean "tcp/443"?`},
		{"99999", "want tcp/PORT"},
		{"tcp/99999", "want tcp/PORT"},
		{"tcp/", "want tcp/PORT"},
		{"sctp/1", "want tcp/PORT"},
		{"", "want tcp/PORT"},
	} {
		_, err := oneService(c.service)
		require.Error(t, err, c.service)
		assert.Contains(t, err.Error(), c.want, c.service)
	}
}
