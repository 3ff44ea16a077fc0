package tap

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
)

// MAC is an Ethernet address.
type MAC [6]byte

// String is "0a:1b:2c:3d:4e:5f".
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// multicast reports whether it is for several: the broadcast address is among them.
func (m MAC) multicast() bool { return m[0]&1 != 0 }

// macOf makes up the address of something by its names, always the same one. As AWS's
// do it begins with 0a: locally administered.
func macOf(names ...string) MAC {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(names, "/")))
	sum := h.Sum(nil)
	return MAC{0x0a, sum[0], sum[1], sum[2], sum[3], sum[4]}
}

// An Ethernet frame: to, from, what is in it, and that.
const (
	frameHeader = 14

	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeIPv6 = 0x86dd
)

type frame []byte

func (f frame) to() MAC      { return MAC(f[:6]) }
func (f frame) from() MAC    { return MAC(f[6:12]) }
func (f frame) kind() uint16 { return binary.BigEndian.Uint16(f[12:]) }

// appendFrame appends the header of a frame.
func appendFrame(b []byte, to, from MAC, kind uint16) []byte {
	b = append(append(b, to[:]...), from[:]...)
	return binary.BigEndian.AppendUint16(b, kind)
}

// kindOf is what a frame with an IP packet says that it holds.
func kindOf(ip []byte) uint16 {
	if ip[0]>>4 == 6 {
		return typeIPv6
	}
	return typeIPv4
}

// asked is the address that a frame asks for the MAC address of, by ARP (RFC 826) or
// neighbour solicitation (RFC 4861); false if it asks for none.
func (f frame) asked() (netip.Addr, bool) {
	body := f[frameHeader:]
	switch {
	case f.kind() == typeARP && len(body) >= 28 && binary.BigEndian.Uint16(body[6:]) == 1:
		target, sender := netip.AddrFrom4([4]byte(body[24:28])), netip.AddrFrom4([4]byte(body[14:18]))
		return target, target != sender && !sender.IsUnspecified() // not an announcement or a probe (SUB-15)
	case f.isND() && body[40] == 135 && len(body) >= 64:
		return netip.AddrFrom16([16]byte(body[48:64])), !netip.AddrFrom16([16]byte(body[8:24])).IsUnspecified()
	}
	return netip.Addr{}, false
}

// isND reports whether the frame is of neighbour discovery or tells of multicast
// groups: a talk between the guest and the fabric, of which no packet moves on.
func (f frame) isND() bool {
	body := f[frameHeader:]
	if f.kind() != typeIPv6 || len(body) < 48 {
		return false
	}
	switch next := body[6]; {
	case next == 58:
		return body[40] >= 133 && body[40] <= 137
	case next == 0: // MLD has a hop-by-hop header (RFC 3810)
		return body[40] == 58 && len(body) > 48 && (body[48] == 143 || body[48] >= 130 && body[48] <= 132)
	}
	return false
}

// answer appends the frame that tells who asked in f that mac has addr.
func (f frame) answer(b []byte, addr netip.Addr, mac MAC) []byte {
	asker, body := f.from(), f[frameHeader:]
	if addr.Is4() {
		b = appendFrame(b, asker, mac, typeARP)
		b = append(b, 0, 1, 8, 0, 6, 4, 0, 2)
		b = append(append(b, mac[:]...), addr.AsSlice()...)
		return append(b, body[8:18]...) // the asker's MAC and IP address
	}
	b = appendFrame(b, asker, mac, typeIPv6)
	start := len(b)
	b = append(b, 0x60, 0, 0, 0, 0, 32, 58, 255)
	b = append(append(b, addr.AsSlice()...), body[8:24]...)
	b = append(b, 136, 0, 0, 0, 0x60, 0, 0, 0) // solicited, override
	b = append(append(b, addr.AsSlice()...), 2, 1)
	b = append(b, mac[:]...)
	binary.BigEndian.PutUint16(b[start+42:], icmp6Checksum(b[start:]))
	return b
}

// icmp6Checksum is that of an ICMPv6 packet whose field for it is zero.
func icmp6Checksum(ip []byte) uint16 {
	sum := uint32(len(ip)-40) + 58
	for k := 8; k < len(ip); k += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[k:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// sourceOf is the source address of an IP packet.
func sourceOf(ip []byte) netip.Addr {
	if ip[0]>>4 == 6 {
		return netip.AddrFrom16([16]byte(ip[8:24]))
	}
	return netip.AddrFrom4([4]byte(ip[12:16]))
}
