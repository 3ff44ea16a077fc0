package replay

import (
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// A capture is taken above the network card, which cuts TCP segments of up to 64 KiB, and puts those
// that arrive together (TSO, GRO). On the wire they have what the other end can take:
// its maximum segment size, less the options of each (RFC 6691). If no handshake was captured that is not
// known; but what no interface sends was larger than on the wire for sure.
const tcpHeader = 20

// hear notes the maximum segment size that an end announces.
func (f *Flow) hear(p *packet.Packet, d Direction) {
	if mss, ok := p.MSS(); ok && mss > 0 {
		f.mss[1-d] = int(mss)
	}
}

// segment is how many bytes of data leave the sender's network card at once, 0 for all.
func (f *Flow) segment(p *packet.Packet, d Direction) int {
	header := p.Len() - len(p.Payload())
	switch mss := f.mss[d]; {
	case p.Flow.Proto != packet.TCP || p.IsFragment():
		return 0
	case mss > 0:
		return max(1, mss-(p.TCPHeaderLen()-tcpHeader))
	case p.Len() > emu.InterfaceMTU:
		return emu.InternetMTU - header
	}
	return 0
}
