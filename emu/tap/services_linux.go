package tap

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// services are the fabric's own, in a namespace that nobody enters: ordinary servers
// of the standard library behind the kernel's TCP. Whether a packet gets there the
// emulator has decided (LNK-1 to LNK-15). Guests of several VPCs may have the same
// address, so each is known there by another one:
//
//	guest 10.0.1.4 ▶ 169.254.169.254      is, in the namespace,     100.64.0.7 ▶ 169.254.169.254
type services struct {
	link
	ns      *namespace
	running atomic.Bool
	guests  atomic.Pointer[map[*emu.Port]*guest]
	http    *http.Server
	wait    sync.WaitGroup // for servers

	mu      sync.Mutex
	clients []client // a ring of mostClients, by the number in their address
	numbers map[client]int
	next    int // whose turn it is
}

// client is a guest's address as it talks to one address of a service.
type client struct {
	port           *emu.Port
	guest, service netip.Addr
}

// Where clients are.
var (
	clients4    = netip.MustParsePrefix("100.64.0.0/16")
	clients6    = netip.MustParsePrefix("fd64::/112")
	servicesMAC = macOf("services")
	clientsMAC  = macOf("clients")
)

// mostClients is how many are known at once. One more takes the number of the one that
// has been known for longest. That has most likely gone; else it gets another number when
// it asks again.
const mostClients = 1 << 16

func newServices() *services { return &services{numbers: make(map[client]int)} }

// start makes the namespace and starts the servers.
func (s *services) start() (err error) {
	if s.ns, err = newNamespace(); err != nil {
		return err
	}
	if err = s.ns.Do(s.listen); err != nil {
		return err
	}
	s.carry(s.answer)
	s.running.Store(true)
	return nil
}

// listen makes the device and the servers, in the namespace.
func (s *services) listen() error {
	if err := settings(false); err != nil {
		return err
	}
	if err := s.open("eth0", servicesMAC, emu.InterfaceMTU); err != nil {
		return err
	}
	d := Device{Name: "eth0", Beyond: true, Routers: []netip.Addr{beyondRouter4, router6}}
	for _, a := range []netip.Addr{vpc.Metadata4, vpc.Metadata6} {
		d.Addresses = append(d.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	if err := d.configure(0, nil); err != nil {
		return err
	}
	eth, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	for _, r := range d.Routers {
		if err := netlink.NeighSet(&netlink.Neigh{LinkIndex: eth.Attrs().Index, State: netlink.NUD_PERMANENT, IP: r.AsSlice(), HardwareAddr: clientsMAC[:]}); err != nil {
			return err
		}
	}
	return s.listenMetadata()
}

func (s *services) listenMetadata() error {
	s.http = &http.Server{Handler: &metadata{who: s.who, ttl: setTTL}, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }}
	for _, a := range []netip.Addr{vpc.Metadata4, vpc.Metadata6} {
		if a.Is6() && !hasIPv6() {
			continue
		}
		l, err := net.Listen("tcp", netip.AddrPortFrom(a, 80).String())
		if err != nil {
			return err
		}
		s.wait.Go(func() { _ = s.http.Serve(l) })
	}
	return nil
}

func (s *services) close() {
	s.running.Store(false)
	if s.http != nil {
		s.http.Close()
	}
	s.wait.Wait()
	s.link.close()
	if s.ns != nil {
		s.ns.Close()
	}
}

// learn notes who is behind each port, for what services say.
func (s *services) learn(e *emu.Emulator) {
	guests := guestsOf(e)
	s.guests.Store(&guests)
}

// take is [emu.Options.LinkLocal].
func (s *services) take(from *emu.Port, service string, b []byte) bool {
	if service != "imds" || !s.running.Load() {
		return false
	}
	var p packet.Packet
	copied := append(make([]byte, 0, len(b)), b...)
	if p.Parse(copied) != nil {
		return false
	}
	p.SetSrc(clientAddr(s.number(client{from, p.Flow.Src, p.Flow.Dst}), p.Version == 6))
	s.write(wholeFrame[:], appendFrame(nil, servicesMAC, clientsMAC, kindOf(copied)), p.Bytes())
	return true
}

// number is a client's.
func (s *services) number(c client) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := s.numbers[c]
	if known {
		return n
	}
	n = s.next
	s.next = (n + 1) % mostClients
	if n == len(s.clients) {
		s.clients = append(s.clients, c)
	} else {
		delete(s.numbers, s.clients[n])
		s.clients[n] = c
	}
	s.numbers[c] = n
	return n
}

// clientAddr is a client's address in the namespace: the number is in its last two bytes.
func clientAddr(number int, v6 bool) netip.Addr {
	a := clients4.Addr().AsSlice()
	if v6 {
		a = clients6.Addr().AsSlice()
	}
	binary.BigEndian.PutUint16(a[len(a)-2:], uint16(number))
	addr, _ := netip.AddrFromSlice(a)
	return addr
}

// client is who has an address in the namespace.
func (s *services) client(a netip.Addr) (client, bool) {
	if !clients4.Contains(a) && !clients6.Contains(a) {
		return client{}, false
	}
	b := a.AsSlice()
	number := int(binary.BigEndian.Uint16(b[len(b)-2:]))
	s.mu.Lock()
	defer s.mu.Unlock()
	if number >= len(s.clients) {
		return client{}, false
	}
	return s.clients[number], true
}

// answer hands what the servers send to the guests that asked.
func (s *services) answer(frames []frame) {
	for _, f := range frames {
		var p packet.Packet
		if k := f.kind(); k != typeIPv4 && k != typeIPv6 || p.Parse(f[frameHeader:]) != nil {
			continue
		}
		if c, ok := s.client(p.Flow.Dst); ok {
			p.SetDst(c.guest)
			p.SetSrc(c.service)
			c.port.Answer(p.Bytes())
		}
	}
}

// who is the guest that has an address in the namespace, nil if it is gone.
func (s *services) who(addr string) *guest {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil
	}
	c, ok := s.client(at.Addr())
	if !ok {
		return nil
	}
	return (*s.guests.Load())[c.port]
}

type connKey struct{}

// setTTL gives what is sent on a request's connection from now on a TTL (LNK-12).
func setTTL(r *http.Request, ttl int) {
	c, ok := r.Context().Value(connKey{}).(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, ttl)
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, ttl)
		})
	}
}
