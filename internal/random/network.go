package random

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/vpc"
)

// builder makes one network.
type builder struct {
	*Maker
	with Parts
	net  *vpc.Network
}

func (b *builder) has(p Parts) bool { return b.with&p != 0 }

// Network is one to four VPCs of the same names, some of them of the same ranges.
func (m *Maker) Network(with Parts) *vpc.Network {
	m.public = 0
	b := &builder{m, with, new(vpc.Network)}
	b.net.AddPrefixList("pl-mixed", "203.0.113.0/24", "10.0.2.0/24", "10.10.1.0/24", "2001:db8:ffff::/48")
	b.net.AddPrefixList("pl-far", "203.0.113.0/24", "203.0.113.192/26", "2001:db8:ffff::/48")
	b.net.AddPrefixList("pl-s3", "192.0.2.0/24", "2001:db8:5333::/48").Name = "com.amazonaws.eu-west-1.s3"
	if b.has(Gaps) && m.One(4) {
		b.net.PrefixList("pl-mixed").Unknown = "not all entries were listed"
	}
	for k := range 1 + m.IntN(4) {
		b.vpc(k)
	}
	b.between()
	for k, v := range b.net.VPCs {
		b.inside(k, v)
	}
	for _, v := range b.net.VPCs {
		b.tables(v)
	}
	b.blockPublicAccess()
	return b.net
}

// bases are the first two bytes of the ranges of a VPC.
func bases(v *vpc.VPC) (primary, secondary string) {
	cut := func(p netip.Prefix) string { return strings.TrimSuffix(p.String(), "0.0/16") }
	return cut(v.CIDRs[0]), cut(v.CIDRs[1])
}

// vpc adds a VPC without its gateways and routes.
func (b *builder) vpc(k int) {
	at := Pick(b.Maker, 0, 10*k, 10*k)
	v := b.net.AddVPC(fmt.Sprintf("v%d", k), fmt.Sprintf("10.%d.0.0/16", at), fmt.Sprintf("10.%d.0.0/16", at+1), fmt.Sprintf("2001:db8:%d::/56", k+1), fmt.Sprintf("fd12:%d::/56", at))
	v.DisableDNS = b.One(4)
	if !b.One(4) {
		v.AddInternetGateway("igw")
	}
	if b.has(Details) && b.One(3) {
		v.Account, v.Region = "111122223333", "eu-west-1"
	}
	primary, secondary := bases(v)
	b.Groups(v)
	b.ACL(v)
	for i, base := range []string{primary + "1.", primary + "2.", secondary + "1."} {
		s := v.AddSubnet(string(rune('a'+i)), base+"0/24").InZone([]string{"z1", "z2", "z1"}[i])
		if !b.One(3) {
			s.CIDRs = append(s.CIDRs, netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d:%d::/64", k+1, i)), netip.MustParsePrefix(fmt.Sprintf("fd12:%d:0:%d::/64", at, i)))
		}
		b.subnet(v, s, base)
	}
	if b.has(Details) {
		b.details(v)
	}
}

func (b *builder) subnet(v *vpc.VPC, s *vpc.Subnet, base string) {
	s.NetworkACL = Pick(b.Maker, "", "", "acl")
	for h := range 1 + b.IntN(2) {
		b.iface(v, s, fmt.Sprintf("%s%d", s.ID, h), base, h)
	}
}

func (b *builder) iface(v *vpc.VPC, s *vpc.Subnet, name, base string, h int) {
	i := s.AddInterface(name, fmt.Sprint(base, 10+h), Pick(b.Maker, "g0", "g1", "g2"))
	if b.One(4) {
		i.Groups = append(i.Groups, "only-"+v.ID)
	}
	i.NoSourceDestCheck, i.DenyInternetGateway, i.Detached = b.One(3), b.One(8), b.One(25)
	if b.One(3) {
		i.AddAddress(fmt.Sprint(base, 100+h)) // a secondary one
	}
	for k := range i.Addresses {
		if v.InternetGateway != nil && b.One(2) {
			b.public++
			i.Addresses[k].Public, i.Addresses[k].Elastic = netip.AddrFrom4([4]byte{198, 51, 100, byte(b.public)}), k > 0 || b.One(2)
		}
	}
	if b.One(5) {
		i.Prefixes = append(i.Prefixes, netip.MustParsePrefix(fmt.Sprint(base, 128+16*h, "/28")))
	}
	for _, p := range s.CIDRs[1:] {
		if !b.One(3) {
			i.AddAddress(strings.TrimSuffix(p.String(), "/64") + fmt.Sprint(10+h))
		}
	}
	if b.One(5) {
		i.Instance = v.AddInstance("i-" + name).ID
		v.Instance(i.Instance).State = Pick(b.Maker, vpc.Running, vpc.Running, vpc.Stopped)
	}
	if b.has(Gaps) && b.One(30) {
		i.Unknown = "an attribute that nobody knows"
	}
}

// details are what descriptions say beside the usual.
func (b *builder) details(v *vpc.VPC) {
	if b.One(3) {
		v.DefaultNetworkACL = "acl"
	}
	v.DNSHostnames, v.Subnets[0].DNS64 = b.One(2), b.One(2)
	v.DefaultSecurityGroup = Pick(b.Maker, "", "", "g0")
	six := v.AddSubnet("six", fmt.Sprintf("2001:db8:%s:9::/64", strings.Split(v.CIDRs[2].String(), ":")[2])).InZone("z2")
	six.AddInterface("six0", "").DenyInternetGateway = b.One(4)
	b.second(v)
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			i.Metadata = vpc.Metadata{Disabled: b.One(6), IPv6: b.One(3), HopLimit: Pick(b.Maker, 0, 0, 2), Credentials: b.One(6)}
			if b.One(6) {
				i.Timeouts = vpc.Timeouts{UDP: 45 * time.Second, TCPEstablished: 10 * time.Minute}
			}
		}
	}
	if b.One(3) {
		v.FlowLogs = append(v.FlowLogs, &vpc.FlowLog{ID: "fl", Name: "fl", Subnet: Pick(b.Maker, "", "a"), Traffic: Pick(b.Maker, "", "ACCEPT", "REJECT"), Destination: "logs"})
	}
}

// second gives an instance a second interface, beside its first one.
func (b *builder) second(v *vpc.VPC) {
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			if i.Instance == "" {
				continue
			}
			s.AddInterface("second", "", "g1").AttachTo(i.Instance).DeviceIndex = 1
			v.Instance(i.Instance).TrackedFlows = Pick(b.Maker, 0, 0, 2)
			return
		}
	}
}
