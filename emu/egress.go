package emu

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// senderAttached: an interface that is detached, or whose instance does not run,
// sends nothing (ENI-8). That of a NAT gateway has no guest (NAT-34).
func senderAttached(w *walk) verdict {
	if w.from.GatewayOf(routing.NATGateway) != nil {
		w.say("belongs to a NAT gateway, and no guest sends from it")
		return dropped(ENINotAttached)
	}
	return w.attached(w.from)
}

// attached is what senders and receivers have in common there.
func (w *walk) attached(i *plan.Interface) verdict {
	if !i.Attached {
		return dropped(ENINotAttached)
	}
	if i.Unknown != "" {
		w.say(i.Unknown)
		return undetermined
	}
	return passed
}

// InterfaceMTU is the largest IP packet that an interface sends, in bytes (MTU-1, MTU-2).
const InterfaceMTU = 9001

// layer2: the fabric carries unicast IP only, and answers DHCP and neighbour
// discovery itself (SUB-16, SUB-17, SUB-23).
func layer2(w *walk) verdict {
	if service := housekeeping(w); service != "" {
		w.serve(service)
		return ended
	}
	dst := w.flow.Dst
	switch {
	case !w.fits(InterfaceMTU):
		w.say("larger than 9001 bytes")
		return dropped(MTUExceeded)
	case w.isMulticast(dst):
		w.say("multicast")
		return dropped(L2Unsupported)
	case isBroadcast(w, dst):
		w.say("broadcast")
		return dropped(L2Unsupported)
	}
	return passed
}

// everybody is the limited broadcast address.
var everybody = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// isRouter reports whether the address is the router's in the sender's subnet
// (SUB-12).
func isRouter(w *walk, dst netip.Addr) bool {
	router, ok := routerAddress(w.from.Subnet, dst.Is4())
	return ok && w.is(dst, router)
}

// onLink reports whether an IPv6 address is one that messages about the link
// itself are sent to: multicast, link-local, or in the sender's subnet.
func onLink(w *walk, dst netip.Addr) bool {
	return !dst.Is4() && (w.isMulticast(dst) || w.in(linkLocal6, dst) || w.subnetHas(w.from.Subnet, dst))
}

// isBroadcast reports whether the address is 255.255.255.255, or the first or
// the last of the sender's subnet (SUB-16).
func isBroadcast(w *walk, dst netip.Addr) bool {
	if !dst.Is4() {
		return false
	}
	if w.is(dst, everybody) {
		return true
	}
	return slices.ContainsFunc(w.from.Subnet.Desc.CIDRs, func(p netip.Prefix) bool {
		return w.in(p, dst) && (w.is(dst, p.Addr()) || w.is(dst, lastOf(p)))
	})
}

// housekeeping names the service that keeps a guest's addresses going: DHCP,
// DHCPv6 and neighbour discovery never reach a filter (SUB-23).
func housekeeping(w *walk) string {
	switch f := w.flow; {
	case f.Proto == packet.UDP && f.Dst.Is4() && (w.is(f.Dst, everybody) || isRouter(w, f.Dst)) && w.fromPort(68) && w.toPort(67):
		return "dhcp"
	case f.Proto == packet.UDP && onLink(w, f.Dst) && w.fromPort(546) && w.toPort(547):
		return "dhcpv6"
	case f.Proto == packet.ICMPv6 && onLink(w, f.Dst) && w.isNeighbourDiscovery():
		return "neighbour discovery"
	}
	return ""
}

// sourceCheck is the source half of the source/destination check (ENI-1, ENI-15,
// SUB-10).
func sourceCheck(w *walk) verdict { return w.ownAddress(w.from, w.flow.Src) }

// ownAddress is the source/destination check: an address in the packet must be
// the interface's own, unless the check is off (ENI-2, ENI-3).
func (w *walk) ownAddress(i *plan.Interface, a netip.Addr) verdict {
	switch {
	case w.owns(i, a):
		w.sayAddr(a, "belongs to it")
		return passed
	case i.Desc.NoSourceDestCheck:
		w.say("the check is off")
		return passed
	}
	w.sayAddr(a, "is not an address of it")
	return dropped(SrcDstCheck)
}

// groupsOut is the sender's security groups.
func groupsOut(w *walk) verdict {
	if !w.direct() {
		w.lookUp(w.from.Subnet.Routes)
	}
	var groups []firewall.GroupID
	if remote := w.owner(w.peerOf(), w.flow.Dst); remote != nil {
		groups = remote.GroupIDs
	}
	return w.groups(w.from, firewall.Egress, groups, SGEgress)
}

// aclOut is the network ACL of the sender's subnet; it sees only what leaves the
// subnet (ACL-3, SUB-19, ORDER-11).
func aclOut(w *walk) verdict {
	subnet := w.from.Subnet
	if w.direct() {
		w.inside = true // no route is looked up either (SUB-20)
		return skipped
	}
	w.lookUp(subnet.Routes)
	if w.next.target.Subnet == subnet {
		w.inside = true
		return skipped
	}
	return w.leaveSubnet(subnet)
}

// direct reports whether the packet stays in the sender's subnet, past the router.
func (w *walk) direct() bool {
	return w.via != nil || w.back == nil && w.subnetHas(w.from.Subnet, w.flow.Dst)
}

// leaveSubnet is the network ACL for a packet that leaves the subnet, or may.
func (w *walk) leaveSubnet(subnet *plan.Subnet) verdict {
	v := w.filterSubnet(subnet, firewall.Egress, NACLEgress)
	if v.outcome == drop && !w.next.leaves() {
		w.say("it denies what leaves the subnet, and whether this does is not known")
		return undetermined
	}
	return v
}

// leaves reports whether the packet surely goes to a node outside the subnet
// that it is in, knowing that it does not go to a known one inside.
func (h *hop) leaves() bool {
	if h.verdict.outcome != unknown || h.target.Subnet != nil {
		return true
	}
	return !ways[h.target.Kind].inSubnet
}

// route is the route table of the sender's subnet.
func route(w *walk) verdict {
	if w.direct() {
		return skipped // routes never affect traffic inside a subnet (RT-12)
	}
	w.lookUp(w.from.Subnet.Routes)
	w.note = w.next.note
	if w.next.verdict.outcome == pass && w.next.target.Interface == w.from {
		return dropped(RoutingLoop) // RT-52
	}
	return w.next.verdict
}

// lookUp finds the next hop, once: the network ACL's stage needs it before the
// RT stage does.
func (w *walk) lookUp(t *plan.Table) {
	switch {
	case w.next.looked:
	case w.back != nil:
		w.next = backTo(w.back)
	default:
		w.followed(t, w.flow.Dst)
		w.next.follow(t, w.flow.Dst)
	}
}

// follow is where a route table sends an address.
func follow(t *plan.Table, addr netip.Addr) (h hop) {
	h.follow(t, addr)
	return h
}

// follow looks an address up: the longest prefix wins over active and blackhole
// routes alike, and there is no falling back to a shorter one (RT-13, RT-14, RT-15).
func (h *hop) follow(t *plan.Table, addr netip.Addr) {
	h.looked, h.verdict = true, undetermined
	if t.Unknown != "" {
		h.note.text = t.Unknown
		return
	}
	if h.route, h.found = t.FIB.LookupRoute(addr); h.found {
		_, h.target = t.Target(h.route)
	}
	if n, ok := uncertain(t, h); ok {
		h.note = n
		return
	}
	switch {
	case !h.found:
		h.verdict = dropped(NoRoute)
	case h.target.Blackhole:
		h.verdict = dropped(Blackhole)
	case h.target.Unknown != "":
		h.note.text = h.target.Unknown
	default:
		h.verdict = passed
	}
}

// uncertain names a route whose destinations are not known, and which may take
// what the looked-up one takes. A prefix list leads out of the VPC, so what a
// local route takes is safe from it.
func uncertain(t *plan.Table, h *hop) (n note, ok bool) {
	for _, i := range t.FIB.Uncertain() {
		r := &t.Routes[i]
		switch {
		case r.PrefixList == "" && r.Source.Propagated():
			if !h.found || h.target.Kind != routing.Local { // which propagated routes never beat (RT-19)
				return note{text: r.Unknown}, true
			}
		case r.PrefixList == "":
			return note{text: "the destination of a route to " + r.Target.String() + " is not known, and it may take it"}, true
		case !h.found || h.target.Kind != routing.Local:
			return note{name: r.PrefixList, text: "is the destination of a route that may take it, and not described"}, true
		}
	}
	return note{}, false
}
