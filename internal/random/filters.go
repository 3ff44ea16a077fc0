package random

import (
	"fmt"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

var (
	services = []string{"all", "all", "all", "all", "all", "tcp", "tcp", "udp", "tcp/80", "tcp/80-443", "udp/53", "icmp", "icmp/8", "icmp/3", "icmp/3/1", "icmp/13", "icmpv6", "icmpv6/128", "icmpv6/144", "ip/50", "tcp/40000-40003"}
	peers    = []string{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "::/0", "::/0", "10.0.0.0/16", "10.0.1.0/24", "10.1.0.0/16", "10.10.0.0/16", "10.0.0.0/8", "192.168.0.0/16", "203.0.113.0/24",
		"198.51.100.0/24", "2001:db8::/32", "g0", "g1", "g2", "pl-mixed"}
	ranges = []string{"0.0.0.0/0", "0.0.0.0/0", "::/0", "10.0.0.0/16", "10.0.1.0/24", "10.10.0.0/15", "192.168.0.0/16", "203.0.113.0/24", "198.51.100.0/24", "10.0.1.8/29", "203.0.113.9/32"}
	edges  = []int{1, 25, 53, 79, 80, 81, 443, 444, 1023, 1024, 32767, 32768, 39999, 40000, 40001, 40002, 49151, 49152, 60999, 61000, 65534, 65535}
)

// Service is that of a rule.
func (m *Maker) Service() firewall.Service { return firewall.MustParseService(m.service()) }

// service is a usual one, or ports from some edge to another.
func (m *Maker) service() string {
	if !m.One(4) {
		return Pick(m, services...)
	}
	a, b := Pick(m, edges...), Pick(m, edges...)
	return fmt.Sprintf("%s/%d-%d", Pick(m, "tcp", "udp"), min(a, b), max(a, b))
}

// Peer is the far side of a rule, in the VPC or outside.
func (m *Maker) Peer() firewall.Peer { return vpc.ParsePeer(Pick(m, peers...)) }

// Groups replaces the security groups of a VPC.
func (m *Maker) Groups(v *vpc.VPC) {
	v.SecurityGroups = nil
	for g := range 3 {
		m.group(v.AddSecurityGroup(fmt.Sprintf("g%d", g)))
	}
	v.AddSecurityGroup("only-"+v.ID).AllowIn("tcp/443", "0.0.0.0/0")
}

func (m *Maker) group(g *vpc.SecurityGroup) {
	seen := make(map[string]bool)
	for _, all := range []string{"0.0.0.0/0", "::/0"} { // or most packets would end here
		if !m.One(3) {
			g.AllowOut("all", all)
		}
		if m.One(3) {
			g.AllowIn("all", all)
		}
		seen[fmt.Sprintln(true, "all", all)], seen[fmt.Sprintln(false, "all", all)] = true, true
	}
	for range 4 + m.IntN(6) {
		in, service, peer := m.One(2), m.Service().String(), Pick(m, peers...)
		key := fmt.Sprintln(in, service, peer)
		switch {
		case seen[key]:
		case in:
			g.AllowIn(service, peer)
		default:
			g.AllowOut(service, peer)
		}
		seen[key] = true
	}
}

// ACL replaces the network ACL of a VPC.
func (m *Maker) ACL(v *vpc.VPC) {
	v.NetworkACLs = nil
	a := v.AddNetworkACL("acl")
	for k := range 1 + m.IntN(5) {
		Pick(m, a.DenyIn, a.AllowIn, a.AllowIn, a.AllowIn)(100-k, m.service(), Pick(m, ranges...))
		Pick(m, a.DenyOut, a.AllowOut, a.AllowOut, a.AllowOut)(100-k, m.service(), Pick(m, ranges...))
	}
	if m.One(2) {
		m.ephemeral(a)
	}
}

// ephemeral cuts the ports that answers come to in pieces, in one direction.
func (m *Maker) ephemeral(a *vpc.NetworkACL) {
	allow, deny := a.AllowIn, a.DenyIn
	if m.One(2) {
		allow, deny = a.AllowOut, a.DenyOut
	}
	proto, from := Pick(m, "tcp", "udp"), 1024
	for k, to := range append(some(m, []int{32767, 39999, 40000, 49151, 60999}), 65535) {
		Pick(m, allow, deny)(90+k, fmt.Sprintf("%s/%d-%d", proto, from, to), Pick(m, "0.0.0.0/0", "::/0", Pick(m, ranges...)))
		from = to + 1
	}
}

// gaps makes a rule here and there one that is not understood.
func (b *builder) gaps(v *vpc.VPC) {
	if g := v.SecurityGroups[0]; b.One(8) && len(g.Ingress) > 0 {
		g.Ingress[0].Unknown = "a word that nobody knows"
	}
	if a := v.NetworkACLs[0]; b.One(8) {
		a.Egress[0].Unknown = "a word that nobody knows"
	}
	for _, t := range v.RouteTables {
		if b.One(10) {
			t.Unknown = "not all of it was listed"
		}
	}
}

// Change changes one VPC as people do; it says what of it.
func (m *Maker) Change(v *vpc.VPC) string {
	what := Pick(m, "groups", "network ACLs", "instances", "subnets", "interfaces")
	switch what {
	case "groups":
		m.Groups(v)
	case "network ACLs":
		m.ACL(v)
	case "instances":
		for _, i := range v.Instances {
			i.State = Pick(m, vpc.Running, vpc.Running, vpc.Stopped)
		}
	}
	for _, s := range v.Subnets {
		if what == "subnets" {
			s.NetworkACL, s.RouteTable = Pick(m, "", "acl"), Pick(m, s.RouteTable, s.RouteTable, "")
		}
		for _, i := range s.Interfaces {
			if what == "interfaces" && i.Kind == "" {
				m.changeInterface(i)
			}
		}
	}
	return what
}

func (m *Maker) changeInterface(i *vpc.Interface) {
	i.Detached, i.NoSourceDestCheck = m.One(12), i.NoSourceDestCheck != m.One(4)
	i.Groups = Pick(m, i.Groups, []string{Pick(m, "g0", "g1", "g2")})
	i.Timeouts = Pick(m, i.Timeouts, vpc.Timeouts{UDP: time.Minute, UDPStream: time.Minute, TCPEstablished: time.Minute})
}
