//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// namespace is a network namespace: an interface, a subnet's router, or a gateway.
type namespace struct {
	*netns.Namespace
	net    *netlink.Handle
	nft    *nftables.Conn
	filter *nl.SocketHandle // of connections
	links  map[string]int   // indexes, by name
}

// settings make a namespace a router that says nothing by itself.
var settings = map[string]string{
	"ipv4/ip_forward":                       "1",
	"ipv6/conf/all/forwarding":              "1",
	"ipv6/conf/default/forwarding":          "1",
	"ipv6/conf/default/addr_gen_mode":       "1", // no link-local addresses, so no multicast of their own
	"ipv6/conf/default/accept_dad":          "0",
	"ipv6/conf/default/accept_ra":           "0",
	"ipv4/conf/all/rp_filter":               "0", // ways out and back may differ (ORDER-37)
	"ipv4/conf/default/rp_filter":           "0",
	"ipv4/conf/all/accept_local":            "1", // a router's message comes back to it, translated (ORDER-36)
	"ipv4/conf/default/accept_local":        "1",
	"ipv4/conf/all/send_redirects":          "0",
	"ipv4/conf/default/send_redirects":      "0",
	"ipv4/icmp_errors_use_inbound_ifaddr":   "1",
	"ipv4/icmp_ratelimit":                   "0",
	"ipv4/icmp_msgs_per_sec":                "1000000",
	"ipv6/icmp/ratelimit":                   "0",
	"netfilter/nf_conntrack_tcp_be_liberal": "1", // AWS does not look at sequence numbers
}

// newNamespace makes a namespace, and opens in it what it is changed by.
func newNamespace() (*namespace, error) {
	made, err := netns.New()
	if err != nil {
		return nil, err
	}
	ns := &namespace{Namespace: made, links: make(map[string]int)}
	if err := ns.set(settings); err != nil {
		return ns, err
	}
	return ns, ns.Do(func() (err error) {
		if ns.net, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return fmt.Errorf("netlink: %w", err)
		}
		socket, err := nl.Subscribe(unix.NETLINK_NETFILTER)
		if err != nil {
			return fmt.Errorf("netlink: %w", err)
		}
		ns.filter = &nl.SocketHandle{Socket: socket}
		if ns.nft, err = nftables.New(nftables.AsLasting()); err != nil {
			return fmt.Errorf("nftables: %w", err)
		}
		return nil
	})
}

// set writes settings of the namespace.
func (ns *namespace) set(values map[string]string) error {
	return ns.Do(func() error { return netns.Sysctl(values) })
}

// Close lets go of the namespace.
func (ns *namespace) Close() error {
	if ns.net != nil {
		ns.net.Close()
	}
	if ns.filter != nil {
		ns.filter.Close()
	}
	var err error
	if ns.nft != nil {
		err = ns.nft.CloseLasting()
	}
	return errors.Join(err, ns.Namespace.Close())
}

// mac is that of every end of every wire: nobody needs to ask for it.
var mac = net.HardwareAddr{2, 0, 0, 0, 0, 1}

// wire joins two namespaces. What one sends into its end, of a name, comes out of the end of the other.
func wire(a *namespace, aEnd string, b *namespace, bEnd string) error {
	v := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: aEnd, HardwareAddr: mac, MTU: largest}, PeerName: bEnd, PeerHardwareAddr: mac,
		PeerMTU: largest, PeerNamespace: netlink.NsFd(b.FD())}
	if err := a.net.LinkAdd(v); err != nil {
		return fmt.Errorf("wire %s to %s: %w", aEnd, bEnd, err)
	}
	return errors.Join(a.up(aEnd), b.up(bEnd))
}

// largest is the largest packet of an interface (MTU-2).
const largest = 9001

// up switches a link on, without address resolution.
func (ns *namespace) up(name string) error {
	l, err := ns.net.LinkByName(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	ns.links[name] = l.Attrs().Index
	if err := ns.net.LinkSetARPOff(l); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := ns.net.LinkSetUp(l); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ready returns once a link is in use: before, it drops packets.
func (ns *namespace) ready(name string) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		l, err := ns.net.LinkByIndex(ns.links[name]) // which puts it into use, since Linux 6.9
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if state := l.Attrs().OperState; state == netlink.OperUp || state == netlink.OperUnknown { // the latter is that of TUN devices
			return nil
		}
		runtime.Gosched()
	}
	return fmt.Errorf("%s has not come up in %v", name, patience)
}

// tun makes a device whose packets are read and written here.
func (ns *namespace) tun(name string) (fd int, err error) {
	fd = -1
	err = ns.Do(func() (err error) {
		if fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
			return fmt.Errorf("/dev/net/tun: %w", err)
		}
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		return os.NewSyscallError("tun", unix.IoctlIfreq(fd, unix.TUNSETIFF, request))
	})
	if err != nil {
		return fd, err
	}
	l, err := ns.net.LinkByName(name)
	if err != nil {
		return fd, err
	}
	if err := ns.net.LinkSetMTU(l, largest); err != nil {
		return fd, fmt.Errorf("tun: %w", err)
	}
	return fd, ns.up(name)
}
