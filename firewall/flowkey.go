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
// IPv6 addresses are in wide, and a has a mixture of each.
type flowKey struct {
	a, b uint64
	wide [4]uint64 // local address, remote address
}

// echoPort keeps echoes apart from other ICMP messages, which have no identifier, in a field that ICMP does not use.
const echoPort = 8

// keyOf is the key of the flow that f belongs to if it crosses the interface in this direction. Echo says that it is an ICMP echo.
func (t *Tracker) keyOf(dir Direction, f packet.Flow, echo bool) (k flowKey) {
	k.set(t, dir, &f, echo)
	return k
}

// set makes a zero key that of a flow.
func (k *flowKey) set(t *Tracker, dir Direction, f *packet.Flow, echo bool) {
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
	k.b = uint64(localPort)<<48 | uint64(remotePort)<<32 | uint64(f.Proto)<<24 | uint64(t.number.Load())
	if local.Is4() {
		l, r := local.As4(), remote.As4()
		k.a = uint64(binary.BigEndian.Uint32(l[:]))<<32 | uint64(binary.BigEndian.Uint32(r[:]))
		return
	}
	l, r := local.As16(), remote.As16()
	k.widen([4]uint64{binary.BigEndian.Uint64(l[:]), binary.BigEndian.Uint64(l[8:]), binary.BigEndian.Uint64(r[:]), binary.BigEndian.Uint64(r[8:])})
}

// widen gives the key IPv6 addresses.
func (k *flowKey) widen(addresses [4]uint64) {
	k.b |= wideBit
	k.wide = addresses
	k.a = uint64(mix(addresses[0], addresses[1]))<<32 | uint64(mix(addresses[2], addresses[3]))
}

// mix makes 32 bits of an IPv6 address, by a multiplication as in hash.
func mix(high, low uint64) uint32 {
	h, l := bits.Mul64(high^0xa0761d6478bd642f, low^0xe7037ed1a0b428db)
	h ^= l ^ high ^ bits.RotateLeft64(low, 32) // a factor of 0 does not make all alike
	return uint32(h>>32) ^ uint32(h)
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

func (k *flowKey) proto() packet.Proto { return protoOf(k.b) }

// tracker is the number of the tracker that the key belongs to.
func (k *flowKey) tracker() uint32 { return trackerNumber(k.b) }

func (k *flowKey) v6() bool { return isWide(k.b) }

// What stands in b, for those who need no more of a key.
func protoOf(b uint64) packet.Proto { return packet.Proto(b >> 24) }
func trackerNumber(b uint64) uint32 { return uint32(b) & maxTracker }
func isWide(b uint64) bool          { return b&wideBit != 0 }

const (
	maxTracker = 1<<23 - 1
	wideBit    = 1 << 23
)

// hash is two multiplications whose halves are added: as good as wyhash's for keys of two words, in 3 ns. It is the same for the keys that a
// flow has at its two ends, below the low half: so they share a shard and a bucket, where tags tell one from the other. For this the realm
// stands in place of the tracker: without it the flows of networks with the same addresses would crowd one another.
func hash(a, b uint64, realm uint32) uint64 {
	const secret = 0xa0761d6478bd642f
	ports := uint32(b >> 32)
	out, back := a^uint64(ports), bits.RotateLeft64(a, 32)^uint64(bits.RotateLeft32(ports, 16))
	high, low := bits.Mul64(out^secret, back^secret)
	high, low = bits.Mul64(high^low^(out+back), 0x8ebc6af09c88c6e3^uint64(realm)) // the sum for when a factor is 0
	return high ^ low ^ uint64(uint32(b))
}

func (k *flowKey) hash(realm uint32) uint64 { return hash(k.a, k.b, realm) }
