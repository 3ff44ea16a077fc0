package tap

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"time"
)

// resolver is the sockets of the DNS server.
type resolver struct {
	packets   []net.PacketConn
	listeners []net.Listener
}

// listenResolver starts the DNS server, in the namespace.
func (s *services) listenResolver() error {
	for _, a := range []netip.Addr{resolver4, resolver6} {
		if a.Is6() && !hasIPv6() {
			continue
		}
		at := netip.AddrPortFrom(a, 53).String()
		u, err := net.ListenPacket("udp", at)
		if err != nil {
			return err
		}
		s.dns.packets = append(s.dns.packets, u)
		s.wait.Go(func() { s.resolve(u) })
		t, err := net.Listen("tcp", at)
		if err != nil {
			return err
		}
		s.dns.listeners = append(s.dns.listeners, t)
		s.wait.Go(func() { s.resolveTCP(t) })
	}
	return nil
}

// resolve answers datagrams until the socket is closed.
func (s *services) resolve(u net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := u.ReadFrom(buffer)
		if err != nil {
			return
		}
		g := s.who(from.String())
		if g == nil {
			continue
		}
		if reply := dnsReply(buffer[:n], g); reply != nil {
			_, _ = u.WriteTo(reply, from)
		}
	}
}

// resolveTCP answers connections until the listener is closed.
func (s *services) resolveTCP(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.wait.Go(func() {
			defer c.Close()
			s.resolveOne(c)
		})
	}
}

// resolveOne answers the queries of a connection, each with its length before it.
func (s *services) resolveOne(c net.Conn) {
	for {
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		g := s.who(c.RemoteAddr().String())
		if _, err := io.ReadFull(c, query); err != nil || g == nil {
			return
		}
		reply := dnsReply(query, g)
		if reply == nil {
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (r *resolver) close() {
	for _, p := range r.packets {
		p.Close()
	}
	for _, l := range r.listeners {
		l.Close()
	}
}
