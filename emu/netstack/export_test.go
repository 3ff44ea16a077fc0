package netstack

import (
	"context"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// WithQueues gives a host short queues.
func WithQueues(out, in int) Options { return Options{queues: [2]int{out, in}} }

// Sent is how many IP packets the host's TCP/IP has made and the link has taken.
func (h *Host) Sent() uint64 { return h.stack.Stats().IP.PacketsSent.Value() }

// Received is how many IP packets have come to the host's TCP/IP.
func (h *Host) Received() uint64 { return h.stack.Stats().IP.PacketsReceived.Value() }

// DialFrom dials TCP from an address and port of the host. (From a port alone gVisor would keep
// the port for ever.)
func (h *Host) DialFrom(ctx context.Context, from, to netip.AddrPort) (net.Conn, error) {
	c, err := gonet.DialTCPWithBind(ctx, h.stack, full(from), full(to), protocol(to.Addr()))
	if err != nil {
		return nil, err
	}
	return newConn(h, c)
}

// SetTimeWait is how long TCP remembers connections that it has closed.
func (h *Host) SetTimeWait(d time.Duration) {
	option := tcpip.TCPTimeWaitTimeoutOption(d)
	h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &option)
}

// Closing is how many sockets that were closed are still there.
func (h *Host) Closing() int { return len(h.stack.CleanupEndpoints()) }

// Refused is how many packets the host's TCP/IP made while too many waited to be sent.
func (h *Host) Refused() uint64 { return h.link.refused.Load() }

// SetHeadStart is how long IPv6 has before IPv4 is tried too, until restore is called.
func SetHeadStart(d time.Duration) (restore func()) {
	was := headStart
	headStart = d
	return func() { headStart = was }
}

// Told is how many sockets are told of datagrams that were too large.
func (h *Host) Told() (n int) {
	h.link.paths.sockets.Range(func(any, any) bool { n++; return true })
	return n
}
