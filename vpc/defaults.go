package vpc

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
)

var (
	any4 = netip.MustParsePrefix("0.0.0.0/0")
	any6 = netip.MustParsePrefix("::/0")
)

// DefaultACLEntries are what AWS puts into the default network ACL of a VPC, in
// either direction: all of IPv4, and all of IPv6 (ACL-8).
func DefaultACLEntries() []firewall.Entry {
	return []firewall.Entry{
		{Number: 100, Action: firewall.Allow, Service: firewall.All, CIDR: any4},
		{Number: 101, Action: firewall.Allow, Service: firewall.All, CIDR: any6},
	}
}

// DefaultGroup is the default security group of a VPC as AWS makes it: all in
// from itself, and all out (SG-4).
func DefaultGroup() *SecurityGroup {
	g := &SecurityGroup{ID: "default", Name: "default"}
	g.Ingress = []firewall.Rule{{Service: firewall.All, Peer: firewall.Peer{Group: g.ID}}}
	for _, everywhere := range []netip.Prefix{any4, any6} {
		g.Egress = append(g.Egress, firewall.Rule{Service: firewall.All, Peer: firewall.Peer{Prefix: everywhere}})
	}
	return g
}
