package capture

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"strings"
	"time"
)

// ngInterface is what an Interface Description Block says.
type ngInterface struct {
	link LinkType
	snap uint32
	name string
	// What a time counts: units units to the second, since offset.
	units  uint64
	offset int64
}

// How many interfaces a section may have, and how many bytes of the name of each are kept:
// in all no more than the longest packet.
const (
	maxInterfaces = 1 << 16
	maxName       = 255
)

// nextBlock reads blocks up to the next packet.
func (r *Reader) nextBlock() (Packet, error) {
	for {
		if err := r.atEnd(); err != nil {
			return Packet{}, err
		}
		at := r.offset
		kind, body, err := r.block()
		if err != nil {
			return Packet{}, r.fail(at, err)
		}
		p, found := Packet{Offset: at, big: r.big}, true
		if r.foreign && kind != sectionHeader {
			continue
		}
		switch kind {
		case sectionHeader:
			found, err = false, r.section(body)
		case interfaceHeader:
			found, err = false, r.describe(body)
		case enhancedPacket:
			err = r.enhanced(&p, body)
		case simplePacket:
			err = r.simple(&p, body)
		case oldPacket:
			err = r.old(&p, body)
		default: // name resolution, statistics, what others have invented
			found = false
		}
		if err != nil {
			return p, r.fail(at, err)
		}
		if found {
			return p, nil
		}
	}
}

// block reads one block. A section header says in what byte order it is itself.
func (r *Reader) block() (kind uint32, body []byte, err error) {
	h, err := r.in.Peek(headerLength + 4)
	if err != nil {
		return 0, nil, r.cutOff(err)
	}
	if kind = r.uint32(h); kind == sectionHeader {
		switch magic := h[headerLength:]; {
		case binary.LittleEndian.Uint32(magic) == byteOrderMagic:
			r.big = false
		case binary.BigEndian.Uint32(magic) == byteOrderMagic:
			r.big = true
		default:
			return kind, nil, fmt.Errorf("%w: a section without byte order", ErrBroken)
		}
	}
	length := r.uint32(h[4:])
	switch {
	case length < headerLength+trailerLength || length%4 != 0:
		return kind, nil, fmt.Errorf("%w: a block of %d bytes", ErrBroken, length)
	case length > maxBlock:
		return kind, nil, fmt.Errorf("a block of %d bytes: %w", length, ErrTooBig)
	}
	b, err := r.take(int(length))
	if err != nil {
		return kind, nil, err
	}
	if again := r.uint32(b[len(b)-trailerLength:]); again != length {
		return kind, nil, fmt.Errorf("%w: a block of %d bytes that ends as one of %d", ErrBroken, length, again)
	}
	return kind, b[headerLength : len(b)-trailerLength], nil
}

// short is the error for a block that is too short for what it should be.
func short(what string) error { return fmt.Errorf("%w: a short %s", ErrBroken, what) }

// section begins anew.
func (r *Reader) section(body []byte) error {
	if len(body) < 16 {
		return short("section header")
	}
	r.ifaces = r.ifaces[:0]
	if r.foreign = r.uint16(body[4:]) != 1; r.foreign {
		r.skipped++
	}
	return nil
}

// describe reads an Interface Description Block.
func (r *Reader) describe(body []byte) error {
	if len(body) < 8 {
		return short("interface description")
	}
	if len(r.ifaces) == maxInterfaces {
		return fmt.Errorf("%w: more than %d interfaces", ErrBroken, maxInterfaces)
	}
	i := ngInterface{link: LinkType(r.uint16(body)), snap: r.uint32(body[4:]), units: 1_000_000}
	for code, v := range options(body[8:], r.big) {
		switch {
		case code == optName:
			i.name = strings.ToValidUTF8(string(v[:min(len(v), maxName)]), "")
		case code == optResolution && len(v) == 1:
			var ok bool
			if i.units, ok = resolution(v[0]); !ok {
				return fmt.Errorf("%w: times of an impossible resolution", ErrBroken)
			}
		case code == optOffset && len(v) == 8:
			if i.offset = int64(binary.LittleEndian.Uint64(v)); r.big {
				i.offset = int64(binary.BigEndian.Uint64(v))
			}
		}
	}
	r.ifaces = append(r.ifaces, i)
	return nil
}

// resolution is how many units of a time make a second: a power of 10 or, with the
// highest bit, of 2.
func resolution(v byte) (units uint64, ok bool) {
	if v&0x80 != 0 {
		return 1 << (v & 0x7f), v&0x7f < 64
	}
	units = 1
	for range v {
		hi, lo := bits.Mul64(units, 10)
		if hi != 0 {
			return 0, false
		}
		units = lo
	}
	return units, true
}

// clock is a time on the interface's clock.
func (i *ngInterface) clock(t uint64) (time.Time, error) {
	hi, lo := bits.Mul64(t%i.units, uint64(time.Second))
	ns, _ := bits.Div64(hi, lo, i.units) // less than a second
	s := t / i.units
	const farOff = 1 << 33 // seconds: beyond the year 2242, near where nanoseconds end
	if s > farOff || i.offset > farOff || i.offset < -farOff || int64(s)+i.offset > farOff {
		return time.Time{}, fmt.Errorf("%w: a time beyond the year 2242", ErrBroken)
	}
	return time.Unix(int64(s)+i.offset, int64(ns)), nil
}

// of finds the interface of a packet.
func (r *Reader) of(p *Packet, id uint32) (*ngInterface, error) {
	if int64(id) >= int64(len(r.ifaces)) {
		return nil, fmt.Errorf("%w: a packet of interface %d, of %d", ErrBroken, id, len(r.ifaces))
	}
	i := &r.ifaces[id]
	p.Interface, p.InterfaceName, p.Link = int(id), i.name, i.link
	return i, nil
}

// enhanced reads an Enhanced Packet Block.
func (r *Reader) enhanced(p *Packet, body []byte) error {
	if len(body) < 20 {
		return short("packet block")
	}
	return r.packet(p, body, r.uint32(body))
}

// old reads a Packet Block, which counts drops beside a shorter number of the interface.
func (r *Reader) old(p *Packet, body []byte) error {
	if len(body) < 20 {
		return short("packet block")
	}
	return r.packet(p, body, uint32(r.uint16(body)))
}

// packet reads what both have: time, lengths, bytes, options.
func (r *Reader) packet(p *Packet, body []byte, id uint32) error {
	i, err := r.of(p, id)
	if err != nil {
		return err
	}
	if p.Time, err = i.clock(uint64(r.uint32(body[4:]))<<32 | uint64(r.uint32(body[8:]))); err != nil {
		return err
	}
	r.last = p.Time
	data := body[20:]
	if err := p.cut(data, r.uint32(body[12:]), r.uint32(body[16:])); err != nil {
		return err
	}
	p.options = data[(len(p.Data)+3)&^3:] // a block has whole words
	return nil
}

// simple reads a Simple Packet Block, which has no time: the one before it stands for
// it.
func (r *Reader) simple(p *Packet, body []byte) error {
	if len(body) < 4 {
		return short("packet block")
	}
	i, err := r.of(p, 0)
	if err != nil {
		return err
	}
	p.Time = r.last
	length := r.uint32(body)
	captured := length
	if i.snap != 0 {
		captured = min(captured, i.snap)
	}
	return p.cut(body[4:], captured, length)
}

// cut makes what begins a block's data those of the packet.
func (p *Packet) cut(data []byte, captured, length uint32) error {
	if int64(captured) > int64(len(data)) {
		return fmt.Errorf("%w: a packet of %d bytes in a block for %d", ErrBroken, captured, len(data))
	}
	p.Data, p.Length = data[:captured:captured], lengthOf(captured, length)
	return nil
}

// lengthOf is that of a packet on the wire, which is no less than what was captured of it.
func lengthOf(captured, length uint32) int { return int(min(max(captured, length), math.MaxInt32)) }

// options are those of a block, which has whole words, up to the first that does not fit.
func options(b []byte, big bool) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, n := order16(b, big), int(order16(b[2:], big))
			if code == optEnd || n > len(b)-4 || !yield(code, b[4:4+n]) {
				return
			}
			b = b[4+(n+3)&^3:]
		}
	}
}
