package firewall

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
)

// flowKey is what packets of one tracked flow have in common (SG-36), whichever way they go, at one interface.
//
//	a  local address (32) | remote address (32)                    as an IPv4 header has them, in a packet that leaves
//	b  local port (16) | remote port (16) | protocol (8) | IPv6 (1) | tracker (23)
//
// IPv6 addresses are in wide, and a is a mixture of them.
type flowKey struct {
	a, b uint64
	wide [4]uint64 // local address, remote address
}

// echoPort keeps echoes apart from other ICMP messages, which have no identifier, in a field that ICMP does not use.
const echoPort = 8

// keyOf is the key of the flow that f belongs to if it crosses the interface in this direction. Echo says that it is an ICMP echo.
func (t *Tracker) keyOf(dir Direction, f packet.Flow, echo bool) flowKey {
	local, remote, localPort, remotePort := f.Src, f.Dst, f.SrcPort, f.DstPort
	if dir == Ingress {
		local, remote, localPort, remotePort = remote, local, remotePort, localPort
	}
	switch {
	case f.Proto.HasPorts():
	case f.Proto.IsICMP():
		localPort, remotePort = f.SrcPort, 0
		if echo {
			remotePort = echoPort
		}
	default:
		localPort, remotePort = 0, 0
	}
	k := flowKey{b: uint64(localPort)<<48 | uint64(remotePort)<<32 | uint64(f.Proto)<<24 | uint64(t.number.Load())}
	if local.Is4() {
		l, r := local.As4(), remote.As4()
		k.a = uint64(binary.BigEndian.Uint32(l[:]))<<32 | uint64(binary.BigEndian.Uint32(r[:]))
		return k
	}
	l, r := local.As16(), remote.As16()
	k.widen([4]uint64{binary.BigEndian.Uint64(l[:]), binary.BigEndian.Uint64(l[8:]), binary.BigEndian.Uint64(r[:]), binary.BigEndian.Uint64(r[8:])})
	return k
}

// widen gives the key IPv6 addresses.
func (k *flowKey) widen(addresses [4]uint64) {
	k.b |= wideBit
	k.wide = addresses
	k.a = mix(addresses)
}

// mix is a multiplication for each address, as in hash.
func mix(w [4]uint64) uint64 {
	localHigh, localLow := bits.Mul64(w[0]^0xa0761d6478bd642f, w[1]^0xe7037ed1a0b428db)
	remoteHigh, remoteLow := bits.Mul64(w[2]^0x8ebc6af09c88c6e3, w[3]^0x589965cc75374cc3)
	return localHigh ^ localLow ^ remoteHigh ^ remoteLow
}

// flow is the inverse of keyOf: the flow of a packet in this direction.
func (k *flowKey) flow(dir Direction) packet.Flow {
	f := packet.Flow{SrcPort: uint16(k.b >> 48), DstPort: uint16(k.b >> 32), Proto: k.proto()}
	if k.v6() {
		f.Src, f.Dst = addrOf(k.wide[0], k.wide[1]), addrOf(k.wide[2], k.wide[3])
	} else {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], k.a)
		f.Src, f.Dst = netip.AddrFrom4([4]byte(b[:4])), netip.AddrFrom4([4]byte(b[4:]))
	}
	if f.Proto.IsICMP() {
		f.DstPort = 0 // echoPort
	}
	if dir == Ingress {
		return f.Reverse()
	}
	return f
}

func addrOf(high, low uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], high)
	binary.BigEndian.PutUint64(b[8:], low)
	return netip.AddrFrom16(b)
}

func (k *flowKey) proto() packet.Proto { return packet.Proto(k.b >> 24) }

// tracker is the number of the tracker that the key belongs to.
func (k *flowKey) tracker() uint32 { return uint32(k.b) & maxTracker }

func (k *flowKey) v6() bool { return k.b&wideBit != 0 }

const (
	maxTracker = 1<<23 - 1
	wideBit    = 1 << 23
)
