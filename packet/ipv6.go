package packet

import (
	"encoding/binary"
	"net/netip"
)

// IPv6 (RFC 8200), offsets at the right:
//
//	 0      3 4             11 12                                31
//	+--------+----------------+-------------------------------------+
//	|version | traffic class  |             flow label              |  0
//	+--------+----------------+-------+--------------+--------------+
//	|         payload length          | next header  |  hop limit   |  4
//	+---------------------------------+--------------+--------------+
//	|                  source address, 16 bytes                     |  8
//	|                destination address, 16 bytes                  | 24
//	+---------------------------------------------------------------+
const (
	header6    = 40
	src6, dst6 = 8, 24
)

// Extension headers, which stand between the IPv6 header and the transport header. ESP (50) is not among them: what follows it is
// encrypted, so it counts as the transport.
const (
	extHopByHop    = 0
	extRouting     = 43
	extFragment    = 44
	extAH          = 51
	extDestination = 60

	noNextHeader  = 59   // nothing follows
	maxExtensions = 8    // more than any real packet has; a chain cannot loop, since each header is at least 8 bytes
	optionJumbo   = 0xc2 // of a hop-by-hop header
)

func (p *Packet) parse6(b []byte) error {
	if len(b) < header6 {
		return ErrTruncated
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length == 0 && b[6] == extHopByHop {
		return ErrJumbogram
	}
	if header6+length > len(b) {
		return ErrTruncated
	}
	p.b = b[: header6+length : header6+length]
	ext := extensions{next: b[6], end: header6}
	if isExtension(ext.next) {
		if err := ext.walk(p.b); err != nil {
			return err
		}
	}
	p.Version = 6
	p.FragID, p.FragOffset, p.MoreFragments = ext.fragID, ext.fragOffset, ext.moreFragments
	p.Flow.Proto = Proto(ext.next)
	p.Flow.Src = netip.AddrFrom16([16]byte(b[src6:]))
	p.Flow.Dst = netip.AddrFrom16([16]byte(b[dst6:]))
	return p.parseTransport(ext.end)
}

// extensions is what a chain of extension headers amounts to.
type extensions struct {
	next uint8 // the header at end
	end  int

	fragmented    bool // there is a fragment header
	moreFragments bool
	fragOffset    uint16
	fragID        uint32
}

func isExtension(next uint8) bool {
	switch next {
	case extHopByHop, extRouting, extFragment, extAH, extDestination:
		return true
	}
	return false
}

// walk moves e.end past the extension headers. It stops after the fragment header of a later fragment: what follows is data.
func (e *extensions) walk(b []byte) error {
	for n := 0; isExtension(e.next) && e.fragOffset == 0; n++ {
		if n == maxExtensions || e.next == extHopByHop && n != 0 {
			return ErrExtensions
		}
		if err := e.step(b[e.end:]); err != nil {
			return err
		}
	}
	return nil
}

// step reads the header that h starts with. All begin alike:
//
//	+-------------+-------------+-----------------------------
//	| next header |   length    |  at least 6 more bytes
//	+-------------+-------------+-----------------------------
func (e *extensions) step(h []byte) error {
	if len(h) < 8 {
		return ErrTruncated
	}
	size := 8 + int(h[1])*8
	switch e.next {
	case extAH:
		size = 8 + int(h[1])*4 // RFC 4302 section 2.2
	case extFragment:
		size = 8 // the length byte is reserved
	}
	if size > len(h) {
		return ErrTruncated
	}
	if err := e.read(h[:size]); err != nil {
		return err
	}
	e.next = h[0]
	e.end += size
	return nil
}

// read looks into the headers that concern a router. Type and segments left are bytes 2 and 3 of a routing header; a fragment header is
//
//	+-------------+-------------+--------------------------+---+-+
//	| next header |  reserved   |  fragment offset / 8     |res|M|  0
//	+-------------+-------------+--------------------------+---+-+
//	|                      identification                        |  4
//	+------------------------------------------------------------+
func (e *extensions) read(h []byte) error {
	switch e.next {
	case extHopByHop:
		return checkHopByHop(h[2:])
	case extRouting:
		if h[2] == 0 || h[3] != 0 { // type 0 is abolished (RFC 5095); segments left: dst is not the final destination
			return ErrSourceRoute
		}
	case extFragment:
		if e.fragmented {
			return ErrExtensions
		}
		e.fragmented = true
		e.fragOffset = binary.BigEndian.Uint16(h[2:]) &^ 7
		e.moreFragments = h[3]&1 != 0
		e.fragID = binary.BigEndian.Uint32(h[4:])
	}
	return nil
}

// checkHopByHop walks the options: each is a zero byte, or a type, a length that does not count these two, and data.
func checkHopByHop(o []byte) error {
	for len(o) > 0 {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		if len(o) < 2 || int(o[1])+2 > len(o) {
			return ErrHeaderLength
		}
		if o[0] == optionJumbo {
			return ErrJumbogram
		}
		o = o[int(o[1])+2:]
	}
	return nil
}
