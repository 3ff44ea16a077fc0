package netstack

import (
	"net"
	"syscall"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// Keep-alives are those of package net: a connection that is dialled or accepted asks after
// 15 seconds without a packet, again each 15 seconds, and is broken when nine were not
// answered. They are packets like others, so that they keep flows from idling out.
const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 9
)

// SetKeepAlive turns keep-alives on or off, as [net.TCPConn.SetKeepAlive] does.
func (c *conn) SetKeepAlive(on bool) error {
	return c.set(func(ep tcpip.Endpoint) tcpip.Error {
		ep.SocketOptions().SetKeepAlive(on)
		return nil
	})
}

// SetKeepAlivePeriod sets how long there is no packet before the first keep-alive, as
// [net.TCPConn.SetKeepAlivePeriod] does: zero is 15 seconds, what is negative changes nothing.
func (c *conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: c.keepsAlive(), Idle: d, Interval: -1, Count: -1})
}

// SetKeepAliveConfig sets all there is about keep-alives, as
// [net.TCPConn.SetKeepAliveConfig] does: zero is package net's default, what is negative
// stays as it is, and parts of a second count as a whole one.
func (c *conn) SetKeepAliveConfig(k net.KeepAliveConfig) error {
	return c.set(func(ep tcpip.Endpoint) tcpip.Error {
		ep.SocketOptions().SetKeepAlive(k.Enable)
		if d := roundUp(orDefault(k.Idle, keepAliveIdle)); d > 0 {
			idle := tcpip.KeepaliveIdleOption(d)
			if err := ep.SetSockOpt(&idle); err != nil {
				return err
			}
		}
		if d := roundUp(orDefault(k.Interval, keepAliveInterval)); d > 0 {
			interval := tcpip.KeepaliveIntervalOption(d)
			if err := ep.SetSockOpt(&interval); err != nil {
				return err
			}
		}
		if n := orDefault(k.Count, keepAliveCount); n > 0 {
			return ep.SetSockOptInt(tcpip.KeepaliveCountOption, n)
		}
		return nil
	})
}

func orDefault[N int | time.Duration](n, usual N) N {
	if n == 0 {
		return usual
	}
	return n
}

// roundUp makes whole seconds; what is negative is no second.
func roundUp(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

func (c *conn) keepsAlive() (on bool) {
	_ = c.set(func(ep tcpip.Endpoint) tcpip.Error {
		on = ep.SocketOptions().GetKeepAlive()
		return nil
	})
	return on
}

// set changes the socket, which gonet hides: TCP/IP finds it as it finds that of a packet.
func (c *conn) set(change func(tcpip.Endpoint) tcpip.Error) error {
	if c.ended() {
		return c.fail("set", net.ErrClosed)
	}
	local, remote := c.local.(*net.TCPAddr).AddrPort(), c.remote.(*net.TCPAddr).AddrPort()
	to := remote.Addr().Unmap()
	id := stack.TransportEndpointID{
		LocalPort: local.Port(), LocalAddress: tcpip.AddrFromSlice(local.Addr().Unmap().AsSlice()),
		RemotePort: remote.Port(), RemoteAddress: tcpip.AddrFromSlice(to.AsSlice()),
	}
	ep, ok := c.host.stack.FindTransportEndpoint(protocol(to), tcp.ProtocolNumber, id, 0).(tcpip.Endpoint)
	if !ok { // TCP has done with it
		return c.fail("set", syscall.ENOTCONN)
	}
	if err := change(ep); err != nil {
		return c.fail("set", errno(err))
	}
	return nil
}
