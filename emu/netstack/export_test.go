package netstack

import (
	"context"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
)

// WithQueues gives a host short queues.
func WithQueues(out, in int) Options { return Options{queues: [2]int{out, in}} }

// Sent is how many IP packets the host's TCP/IP has made and the link has taken.
func (h *Host) Sent() uint64 { return h.stack.Stats().IP.PacketsSent.Value() }

// Received is how many IP packets have come to the host's TCP/IP.
func (h *Host) Received() uint64 { return h.stack.Stats().IP.PacketsReceived.Value() }

// DialFrom dials TCP from a port of the host.
func (h *Host) DialFrom(ctx context.Context, port uint16, to netip.AddrPort) (net.Conn, error) {
	c, err := gonet.DialTCPWithBind(ctx, h.stack, tcpip.FullAddress{Port: port}, full(to), protocol(to.Addr()))
	if err != nil {
		return nil, err
	}
	return newConn(h, c)
}
