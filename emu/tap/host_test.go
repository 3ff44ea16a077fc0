package tap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

func emulator(t *testing.T, text string) *emu.Emulator {
	t.Helper()
	n, _, err := yaml.Parse("net.yaml", []byte(text))
	require.NoError(t, err)
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	return e
}

// TestHosts: who has a namespace, and what is in it.
func TestHosts(t *testing.T) {
	for _, c := range []struct {
		example string
		want    []string
	}{
		{"three-tier", []string{
			"app-1: eth0 [10.0.2.4/24] via [10.0.2.1]",
			"db-1: eth0 [10.0.3.10/24] via [10.0.3.1]",
			"internet: eth0 [203.0.113.7/32 2001:db8:ffff:ffff::7/128] near [198.51.100.1/32 203.0.113.10/32] is [0.0.0.0/0 ::/0]",
			"web-1: eth0 [10.0.1.4/24] via [10.0.1.1]",
		}},
		{"two-interfaces", []string{
			"client-1: eth0 [10.20.1.10/24] via [10.20.1.1]",
			"client-2: eth0 [10.20.3.20/24] via [10.20.3.1]",
			"fw-1, forwards: eth0 [10.20.3.10/24] via [10.20.3.1]; eth1 [10.20.4.10/24] via [10.20.4.1]",
			"internet: eth0 [203.0.113.7/32 2001:db8:ffff:ffff::7/128] near [] is [0.0.0.0/0 ::/0]",
			"server-1: eth0 [10.20.2.10/24] via [10.20.2.1]",
		}},
		{"hybrid", []string{
			"app-1: eth0 [10.0.11.4/24] via [10.0.11.1]",
			"app-2: eth0 [10.0.12.4/24] via [10.0.12.1]",
			"db-1: eth0 [10.1.1.4/24] via [10.1.1.1]",
			"internet: eth0 [203.0.113.7/32 2001:db8:ffff:ffff::7/128] near [198.51.100.1/32 198.51.100.2/32] is [0.0.0.0/0 ::/0]",
			"onprem: eth0 [192.168.0.1/32] via [169.254.1.1 fe80:ec2::1] is [192.168.0.0/16]",
			"s3: eth0 [52.218.0.1/32] via [169.254.1.1 fe80:ec2::1] is [52.218.0.0/17]",
			"secrets: eth0 [10.0.11.5/24] via [10.0.11.1]",
		}},
		{"dual-stack", []string{
			"back-1: eth0 [10.30.2.10/24 2001:db8:30:2::10/64] via [10.30.2.1 fe80:ec2::1]",
			"internet: eth0 [203.0.113.7/32 2001:db8:ffff:ffff::7/128] near [198.51.100.1/32 2001:db8:30::/56] is [0.0.0.0/0 ::/0]",
			"web-1: eth0 [10.30.1.10/24 2001:db8:30:1::10/64] via [10.30.1.1 fe80:ec2::1]",
			"web-2: eth0 [10.30.1.20/24 2001:db8:30:1::20/64] via [10.30.1.1 fe80:ec2::1]",
		}},
	} {
		t.Run(c.example, func(t *testing.T) {
			b, err := examples.FS.ReadFile(c.example + ".yaml")
			require.NoError(t, err)
			e := emulator(t, string(b))
			var got []string
			for _, h := range hostsOf(e) {
				got = append(got, hostText(h))
				for _, d := range h.Devices {
					_, err := e.Port(d.Port)
					assert.NoError(t, err)
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// TestResolvConf: the host name and the resolver that a host has by its addresses.
func TestResolvConf(t *testing.T) {
	got := make(map[string]string)
	for _, h := range hostsOf(emulator(t, `
vpcs:
  prod:
    cidr: [10.0.0.0/16, "2001:db8::/56"]
    region: eu-west-1
    subnets:
      both: {cidr: [10.0.1.0/24, "2001:db8:0:1::/64"]}
      six: {cidr: "2001:db8:0:2::/64"}
    instances:
      web-1: {subnet: both, ip: [10.0.1.10, "2001:db8:0:1::10"]}
      six-1: {subnet: six, ip: "2001:db8:0:2::10"}
`)) {
		got[h.Name] = fmt.Sprint(h.Hostname, " ", h.Resolver, " ", h.Search)
	}
	assert.Equal(t, map[string]string{
		"web-1":    "ip-10-0-1-10 10.0.0.2 eu-west-1.compute.internal",
		"six-1":    "six-1 fd00:ec2::253 eu-west-1.compute.internal",
		"internet": "internet invalid IP ",
	}, got)
}

func hostText(h *Host) string {
	var devices []string
	for _, d := range h.Devices {
		text := fmt.Sprintf("%s %v", d.Name, d.Addresses)
		if d.Near != nil {
			text += fmt.Sprintf(" near %v", d.Near)
		} else {
			text += fmt.Sprintf(" via %v", d.Routers)
		}
		if d.Local != nil {
			text += fmt.Sprintf(" is %v", d.Local)
		}
		devices = append(devices, text)
	}
	return h.Name + map[bool]string{true: ", forwards"}[h.Forwards] + ": " + strings.Join(devices, "; ")
}

// TestHostNames_Unique: each host has a name that means only it, whatever the others are called.
func TestHostNames_Unique(t *testing.T) {
	host := func(vpc, id, label string) *Host {
		return &Host{Name: label, Names: []string{id, vpc + "/" + label, vpc + "-id/" + label, vpc + "-id/" + id}}
	}
	for what, c := range map[string]struct {
		hosts []*Host
		want  []string
	}{
		"no other":         {[]*Host{host("prod", "i-1", "web")}, []string{"web"}},
		"in two VPCs":      {[]*Host{host("prod", "i-1", "web"), host("test", "i-2", "web")}, []string{"prod/web", "test/web"}},
		"in one VPC":       {[]*Host{host("prod", "i-1", "web"), host("prod", "i-2", "web")}, []string{"i-1", "i-2"}},
		"as another's ID":  {[]*Host{host("prod", "i-1", "web"), host("prod", "i-2", "i-1")}, []string{"prod/i-1", "web"}},
		"as the internet":  {[]*Host{host("prod", "i-1", "internet"), {Name: "internet"}}, []string{"internet", "prod/internet"}},
		"VPCs of one name": {[]*Host{host("prod", "web", "web"), host("test", "web", "web")}, []string{"prod/web", "test/web"}},
	} {
		name(c.hosts)
		var got []string
		for _, h := range c.hosts {
			got = append(got, h.Name)
		}
		assert.Equal(t, c.want, got, what)
	}
}
