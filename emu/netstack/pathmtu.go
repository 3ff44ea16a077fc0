package netstack

import (
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"

	"github.com/vpcemu/vpcemu/packet"
)

// paths are the path MTUs that routers have told (RFC 1191, RFC 8201), by destination. TCP
// is told by gVisor, each connection for itself. With datagrams a host does what Linux does
// by itself (IP_PMTUDISC_WANT, ip(7)), which gVisor does not:
//
//	fits the path MTU, as far as it is known    goes whole, with DF
//	larger than that                            goes in fragments, which routers may cut further
//	larger than was known                       is lost; its socket, if connected, hears of it: EMSGSIZE
type paths struct {
	clock   tcpip.Clock
	sockets sync.Map // of packet.Flow as sent: *datagrams; those that are connected
	id      uint32   // of the latest IPv6 packet in fragments; only the goroutine that sends has it

	known atomic.Bool // there are some, or have been
	mu    sync.Mutex
	to    map[netip.Addr]path
}

// path is how large packets to a destination may be, in bytes, and until when that is believed.
type path struct {
	mtu int
	end tcpip.MonotonicTime
}

// As on Linux: how long a path MTU is believed, and how small one (min_pmtu; RFC 8200).
const (
	pathLife = 10 * time.Minute
	minPath4 = 552
	minPath6 = 1280
)

func newPaths(clock tcpip.Clock) *paths {
	return &paths{clock: clock, id: rand.Uint32(), to: make(map[netip.Addr]path)}
}

// hear takes note of what a router says of a datagram.
func (p *paths) hear(b []byte) {
	if !mayBeICMP(b) {
		return
	}
	var m packet.Packet
	if m.Parse(b) != nil || !m.ChecksumOK() {
		return
	}
	mtu, tooBig := m.TooBigMTU()
	about, _ := m.EmbeddedFlow()
	if !tooBig || about.Proto != packet.UDP {
		return
	}
	least := minPath4
	if about.Dst.Is6() {
		least = minPath6
	}
	p.learn(about.Dst, max(mtu, least))
	if s, ok := p.sockets.Load(about); ok {
		s.(*datagrams).tell()
	}
}

// mayBeICMP looks at one byte, for what arrives is hardly ever.
func mayBeICMP(b []byte) bool {
	return len(b) > 9 && (b[0]>>4 == 4 && b[9] == byte(packet.ICMP) || b[0]>>4 == 6 && b[6] == byte(packet.ICMPv6))
}

func (p *paths) learn(dst netip.Addr, mtu int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.NowMonotonic()
	for a, old := range p.to { // so that no more are kept than there were in ten minutes
		if !now.Before(old.end) {
			delete(p.to, a)
		}
	}
	p.to[dst] = path{mtu, now.Add(pathLife)}
	p.known.Store(true)
}

// mtu is the path MTU to a destination, as far as it is known.
func (p *paths) mtu(dst netip.Addr) int {
	if !p.known.Load() {
		return math.MaxInt
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	to, ok := p.to[dst]
	if !ok || !p.clock.NowMonotonic().Before(to.end) {
		return math.MaxInt
	}
	return to.mtu
}

const (
	ipv6Header     = 40
	fragmentHeader = 44 // the number of IPv6's (RFC 8200 section 4.5)
	fragmentSize   = 8  // bytes of it
)

// fit appends a packet to those that are sent: of a datagram, in what form it is sent.
func (p *paths) fit(packets [][]byte, b []byte) [][]byte {
	switch {
	case b[0]>>4 == 4 && b[9] == byte(packet.UDP):
		return p.fit4(packets, b)
	case b[0]>>4 == 6 && (b[6] == byte(packet.UDP) || b[6] == fragmentHeader):
		if mtu := p.mtu(netip.AddrFrom16([16]byte(b[24:]))); len(b) > mtu {
			return p.cut6(packets, b, mtu)
		}
	}
	return append(packets, b)
}

func (p *paths) fit4(packets [][]byte, b []byte) [][]byte {
	const df, fragment = 0x4000, 0x3fff
	flags := binary.BigEndian.Uint16(b[6:])
	mtu := p.mtu(netip.AddrFrom4([4]byte(b[16:])))
	if len(b) > mtu {
		var whole packet.Packet
		if whole.Parse(b) == nil {
			packet.Fragment(&whole, mtu, func(piece []byte) { packets = append(packets, append([]byte(nil), piece...)) })
			return packets
		}
	}
	if flags&(df|fragment) == 0 {
		binary.BigEndian.PutUint16(b[6:], df)
		sum := uint32(^binary.BigEndian.Uint16(b[10:])) + df // RFC 1624
		binary.BigEndian.PutUint16(b[10:], ^uint16(sum+sum>>16))
	}
	return append(packets, b)
}

// cut6 appends the fragments of an IPv6 datagram, or of one of its fragments, which gVisor
// makes of those that are larger than the host's own MTU.
//
//	header, next: UDP      │ 0 ...            header, next: fragment │ next: UDP, offset, more, ID │ 0 ... 1231
//	                                   ──▶    header, next: fragment │ next: UDP, offset, more, ID │ 1232 ...
func (p *paths) cut6(packets [][]byte, b []byte, mtu int) [][]byte {
	head := append([]byte(nil), b[:ipv6Header]...)
	data, base, last := b[ipv6Header:], 0, uint16(0)
	if head[6] == fragmentHeader {
		head = append(head, data[:fragmentSize]...)
		at := binary.BigEndian.Uint16(data[2:])
		data, base, last = data[fragmentSize:], int(at&^7), at&1
	} else {
		p.id++
		head = binary.BigEndian.AppendUint32(append(head, head[6], 0, 0, 0), p.id)
		head[6] = fragmentHeader
	}
	for at, room := 0, (mtu-len(head))&^7; at < len(data); at += room {
		more, size := uint16(1), room
		if at+size >= len(data) {
			more, size = last, len(data)-at
		}
		piece := append(append(make([]byte, 0, len(head)+size), head...), data[at:at+size]...)
		binary.BigEndian.PutUint16(piece[4:], uint16(len(piece)-ipv6Header))
		binary.BigEndian.PutUint16(piece[ipv6Header+2:], uint16(base+at)|more)
		packets = append(packets, piece)
	}
	return packets
}

// datagrams is a UDP socket that is told if what it sent was too large for its way.
type datagrams struct {
	tcpip.Endpoint
	queue    *waiter.Queue
	tooLarge atomic.Bool
}

// tell wakes who reads.
func (d *datagrams) tell() {
	d.tooLarge.Store(true)
	d.queue.Notify(waiter.ReadableEvents)
}

// Read fails once after a datagram was too large.
func (d *datagrams) Read(w io.Writer, o tcpip.ReadOptions) (tcpip.ReadResult, tcpip.Error) {
	if d.tooLarge.Swap(false) {
		return tcpip.ReadResult{}, &tcpip.ErrMessageTooLong{}
	}
	return d.Endpoint.Read(w, o)
}

// Write fails once after a datagram was too large.
func (d *datagrams) Write(b tcpip.Payloader, o tcpip.WriteOptions) (int64, tcpip.Error) {
	if d.tooLarge.Swap(false) {
		return 0, &tcpip.ErrMessageTooLong{}
	}
	return d.Endpoint.Write(b, o)
}
