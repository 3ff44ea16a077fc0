package netstack

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/loopback"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"github.com/vpcemu/vpcemu/emu"
)

// Options of a host. The zero Options are right for one on an interface.
type Options struct {
	// Addresses of the host. None means those that its interface has at the time. A host
	// that is on no interface (on the internet, on-premises, behind an endpoint) needs some.
	Addresses []netip.Addr
	// MTU is the size of the largest IP packet that it sends, in bytes. Zero means 9001
	// on an interface (MTU-1) and 1500 elsewhere. Others are from 68 (RFC 791), or 1280 of a host
	// with an IPv6 address (RFC 8200), to 65535.
	MTU int
	// Clock is that of its TCP/IP: retransmission, time-outs of connections. nil means the
	// machine's. A faketime.ManualClock of gVisor moves only when told to, and its Now can be
	// [emu.Options.Now] as well. Contexts and deadlines are by the machine's clock always.
	Clock tcpip.Clock

	queues [2]int // for tests: other limits than queueLimits
}

// Host is a TCP/IP host at a port. All its methods may be called at once from several
// goroutines.
type Host struct {
	// Resolver asks the resolver of the host's VPC: private DNS names of instances,
	// endpoints, load balancers, and what [emu.Options.Names] knows. It is Go's own, so it looks
	// into the machine's /etc/hosts first, adds the machine's search domains to names without
	// a dot at the end, and names the machine's servers in its errors; [Host.LookupNetIP]
	// and [Host.Dial] name the VPC's. Hosts on no interface have no resolver, until this is
	// set to one.
	Resolver *net.Resolver

	name      string
	vpc       *net.Resolver // what Resolver is at first
	asks      string        // where that sends its queries; empty outside a VPC
	stack     *stack.Stack
	link      *link
	delegated []netip.Prefix
	anywhere  bool            // it is on no interface: any address may be its own
	down      context.Context // done when the host is closed
	goDown    context.CancelFunc
	closing   sync.Once

	mu        sync.Mutex // of what follows
	addresses []netip.Addr
	listeners []*listener
}

// The network interfaces of a host.
const (
	nic tcpip.NICID = iota + 1
	loopbackNIC
)

// New puts a host at a port, by the name that [emu.Emulator.Port] takes, in the place of
// what [emu.Port.Receive] was given there. A port has one host at a time: while it has one
// that has not been closed New fails, and that one stays. A host must be closed.
//
// A host has the addresses that it is made with. Like the guest of an instance it does not
// see those that its interface is given later; an address of a delegated prefix it takes when
// it is first asked to listen or dial there.
func New(e *emu.Emulator, name string, o Options) (*Host, error) {
	port, err := e.Port(name)
	if err != nil {
		return nil, err
	}
	h := &Host{name: name}
	h.down, h.goDown = context.WithCancel(context.Background())
	mtu := emu.InternetMTU
	if i := port.Interface(); i != nil {
		mtu, h.delegated = emu.InterfaceMTU, i.Prefixes
		if len(o.Addresses) == 0 {
			for _, a := range i.Addresses {
				o.Addresses = append(o.Addresses, a.IP)
			}
		}
	} else {
		h.anywhere = true
		if len(o.Addresses) == 0 {
			return nil, fmt.Errorf("netstack: %s is no interface: which addresses does the host have?", name)
		}
	}
	if o.MTU != 0 {
		mtu = o.MTU
	}
	if err := check(o.Addresses, mtu); err != nil {
		return nil, fmt.Errorf("netstack: %s: %w", name, err)
	}
	if o.Clock == nil {
		o.Clock = tcpip.NewStdClock()
	}
	h.link = newLink(port, mtu, newPaths(o.Clock), cmp.Or(o.queues, queueLimits))
	if err := h.start(h.link, o); err != nil {
		h.Close()
		return nil, err
	}
	if !h.link.start() {
		h.Close()
		return nil, fmt.Errorf("netstack: %s has a host already, which has not been closed", name)
	}
	h.asks = resolverAt(port, h.Addresses())
	h.vpc = h.resolver()
	h.Resolver = h.vpc
	return h, nil
}

// check refuses what no host can have.
func check(addresses []netip.Addr, mtu int) error {
	least := header.IPv4MinimumMTU
	for _, a := range addresses {
		if a = a.Unmap(); !a.IsValid() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() {
			return fmt.Errorf("address %s: no host has that", a)
		}
		if a.Is6() {
			least = header.IPv6MinimumMTU
		}
	}
	if mtu < least || mtu > math.MaxUint16 {
		return fmt.Errorf("MTU %d: not from %d to %d bytes", mtu, least, math.MaxUint16)
	}
	return nil
}

// start sets up TCP/IP as Linux has it: two default routes, through an interface that
// needs no neighbours, and a loopback interface.
func (h *Host) start(link stack.LinkEndpoint, o Options) error {
	h.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
		HandleLocal:        true, // what a host sends to itself stays there (ENI-23)
		Clock:              o.Clock,
	})
	sack, cubic, moderate := tcpip.TCPSACKEnabled(true), tcpip.CongestionControlOption("cubic"), tcpip.TCPModerateReceiveBufferOption(true)
	// Without RACK, which gets through a path that has turned out narrower with two packets each
	// 200 ms: it takes the cut pieces of what was too large for lost, and counts them as under way.
	var recovery tcpip.TCPRecovery
	for _, option := range []tcpip.SettableTransportProtocolOption{&sack, &cubic, &moderate, &recovery} {
		if err := h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("netstack: %s: %s", h.name, err)
		}
	}
	for id, endpoint := range map[tcpip.NICID]stack.LinkEndpoint{nic: link, loopbackNIC: loopback.New()} {
		if err := h.stack.CreateNIC(id, endpoint); err != nil {
			return fmt.Errorf("netstack: %s: %s", h.name, err)
		}
	}
	h.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4LoopbackSubnet, NIC: loopbackNIC},
		{Destination: header.IPv6Loopback.WithPrefix().Subnet(), NIC: loopbackNIC},
		{Destination: header.IPv4EmptySubnet, NIC: nic},
		{Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	for _, a := range []string{"127.0.0.1", "::1"} {
		if err := h.assign(loopbackNIC, netip.MustParseAddr(a)); err != nil {
			return err
		}
	}
	for _, a := range o.Addresses {
		if err := h.add(a.Unmap()); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the host: its connections are reset, its listeners and sockets closed, what
// waits for them fails with [net.ErrClosed], and none of its goroutines is left. A second
// Close does nothing.
func (h *Host) Close() error {
	h.closing.Do(func() {
		h.goDown()
		h.link.deafen() // or TCP/IP would keep what arrives while it ends
		h.stack.Close() // which sends the resets
		h.link.stop()
		h.stack.Wait()
	})
	return nil
}

func (h *Host) closed() bool { return h.down.Err() != nil }

// alive closes a socket that was opened while the host was being closed, which may not
// have seen it.
func (h *Host) alive(c io.Closer) error {
	if h.closed() {
		c.Close()
		return net.ErrClosed
	}
	return nil
}

// Addresses are those that the host has, but for loopback ones.
func (h *Host) Addresses() []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.addresses)
}

// have makes sure that the host has an address, which it takes if it may.
func (h *Host) have(a netip.Addr) error {
	if !a.IsValid() || a.IsUnspecified() || a.IsLoopback() {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Contains(h.addresses, a) {
		return nil
	}
	if !h.anywhere && !slices.ContainsFunc(h.delegated, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return os.NewSyscallError("bind", errno(&tcpip.ErrBadLocalAddress{}))
	}
	return h.addLocked(a)
}

func (h *Host) add(a netip.Addr) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.addLocked(a)
}

func (h *Host) addLocked(a netip.Addr) error {
	if err := h.assign(nic, a); err != nil {
		return err
	}
	h.addresses = append(h.addresses, a)
	return nil
}

// assign gives one of the host's network interfaces an address.
func (h *Host) assign(id tcpip.NICID, a netip.Addr) error {
	address := tcpip.ProtocolAddress{Protocol: protocol(a), AddressWithPrefix: tcpip.AddrFromSlice(a.AsSlice()).WithPrefix()}
	if err := h.stack.AddProtocolAddress(id, address, stack.AddressProperties{}); err != nil {
		return fmt.Errorf("netstack: %s: address %s: %s", h.name, a, err)
	}
	return nil
}

// protocol is that of an address.
func protocol(a netip.Addr) tcpip.NetworkProtocolNumber {
	if a.Is4() {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}
