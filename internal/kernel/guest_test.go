//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/packet"
)

// arrival is a packet that came out of the network.
type arrival struct {
	at string
	b  []byte
}

// forward is what the guest of a middlebox makes of a packet, nil for nothing: it sends on what is not its own.
func (p *station) forward(b []byte) []byte {
	var pkt packet.Packet
	if p == nil || !p.i.NoSourceDestCheck || pkt.Parse(b) != nil || p.owns(pkt.Flow.Dst) || pkt.TTL() <= 1 {
		return nil
	}
	pkt.SetTTL(pkt.TTL() - 1)
	return pkt.Bytes()
}

// send puts packets in and returns what comes out, guests' work included.
func (o *oracle) send(name string, packets ...[]byte) (all []arrival, err error) {
	k := slices.IndexFunc(o.ends, func(e *end) bool { return e.name == name })
	for _, b := range packets {
		if _, err := unix.Write(o.ends[k].fd, b); err != nil && err != unix.EINVAL {
			return nil, fmt.Errorf("write to %s: %w", name, err)
		}
	}
	buffer := make([]byte, 1<<16)
	for busy := true; busy; {
		busy = false
		if err := o.settled.wait(); err != nil {
			return nil, err
		}
		for _, e := range o.ends {
			for {
				n, err := unix.Read(e.fd, buffer)
				if err == unix.EAGAIN {
					break
				}
				if err != nil {
					return nil, fmt.Errorf("read from %s: %w", e.name, err)
				}
				a := arrival{e.name, slices.Clone(buffer[:n])}
				all = append(all, a)
				if b := e.at.forward(slices.Clone(a.b)); b != nil {
					busy = true
					if _, err := unix.Write(e.fd, b); err != nil {
						return nil, fmt.Errorf("write to %s: %w", e.name, err)
					}
				}
			}
		}
	}
	return all, nil
}

// text is all of a packet that both sides must agree on.
func (a arrival) text() string {
	var p packet.Packet
	if err := p.Parse(a.b); err != nil {
		return fmt.Sprintf("%s hears nonsense: %v: %x", a.at, err, a.b)
	}
	s := fmt.Sprintf("%s hears %s ttl=%d len=%d", a.at, p.Flow, p.TTL(), p.Len())
	if p.IsFragment() {
		s += fmt.Sprintf(" piece at %d more=%t", p.FragOffset, p.MoreFragments)
	}
	if !p.IsFragment() && !p.ChecksumOK() {
		s += " WRONG CHECKSUM"
	}
	switch {
	case p.Flow.Proto == packet.TCP:
		seq, ack := p.TCPSeq()
		s += fmt.Sprintf(" %s seq=%d ack=%d", p.Flags, seq, ack)
	case p.Flow.Proto.IsICMP():
		s += fmt.Sprintf(" icmp=%d/%d", p.ICMPType, p.ICMPCode)
	}
	if about, ok := p.EmbeddedFlow(); ok {
		mtu, _ := p.TooBigMTU()
		return fmt.Sprintf("%s about %s mtu=%d", s, about, mtu)
	}
	if p.Flags.Has(packet.RST) { // which a NAT gateway may have made (NAT-15)
		return s
	}
	if p.Version == 4 {
		s += fmt.Sprintf(" id=%d", binary.BigEndian.Uint16(a.b[4:]))
	}
	return s + fmt.Sprintf(" tos=%d df=%t payload=%08x", p.TOS(), p.DF(), crc32.ChecksumIEEE(p.Payload()))
}
