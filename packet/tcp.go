package packet

import (
	"encoding/binary"
	"strings"
)

// TCPFlags is a set of TCP control bits (RFC 9293 section 3.1).
type TCPFlags uint8

// The control bits.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether all of want are set.
func (f TCPFlags) Has(want TCPFlags) bool { return f&want == want }

// String lists the flags as in "syn|ack"; without any it is "none".
func (f TCPFlags) String() string {
	names := [...]string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"}
	var set []string
	for i, name := range names {
		if f&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	if set == nil {
		return "none"
	}
	return strings.Join(set, "|")
}

const (
	headerTCP      = 20
	checksumTCP    = 16
	optionMSS      = 2
	defaultWindow  = 65535
	dataOffsetUnit = 4
)

// parseTCP reads the header t starts with (RFC 9293).
//
//	 0       3 4     7 8            15 16                         31
//	+--------------------------------+------------------------------+
//	|          source port           |       destination port       |  0
//	+--------------------------------+------------------------------+
//	|                       sequence number                         |  4
//	|                     acknowledgment number                     |  8
//	+--------+-------+---------------+------------------------------+
//	| offset | resvd |     flags     |            window            | 12
//	+--------+-------+---------------+------------------------------+
//	|            checksum            |        urgent pointer        | 16
//	+--------------------------------+------------------------------+
//	|                    options, 0 to 40 bytes                     | 20
//	+---------------------------------------------------------------+
func (p *Packet) parseTCP(t []byte) error {
	if len(t) < headerTCP {
		return ErrTruncated
	}
	size := int(t[12]>>4) * dataOffsetUnit
	if size < headerTCP || size > len(t) {
		return ErrTruncated
	}
	p.Flow.SrcPort = binary.BigEndian.Uint16(t)
	p.Flow.DstPort = binary.BigEndian.Uint16(t[2:])
	p.Flags = TCPFlags(t[13])
	p.l4sum = p.l4 + checksumTCP
	p.payload = p.l4 + size
	return nil
}

// tcp returns the TCP header, nil if the packet has none.
func (p *Packet) tcp() []byte {
	if p.Flow.Proto != TCP || p.l4sum == 0 {
		return nil
	}
	return p.b[p.l4:p.payload]
}

// TCPHeaderLen returns the length of the TCP header, options included, in bytes; 0 if the packet has none.
func (p *Packet) TCPHeaderLen() int { return len(p.tcp()) }

// TCPSeq returns the sequence and acknowledgment numbers, zeros if the packet has no TCP header.
func (p *Packet) TCPSeq() (seq, ack uint32) {
	t := p.tcp()
	if t == nil {
		return 0, 0
	}
	return binary.BigEndian.Uint32(t[4:]), binary.BigEndian.Uint32(t[8:])
}

// MSS returns the maximum segment size that a SYN or SYN-ACK announces (RFC 9293 section 3.7.1).
func (p *Packet) MSS() (mss uint16, ok bool) {
	at := p.findMSS()
	if at == 0 {
		return 0, false
	}
	return binary.BigEndian.Uint16(p.b[at:]), true
}

// ClampMSS lowers the maximum segment size that a SYN or SYN-ACK announces to limit, and reports whether it had to.
// It never raises it and never adds one.
func (p *Packet) ClampMSS(limit uint16) bool {
	at := p.findMSS()
	if at == 0 || binary.BigEndian.Uint16(p.b[at:]) <= limit {
		return false
	}
	fixChecksum(p.b, p.l4sum, putUnaligned16(p.b, at, limit))
	return true
}

// putUnaligned16 is put16 for any offset. Checksums add words at even offsets; a value at an odd one has its bytes in two of them.
func putUnaligned16(b []byte, at int, v uint16) (delta uint64) {
	if at%2 == 0 {
		return put16(b, at, v)
	}
	words := b[at-1 : at+3]
	delta = uint64(^binary.BigEndian.Uint32(words))
	binary.BigEndian.PutUint16(words[1:], v)
	return delta + uint64(binary.BigEndian.Uint32(words))
}

// findMSS returns where the value of the MSS option is, 0 if there is none.
func (p *Packet) findMSS() int {
	t := p.tcp()
	if t == nil || p.Flags&SYN == 0 {
		return 0
	}
	for i := headerTCP; i+1 < len(t) && t[i] != optionEnd; {
		if t[i] == optionNop {
			i++
			continue
		}
		size := int(t[i+1])
		if size < 2 || i+size > len(t) {
			return 0
		}
		if t[i] == optionMSS && size == 4 {
			return p.l4 + i + 2
		}
		i += size
	}
	return 0
}
