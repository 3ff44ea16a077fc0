package tap

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// firstTable is the route table of a host's second device: what a secondary address
// sends leaves by its own device, as Amazon Linux arranges it.
const firstTable = 10000

// settings are those of every namespace of a host: the fabric announces no IPv6
// routes, and what comes in by one device may have a route by another.
func settings(forwards bool) error {
	set := map[string]string{
		"ipv6/conf/all/disable_ipv6": "0", "ipv6/conf/default/disable_ipv6": "0",
		"ipv6/conf/all/accept_ra": "0", "ipv6/conf/default/accept_ra": "0", "ipv6/conf/default/accept_dad": "0",
		"ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0",
	}
	if forwards {
		set["ipv4/ip_forward"], set["ipv6/conf/all/forwarding"] = "1", "1"
		set["ipv4/conf/all/send_redirects"], set["ipv4/conf/default/send_redirects"] = "0", "0"
	}
	return netns.Sysctl(set)
}

// configure gives a device of this thread's namespace what it should have, and takes
// away what it had. It may be called again.
func (d *Device) configure(index int, changed *Device) error {
	link, err := netlink.LinkByName(d.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	if changed != nil {
		if err := d.forget(link, index, changed); err != nil {
			return err
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	for _, a := range d.addresses() {
		if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: ipNet(a), Flags: unix.IFA_F_NODAD}); err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	for _, r := range d.routes(link.Attrs().Index, index) {
		if err := netlink.RouteReplace(&r); err != nil {
			return fmt.Errorf("route %v: %w", r, err)
		}
	}
	for _, r := range d.rules(index) {
		if err := netlink.RuleAdd(r); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("rule %v: %w", r, err)
		}
	}
	return nil
}

// forget takes away what a device had and should not have any more.
func (d *Device) forget(link netlink.Link, index int, was *Device) error {
	var errs []error
	del := func(what any, err error) {
		if err != nil && !isGone(err) {
			errs = append(errs, fmt.Errorf("taking away %v: %w", what, err))
		}
	}
	now := d.routes(link.Attrs().Index, index)
	for _, r := range was.routes(link.Attrs().Index, index) {
		if !slices.ContainsFunc(now, r.Equal) {
			del(r, netlink.RouteDel(&r))
		}
	}
	for _, r := range was.rules(index) {
		del(r, netlink.RuleDel(r))
	}
	for _, a := range was.addresses() {
		if !slices.Contains(d.Addresses, a) {
			del(a, netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(a)}))
		}
	}
	return errors.Join(errs...)
}

// isGone reports whether there was nothing to take away: routes go with the addresses
// that they need, and a guest may have been there before.
func isGone(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EADDRNOTAVAIL)
}

// routes are the device's, besides those that come with its addresses: the default
// ones, for the first device in the main table; those to what is near; and the local
// ones, for ranges that are the host's own.
func (d *Device) routes(link, index int) []netlink.Route {
	var list []netlink.Route
	table := unix.RT_TABLE_MAIN
	if index > 0 {
		table = firstTable + index
	}
	for _, router := range d.Routers {
		if d.Near == nil && d.has(router) {
			list = append(list, netlink.Route{LinkIndex: link, Dst: ipNet(everything(router)), Gw: router.AsSlice(), Table: table,
				Flags: d.onlink(), Protocol: unix.RTPROT_DHCP, Type: unix.RTN_UNICAST, Family: family(router)})
		}
	}
	for _, p := range d.Near {
		if !d.has(p.Addr()) {
			continue
		}
		list = append(list, netlink.Route{LinkIndex: link, Dst: ipNet(p), Table: table, Scope: unix.RT_SCOPE_LINK,
			Protocol: unix.RTPROT_DHCP, Type: unix.RTN_UNICAST, Family: family(p.Addr())})
	}
	for _, p := range d.Local {
		if !d.has(p.Addr()) {
			continue
		}
		list = append(list, netlink.Route{LinkIndex: lo, Dst: ipNet(p), Table: unix.RT_TABLE_MAIN, Scope: unix.RT_SCOPE_HOST,
			Protocol: unix.RTPROT_DHCP, Type: unix.RTN_LOCAL, Family: family(p.Addr())})
	}
	return list
}

// lo is the number of the loopback device in every namespace.
const lo = 1

// onlink is for routers that are in no range of the device.
func (d *Device) onlink() int {
	if d.Beyond {
		return int(netlink.FLAG_ONLINK)
	}
	return 0
}

// everything is the default route of an IP version.
func everything(router netip.Addr) netip.Prefix {
	if router.Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// hasIPv6 reports whether this kernel has IPv6.
var hasIPv6 = sync.OnceValue(func() bool {
	_, err := os.Stat("/proc/sys/net/ipv6")
	return err == nil
})

// addresses are the device's, as far as the kernel has their IP version.
func (d *Device) addresses() []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(d.Addresses), func(p netip.Prefix) bool { return p.Addr().Is6() && !hasIPv6() })
}

// has reports whether the device has an address of a router's IP version.
func (d *Device) has(router netip.Addr) bool {
	return slices.ContainsFunc(d.addresses(), func(p netip.Prefix) bool { return p.Addr().Is4() == router.Is4() })
}

// rules send what a secondary device's addresses send to its own table.
func (d *Device) rules(index int) []*netlink.Rule {
	var list []*netlink.Rule
	for _, a := range d.addresses() {
		if index > 0 {
			r := netlink.NewRule()
			r.Src, r.Table, r.Priority, r.Family = ipNet(netip.PrefixFrom(a.Addr(), a.Addr().BitLen())), firstTable+index, firstTable+index, family(a.Addr())
			list = append(list, r)
		}
	}
	return list
}

func family(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
