package netstack

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/waiter"

	"github.com/vpcemu/vpcemu/packet"
)

// ends are the two addresses of a connection, which it keeps when it is closed, and whether
// it is.
type ends struct {
	host          *Host
	local, remote net.Addr // remote is nil of a socket that is not connected
	closed        atomic.Bool
}

func (e *ends) fail(op string, err error) error {
	return opError(op, err, e.ended(), e.local, e.remote)
}

// ended reports whether the connection, or its host, has been closed.
func (e *ends) ended() bool { return e.closed.Load() || e.host.closed() }

// admit waits until there is room for what a writer sends.
func (e *ends) admit() error {
	if !e.host.link.out.await() {
		return net.ErrClosed
	}
	return nil
}

// conn is a TCP connection, with the errors of package net.
type conn struct {
	*gonet.TCPConn
	ends
}

func newConn(h *Host, tcp *gonet.TCPConn) (net.Conn, error) {
	c := &conn{TCPConn: tcp, ends: ends{host: h, local: tcp.LocalAddr(), remote: tcp.RemoteAddr()}}
	if err := h.alive(c); err != nil {
		return nil, err
	}
	_ = c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}) // unless it has been reset already
	return c, nil
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	return n, c.fail("read", err)
}

func (c *conn) Write(b []byte) (int, error) {
	if err := c.admit(); err != nil {
		return 0, c.fail("write", err)
	}
	n, err := c.TCPConn.Write(b)
	return n, c.fail("write", err)
}

// CloseWrite says to the peer that nothing more comes.
func (c *conn) CloseWrite() error { return c.fail("close", c.TCPConn.CloseWrite()) }

// CloseRead says that nothing more is wanted.
func (c *conn) CloseRead() error { return c.fail("close", c.TCPConn.CloseRead()) }

func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return c.fail("close", net.ErrClosed)
	}
	return c.TCPConn.Close()
}

var errMissingAddress = errors.New("missing address") // package net's, which hides it

// packetConn is a UDP socket, with the errors of package net.
type packetConn struct {
	*gonet.UDPConn
	ends
}

func newPacketConn(h *Host, ep tcpip.Endpoint, wq *waiter.Queue) (*packetConn, error) {
	ep.SetSockOptInt(tcpip.MTUDiscoverOption, int(tcpip.PMTUDiscoveryDont)) // DF is up to paths
	// That a datagram was refused wakes who reads: gonet waits for data only.
	refused := waiter.NewFunctionEntry(waiter.EventErr, func(waiter.EventMask) { go wq.Notify(waiter.ReadableEvents) })
	wq.EventRegister(&refused)
	socket := &datagrams{Endpoint: ep, queue: wq}
	udp := gonet.NewUDPConn(wq, socket)
	c := &packetConn{UDPConn: udp, ends: ends{host: h, local: udp.LocalAddr(), remote: udp.RemoteAddr()}}
	if c.remote != nil {
		h.link.paths.sockets.Store(c.flow(), socket)
	}
	if err := h.alive(c); err != nil {
		return nil, err
	}
	return c, nil
}

// flow is that of what a connected socket sends.
func (c *packetConn) flow() packet.Flow {
	from, to := c.local.(*net.UDPAddr).AddrPort(), c.remote.(*net.UDPAddr).AddrPort()
	return packet.Flow{Proto: packet.UDP, Src: from.Addr().Unmap(), SrcPort: from.Port(), Dst: to.Addr().Unmap(), DstPort: to.Port()}
}

func (c *packetConn) LocalAddr() net.Addr  { return c.local }
func (c *packetConn) RemoteAddr() net.Addr { return c.remote }

func (c *packetConn) Read(b []byte) (int, error) {
	n, err := c.UDPConn.Read(b)
	return n, c.fail("read", err)
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.UDPConn.ReadFrom(b)
	return n, from, c.fail("read", err)
}

func (c *packetConn) Write(b []byte) (int, error) {
	if err := c.admit(); err != nil {
		return 0, c.fail("write", err)
	}
	n, err := c.UDPConn.Write(b)
	return n, c.fail("write", err)
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	switch {
	case !ok:
		return 0, &net.OpError{Op: "write", Net: "udp", Source: c.local, Addr: to, Err: syscall.EINVAL}
	case c.remote != nil:
		return 0, &net.OpError{Op: "write", Net: "udp", Source: c.local, Addr: to, Err: net.ErrWriteToConnected}
	case a == nil:
		return 0, &net.OpError{Op: "write", Net: "udp", Source: c.local, Err: errMissingAddress}
	}
	if err := c.admit(); err != nil {
		return 0, c.fail("write", err)
	}
	n, err := c.UDPConn.WriteTo(b, to)
	return n, opError("write", err, c.ended(), c.local, to)
}

func (c *packetConn) Close() error {
	if c.closed.Swap(true) {
		return c.fail("close", net.ErrClosed)
	}
	if c.remote != nil {
		c.host.link.paths.sockets.Delete(c.flow())
	}
	return c.UDPConn.Close()
}
