package reach

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

func tcp(first, last uint16) space.Span {
	return space.Span{First: space.Service(6, first), Last: space.Service(6, last)}
}

func echo(first, last uint16) space.Span {
	return space.Span{First: space.Service(1, first), Last: space.Service(1, last)}
}

func protocols(first, last uint8) (all []space.Span) {
	for n := int(first); n <= int(last); n++ {
		all = append(all, space.Protocol(uint8(n)))
	}
	return space.Union(all)
}

func TestTraffic_Services(t *testing.T) {
	all := emu.Services(false)
	for want, some := range map[string][]space.Span{
		"all":                                   all,
		"tcp/443":                               {tcp(443, 443)},
		"tcp/443, tcp/8000-8099, icmp/8":        {echo(0x0800, 0x08ff), tcp(443, 443), tcp(8000, 8099)},
		"tcp":                                   {tcp(0, 65535)},
		"tcp/1-65535":                           {tcp(1, 65535)},
		"all but tcp/22":                        space.Except(all, []space.Span{tcp(22, 22)}),
		"all but tcp":                           space.Except(all, []space.Span{tcp(0, 65535)}),
		"tcp, other protocols":                  space.Except(all, slices.Concat(protocols(1, 1), protocols(17, 17))),
		"icmp/3/4":                              {echo(0x0304, 0x0304)},
		"icmp/3/1-4":                            {echo(0x0301, 0x0304)},
		"icmp/3-8":                              {echo(0x0300, 0x08ff)},
		"icmp/3/4-8/0":                          {echo(0x0304, 0x0800)},
		"ip/47-50":                              protocols(47, 50),
		"udp, ip/50":                            slices.Concat(protocols(17, 17), protocols(50, 50)),
		"ip/5, ip/7":                            slices.Concat(protocols(5, 5), protocols(7, 7)), // TCP is between
		"ip/42-44, ip/59-61":                    append(protocols(42, 44), protocols(59, 61)...), // extension headers of IPv6
		"ip/57, ip/59":                          slices.Concat(protocols(57, 57), protocols(59, 59)),
		"tcp/0-1, tcp/3-4, tcp/6-7, tcp/9-1000": {tcp(0, 1), tcp(3, 4), tcp(6, 7), tcp(9, 1000)},
	} {
		t.Run(want, func(t *testing.T) {
			p := places{all: space.Product{all, {space.Ports(1, 65535)}, {space.One(space.Num{})}, {space.One(space.Num{})}}}
			some = space.Union(some)
			if want == "ip/57, ip/59" { // 58 is ICMPv6, which IPv4 has not: nothing is between
				want = "ip/57-59"
			}
			assert.Equal(t, want, p.traffic(space.Product{some, {space.Ports(1, 65535)}, {space.One(space.Num{})}, {space.One(space.Num{})}}).String())
		})
	}
}

// prefixes are the spans of some prefixes.
func prefixes(list ...string) (all []space.Span) {
	for _, p := range list {
		all = append(all, space.Prefix(netip.MustParsePrefix(p)))
	}
	return space.Union(all)
}

func TestTraffic_Sources(t *testing.T) {
	hosts := space.Except([]space.Span{space.Addresses(false)}, prefixes("10.0.0.0/8", "172.16.0.0/12", "224.0.0.0/3"))
	but := func(list ...string) []space.Span { return space.Except(hosts, prefixes(list...)) }
	for _, c := range []struct {
		want      string
		all, some []space.Span
	}{
		{"", prefixes("10.0.1.10/32"), prefixes("10.0.1.10/32")},
		{"anywhere", hosts, hosts},
		{"198.51.100.0/24", hosts, prefixes("198.51.100.0/24")},
		{"192.0.2.7", hosts, prefixes("192.0.2.7/32")},
		{"192.0.2.0/24, 198.51.100.0/24", hosts, prefixes("192.0.2.0/24", "198.51.100.0/24")},
		{"11.0.0.0/8", hosts, prefixes("10.0.0.0/7")},                              // 10.0.0.0/8 is nobody's
		{"anywhere but 198.51.100.0/24", hosts, but("198.51.100.0/24")},            //
		{"128.0.0.0/1", hosts, but("0.0.0.0/1")},                                   // 224.0.0.0/3 is nobody's
		{"172.0.0.0/8", hosts, prefixes("172.0.0.0/8")},                            // with nobody's in the middle
		{"192.168.1.0/24", prefixes("192.168.0.0/16"), prefixes("192.168.1.0/24")}, //
		{"192.168.0.5-192.168.0.250", prefixes("192.168.0.0/23"), []space.Span{{First: prefixes("192.168.0.5/32")[0].First, Last: prefixes("192.168.0.250/32")[0].First}}},
	} {
		t.Run(c.want, func(t *testing.T) {
			rest := []space.Span{space.Ports(1, 65535)}
			p := places{all: space.Product{{tcp(22, 22)}, rest, c.all, rest}}
			tr := p.traffic(space.Product{{tcp(22, 22)}, rest, c.some, rest})
			assert.Equal(t, c.want, tr.Sources())
		})
	}
}

func TestTraffic_String(t *testing.T) {
	all := emu.Services(false)
	hosts := []space.Span{space.Addresses(false)}
	p := places{all: space.Product{all, {space.Ports(1, 65535)}, hosts, hosts}}
	tr := p.traffic(space.Product{{tcp(22, 22)}, {space.Ports(1024, 65535)}, prefixes("192.0.2.0/24"), hosts})
	assert.Equal(t, "tcp/22 from 192.0.2.0/24 to anywhere source ports 1024-65535", tr.String())
	b, err := json.Marshal(tr)
	require.NoError(t, err)
	assert.JSONEq(t, `{"services": ["tcp/22"], "source_ports": ["1024-65535"], "sources": ["192.0.2.0/24"]}`, string(b))
}
