package packet_test

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
)

// A gateway's work: read a packet, give it another source address, send it on.
func Example() {
	b := packet.Spec{
		Flow:    packet.MustParseFlow("tcp 10.0.1.10:40000 > 203.0.113.9:443"),
		Flags:   packet.SYN,
		Payload: []byte("hello"),
	}.Bytes()

	var p packet.Packet // reuse it: Parse allocates nothing
	if err := p.Parse(b); err != nil {
		fmt.Println(err)
		return
	}
	p.SetSrc(netip.MustParseAddr("198.51.100.7"))
	p.SetTTL(p.TTL() - 1)

	fmt.Println(p.Flow)
	fmt.Println(p.Flags, p.TTL(), p.ChecksumOK(), string(p.Payload()))
	// Output:
	// tcp 198.51.100.7:40000 > 203.0.113.9:443
	// syn 63 true hello
}

func ExampleParseFlow() {
	f, err := packet.ParseFlow("icmp 10.0.0.1 > 10.0.0.2 id 7")
	fmt.Println(f.Reverse(), err)
	_, err = packet.ParseFlow("tcp 10.0.0.1 > 10.0.0.2:22")
	fmt.Println(err)
	// Output:
	// icmp 10.0.0.2 > 10.0.0.1 id 7 <nil>
	// flow "tcp 10.0.0.1 > 10.0.0.2:22": not an ip:port
}

func ExampleEcho() {
	var p packet.Packet
	err := p.Parse(packet.Echo(packet.MustParseFlow("icmpv6 2001:db8::1 > 2001:db8::2 id 7")).Bytes())
	id, request, _ := p.ICMPEcho()
	fmt.Println(p.ICMPType, id, request, err)
	// Output: 128 7 true <nil>
}

// A packet that is too big for the next link is cut up, or answered if its sender forbade that.
func ExampleFragment() {
	var p packet.Packet
	for _, df := range []bool{false, true} {
		s := packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 203.0.113.9:53"), Payload: make([]byte, 2000), DF: df}
		if err := p.Parse(s.Bytes()); err != nil {
			fmt.Println(err)
			return
		}
		var piece packet.Packet
		show := func(b []byte) {
			err := piece.Parse(b)
			fmt.Println(piece.Flow, piece.Len(), piece.FragOffset, piece.MoreFragments, err)
		}
		if p.DF() {
			show(packet.AppendTooBig(nil, netip.MustParseAddr("10.0.1.1"), &p, 1500))
			fmt.Println(piece.EmbeddedFlow())
		} else {
			packet.Fragment(&p, 1500, show)
		}
	}
	// Output:
	// udp 10.0.1.10:40000 > 203.0.113.9:53 1500 0 true <nil>
	// udp 10.0.1.10:0 > 203.0.113.9:0 548 1480 false <nil>
	// icmp 10.0.1.1 > 10.0.1.10 576 0 false <nil>
	// udp 10.0.1.10:40000 > 203.0.113.9:53 true
}

// An ICMP error on its way in through a 1:1 NAT: the quoted packet gets its private source address back as well.
func ExamplePacket_SetEmbeddedSrc() {
	sent := packet.Spec{Flow: packet.MustParseFlow("udp 198.51.100.7:40000 > 203.0.113.9:53")}.Bytes()
	var p packet.Packet
	if err := p.Parse(sent); err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Parse(packet.AppendTimeExceeded(nil, netip.MustParseAddr("192.0.2.1"), &p)); err != nil {
		fmt.Println(err)
		return
	}
	p.SetDst(netip.MustParseAddr("10.0.1.10"))
	p.SetEmbeddedSrc(netip.MustParseAddr("10.0.1.10"))

	quoted, _ := p.EmbeddedFlow()
	fmt.Println(p.Flow, "about", quoted, p.ChecksumOK())
	// Output: icmp 192.0.2.1 > 10.0.1.10 about udp 10.0.1.10:40000 > 203.0.113.9:53 true
}
