package packet

import "encoding/binary"

// MinMTU4 is the smallest MTU that IPv4 allows (RFC 791): the longest header and 8 bytes.
const MinMTU4 = 68

// Fragment cuts an IPv4 packet into pieces of at most mtu bytes and calls emit with each, in order (RFC 791 section 3.2). All pieces share
// one buffer: a slice is valid until emit returns. A packet that fits is emitted as it is, in its own bytes; a fragment may be cut further.
// An mtu below [MinMTU4] counts as MinMTU4.
//
//	header │ 0 ........ 1479 │ 1480 ....... 2959 │ 2960 .. 3100
//	       └ offset 0,    MF ┴ offset 1480,   MF ┴ offset 2960, MF as before
//
// The caller has asked [Packet.DF]; Fragment panics for IPv6, which routers never fragment.
func Fragment(p *Packet, mtu int, emit func([]byte)) {
	if p.Version != 4 {
		panic("packet: only IPv4 can be fragmented")
	}
	mtu = max(mtu, MinMTU4)
	if len(p.b) <= mtu {
		emit(p.b)
		return
	}
	buf := make([]byte, 0, mtu)
	header, data := p.b[:p.l4], p.b[p.l4:]
	for at := 0; at < len(data); {
		size := min((mtu-len(header))&^7, len(data)-at) // all but the last hold a multiple of 8 bytes
		last := at+size == len(data)
		buf = append(append(buf[:0], header...), data[at:at+size]...)
		finishFragment(buf, len(header), int(p.FragOffset)+at, p.MoreFragments || !last)
		emit(buf)
		if at == 0 {
			header = laterHeader(header)
		}
		at += size
	}
}

// finishFragment fills in what differs from the header it was copied from.
func finishFragment(b []byte, hlen, offset int, more bool) {
	flags := binary.BigEndian.Uint16(b[6:]) &^ (flagMF | maskOffset)
	if more {
		flags |= flagMF
	}
	binary.BigEndian.PutUint16(b[6:], flags|uint16(offset/8))
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[checksum4:], 0)
	binary.BigEndian.PutUint16(b[checksum4:], ^fold(sumBytes(0, b[:hlen])))
}

// laterHeader returns the header of the fragments after the first: only options with the copied bit stay. Parse has checked the options.
func laterHeader(header []byte) []byte {
	if len(header) == header4 {
		return header
	}
	h := append(make([]byte, 0, len(header)), header[:header4]...)
	for o := header[header4:]; len(o) > 0 && o[0] != optionEnd; {
		size := 1
		if o[0] != optionNop {
			size = int(o[1])
		}
		if o[0]&optionCopied != 0 {
			h = append(h, o[:size]...)
		}
		o = o[size:]
	}
	for len(h)%4 != 0 {
		h = append(h, optionEnd)
	}
	h[0] = 4<<4 | uint8(len(h)/4)
	return h
}

// checkFragment refuses fragments that no honest host sends.
func (p *Packet) checkFragment() error {
	size := len(p.b) - p.l4
	switch {
	case p.FragOffset == 8 && p.Flow.Proto == TCP:
		return ErrTinyFragment // it would replace the flags that the first fragment showed
	case p.MoreFragments && (size == 0 || size%8 != 0):
		return ErrFragment
	case int(p.FragOffset)+size > 65535:
		return ErrFragment // the "ping of death"
	}
	return nil
}
