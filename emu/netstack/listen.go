package netstack

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Listen takes connections as [net.Listen] does: "tcp", "tcp4" or "tcp6", at ":80", at an
// address of the host, or at port 0, which takes a free one; "tcp" at 0.0.0.0 is both IP
// versions, as ":80" is. Names are not looked up.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	at, s, err := h.bind(network, address, true)
	if err != nil {
		return nil, listenError(network, at, s, err)
	}
	l := &listener{host: h, at: at, only: s}
	for {
		var wq waiter.Queue
		ep, err := h.endpoint(at, s, &wq)
		if err != nil {
			return nil, listenError(network, at, s, err)
		}
		if err := ep.Listen(backlog); err != nil {
			ep.Close()
			return nil, listenError(network, at, s, os.NewSyscallError("listen", errno(err)))
		}
		l.TCPListener = gonet.NewTCPListener(h.stack, &wq, ep)
		l.addr = l.TCPListener.Addr()
		l.at = netip.AddrPortFrom(at.Addr(), uint16(l.addr.(*net.TCPAddr).Port))
		claimed := h.claim(l)
		if err := h.alive(l); err != nil {
			return nil, listenError(network, at, s, err)
		}
		if claimed {
			return l, nil
		}
		l.TCPListener.Close()
		if at.Port() != 0 { // or another free one will do
			return nil, listenError(network, at, s, os.NewSyscallError("bind", syscall.EADDRINUSE))
		}
	}
}

// claim adds a listener to those of the host, unless one of them takes the same connections:
// gVisor asks that of equal addresses only, since it may bind to a port where connections are
// ending.
func (h *Host) claim(l *listener) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.ContainsFunc(h.listeners, l.overlaps) {
		return false
	}
	h.listeners = append(h.listeners, l)
	return true
}

func (h *Host) release(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = slices.DeleteFunc(h.listeners, func(other *listener) bool { return other == l })
}

// backlog is how many connections wait to be accepted, as on Linux (somaxconn).
const backlog = 4096

// ListenPacket takes datagrams as [net.ListenPacket] does: "udp", "udp4" or "udp6", at
// addresses as for [Host.Listen].
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	at, s, err := h.bind(network, address, false)
	if err != nil {
		return nil, listenError(network, at, s, err)
	}
	var wq waiter.Queue
	ep, err := h.endpoint(at, s, &wq)
	if err != nil {
		return nil, listenError(network, at, s, err)
	}
	c, err := newPacketConn(h, ep, &wq)
	if err != nil {
		return nil, listenError(network, at, s, err)
	}
	return c, nil
}

func listenError(network string, at netip.AddrPort, s socket, err error) error {
	e := &net.OpError{Op: "listen", Net: network, Err: err}
	if _, ok := err.(*os.SyscallError); ok {
		e.Addr = s.addr(at)
	}
	return e
}

// bind reads where to listen. The zero Addr is everywhere.
func (h *Host) bind(network, address string, stream bool) (at netip.AddrPort, s socket, err error) {
	if s, err = parseNetwork(network); err != nil {
		return at, s, err
	}
	if s.tcp != stream {
		return at, s, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return at, s, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return at, s, &net.AddrError{Err: "not a port number", Addr: service}
	}
	var a netip.Addr
	if host != "" {
		if a, err = netip.ParseAddr(host); err != nil {
			return at, s, &net.AddrError{Err: "not an IP address", Addr: host}
		}
	}
	a = a.Unmap()
	if a.IsValid() && (a.Is4() && s.no4 || a.Is6() && s.no6) {
		return at, s, &net.AddrError{Err: "no suitable address", Addr: host}
	}
	return netip.AddrPortFrom(a, uint16(port)), s, h.have(a)
}

// endpoint is a socket that is bound: to one IP version, or, for IPv6, to both.
func (h *Host) endpoint(at netip.AddrPort, s socket, wq *waiter.Queue) (tcpip.Endpoint, error) {
	transport, p := udp.ProtocolNumber, ipv6.ProtocolNumber
	if s.tcp {
		transport = tcp.ProtocolNumber
	}
	if s.no6 || at.Addr().Is4() && !everywhere(at.Addr()) {
		p = protocol(netip.IPv4Unspecified())
	}
	ep, err := h.stack.NewEndpoint(transport, p, wq)
	if err != nil {
		return nil, os.NewSyscallError("socket", errno(err))
	}
	ep.SocketOptions().SetReuseAddress(s.tcp) // of connections that are ending, as package net does
	ep.SocketOptions().SetV6Only(s.no4 || at.Addr().Is6() && !everywhere(at.Addr()))
	if err := ep.Bind(full(at)); err != nil {
		ep.Close()
		return nil, os.NewSyscallError("bind", errno(err))
	}
	return ep, nil
}

// listener is a TCP listener, with the errors of package net.
type listener struct {
	*gonet.TCPListener
	host   *Host
	at     netip.AddrPort
	only   socket // the IP versions that it is for
	addr   net.Addr
	closed atomic.Bool
}

// overlaps reports whether both would take some connection.
func (l *listener) overlaps(other *listener) bool {
	a, b := l.at.Addr(), other.at.Addr()
	return l.at.Port() == other.at.Port() && (a == b || everywhere(a) || everywhere(b)) &&
		(l.takes(true) && other.takes(true) || l.takes(false) && other.takes(false))
}

// takes reports whether it takes connections of an IP version.
func (l *listener) takes(four bool) bool {
	if four && l.only.no4 || !four && l.only.no6 {
		return false
	}
	return everywhere(l.at.Addr()) || l.at.Addr().Is4() == four
}

// everywhere reports whether an address to listen at stands for all.
func everywhere(a netip.Addr) bool { return !a.IsValid() || a.IsUnspecified() }

func (l *listener) Addr() net.Addr { return l.addr }

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.TCPListener.Accept()
	var c net.Conn
	if err == nil {
		c, err = newConn(l.host, accepted.(*gonet.TCPConn))
	}
	if err != nil {
		return nil, opError("accept", err, l.closed.Load() || l.host.closed(), nil, l.addr)
	}
	return c, nil
}

// Close ends listening: the port refuses from here on.
func (l *listener) Close() error {
	if l.closed.Swap(true) {
		return opError("close", net.ErrClosed, true, nil, l.addr)
	}
	defer l.host.release(l)
	return l.TCPListener.Close()
}
