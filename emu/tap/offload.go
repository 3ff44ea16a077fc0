package tap

import (
	"encoding/binary"
	"math/bits"

	"github.com/vpcemu/vpcemu/packet"
)

// Offloading: a guest's kernel hands over TCP segments of one flow in one piece, up to
// 64 KiB, with a checksum that is not finished, and takes them so. That spares most of
// the system calls. In between, in the network, they are the packets that the guest
// means: split cuts a piece into them, and join makes a piece of those that follow each
// other, if it would be cut into the same packets again.
//
// A piece has a header, struct virtio_net_hdr, before its Ethernet header:
//
//	flags │ type │ header length │ segment size │ checksum: start │ offset │
//	  1       1          2              2                2            2

const (
	offloadHeader = 10
	needsChecksum = 1 // flags: the one at start+offset has to be finished

	wholeType = 0 // not to be cut
	tcp4Type  = 1
	tcp6Type  = 4
	ecnType   = 0x80 // beside another: the first segment has CWR

	tcpChecksum = 16 // where in the TCP header
	udpChecksum = 6
	pieceMax    = 65535 // bytes of an IP packet
)

// piece is a frame with its offload header.
type piece []byte

func (p piece) needsChecksum() bool { return p[0]&needsChecksum != 0 }
func (p piece) kind() byte          { return p[1] &^ ecnType }
func (p piece) segment() int        { return int(binary.NativeEndian.Uint16(p[4:])) }
func (p piece) start() int          { return int(binary.NativeEndian.Uint16(p[6:])) }
func (p piece) offset() int         { return int(binary.NativeEndian.Uint16(p[8:])) }
func (p piece) frame() frame        { return frame(p[offloadHeader:]) }

// split appends to frames those that a piece stands for. They lie in the piece itself,
// or in room, which is returned with what was appended to it. A piece that makes no
// sense stands for none.
func (p piece) split(frames []frame, room []byte) ([]frame, []byte) {
	if len(p) < offloadHeader+frameHeader {
		return frames, room
	}
	f := p.frame()
	if p.kind() == wholeType {
		if p.needsChecksum() && !finish(f, p.start(), p.offset()) {
			return frames, room
		}
		return append(frames, f), room
	}
	t, ok := tcpIn(f[frameHeader:])
	if !ok || p.segment() == 0 || p.kind() != tcp4Type && p.kind() != tcp6Type {
		return frames, room
	}
	payload := f[t.payload:]
	for at := 0; at < len(payload); at += p.segment() {
		some := payload[at:min(at+p.segment(), len(payload))]
		begin := len(room)
		room = append(append(room, f[:t.payload]...), some...)
		s := frame(room[begin:len(room):len(room)])
		t.segment(s, at, p.segment(), at+len(some) == len(payload))
		frames = append(frames, s)
	}
	return frames, room
}

// finish finishes the checksum of a frame.
func finish(f frame, start, offset int) bool {
	if start < frameHeader || start+offset+2 > len(f) {
		return false
	}
	// What stands in its place is the sum of what is not in the frame from there on.
	sum := fold(sumOf(f[start:], 0))
	if sum = ^sum; sum == 0 && offset == udpChecksum {
		sum = 0xffff // zero would mean none (RFC 768)
	}
	binary.BigEndian.PutUint16(f[start+offset:], sum)
	return true
}

// tcp is where the parts of a TCP segment are.
type tcp struct {
	v6            bool
	tcp, payload  int
	pseudo        uint64 // sum of the addresses and the protocol
	seq           uint32
	id            uint16 // IPv4
	flags         packet.TCPFlags
	headerLength  int
	payloadLength int
}

// tcpIn finds them in an IP packet that is whole and has no options or extension
// headers. The places are those in a frame around it.
func tcpIn(ip []byte) (t tcp, ok bool) {
	switch {
	case len(ip) >= 40 && ip[0] == 0x45 && ip[9] == 6 && binary.BigEndian.Uint16(ip[6:])&0x3fff == 0 && int(binary.BigEndian.Uint16(ip[2:])) == len(ip):
		t.tcp = frameHeader + 20
		t.pseudo = uint64(fold(sumOf(ip[12:20], 6)))
		t.id = binary.BigEndian.Uint16(ip[4:])
	case len(ip) >= 60 && ip[0]>>4 == 6 && ip[6] == 6 && int(binary.BigEndian.Uint16(ip[4:])) == len(ip)-40:
		t.v6, t.tcp = true, frameHeader+40
		t.pseudo = uint64(fold(sumOf(ip[8:40], 6)))
	default:
		return t, false
	}
	header := ip[t.tcp-frameHeader:]
	t.headerLength = int(header[12]>>4) * 4
	t.payload = t.tcp + t.headerLength
	t.seq, t.flags = binary.BigEndian.Uint32(header[4:]), packet.TCPFlags(header[13])
	t.payloadLength = len(ip) + frameHeader - t.payload
	return t, t.headerLength >= 20 && t.payloadLength >= 0
}

// segment makes a copy of the headers, with the payload that belongs behind them, the
// segment that begins at a byte of the whole.
func (t *tcp) segment(f frame, at, size int, last bool) {
	t.setLength(f, t.id+uint16(at/size))
	header := f[t.tcp:]
	binary.BigEndian.PutUint32(header[4:], t.seq+uint32(at))
	if !last {
		header[13] &^= byte(packet.FIN | packet.PSH)
	}
	if at > 0 {
		header[13] &^= byte(packet.CWR)
	}
	binary.BigEndian.PutUint16(header[tcpChecksum:], 0)
	binary.BigEndian.PutUint16(header[tcpChecksum:], ^fold(sumOf(header, t.pseudo+uint64(len(header)))))
}

// setLength puts the length into the IP header, and in IPv4 the identification.
func (t *tcp) setLength(f frame, id uint16) {
	ip := f[frameHeader:]
	if t.v6 {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-40))
		return
	}
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	binary.BigEndian.PutUint16(ip[4:], id)
	t.setIPChecksum(ip)
}

func (t *tcp) setIPChecksum(ip []byte) {
	binary.BigEndian.PutUint16(ip[10:], 0)
	binary.BigEndian.PutUint16(ip[10:], ^fold(sumOf(ip[:20], 0)))
}

// run is TCP segments that follow each other and may go to the guest in one piece.
type run struct {
	header   [offloadHeader + frameHeader + 40 + 60]byte // of the piece
	first    tcp
	size     int // of the payload of all but the last
	length   int // of all payloads
	segments int
	full     bool // nothing may follow
	payloads [][]byte
}

// begin makes a run of one packet, which may be of any kind.
func (r *run) begin(to, from MAC, ip []byte) {
	clear(r.header[:offloadHeader])
	appendFrame(r.header[offloadHeader:offloadHeader], to, from, kindOf(ip))
	r.segments, r.full = 1, true
	r.payloads = append(r.payloads[:0], r.header[:offloadHeader+frameHeader], ip)
}

// join adds a packet to a run, if the piece would be cut into the same packets again.
// The first segment's checksums must be right too: nobody repairs what a guest has sent.
func (r *run) join(ip []byte) bool {
	if r.segments == 1 && r.full {
		if !r.open(r.payloads[1]) {
			return false
		}
	}
	if r.full || !r.follows(ip) {
		return false
	}
	t, _ := tcpIn(ip)
	r.payloads = append(r.payloads, ip[t.payload-frameHeader:])
	r.length += t.payloadLength
	r.segments++
	r.full = t.payloadLength < r.size || t.flags.Has(packet.PSH)
	if t.flags.Has(packet.PSH) {
		r.first.flags |= packet.PSH
	}
	return true
}

// open looks whether the first packet of a run is a segment that others may follow.
func (r *run) open(ip []byte) bool {
	t, ok := tcpIn(ip)
	if !ok || t.flags != packet.ACK || t.payloadLength == 0 || !t.checksumOK(ip) {
		return false
	}
	r.first, r.size, r.length, r.full = t, t.payloadLength, t.payloadLength, false
	return true
}

// follows reports whether a packet is the next segment.
func (r *run) follows(ip []byte) bool {
	first := r.payloads[1]
	t, ok := tcpIn(ip)
	if !ok || t.v6 != r.first.v6 || t.headerLength != r.first.headerLength || t.payloadLength == 0 || t.payloadLength > r.size ||
		t.flags&^packet.PSH != packet.ACK || t.seq != r.first.seq+uint32(r.length) ||
		len(first)+r.length+t.payloadLength > pieceMax || !t.v6 && t.id != r.first.id+uint16(r.segments) {
		return false
	}
	a, b := first[:r.first.payload-frameHeader], ip[:t.payload-frameHeader]
	n := t.tcp - frameHeader
	same := string(a[n:n+4]) == string(b[n:n+4]) && string(a[n+8:n+13]) == string(b[n+8:n+13]) && string(a[n+14:n+16]) == string(b[n+14:n+16]) &&
		string(a[n+18:]) == string(b[n+18:]) // ports; acknowledgment, length; window; urgent pointer, options
	if t.v6 {
		same = same && string(a[:4]) == string(b[:4]) && string(a[6:40]) == string(b[6:40])
	} else {
		same = same && string(a[:2]) == string(b[:2]) && string(a[6:10]) == string(b[6:10]) && string(a[12:20]) == string(b[12:20])
	}
	return same && t.checksumOK(ip)
}

// checksumOK reports whether the segment's checksum is right.
func (t *tcp) checksumOK(ip []byte) bool {
	segment := ip[t.tcp-frameHeader:]
	return fold(sumOf(segment, t.pseudo+uint64(len(segment)))) == 0xffff
}

// pieces are the parts of what is written to the guest.
func (r *run) pieces() [][]byte {
	if r.segments == 1 {
		return r.payloads
	}
	t := &r.first
	first := r.payloads[1]
	headers := r.header[:offloadHeader+t.payload]
	copy(headers[offloadHeader+frameHeader:], first[:t.payload-frameHeader])
	f := frame(headers[offloadHeader:])
	length := t.headerLength + r.length
	binary.BigEndian.PutUint16(f[t.tcp+tcpChecksum:], fold(t.pseudo+uint64(length))) // to be finished
	f[t.tcp+13] = byte(t.flags)
	kind := byte(tcp4Type)
	if t.v6 {
		kind = tcp6Type
		binary.BigEndian.PutUint16(f[frameHeader+4:], uint16(length))
	} else {
		binary.BigEndian.PutUint16(f[frameHeader+2:], uint16(20+length))
		t.setIPChecksum(f[frameHeader:])
	}
	headers[0], headers[1] = needsChecksum, kind
	for at, n := range []int{t.payload, r.size, t.tcp, tcpChecksum} {
		binary.NativeEndian.PutUint16(headers[2+2*at:], uint16(n))
	}
	r.payloads[0], r.payloads[1] = headers, first[t.payload-frameHeader:]
	return r.payloads
}

// sumOf adds up 16-bit words in network order, as Internet checksums do (RFC 1071). An
// odd last byte is followed by zero.
func sumOf(b []byte, sum uint64) uint64 {
	var carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:]), carry)
		sum += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum += carry
		b = b[8:]
	}
	if len(b) > 0 {
		var rest [8]byte
		copy(rest[:], b)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(rest[:]), 0)
		sum += carry
	}
	return sum
}

// fold folds a sum to 16 bits.
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum>>16 + sum&0xffff)
}

// pieceRoom is what the largest piece takes.
const pieceRoom = offloadHeader + frameHeader + pieceMax
