package replay

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/packet"
)

// unwrap is the IP packet of a captured one, and whether that may have been cut short: what is
// in VXLAN may have been before it came there.
func (r *Replay) unwrap(p *capture.Packet) (b []byte, cut bool, err error) {
	b, err = p.IP()
	if err != nil || r.keep {
		return b, len(p.Data) < p.Length, err
	}
	inner, ok, err := capture.VXLAN(b)
	if !ok {
		return b, len(p.Data) < p.Length, nil
	}
	r.report.Unwrapped++
	if err != nil {
		err = fmt.Errorf("in VXLAN: %w", err)
	}
	return inner, true, err
}

// parse reads the IP packet. A host whose network card computes checksums captures
// IPv4 headers without one.
func (r *Replay) parse(b []byte) error {
	err := r.pkt.Parse(b)
	if errors.Is(err, packet.ErrChecksum) && b[10] == 0 && b[11] == 0 {
		binary.BigEndian.PutUint16(b[10:], headerChecksum(b[:int(b[0]&0xf)*4]))
		err = r.pkt.Parse(b)
	}
	return err
}

// fill reads a packet that was cut short as if zeros were missing: no rule looks at more than
// headers. Those must be there.
func (r *Replay) fill(b []byte) error {
	length := 0
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		length = int(binary.BigEndian.Uint16(b[2:]))
	case len(b) >= 40 && b[0]>>4 == 6:
		length = 40 + int(binary.BigEndian.Uint16(b[4:]))
	}
	if length <= len(b) {
		return packet.ErrTruncated
	}
	r.filled = append(append(r.filled[:0], b...), make([]byte, length-len(b))...)
	if err := r.parse(r.filled); err != nil {
		return err
	}
	if header := r.pkt.Len() - len(r.pkt.Payload()); header > len(b) || r.pkt.IsICMPError() {
		return packet.ErrTruncated
	}
	return nil
}

// headerChecksum is that of an IPv4 header whose field for it is zero (RFC 1071).
func headerChecksum(h []byte) uint16 {
	sum := uint32(0)
	for ; len(h) > 1; h = h[2:] {
		sum += uint32(binary.BigEndian.Uint16(h))
	}
	sum = sum>>16 + sum&0xffff
	return ^uint16(sum>>16 + sum)
}
