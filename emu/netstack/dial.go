package netstack

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Dial is [Host.DialContext] without a limit but TCP's: a connection that is dropped on its
// way times out after two minutes, as on Linux.
func (h *Host) Dial(network, address string) (net.Conn, error) {
	return h.DialContext(context.Background(), network, address)
}

// DialContext connects to an address as [net.Dialer.DialContext] does: "tcp", "udp" and
// their "4" and "6" kinds, to an address or a name that the host's Resolver knows, and
// with names of both kinds of addresses by Happy Eyeballs. It is what
// [net/http.Transport] takes. Connections have keep-alives, and the methods of [net.TCPConn]
// that set them. Errors are those of package net: what a security group drops ends with
// ETIMEDOUT or the context, a closed port with ECONNREFUSED.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return h.From(netip.Addr{}).DialContext(ctx, network, address)
}

// Dialer dials from one of a host's addresses.
type Dialer struct {
	host *Host
	from netip.Addr
}

// From dials from an address of the host's: a secondary one, one of a delegated prefix, or
// any of a host that is on no interface. The zero Addr leaves the choice to TCP/IP.
func (h *Host) From(a netip.Addr) Dialer { return Dialer{h, a.Unmap()} }

// DialContext is [Host.DialContext] from the dialer's address.
func (d Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	s, err := parseNetwork(network)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	to, err := d.host.lookup(ctx, s, address)
	if err == nil {
		to, err = d.usable(s, to)
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return d.race(ctx, s, to)
}

// socket is the kind of a socket: a network of package net.
type socket struct {
	name     string // "tcp6"
	tcp      bool
	no4, no6 bool // it is for one IP version
}

func parseNetwork(network string) (s socket, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		return socket{name: network, tcp: network[:3] == "tcp", no4: network[3:] == "6", no6: network[3:] == "4"}, nil
	}
	return s, net.UnknownNetworkError(network)
}

// addr is an address of the socket's as package net has it.
func (s socket) addr(a netip.AddrPort) net.Addr {
	if s.tcp {
		return &net.TCPAddr{IP: a.Addr().AsSlice(), Port: int(a.Port())}
	}
	return &net.UDPAddr{IP: a.Addr().AsSlice(), Port: int(a.Port())}
}

// lookup finds what an address with a name or a number means. The name is taken as it
// is, without the machine's search domains.
func (h *Host) lookup(ctx context.Context, s socket, address string) ([]netip.AddrPort, error) {
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := h.Resolver.LookupPort(ctx, s.name, service)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = "127.0.0.1"
	}
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(name); err == nil {
		addrs = append(addrs, a)
	} else if strings.EqualFold(strings.TrimSuffix(name, "."), "localhost") { // RFC 6761 6.3
		addrs = append(addrs, netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback())
	} else if addrs, err = h.LookupNetIP(ctx, "ip", name); err != nil {
		return nil, err
	}
	to := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		to[i] = netip.AddrPortFrom(a.Unmap(), uint16(port))
	}
	return to, nil
}

// usable are the addresses that the host has one of the same kind for, IPv6 first
// (RFC 6724).
func (d Dialer) usable(s socket, to []netip.AddrPort) ([]netip.AddrPort, error) {
	from := d.host.Addresses()
	if d.from.IsValid() {
		from = []netip.Addr{d.from}
	}
	var usable []netip.AddrPort
	for _, a := range to {
		four := a.Addr().Is4()
		same := func(b netip.Addr) bool { return b.Is4() == four }
		if four && s.no4 || !four && s.no6 || !a.Addr().IsLoopback() && !slices.ContainsFunc(from, same) {
			continue
		}
		usable = append(usable, a)
	}
	slices.SortStableFunc(usable, func(a, b netip.AddrPort) int { return b.Addr().BitLen() - a.Addr().BitLen() })
	if len(usable) == 0 {
		return nil, &net.AddrError{Err: "no suitable address", Addr: to[0].Addr().String()}
	}
	return usable, nil
}

// headStart is what IPv6 has before IPv4 is tried too, as in package net (RFC 8305).
var headStart = 300 * time.Millisecond // a variable for tests

// outcome is one of a connection and an error.
type outcome struct {
	net.Conn
	error
}

// closeLate closes the connection that nobody waits for any more.
func closeLate(o outcome) {
	if o.Conn != nil {
		o.Conn.Close()
	}
}

// race tries the addresses of the first kind and, when they fail or take long, those of the
// other one.
func (d Dialer) race(ctx context.Context, s socket, to []netip.AddrPort) (net.Conn, error) {
	other := slices.IndexFunc(to, func(a netip.AddrPort) bool { return a.Addr().Is4() != to[0].Addr().Is4() })
	if other < 0 || !s.tcp {
		return d.series(ctx, s, to)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes := make(chan outcome, 2)
	try := func(to []netip.AddrPort) {
		c, err := d.series(ctx, s, to)
		outcomes <- outcome{c, err}
	}
	go try(to[:other])
	late := time.NewTimer(headStart)
	defer late.Stop()
	var first error
	for running, rest := 1, to[other:]; ; {
		select {
		case o := <-outcomes:
			running--
			if o.error == nil {
				if running > 0 {
					go func() { closeLate(<-outcomes) }()
				}
				return o.Conn, nil
			}
			if first == nil {
				first = o.error
			}
		case <-late.C:
		}
		switch {
		case rest != nil:
			go try(rest)
			running, rest = running+1, nil
		case running == 0:
			return nil, first
		}
	}
}

// series tries addresses one after the other and returns the first error. Each has an equal
// share of the time that is left.
func (d Dialer) series(ctx context.Context, s socket, to []netip.AddrPort) (net.Conn, error) {
	var first error
	for i, a := range to {
		some, cancel := share(ctx, len(to)-i)
		c, err := d.one(some, s, a)
		cancel()
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

func share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	end, limited := ctx.Deadline()
	if !limited || n == 1 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Until(end)/time.Duration(n))
}

// one connects to one address.
func (d Dialer) one(ctx context.Context, s socket, to netip.AddrPort) (net.Conn, error) {
	alive, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.host.down, cancel)()
	c, err := d.connect(alive, s, to)
	switch {
	case err == nil:
		return c, nil
	case d.host.closed():
		err = net.ErrClosed
	}
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		err = cause(err, "connect")
	}
	e := &net.OpError{Op: "dial", Net: s.name, Addr: s.addr(to), Err: err}
	if d.from.IsValid() {
		e.Source = s.addr(netip.AddrPortFrom(d.from, 0))
	}
	return nil, e
}

func (d Dialer) connect(ctx context.Context, s socket, to netip.AddrPort) (net.Conn, error) {
	if err := ctx.Err(); err != nil { // which a datagram socket would not notice
		return nil, err
	}
	if err := d.host.have(d.from); err != nil {
		return nil, err
	}
	p, remote, local := protocol(to.Addr()), full(to), tcpip.FullAddress{}
	if d.from.IsValid() {
		local = full(netip.AddrPortFrom(d.from, 0))
	}
	if s.tcp {
		c, err := gonet.DialTCPWithBind(ctx, d.host.stack, local, remote, p)
		if err != nil {
			return nil, err
		}
		return newConn(d.host, c)
	}
	return d.host.dialUDP(local, remote, p)
}

// dialUDP is a socket for the datagrams of one peer.
func (h *Host) dialUDP(local, remote tcpip.FullAddress, p tcpip.NetworkProtocolNumber) (net.Conn, error) {
	wq := new(waiter.Queue)
	ep, err := h.stack.NewEndpoint(udp.ProtocolNumber, p, wq)
	if err != nil {
		return nil, errno(err)
	}
	if local.Addr.Len() > 0 {
		err = ep.Bind(local)
	}
	if err == nil {
		err = ep.Connect(remote)
	}
	if err != nil {
		ep.Close()
		return nil, os.NewSyscallError("connect", errno(err))
	}
	c, closed := newPacketConn(h, ep, wq)
	if closed != nil {
		return nil, closed
	}
	return c, nil
}

// full is an address as gVisor has it; one that is unspecified is empty there.
func full(a netip.AddrPort) tcpip.FullAddress {
	f := tcpip.FullAddress{Port: a.Port()}
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		f.Addr = tcpip.AddrFromSlice(a.Addr().AsSlice())
	}
	return f
}
