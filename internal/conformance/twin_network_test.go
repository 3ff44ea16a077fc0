package conformance

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// maker makes up networks and packets. Addresses are few, so that they meet.
type maker struct {
	*rand.Rand
	public int // the last byte of the latest public address
}

func newMaker(seed, n uint64) *maker { return &maker{Rand: rand.New(rand.NewPCG(seed, n))} }

func (m *maker) one(in int) bool { return m.IntN(in) == 0 }

func pick[T any](m *maker, from ...T) T { return from[m.IntN(len(from))] }

var (
	services = []string{"all", "all", "all", "all", "all", "tcp", "tcp", "udp", "tcp/80", "tcp/80-443", "udp/53", "icmp", "icmp/8", "icmp/3", "icmpv6", "icmpv6/128", "ip/50", "tcp/40000-40003"}
	peers    = []string{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "::/0", "::/0", "10.0.0.0/16", "10.0.1.0/24", "10.1.0.0/16", "203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32", "g0", "g1", "g2", "pl-mixed"}
	ranges   = []string{"0.0.0.0/0", "0.0.0.0/0", "::/0", "10.0.0.0/16", "10.0.1.0/24", "203.0.113.0/24", "198.51.100.0/24"}
)

// network is one to three VPCs of the same ranges and the same names.
func (m *maker) network() *vpc.Network {
	var n vpc.Network
	n.AddPrefixList("pl-mixed", "203.0.113.0/24", "10.0.2.0/24", "2001:db8:ffff::/48")
	n.AddPrefixList("pl-far", "203.0.113.0/24", "203.0.113.192/26", "2001:db8:ffff::/48")
	for k := range 1 + m.IntN(3) {
		m.vpc(&n, k)
	}
	return &n
}

func (m *maker) vpc(n *vpc.Network, k int) {
	v := n.AddVPC(fmt.Sprintf("v%d", k), "10.0.0.0/16", "10.1.0.0/16", fmt.Sprintf("2001:db8:%d::/56", k+1), "fd12::/56")
	v.DisableDNS = m.one(4)
	if !m.one(4) {
		v.AddInternetGateway("igw")
	}
	m.groups(v)
	m.acl(v)
	var interfaces []string
	for i, base := range []string{"10.0.1.", "10.0.2.", "10.1.1."} {
		s := v.AddSubnet(string(rune('a'+i)), base+"0/24")
		if !m.one(3) {
			s.CIDRs = append(s.CIDRs, netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d:%d::/64", k+1, i)), netip.MustParsePrefix(fmt.Sprintf("fd12:0:0:%d::/64", i)))
		}
		s.NetworkACL = pick(m, "", "acl")
		for h := range 1 + m.IntN(2) {
			name := fmt.Sprintf("%s%d", s.ID, h)
			interfaces = append(interfaces, name)
			m.iface(v, s, name, base, h)
		}
	}
	for _, s := range v.Subnets {
		m.routes(v, s, interfaces)
	}
	m.edge(v, interfaces)
}

func (m *maker) groups(v *vpc.VPC) {
	v.SecurityGroups = nil
	for g := range 3 {
		m.group(v.AddSecurityGroup(fmt.Sprintf("g%d", g)))
	}
}

func (m *maker) group(g *vpc.SecurityGroup) {
	seen := make(map[string]bool)
	for _, all := range []string{"0.0.0.0/0", "::/0"} { // or most packets would end here
		if m.one(2) {
			g.AllowOut("all", all)
		}
		if m.one(4) {
			g.AllowIn("all", all)
		}
		seen[fmt.Sprintln(true, "all", all)], seen[fmt.Sprintln(false, "all", all)] = true, true
	}
	for range 4 + m.IntN(6) {
		in, service, peer := m.one(2), pick(m, services...), pick(m, peers...)
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

func (m *maker) acl(v *vpc.VPC) {
	v.NetworkACLs = nil
	a := v.AddNetworkACL("acl")
	for k := range 1 + m.IntN(5) {
		pick(m, a.DenyIn, a.AllowIn, a.AllowIn, a.AllowIn)(100-k, pick(m, services...), pick(m, ranges...))
		pick(m, a.DenyOut, a.AllowOut, a.AllowOut, a.AllowOut)(100-k, pick(m, services...), pick(m, ranges...))
	}
}

func (m *maker) iface(v *vpc.VPC, s *vpc.Subnet, name, base string, h int) {
	i := s.AddInterface(name, fmt.Sprint(base, 10+h), pick(m, "g0", "g1", "g2"))
	i.NoSourceDestCheck, i.DenyInternetGateway, i.Detached = m.one(3), m.one(8), m.one(15)
	if m.one(3) {
		i.AddAddress(fmt.Sprint(base, 100+h)) // a secondary one
	}
	for k := range i.Addresses {
		if v.InternetGateway != nil && m.one(2) {
			m.public++
			i.Addresses[k].Public, i.Addresses[k].Elastic = netip.AddrFrom4([4]byte{198, 51, 100, byte(m.public)}), k > 0 || m.one(2)
		}
	}
	if m.one(5) {
		i.Prefixes = append(i.Prefixes, netip.MustParsePrefix(fmt.Sprint(base, 128+16*h, "/28")))
	}
	for _, p := range s.CIDRs[1:] {
		if !m.one(3) {
			i.AddAddress(strings.TrimSuffix(p.String(), "/64") + fmt.Sprint(10+h))
		}
	}
	if m.one(5) {
		i.Instance = v.AddInstance("i-" + name).ID
		v.Instance(i.Instance).State = pick(m, vpc.Running, vpc.Running, vpc.Stopped)
	}
}

// routes gives a subnet a table of its own, or leaves it the local routes.
func (m *maker) routes(v *vpc.VPC, s *vpc.Subnet, interfaces []string) {
	if m.one(4) {
		return
	}
	t := v.AddRouteTable("rt-" + s.ID)
	s.RouteTable = t.ID
	out := append([]string{"blackhole"}, interfaces...)
	if v.InternetGateway != nil {
		out = append(out, "igw", "igw", "igw", "igw", "igw", "igw", "igw", "igw", "igw", "igw")
	}
	for _, r := range []struct {
		to      string
		in      int // how rare it is
		targets []string
	}{
		{"0.0.0.0/0", 1, out}, {"::/0", 1, out}, {"198.51.100.0/28", 6, out}, {"203.0.113.0/24", 5, out}, {"pl-far", 4, out},
		{"10.0.0.0/16", 7, interfaces}, {"10.0.1.0/24", 4, interfaces}, {"10.0.2.0/24", 4, interfaces}, {"10.1.1.0/24", 4, interfaces},
	} {
		if m.one(r.in) {
			t.AddRoute(r.to, pick(m, r.targets...))
		}
	}
}

// edge gives the internet gateway a route table, half of the time.
func (m *maker) edge(v *vpc.VPC, interfaces []string) {
	if v.InternetGateway == nil || m.one(2) {
		return
	}
	t := v.AddRouteTable("edge")
	v.InternetGateway.RouteTable = t.ID
	for _, s := range v.Subnets {
		for k, p := range s.CIDRs {
			if m.one(3 + 3*k) {
				t.AddRoute(p.String(), pick(m, interfaces...))
			}
		}
	}
}

// change is an update of one VPC; it says of what.
func (m *maker) change(v *vpc.VPC) string {
	what := pick(m, "groups", "network ACLs", "instances", "subnets", "interfaces")
	switch what {
	case "groups":
		m.groups(v)
	case "network ACLs":
		m.acl(v)
	case "instances":
		for _, i := range v.Instances {
			i.State = pick(m, vpc.Running, vpc.Running, vpc.Stopped)
		}
	}
	for _, s := range v.Subnets {
		if what == "subnets" {
			s.NetworkACL, s.RouteTable = pick(m, "", "acl"), pick(m, s.RouteTable, s.RouteTable, "")
		}
		for _, i := range s.Interfaces {
			if what == "interfaces" {
				i.Detached, i.NoSourceDestCheck, i.Groups = m.one(12), i.NoSourceDestCheck != m.one(4), pick(m, i.Groups, []string{pick(m, "g0", "g1", "g2")})
				i.Timeouts = pick(m, i.Timeouts, vpc.Timeouts{UDP: time.Minute, UDPStream: time.Minute, TCPEstablished: time.Minute})
			}
		}
	}
	return what
}

// Addresses that packets have besides those of interfaces.
var (
	others4 = []string{"203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.200", "192.0.2.1", "10.0.0.2", "10.0.1.1", "10.0.2.1", "10.0.1.255", "10.0.2.0", "10.0.9.9", "10.1.1.77",
		"169.254.169.254", "169.254.169.253", "169.254.9.9", "255.255.255.255", "224.0.0.5", "172.16.0.1", "127.0.0.1"}
	others6 = []string{"2001:db8:ffff::1", "2001:db8:ffff::1", "2001:db8:ffff::1", "2001:db8:eeee::1", "2001:db8:1::77", "2001:db8:1::1", "2001:db8:2:1::1", "ff02::1", "fd99::1", "fd00:ec2::253"}
)

// address is any address of an IP version.
func (m *maker) address(hosts []*host, v6 bool) netip.Addr {
	others := others4
	if v6 {
		others = others6
	}
	all := []netip.Addr{netip.MustParseAddr(pick(m, others...)), netip.MustParseAddr(others[0])} // others[0] is an ordinary one
	for range 3 {
		for _, a := range pick(m, hosts...).i.Addresses {
			if a.IP.Is4() != v6 {
				all = append(all, a.IP)
			}
			if a.Public.IsValid() && !v6 {
				all = append(all, a.Public)
			}
		}
	}
	return pick(m, all...)
}

// fresh is a packet that has nothing to do with those before; nil sends it from
// the internet.
func (m *maker) fresh(hosts []*host) (*host, packet.Spec) {
	v6, from := m.one(3), pick(m, hosts...)
	f := packet.Flow{Src: m.address(hosts, v6), Dst: m.address(hosts, v6), Proto: pick(m, packet.TCP, packet.TCP, packet.UDP, packet.UDP, packet.ICMP, 50)}
	own := slices.DeleteFunc(slices.Clone(from.i.Addresses), func(a vpc.Address) bool { return a.IP.Is4() == v6 })
	switch {
	case m.one(4):
		from, f.Src = nil, netip.MustParseAddr(pick(m, "203.0.113.9", "203.0.113.9", "203.0.113.9", "10.9.9.9"))
		if v6 {
			f.Src = netip.MustParseAddr("2001:db8:ffff::1")
		}
	case len(own) > 0 && !m.one(8):
		f.Src = pick(m, own...).IP
	}
	if from == nil && !v6 && !m.one(4) {
		f.Dst = netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + m.IntN(m.public+1))})
	}
	if f.Proto == packet.ICMP && v6 {
		f.Proto = packet.ICMPv6
	}
	if f.Proto.HasPorts() {
		f.SrcPort, f.DstPort = pick(m, uint16(40000), 40001, 68, 546), pick(m, uint16(80), 443, 53, 67, 547, 40000, 40001)
	}
	return from, m.dress(packet.Spec{Flow: f})
}

// dress fills in what is not in the flow.
func (m *maker) dress(s packet.Spec) packet.Spec {
	s.TTL, s.DF = pick(m, uint8(1), 2, 3, 5), m.one(4)
	s.ID = uint32(s.Flow.Proto)<<8 + uint32(m.IntN(3)) // pieces of one packet have one protocol
	switch s.Flow.Proto {
	case packet.TCP:
		s.Flags = pick(m, packet.SYN, packet.SYN|packet.ACK, packet.ACK, packet.ACK, packet.RST)
	case packet.ICMP:
		s.ICMPType = pick[uint8](m, 8, 8, 0, 13, 5, 3)
	case packet.ICMPv6:
		s.ICMPType = pick[uint8](m, 128, 128, 129, 140, 135, 137, 1)
	}
	if echo := s.ICMPType&^8 == 0 || s.ICMPType&^1 == 128; s.Flow.Proto.IsICMP() && echo {
		s.Flow.SrcPort = pick[uint16](m, 0, 7)
	}
	switch piece := m.IntN(8); {
	case piece == 0:
		s.MoreFragments, s.Payload = true, make([]byte, 24)
	case piece == 1:
		s.MoreFragments, s.FragOffset, s.Flags, s.Payload = m.one(2), 64, 0, make([]byte, 16)
	case !s.Flow.Proto.IsICMP() && s.Flow.Proto != packet.TCP:
		s.Payload = make([]byte, pick(m, 0, 0, 0, 0, 1600, 3000, 9100))
	}
	if s.MoreFragments && s.Flow.Proto == packet.TCP && s.FragOffset == 0 {
		s.Payload = make([]byte, 28) // with the header a multiple of 8
	}
	return s
}

// next is a packet that may belong to earlier ones: their repetition, an answer to
// what somebody has heard, or an ICMP error about it.
func (m *maker) next(hosts []*host, heard []heard) (*host, packet.Spec) {
	if len(heard) == 0 || m.one(2) {
		return m.fresh(hosts)
	}
	h := heard[len(heard)-1-m.IntN(min(6, len(heard)))]
	var at *host
	for _, now := range hosts { // the host may have changed
		if h.at == now.key() {
			at = now
		}
	}
	if m.one(4) {
		return at, m.complain(h.flow)
	}
	return at, m.dress(packet.Spec{Flow: h.flow.Reverse()})
}

// complain is an ICMP error about a packet, or one that is nearly so.
func (m *maker) complain(f packet.Flow) packet.Spec {
	s := packet.Spec{Flow: packet.Flow{Src: f.Dst, Dst: f.Src, Proto: packet.ICMP}, ICMPType: pick[uint8](m, 3, 11), ICMPCode: 1, TTL: 3}
	about := packet.Spec{Flow: f, Flags: packet.ACK, ICMPType: 8}
	if !f.Src.Is4() {
		s.Flow.Proto, s.ICMPType, about.ICMPType = packet.ICMPv6, pick[uint8](m, 1, 3), 128
	}
	switch {
	case m.one(5) && f.Proto.HasPorts():
		about.Flow.DstPort++
	case m.one(5) && f.Src.Is4():
		about.Flow.Src = netip.MustParseAddr("192.0.2.77")
	}
	s.Payload = about.Bytes()
	return s
}
