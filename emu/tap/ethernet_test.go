package tap

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/packet"
)

var (
	guestMAC  = MAC{0x0a, 1, 1, 1, 1, 1}
	routerMAC = MAC{0x0a, 2, 2, 2, 2, 2}
	everyone  = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// arp is a request or, with operation 2, an answer.
func arp(operation uint16, sender, target string) frame {
	f := appendFrame(nil, everyone, guestMAC, typeARP)
	f = append(f, 0, 1, 8, 0, 6, 4)
	f = binary.BigEndian.AppendUint16(f, operation)
	f = append(append(f, guestMAC[:]...), ip(sender).AsSlice()...)
	f = append(f, make([]byte, 6)...)
	return append(f, ip(target).AsSlice()...)
}

// icmp6 is a message of neighbour discovery or of another kind.
func icmp6(kind byte, sender, to string, body ...byte) frame {
	f := appendFrame(nil, everyone, guestMAC, typeIPv6)
	f = append(f, 0x60, 0, 0, 0, 0, byte(len(body)+4), 58, 255)
	f = append(append(f, ip(sender).AsSlice()...), ip(to).AsSlice()...)
	return append(append(f, kind, 0, 0, 0), body...)
}

func solicitation(sender, target string) frame {
	return icmp6(135, sender, "ff02::1:ff00:1", append(make([]byte, 4), ip(target).AsSlice()...)...)
}

func TestAsked(t *testing.T) {
	for _, c := range []struct {
		name string
		f    frame
		want string // "" for nothing
		nd   bool
	}{
		{"ARP request", arp(1, "10.0.1.4", "10.0.1.1"), "10.0.1.1", false},
		{"ARP answer", arp(2, "10.0.1.4", "10.0.1.1"), "", false},
		{"gratuitous ARP", arp(1, "10.0.1.4", "10.0.1.4"), "", false},
		{"ARP probe", arp(1, "0.0.0.0", "10.0.1.4"), "", false},
		{"ARP, cut off", arp(1, "10.0.1.4", "10.0.1.1")[:41], "", false},
		{"neighbour solicitation", solicitation("2001:db8::4", "fe80:ec2::1"), "fe80:ec2::1", true},
		{"duplicate address detection", solicitation("::", "2001:db8::4"), "", true},
		{"solicitation, cut off", solicitation("2001:db8::4", "fe80:ec2::1")[:77], "", true},
		{"router solicitation", icmp6(133, "fe80::1", "ff02::2", 0, 0, 0, 0), "", true},
		{"echo request", icmp6(128, "2001:db8::4", "2001:db8::5", 0, 0, 0, 0), "", false},
		{"nothing", appendFrame(nil, everyone, guestMAC, typeIPv6), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr, ok := c.f.asked()
			assert.Equal(t, c.want != "", ok)
			if ok {
				assert.Equal(t, c.want, addr.String())
			}
			assert.Equal(t, c.nd, c.f.isND())
		})
	}
}

// TestMLD: what tells of multicast groups is between the guest and the fabric too.
func TestMLD(t *testing.T) {
	report := func(kind byte) frame {
		f := appendFrame(nil, everyone, guestMAC, typeIPv6)
		f = append(f, 0x60, 0, 0, 0, 0, 16, 0, 1)
		f = append(f, make([]byte, 32)...)
		f = append(f, 58, 0, 5, 2, 0, 0, 0, 0)
		return append(f, kind, 0, 0, 0, 0, 0, 0, 0)
	}
	assert.True(t, report(143).isND())
	assert.True(t, report(131).isND())
	assert.False(t, report(128).isND())
	assert.False(t, report(143)[:frameHeader+48].isND())
}

func TestAnswerARP(t *testing.T) {
	b := arp(1, "10.0.1.4", "10.0.1.1").answer(nil, ip("10.0.1.1"), routerMAC)
	f := frame(b)
	require.Len(t, b, 42)
	assert.Equal(t, guestMAC, f.to())
	assert.Equal(t, routerMAC, f.from())
	assert.Equal(t, []byte{0, 1, 8, 0, 6, 4, 0, 2}, b[14:22], "Ethernet, IPv4, an answer")
	assert.Equal(t, routerMAC, MAC(b[22:28]))
	assert.Equal(t, "10.0.1.1", netip.AddrFrom4([4]byte(b[28:32])).String())
	assert.Equal(t, guestMAC, MAC(b[32:38]))
	assert.Equal(t, "10.0.1.4", netip.AddrFrom4([4]byte(b[38:42])).String())
}

func TestAnswerNeighbourSolicitation(t *testing.T) {
	b := solicitation("2001:db8::4", "fe80:ec2::1").answer(nil, ip("fe80:ec2::1"), routerMAC)
	var p packet.Packet
	require.NoError(t, p.Parse(b[frameHeader:]))
	assert.True(t, p.ChecksumOK())
	assert.Equal(t, "fe80:ec2::1", p.Flow.Src.String())
	assert.Equal(t, "2001:db8::4", p.Flow.Dst.String())
	assert.Equal(t, uint8(136), p.ICMPType)
	assert.Equal(t, uint8(255), p.TTL())
	body := b[frameHeader+44:]
	assert.Equal(t, byte(0x60), body[0], "solicited, override")
	assert.Equal(t, "fe80:ec2::1", netip.AddrFrom16([16]byte(body[4:20])).String())
	assert.Equal(t, append([]byte{2, 1}, routerMAC[:]...), body[20:28])
}

func TestMACs(t *testing.T) {
	assert.Equal(t, macOf("prod", "web-1"), macOf("prod", "web-1"))
	assert.NotEqual(t, macOf("prod", "web-1"), macOf("prod", "web-2"))
	assert.Equal(t, byte(0x0a), macOf("x")[0])
	assert.Equal(t, "0a:01:01:01:01:01", guestMAC.String())
}

// FuzzFrame: no frame of a guest's makes the fabric fall over.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(arp(1, "10.0.1.4", "10.0.1.1")))                // a question
	f.Add([]byte(solicitation("2001:db8::4", "fe80:ec2::1")))    // another
	f.Add([]byte(icmp6(143, "fe80::1", "ff02::16", 0, 0, 0, 0))) // no hop-by-hop header before it
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < frameHeader {
			return
		}
		g := frame(b)
		if addr, ok := g.asked(); ok {
			answer := frame(g.answer(nil, addr, routerMAC))
			assert.Equal(t, g.from(), answer.to())
			assert.Equal(t, routerMAC, answer.from())
		}
		g.isND()
	})
}
