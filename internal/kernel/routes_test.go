//go:build linux

package kernel

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/vpc"
)

// makeRoutes fills the route tables of all subnets.
func (o *oracle) makeRoutes() error {
	for _, v := range o.n.VPCs {
		for _, s := range v.Subnets {
			o.laid[s] = make(map[any]string)
			if err := o.routeSubnet(v, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// routeSubnet fills the route table of a subnet, and lays the wires that its targets need. What interfaces send to others of the subnet
// goes by no route (RT-12), what a transit gateway sends there does (TGW-16).
func (o *oracle) routeSubnet(v *vpc.VPC, s *vpc.Subnet) error {
	home := o.homes[s]
	for _, table := range []int{subnet, entering} {
		for _, w := range o.ways(s, v) {
			if table == subnet && slices.Contains(s.CIDRs, w.to) {
				continue // it stands below
			}
			link, mtu, err := o.lay(o.laid[s], v, s, w)
			if err != nil {
				return err
			}
			if err := home.routeMTU(table, w.to, link, mtu); err != nil {
				return err
			}
		}
		for _, p := range s.CIDRs {
			if table == subnet || o.isLocal(s, v, p) {
				if err := home.add(&netlink.Route{Table: table, Dst: ipNet(p), Type: unix.RTN_THROW}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// isLocal reports whether the table of a subnet has no other route for one of its own CIDRs than the local one.
func (o *oracle) isLocal(s *vpc.Subnet, v *vpc.VPC, p netip.Prefix) bool {
	return o.waysTo(s, v, p.Addr()).kind == "local"
}

// empty takes all routes out of a table.
func (ns *namespace) empty(table int) error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		all, err := ns.net.RouteListFiltered(family, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return fmt.Errorf("routes: %w", err)
		}
		for _, r := range all {
			if err := ns.net.RouteDel(&r); err != nil {
				return fmt.Errorf("route %s: %w", r, err)
			}
		}
	}
	return nil
}

// lay is the link by which packets leave a subnet on a way, "" for none.
func (o *oracle) lay(laid map[any]string, v *vpc.VPC, s *vpc.Subnet, w way) (link string, mtu int, err error) {
	home := o.homes[s]
	switch w.kind {
	case "local":
		return "core", 0, nil
	case "igw", "eigw":
		if laid[w.kind] == "" {
			laid[w.kind] = o.link(w.kind)
			up := o.link(map[string]string{"igw": "up", "eigw": "eup"}[w.kind])
			if err := wire(home, laid[w.kind], o.igws[v], up); err != nil {
				return "", 0, err
			}
			if err := o.igws[v].rule(up, outward); err != nil {
				return "", 0, err
			}
		}
		return laid[w.kind], 1500, nil // MTU-4 to MTU-7
	case "station":
		if w.next.s == s {
			return w.next.link, 0, nil
		}
		if laid[w.next] == "" {
			if laid[w.next], err = o.past(home, "to", o.homes[w.next.s], w.next.link); err != nil {
				return "", 0, err
			}
		}
		return laid[w.next], 0, nil
	case "pcx":
		if laid[w.via] == "" {
			far := o.far(v, w.via)
			laid[w.via] = o.link("pcx")
			there := o.link("pcx")
			o.peers[there] = v
			if err := wire(home, laid[w.via], o.cores[far], there); err != nil {
				return "", 0, err
			}
		}
		return laid[w.via], 0, nil
	case "tgw":
		entry := o.entry(v, s, w.via)
		if laid[w.via] == "" && entry != nil {
			if laid[w.via], err = o.past(home, "tgw", o.homes[entry], o.exits[entry]); err != nil {
				return "", 0, err
			}
		}
		return laid[w.via], 0, nil
	}
	return "", 0, nil
}

// past lays a wire to the namespace of a subnet, past its route table: what comes in by it leaves by a link. It is the wire's near end.
func (o *oracle) past(from *namespace, kind string, there *namespace, link string) (string, error) {
	near, far := o.link(kind), o.link("by")
	if err := wire(from, near, there, far); err != nil {
		return "", err
	}
	table := firstTable + o.links
	for _, all := range everything {
		if err := there.route(table, all, link); err != nil {
			return "", err
		}
	}
	return near, there.rule(far, table)
}

// Route tables.
const (
	main     = unix.RT_TABLE_MAIN
	subnet   = 100 // of what interfaces send
	inward   = 101 // to the guest
	outward  = 102 // to the internet
	router   = 103 // of a subnet's own messages, beyond it
	answers  = 104 // to what went out by an egress-only gateway
	entering = 105 // of what a transit gateway sends into a subnet
	returned = 106 // of a router's messages that a NAT gateway has translated
)

var everything = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

func ipNet(p netip.Prefix) *net.IPNet {
	p = p.Masked()
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func (ns *namespace) add(r *netlink.Route) error {
	if err := ns.net.RouteReplace(r); err != nil {
		return fmt.Errorf("route %s: %w", r, err)
	}
	return nil
}

// route sends packets out by a link; without one they vanish.
func (ns *namespace) route(table int, p netip.Prefix, link string) error {
	return ns.routeMTU(table, p, link, 0)
}

// routeMTU is route for packets up to a size, 0 for any. Without the lock Linux forwards larger ones of IPv6 through all filters before it
// answers.
func (ns *namespace) routeMTU(table int, p netip.Prefix, link string, mtu int) error {
	if link == "" {
		return ns.add(&netlink.Route{Table: table, Dst: ipNet(p), Type: unix.RTN_BLACKHOLE})
	}
	return ns.add(&netlink.Route{Table: table, Dst: ipNet(p), LinkIndex: ns.links[link], MTU: mtu, MTULock: mtu > 0, Scope: netlink.SCOPE_LINK})
}

// rule makes packets that come in by a link use a table.
func (ns *namespace) rule(link string, table int) error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		r := netlink.NewRule()
		r.IifName, r.Table, r.Family, r.Priority = link, table, family, 1000
		if err := ns.net.RuleAdd(r); err != nil {
			return fmt.Errorf("rule: %w", err)
		}
	}
	return nil
}

// routerRule makes what the namespace itself says find its way to other subnets of the VPC, and nothing else: that would turn round.
func (ns *namespace) routerRule() error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		r := netlink.NewRule()
		r.IifName, r.Table, r.Family, r.Priority = "lo", router, family, 1<<15
		if err := ns.net.RuleAdd(r); err != nil {
			return fmt.Errorf("rule: %w", err)
		}
	}
	return nil
}

// answersRule makes what is marked as known go straight into the VPC.
func (ns *namespace) answersRule() error {
	r := netlink.NewRule()
	r.Mark, r.Table, r.Family, r.Priority = known, answers, netlink.FAMILY_V6, 1000
	if err := ns.net.RuleAdd(r); err != nil {
		return fmt.Errorf("rule: %w", err)
	}
	return ns.route(answers, everything[1], "core")
}

// returnMessages makes what a NAT gateway has translated of a router's messages go straight to the host if it is in the VPC, whatever the
// gateway's routes say (ORDER-36).
func (o *oracle) returnMessages(gateway *station) error {
	home := o.homes[gateway.s]
	r := netlink.NewRule()
	r.IifName, r.Mark, r.Table, r.Family, r.Priority = gateway.link, fromRouter, returned, netlink.FAMILY_V4, 900
	if err := home.net.RuleAdd(r); err != nil {
		return fmt.Errorf("rule: %w", err)
	}
	for _, a := range o.addressesIn(gateway.v) {
		if err := home.route(returned, a, "core"); err != nil {
			return err
		}
	}
	return nil
}

// localLast makes the rules for links count before the namespace's own addresses: where a route names a station, that gets also what is
// for the router's address in the station's subnet.
func (ns *namespace) localLast() error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		r := netlink.NewRule()
		r.Table, r.Family, r.Priority = unix.RT_TABLE_LOCAL, family, 2000
		if err := ns.net.RuleAdd(r); err != nil {
			return fmt.Errorf("rule: %w", err)
		}
		r.Priority = 0
		if err := ns.net.RuleDel(r); err != nil {
			return fmt.Errorf("rule: %w", err)
		}
	}
	return nil
}

// foreign gives the namespace an address that it says things from, and sends on what is for it, as for any other.
func (ns *namespace) foreign(a netip.Addr) error {
	if err := ns.local(a); err != nil {
		return err
	}
	if err := ns.net.RouteDel(&netlink.Route{Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST, Dst: ipNet(host(a))}); err != nil {
		return fmt.Errorf("route %s: %w", a, err)
	}
	return nil
}

// local gives the namespace an address.
func (ns *namespace) local(a netip.Addr) error {
	lo, err := ns.net.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := ns.net.LinkSetUp(lo); err != nil {
		return err
	}
	p := netlink.Addr{IPNet: ipNet(host(a)), Flags: unix.IFA_F_NODAD}
	if err := ns.net.AddrAdd(lo, &p); err != nil {
		return fmt.Errorf("address %s: %w", a, err)
	}
	return nil
}
