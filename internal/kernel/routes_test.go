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

// makeRoutes fills the route tables of subnets, and lays the wires that their targets need.
func (o *oracle) makeRoutes() error {
	for _, v := range o.n.VPCs {
		for _, s := range v.Subnets {
			home := o.homes[s]
			laid := make(map[any]string) // links, by where they lead
			for _, w := range o.ways(s, v) {
				if slices.Contains(s.CIDRs, w.to) { // RT-12
					continue
				}
				link, mtu, err := o.lay(laid, v, s, w)
				if err != nil {
					return err
				}
				if err := home.routeMTU(subnet, w.to, link, mtu); err != nil {
					return err
				}
			}
			for _, p := range s.CIDRs {
				if err := home.add(&netlink.Route{Table: subnet, Dst: ipNet(p), Type: unix.RTN_THROW}); err != nil {
					return err
				}
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
	case "igw":
		if laid["igw"] == "" {
			laid["igw"] = o.link("igw")
			up := o.link("up")
			if err := wire(home, laid["igw"], o.igws[v], up); err != nil {
				return "", 0, err
			}
			if err := o.igws[v].rule(up, outward); err != nil {
				return "", 0, err
			}
		}
		return laid["igw"], 1500, nil // MTU-5 to MTU-7
	case "station":
		if w.next.s == s {
			return w.next.link, 0, nil
		}
		if laid[w.next] == "" {
			laid[w.next] = o.link("to")
			there, by := o.homes[w.next.s], o.link("by")
			if err := wire(home, laid[w.next], there, by); err != nil {
				return "", 0, err
			}
			table := 1000 + o.links
			for _, all := range everything {
				if err := there.route(table, all, w.next.link); err != nil {
					return "", 0, err
				}
			}
			if err := there.rule(by, table); err != nil {
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
	}
	return "", 0, nil
}

// Route tables.
const (
	main    = unix.RT_TABLE_MAIN
	subnet  = 100 // of what interfaces send
	inward  = 101 // to the guest
	outward = 102 // to the internet
	router  = 103 // of a subnet's own messages, beyond it
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

func (ns *namespace) routeMTU(table int, p netip.Prefix, link string, mtu int) error {
	if link == "" {
		return ns.add(&netlink.Route{Table: table, Dst: ipNet(p), Type: unix.RTN_BLACKHOLE})
	}
	return ns.add(&netlink.Route{Table: table, Dst: ipNet(p), LinkIndex: ns.links[link], MTU: mtu, Scope: netlink.SCOPE_LINK})
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
