package packet

import "encoding/binary"

// Segment cuts a TCP segment into ones with at most size bytes of data and calls emit with each, in order, as a network card does that
// takes large ones (TCP segmentation offload). All share one buffer: a slice is valid until emit returns. Headers, options included, are
// those of the segment but for lengths, identification, sequence number and checksums, which are right whatever p's was. FIN and PSH
// are the last one's, CWR is the first one's.
//
// A packet that is no whole TCP segment, has no more data, or is a SYN or has urgent data, is emitted as it is, in its own bytes; so is
// one for a size below 1.
func Segment(p *Packet, size int, emit func([]byte)) {
	data := p.Payload()
	if p.tcp() == nil || p.IsFragment() || size < 1 || len(data) <= size || p.Flags&(SYN|URG) != 0 {
		emit(p.b)
		return
	}
	header := p.b[:p.payload]
	buf := make([]byte, 0, len(header)+size)
	for at, n := 0, uint16(0); at < len(data); n++ {
		end := min(at+size, len(data))
		buf = append(append(buf[:0], header...), data[at:end]...)
		t := buf[p.l4:]
		binary.BigEndian.PutUint32(t[4:], binary.BigEndian.Uint32(t[4:])+uint32(at))
		if at > 0 {
			t[13] &^= byte(CWR)
		}
		if end < len(data) {
			t[13] &^= byte(FIN | PSH)
		}
		p.finishSegment(buf, n)
		emit(buf)
		at = end
	}
}

// finishSegment fills in lengths and checksums, and the n-th identification.
func (p *Packet) finishSegment(b []byte, n uint16) {
	addrs := b[src4:header4]
	if p.Version == 4 {
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		binary.BigEndian.PutUint16(b[4:], binary.BigEndian.Uint16(b[4:])+n)
		binary.BigEndian.PutUint16(b[checksum4:], 0)
		binary.BigEndian.PutUint16(b[checksum4:], ^fold(sumBytes(0, b[:p.l4])))
	} else {
		addrs = b[src6:header6]
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-header6))
	}
	t := b[p.l4:]
	binary.BigEndian.PutUint16(t[checksumTCP:], 0)
	binary.BigEndian.PutUint16(t[checksumTCP:], ^fold(sumBytes(pseudoSum(addrs, TCP, len(t)), t)))
}
