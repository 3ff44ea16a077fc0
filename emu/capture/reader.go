package capture

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/gopacket"
)

// Why a capture could not be read (on).
var (
	ErrFormat = errors.New("neither pcap nor pcapng")
	ErrTooBig = errors.New("longer than 16 MiB")
	ErrCutOff = errors.New("the capture is cut off here")
	ErrBroken = errors.New("malformed")
)

// Error says where in a capture something is wrong.
type Error struct {
	Packet int   // the number of the packet that it should have been, from 1
	Offset int64 // in bytes, of the block or record; of compressed files, in what they hold
	Err    error
}

// Error is "packet 3, at byte 1204: …".
func (e *Error) Error() string {
	return fmt.Sprintf("packet %d, at byte %d: %v", e.Packet, e.Offset, e.Err)
}

// Unwrap is one of the errors of this package, or what the reader below said.
func (e *Error) Unwrap() error { return e.Err }

// Packet is one packet of a capture. Its bytes are valid until the next call of
// [Reader.Next].
type Packet struct {
	Number int       // from 1
	Offset int64     // in the file, of its block or record
	Time   time.Time // the zero Time if the capture has none
	Link   LinkType
	// Interface is its number and, if the capture has one, its name.
	Interface     int
	InterfaceName string
	Data          []byte // as captured
	Length        int    // on the wire, in bytes: more than Data if it was cut

	options []byte // of its block
	big     bool
}

// Comment is what somebody has remarked about the packet, "" for nothing.
func (p *Packet) Comment() string {
	for code, value := range options(p.options, p.big) {
		if code == optComment {
			return string(value)
		}
	}
	return ""
}

// Way is which way a packet went at the captured interface.
type Way uint8

// The ways.
const (
	NoWay Way = iota // the capture does not say
	Inbound
	Outbound
)

// Way is which way it went.
func (p *Packet) Way() Way {
	for code, value := range options(p.options, p.big) {
		if code == optFlags && len(value) == 4 {
			low := value[0]
			if p.big {
				low = value[3]
			}
			return Way(low & 3)
		}
	}
	return NoWay
}

// Reader reads a capture: pcap with micro- or nanoseconds, or pcapng, of either byte
// order, compressed by gzip or not, from a file or from a pipe. The longest block that
// it reads has 16 MiB, and it allocates no more than there is.
type Reader struct {
	in     *bufio.Reader
	offset int64
	next   func() (Packet, error)
	number int
	big    bool // byte order
	buf    []byte

	link   LinkType      // of pcap
	tick   time.Duration // of pcap: of what follows the seconds
	ifaces []ngInterface // of the section
	last   time.Time

	foreign bool // the section is of a version that is not read
	skipped int
}

var _ gopacket.ZeroCopyPacketDataSource = (*Reader)(nil)

const (
	maxBlock   = 16 << 20
	bufferSize = 1 << 16
)

// NewReader reads the header of a capture. Its error is an [Error].
func NewReader(r io.Reader) (*Reader, error) {
	c := &Reader{in: bufio.NewReaderSize(r, bufferSize)}
	if err := c.begin(); err != nil {
		return nil, c.fail(0, err)
	}
	return c, nil
}

func (r *Reader) begin() error {
	if zip, _ := r.in.Peek(2); len(zip) == 2 && zip[0] == 0x1f && zip[1] == 0x8b {
		z, err := gzip.NewReader(r.in)
		if err != nil {
			return err
		}
		r.in = bufio.NewReaderSize(z, bufferSize)
	}
	magic, err := r.in.Peek(4)
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(magic) < 4:
		return ErrFormat
	case binary.LittleEndian.Uint32(magic) == sectionHeader:
		r.next = r.nextBlock
		return nil
	}
	r.next = r.nextRecord
	return r.pcapHeader()
}

// Next is the next packet, and io.EOF behind the last one. Any other error is an [Error],
// and nothing can be read behind it.
func (r *Reader) Next() (Packet, error) {
	at := r.offset
	p, err := r.next()
	switch {
	case err == io.EOF:
		return Packet{}, err
	case err != nil:
		return Packet{}, r.fail(at, err)
	}
	r.number++
	p.Number = r.number
	return p, nil
}

// fail says where; at is only where the search for the packet began.
func (r *Reader) fail(at int64, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return &Error{Packet: r.number + 1, Offset: at, Err: err}
}

// Offset is how far the capture has been read, in bytes; of a compressed one, of what
// it holds.
func (r *Reader) Offset() int64 { return r.offset }

// Skipped is how many sections of a pcapng file were left out so far, since they are not of
// version 1, the only one that there is.
func (r *Reader) Skipped() int { return r.skipped }

// ReadPacketData is Next for gopacket, in bytes of their own. The link type, a
// [LinkType], is in the ancillary data.
func (r *Reader) ReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	b, info, err := r.ZeroCopyReadPacketData()
	return slices.Clone(b), info, err
}

// ZeroCopyReadPacketData is ReadPacketData in bytes that are valid until the next call.
func (r *Reader) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	p, err := r.Next()
	if err != nil {
		return nil, gopacket.CaptureInfo{}, err
	}
	return p.Data, gopacket.CaptureInfo{
		Timestamp: p.Time, CaptureLength: len(p.Data), Length: p.Length, InterfaceIndex: p.Interface, AncillaryData: []any{p.Link},
	}, nil
}

// take reads n bytes, which are valid until the next call. Of what is longer than a
// buffer it takes memory only as the bytes come: n may be a lie.
func (r *Reader) take(n int) ([]byte, error) {
	if n <= bufferSize {
		b, err := r.in.Peek(n)
		if err != nil {
			return nil, r.cutOff(err)
		}
		_, _ = r.in.Discard(n) // they are there
		r.offset += int64(n)
		return b, nil
	}
	r.buf = r.buf[:0]
	for len(r.buf) < n {
		have := len(r.buf)
		r.buf = slices.Grow(r.buf, min(n-have, bufferSize))
		r.buf = r.buf[:min(n, cap(r.buf))]
		if _, err := io.ReadFull(r.in, r.buf[have:]); err != nil {
			return nil, r.cutOff(err)
		}
	}
	r.offset += int64(n)
	return r.buf, nil
}

// cutOff is the error for an end in the middle.
func (r *Reader) cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrCutOff
	}
	return err
}

// atEnd reports whether the capture ends here.
func (r *Reader) atEnd() error {
	_, err := r.in.Peek(1)
	return err
}

func (r *Reader) uint16(b []byte) uint16 { return order16(b, r.big) }

func (r *Reader) uint32(b []byte) uint32 {
	if r.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func order16(b []byte, big bool) uint16 {
	if big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}
