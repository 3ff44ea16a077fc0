package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// namespace is a router in a network namespace.
//
//	wire ══ in ──▶ forwarding, rules ──▶ out ══ sink
type namespace struct {
	*netns.Namespace
	in, out, wire netlink.Link
}

// MAC addresses: of the way in, and of everybody beyond the way out. The latter is not the sink's, which ignores what it gets.
var (
	macIn    = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	macHosts = net.HardwareAddr{2, 0, 0, 0, 0, 9}
)

func newNamespace() (*namespace, error) {
	made, err := netns.New()
	if err != nil {
		return nil, err
	}
	ns := &namespace{Namespace: made}
	if err := ns.Do(ns.setUp); err != nil {
		return nil, errors.Join(err, ns.Close())
	}
	return ns, nil
}

func (ns *namespace) setUp() (err error) {
	if err := netns.Sysctl(map[string]string{
		"ipv6/conf/default/disable_ipv6": "1", // no packets but ours
		"ipv4/ip_forward":                "1",
		"ipv4/conf/all/rp_filter":        "0",
		"ipv4/conf/default/rp_filter":    "0", // answers come in where requests do
	}); err != nil {
		return err
	}
	if ns.in, err = addVeth("in", "wire", macIn); err != nil {
		return err
	}
	if ns.out, err = addVeth("out", "sink", nil); err != nil {
		return err
	}
	if ns.wire, err = netlink.LinkByName("wire"); err != nil {
		return err
	}
	return addRoute(ns.out)
}

// addVeth makes a pair of devices and returns the first.
func addVeth(name, peer string, mac net.HardwareAddr) (netlink.Link, error) {
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name, HardwareAddr: mac}, PeerName: peer}); err != nil {
		return nil, fmt.Errorf("veth %s: %w", name, err)
	}
	for _, n := range []string{peer, name} {
		l, err := netlink.LinkByName(n)
		if err != nil {
			return nil, err
		}
		if err := netlink.LinkSetUp(l); err != nil {
			return nil, fmt.Errorf("%s up: %w", n, err)
		}
	}
	return netlink.LinkByName(name)
}

// addRoute sends both hosts' packets out, without anybody asking for their MAC addresses.
func addRoute(out netlink.Link) error {
	to := &net.IPNet{IP: net.IPv4(10, 0, 0, 0), Mask: net.CIDRMask(16, 32)}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: out.Attrs().Index, Dst: to, Scope: netlink.SCOPE_LINK}); err != nil {
		return fmt.Errorf("route: %w", err)
	}
	for _, ip := range []net.IP{client.AsSlice(), server.AsSlice()} {
		n := &netlink.Neigh{LinkIndex: out.Attrs().Index, State: netlink.NUD_PERMANENT, IP: ip, HardwareAddr: macHosts}
		if err := netlink.NeighAdd(n); err != nil {
			return fmt.Errorf("neighbour: %w", err)
		}
	}
	return nil
}
