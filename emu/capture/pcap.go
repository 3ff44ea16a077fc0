package capture

import (
	"fmt"
	"time"
)

// A pcap file is a header and records (draft-ietf-opsawg-pcap):
//
//	 0        4        8                 16        20      24
//	+--------+--------+-----------------+---------+---------+
//	| magic  |version |     unused      | snaplen |  link   |
//	+--------+--------+--------+--------+---------+---------+
//	| sec    | frac   |captured|  length| data …
//	+--------+--------+--------+--------+
const (
	magicMicro   = 0xa1b2c3d4
	magicNano    = 0xa1b23c4d
	pcapHeader   = 24
	recordHeader = 16
	linkMask     = 0xffff // above it stands the length of a frame check sequence
)

// pcapHeader reads the header. The snap length in it is not believed: captures with
// longer packets are common.
func (r *Reader) pcapHeader() error {
	magic, err := r.in.Peek(4)
	if err != nil {
		return ErrFormat
	}
	for _, r.big = range []bool{false, true} {
		switch r.uint32(magic) {
		case magicMicro:
			r.tick = time.Microsecond
		case magicNano:
			r.tick = time.Nanosecond
		}
		if r.tick != 0 {
			break
		}
	}
	if r.tick == 0 {
		return ErrFormat
	}
	h, err := r.take(pcapHeader)
	if err != nil {
		return err
	}
	if major, minor := r.uint16(h[4:]), r.uint16(h[6:]); major != 2 || minor < 3 {
		return fmt.Errorf("%w: pcap version %d.%d, want 2.4", ErrFormat, major, minor)
	}
	r.link = LinkType(r.uint32(h[20:]) & linkMask)
	return nil
}

// nextRecord reads a record of pcap.
func (r *Reader) nextRecord() (Packet, error) {
	if err := r.atEnd(); err != nil {
		return Packet{}, err
	}
	p := Packet{Offset: r.offset, Link: r.link}
	h, err := r.take(recordHeader)
	if err != nil {
		return p, err
	}
	p.Time = time.Unix(int64(r.uint32(h)), int64(r.uint32(h[4:]))*int64(r.tick))
	captured, length := r.uint32(h[8:]), r.uint32(h[12:])
	if captured > maxBlock {
		return p, fmt.Errorf("a packet of %d bytes: %w", captured, ErrTooBig)
	}
	p.Length = lengthOf(captured, length)
	p.Data, err = r.take(int(captured))
	return p, err
}
