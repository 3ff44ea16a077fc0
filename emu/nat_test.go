package emu_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// spoiledNAT is a NAT gateway with hosts in two zones, spoiled in some way.
func spoiledNAT(spoil func(v *vpc.VPC, g *vpc.Gateway)) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16", "2001:db8::/56")
	v.AddInternetGateway("igw")
	v.AddRouteTable("hosts").AddRoute("0.0.0.0/0", "nat-1").AddRoute("64:ff9b::/96", "nat-1").AddRoute("10.0.2.0/24", "nat-1")
	v.AddRouteTable("k").AddRoute("0.0.0.0/0", "igw")
	open(v)
	v.AddSubnet("a", "10.0.1.0/24", "2001:db8:0:1::/64").InZone("a").UseRouteTable("hosts").AddInterface("app", "10.0.1.5", "open").AddAddress("2001:db8:0:1::5")
	v.AddSubnet("b", "10.0.2.0/24", "2001:db8:0:2::/64").InZone("b").AddInterface("db", "10.0.2.9", "open").AddAddress("2001:db8:0:2::9")
	k := v.AddSubnet("k", "10.0.0.0/28").InZone("a").UseRouteTable("k")
	k.AddInterface("near", "10.0.0.14", "open")
	spoil(v, v.AddNATGateway("nat-1", "k"))
	return &n
}

var spoils = map[string]func(v *vpc.VPC, g *vpc.Gateway){
	"not":         func(*vpc.VPC, *vpc.Gateway) {},
	"private":     func(_ *vpc.VPC, g *vpc.Gateway) { g.Private = true },
	"pending":     func(_ *vpc.VPC, g *vpc.Gateway) { g.State = "pending" },
	"failed":      func(_ *vpc.VPC, g *vpc.Gateway) { g.State, g.Failure = "failed", "Gateway.NotAttached" },
	"deleting":    func(_ *vpc.VPC, g *vpc.Gateway) { g.State = "deleting" },
	"deleted":     func(_ *vpc.VPC, g *vpc.Gateway) { g.State = "deleted" },
	"no internet": func(v *vpc.VPC, _ *vpc.Gateway) { v.InternetGateway = nil },
	"no address": func(v *vpc.VPC, _ *vpc.Gateway) {
		for a := netip.MustParseAddr("10.0.0.4"); a != netip.MustParseAddr("10.0.0.14"); a = a.Next() {
			v.Subnet("k").AddInterface("eni-"+a.String(), a.String(), "open")
		}
	},
	"loop":           func(v *vpc.VPC, _ *vpc.Gateway) { v.Subnet("k").UseRouteTable("hosts") },
	"regional":       func(_ *vpc.VPC, g *vpc.Gateway) { g.Subnet, g.Regional = "", true },
	"regional, lost": func(v *vpc.VPC, g *vpc.Gateway) { g.Subnet, g.Regional, v.InternetGateway = "", true, nil },
	"regional, gone": func(_ *vpc.VPC, g *vpc.Gateway) { g.Subnet, g.Regional, g.State = "", true, "deleted" },
	"regional, partial": func(v *vpc.VPC, g *vpc.Gateway) {
		g.Subnet, g.Regional, g.State, v.Partial = "", true, "available", true
		g.Addresses = []vpc.Address{{Public: netip.MustParseAddr("198.51.100.9"), Zone: "c"}}
	},
}

// TestNATSpoiled: whatever is wrong with a NAT gateway, traces through it and
// packets of all kinds that it meets come to an end.
func TestNATSpoiled(t *testing.T) {
	services := []string{"tcp/443", "udp/53", "icmp", "icmp/3/4", "icmpv6", "icmpv6/1/4", "icmpv6/2/0", "ip/50"}
	ends := []string{"app", "db", "near", "internet", "nat-1", "64:ff9b::203.0.113.5", "64:ff9b::10.0.2.9", "64:ff9b::10.0.1.7", "64:ff9b::10.0.0.4", "203.0.113.5"}
	for name, spoil := range spoils {
		t.Run(name, func(t *testing.T) {
			clock := new(emu.Clock)
			e := newEmulator(t, spoiledNAT(spoil), emu.Options{Now: clock.Now})
			for _, src := range ends {
				for _, dst := range ends {
					for _, service := range services {
						for _, v6 := range []bool{false, true} {
							svc, err := firewall.ParseService(service)
							require.NoError(t, err)
							_, _ = e.Trace(emu.Query{Source: src, Destination: dst, Service: svc, IPv6: v6}) // the question may make no sense
						}
					}
				}
			}
			storm(t, e, clock)
		})
	}
}

// storm sends packets that fit together by chance only, while the clock jumps. What
// arrives is whole.
func storm(t *testing.T, e *emu.Emulator, clock *emu.Clock) {
	r := rand.New(rand.NewPCG(17, 24))
	seen := []packet.Flow{packet.MustParseFlow("tcp 10.0.1.5:40000 > 203.0.113.5:443")}
	var ports []*emu.Port
	for _, name := range []string{"app", "db", "near", "internet"} {
		p := portOf(t, e, name)
		p.Receive(func(b []byte) {
			var p packet.Packet
			require.NoError(t, p.Parse(b))
			require.True(t, p.ChecksumOK(), "%s arrived with a bad checksum", p.Flow)
			if seen = append(seen, p.Flow, p.Flow.Reverse()); len(seen) > 40 { // so that flows are still there
				seen = seen[2:]
			}
		})
		ports = append(ports, p)
	}
	addrs := []string{"10.0.1.5", "10.0.2.9", "10.0.0.4", "203.0.113.5", "198.51.100.9", "198.18.0.1", "2001:db8:0:1::5", "64:ff9b::cb00:7105", "64:ff9b::a00:209", "64:ff9b::a00:4"}
	for range 6000 {
		f := seen[r.IntN(len(seen))]
		if r.IntN(3) == 0 {
			f.Src, f.Dst = netip.MustParseAddr(addrs[r.IntN(len(addrs))]), netip.MustParseAddr(addrs[r.IntN(len(addrs))])
			f.SrcPort, f.DstPort = uint16(40000+r.IntN(3)), uint16([...]int{443, 53}[r.IntN(2)])
			f.Proto = [...]packet.Proto{packet.TCP, packet.UDP, packet.ICMP, packet.ICMPv6}[r.IntN(4)]
		}
		if f.Src.Is4() != f.Dst.Is4() {
			continue
		}
		about := f.Reverse()
		if f.SrcPort == 0 || r.IntN(4) == 0 { // an error about what goes the other way
			f = packet.Flow{Src: f.Src, Dst: f.Dst, Proto: packet.ICMP}
			if !f.Src.Is4() {
				f.Proto = packet.ICMPv6
			}
		}
		s := packet.Spec{Flow: f, Flags: packet.TCPFlags(r.Uint32()), ICMPType: [...]uint8{0, 8, 128, 129, 3, 11, 1, 2, 4, 12}[r.IntN(10)], ICMPCode: uint8(r.IntN(5)), ICMPRest: uint32(r.IntN(9)) << 24,
			ID: uint32(r.IntN(3)), MoreFragments: r.IntN(6) == 0, FragOffset: uint16(r.IntN(8) / 7 * 1208), TTL: uint8(1 + r.IntN(9)), DF: r.IntN(2) == 0}
		s.Payload = make([]byte, [...]int{0, 8, 1200, 1472, 8456, 8500}[r.IntN(6)])
		if f.SrcPort == 0 {
			s.Payload = packet.Spec{Flow: about, Payload: s.Payload[:len(s.Payload)&15]}.Bytes()
			s.MoreFragments, s.FragOffset = false, 0
		}
		port := ports[r.IntN(len(ports))]
		switch f.Src.String() { // mostly from where it can come
		case "10.0.1.5", "2001:db8:0:1::5":
			port = ports[0]
		case "10.0.2.9", "2001:db8:0:2::9":
			port = ports[1]
		case "203.0.113.5":
			port = ports[3]
		}
		port.Send(s.Bytes())
		if r.IntN(400) == 0 {
			clock.Advance(time.Duration(r.IntN(800)-400) * time.Second)
		}
	}
}
