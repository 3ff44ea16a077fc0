package firewall

import "github.com/vpcemu/vpcemu/packet"

// State is how far a tracked flow has come.
type State uint8

// The states of flows. Which follows which depends on the protocol: see conn.
const (
	Untracked   State = iota // there is no entry
	Opening                  // TCP: not yet established; others: packets in one direction only
	Answered                 // both directions; UDP: one request and its response (SG-38)
	Stream                   // UDP: more than one request and response (SG-39)
	Established              // TCP: the handshake is complete (SG-37)
	Closing                  // TCP: at least one side has sent a FIN
	Closed                   // TCP: this packet was the last, its entry is gone (SG-41)
)

// String is the state in one word.
func (s State) String() string {
	return [...]string{"untracked", "opening", "answered", "stream", "established", "closing", "closed"}[s]
}

// conn is the connection behind a tracked flow, whatever its protocol.
//
// TCP (SG-37, SG-41, SG-42). A side is heard once it sent a packet. FINs count as acknowledged by sequence number, so that data
// still under way after a FIN is not mistaken for its acknowledgment.
//
//	no entry ─────── any segment but RST, allowed by a rule ────────▶ Opening (60 s)
//	                                                                     │
//	   a segment with ACK and without SYN, and both sides heard: the     │
//	   third of a handshake, or the first answer to a connection         │
//	   that was picked up in mid-stream                                  ▼
//	                                                                Established (432,000 s)
//	                                                                     │
//	   a FIN, from either side                                           ▼
//	                                                                  Closing (432,000 s)
//	                                                                     │
//	   both FINs acknowledged; or RST, in any state                      ▼
//	                                                                  Closed: that segment passes, the entry is gone
//
// A SYN without ACK after a FIN starts again in Opening: the ports are being used anew. In Established it changes nothing; the other
// side's answer will tell whether the connection still lives.
//
// UDP (SG-38, SG-39), where a turn is a change of direction:
//
//	request ──▶ Opening (30 s) ─response─▶ Answered (30 s) ─request─▶ Answered (30 s) ─response─▶ Stream (180 s)
//
// All others are Opening until a packet comes back, then Answered, with one idle time: 30 s for ICMP, 600 s otherwise (SG-40, SG-41).
type conn struct {
	state  State
	turns  uint8     // changes of direction so far; counted up to 3
	latest Direction // direction of the latest packet
	heard  sides
	fin    sides // sent a FIN
	done   sides // sent a FIN that the other side has acknowledged
	finEnd [2]uint32
}

// sides is a set of directions.
type sides uint8

func side(d Direction) sides { return 1 << d }

const bothSides sides = 1<<Ingress | 1<<Egress

// maxTurns is the number of changes of direction that make UDP a stream.
const maxTurns = 3

// open is the connection of which p is the first packet.
func openConn(dir Direction, p *packet.Packet, proto packet.Proto) conn {
	c := conn{state: Opening, latest: dir}
	c.advance(dir, p, proto)
	return c
}

// advance takes the next packet of a connection.
func (c *conn) advance(dir Direction, p *packet.Packet, proto packet.Proto) {
	if proto == packet.TCP {
		c.advanceTCP(dir, p)
		return
	}
	if dir == c.latest || c.turns == maxTurns {
		return
	}
	c.latest = dir
	c.turns++
	c.state = Answered
	if proto == packet.UDP && c.turns == maxTurns {
		c.state = Stream
	}
}

func (c *conn) advanceTCP(dir Direction, p *packet.Packet) {
	flags := p.Flags
	if flags.Has(packet.RST) {
		c.state = Closed
		return
	}
	if c.fin != 0 && flags.Has(packet.SYN) && !flags.Has(packet.ACK) {
		*c = conn{state: Opening}
	}
	c.heard |= side(dir)
	if c.state == Opening && c.heard == bothSides && flags.Has(packet.ACK) && !flags.Has(packet.SYN) {
		c.state = Established
	}
	if flags.Has(packet.FIN) || c.fin != 0 {
		c.close(dir, p)
	}
}

// close takes a packet with a FIN, or one after a FIN.
func (c *conn) close(dir Direction, p *packet.Packet) {
	seq, ack := p.TCPSeq()
	if p.Flags.Has(packet.FIN) && c.fin&side(dir) == 0 {
		c.fin |= side(dir)
		c.finEnd[dir] = seq + uint32(len(p.Payload())) + 1
	}
	other := 1 - dir
	if p.Flags.Has(packet.ACK) && c.fin&side(other) != 0 && int32(ack-c.finEnd[other]) >= 0 {
		c.done |= side(other)
	}
	switch {
	case c.done == bothSides:
		c.state = Closed
	case c.state == Established:
		c.state = Closing
	}
}

// A conn without finEnd, and the direction of a flow's first packet, are packed in a record as
//
//	costs two (1) | opener (1) | done (2) | fin (2) | heard (2) | latest (1) | turns (2) | state (3)
const (
	connMask   = 1<<12 - 1
	openerMask = 1 << 12
	costsTwo   = 1 << 13
)

// entries is how many entries of an instance's budget a flow takes (SG-35).
func entries(state uint32) int {
	if state&costsTwo != 0 {
		return 2
	}
	return 1
}

func (c *conn) pack() uint32 {
	return uint32(c.state) | uint32(c.turns)<<3 | uint32(c.latest)<<5 | uint32(c.heard)<<6 | uint32(c.fin)<<8 | uint32(c.done)<<10
}

func unpackConn(w uint32) conn {
	return conn{state: State(w & 7), turns: uint8(w >> 3 & 3), latest: Direction(w >> 5 & 1), heard: sides(w >> 6 & 3), fin: sides(w >> 8 & 3), done: sides(w >> 10 & 3)}
}

func packOpener(dir Direction) uint32 { return uint32(dir) << 12 }

func unpackOpener(w uint32) Direction { return Direction(w >> 12 & 1) }

// remember keeps where a closing connection ends, which its record has no room for.
func (s *shard) remember(n uint32, c *conn) {
	switch {
	case c.fin == 0 && s.fins != nil:
		delete(s.fins, n)
	case c.fin != 0:
		if s.fins == nil {
			s.fins = make(map[uint32][2]uint32)
		}
		s.fins[n] = c.finEnd
	}
}
