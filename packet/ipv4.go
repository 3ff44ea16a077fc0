package packet

import (
	"encoding/binary"
	"net/netip"
)

// IPv4 (RFC 791), offsets at the right:
//
//	 0      3 4      7 8      13 14 15 16 18 19                  31
//	+--------+--------+---------+----+------------------------------+
//	|version | IHL    |  DSCP   |ECN |         total length         |  0
//	+--------+--------+---------+----+--+---------------------------+
//	|         identification         |flg|     fragment offset / 8  |  4   flags: reserved, DF, MF
//	+-----------------+--------------+---+--------------------------+
//	|  time to live   |   protocol   |       header checksum        |  8
//	+-----------------+--------------+------------------------------+
//	|                        source address                         | 12
//	+---------------------------------------------------------------+
//	|                     destination address                       | 16
//	+---------------------------------------------------------------+
//	|                   options, 0 to 40 bytes                      | 20
//	+---------------------------------------------------------------+
const (
	header4    = 20
	checksum4  = 10
	src4, dst4 = 12, 16

	flagDF     = 0x4000
	flagMF     = 0x2000
	maskOffset = 0x1fff
)

// IPv4 options (RFC 791 section 3.1).
const (
	optionEnd    = 0
	optionNop    = 1
	optionLSRR   = 131
	optionSSRR   = 137
	optionCopied = 0x80 // this bit of the type: the option belongs in every fragment
)

func (p *Packet) parse4(b []byte) error {
	if len(b) < header4 {
		return ErrTruncated
	}
	hlen := int(b[0]&0xf) * 4
	if hlen == header4 {
		if fold(sumHeader20(b)) != 0xffff {
			return ErrChecksum
		}
	} else if err := checkLongHeader4(b, hlen); err != nil {
		return err
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total < hlen {
		return ErrTotalLength
	}
	if total > len(b) {
		return ErrTruncated
	}
	p.b = b[:total:total]
	p.Version = 4
	p.FragID = uint32(binary.BigEndian.Uint16(b[4:]))
	frag := binary.BigEndian.Uint16(b[6:])
	p.MoreFragments = frag&flagMF != 0
	p.FragOffset = frag & maskOffset * 8
	p.Flow.Proto = Proto(b[9])
	p.Flow.Src = netip.AddrFrom4([4]byte(b[src4:]))
	p.Flow.Dst = netip.AddrFrom4([4]byte(b[dst4:]))
	return p.parseTransport(hlen)
}

// checkLongHeader4 checks a header that claims to have options.
func checkLongHeader4(b []byte, hlen int) error {
	switch {
	case hlen < header4:
		return ErrHeaderLength
	case hlen > len(b):
		return ErrTruncated
	case fold(sumBytes(0, b[:hlen])) != 0xffff:
		return ErrChecksum
	}
	return checkOptions4(b[header4:hlen])
}

// checkOptions4 walks the options: each is one byte, or a type, a length that counts both, and data.
func checkOptions4(o []byte) error {
	for len(o) > 0 && o[0] != optionEnd {
		if o[0] == optionNop {
			o = o[1:]
			continue
		}
		if len(o) < 2 || o[1] < 2 || int(o[1]) > len(o) {
			return ErrHeaderLength
		}
		if o[0] == optionLSRR || o[0] == optionSSRR {
			return ErrSourceRoute
		}
		o = o[o[1]:]
	}
	return nil
}
