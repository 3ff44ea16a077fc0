package emu

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// senderAttached: an interface that is detached, or whose instance does not run,
// sends nothing (ENI-8).
func senderAttached(w *walk) verdict {
	if !w.from.Attached {
		return dropped(ENINotAttached)
	}
	if w.from.Unknown != "" {
		w.say(w.from.Unknown)
		return undetermined
	}
	return passed
}

// maxPacket is the largest IP packet that an interface sends (MTU-2).
const maxPacket = 9001

// layer2: the fabric carries unicast IP only, and answers DHCP and neighbour
// discovery itself (SUB-16, SUB-17, SUB-23).
func layer2(w *walk) verdict {
	if service := housekeeping(w); service != "" {
		w.serve(service)
		return ended
	}
	dst := w.flow.Dst
	switch {
	case w.pkt.Len() > maxPacket:
		w.say("larger than 9001 bytes")
		return dropped(MTUExceeded)
	case dst.IsMulticast():
		w.say("multicast")
		return dropped(L2Unsupported)
	case isBroadcast(w, dst):
		w.say("broadcast")
		return dropped(L2Unsupported)
	}
	return passed
}

// isBroadcast reports whether the address is 255.255.255.255, or the first or
// the last of the sender's subnet (SUB-16).
func isBroadcast(w *walk, dst netip.Addr) bool {
	if !dst.Is4() {
		return false
	}
	if dst == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return true
	}
	return slices.ContainsFunc(w.from.Subnet.Desc.CIDRs, func(p netip.Prefix) bool {
		return p.Contains(dst) && (dst == p.Addr() || !p.Contains(dst.Next()))
	})
}

// housekeeping names the service that keeps a guest's addresses going: DHCP,
// DHCPv6 and neighbour discovery never reach a filter (SUB-23).
func housekeeping(w *walk) string {
	switch f := w.flow; {
	case f.Proto == packet.UDP && f.SrcPort == 68 && f.DstPort == 67:
		return "dhcp"
	case f.Proto == packet.UDP && f.SrcPort == 546 && f.DstPort == 547:
		return "dhcpv6"
	case f.Proto == packet.ICMPv6 && w.pkt.ICMPType >= 133 && w.pkt.ICMPType <= 136:
		return "neighbour discovery"
	}
	return ""
}

// sourceCheck is the source half of the source/destination check (ENI-1, ENI-15,
// SUB-10).
func sourceCheck(w *walk) verdict {
	switch {
	case w.from.Owns(w.flow.Src):
		w.sayAddr(w.flow.Src, "belongs to it")
		return passed
	case w.from.Desc.NoSourceDestCheck:
		w.say("the check is off")
		return passed
	}
	w.sayAddr(w.flow.Src, "is not an address of it")
	return dropped(SrcDstCheck)
}

// groupsOut is the sender's security groups.
func groupsOut(w *walk) verdict {
	var groups []firewall.GroupID
	if remote := w.vpc.Owner(w.flow.Dst); remote != nil {
		groups = remote.GroupIDs
	}
	return w.groups(w.from, firewall.Egress, groups, SGEgress)
}

// aclOut is the network ACL of the sender's subnet; it sees only what leaves the
// subnet (ACL-3, SUB-19, ORDER-11).
func aclOut(w *walk) verdict {
	subnet := w.from.Subnet
	if w.via != nil || subnet.Contains(w.flow.Dst) {
		w.inside, w.routed = true, true // no route is looked up either (SUB-20)
		return skipped
	}
	w.routeFor(subnet.Routes, w.flow.Dst)
	if w.target.Interface != nil && w.target.Interface.Subnet == subnet {
		w.inside = true
		return skipped
	}
	return w.filterSubnet(subnet, firewall.Egress, NACLEgress)
}

// route is the route table of the sender's subnet.
func route(w *walk) verdict {
	if w.via != nil || w.from.Subnet.Contains(w.flow.Dst) {
		return skipped // routes never affect traffic inside a subnet (RT-12)
	}
	table := w.from.Subnet.Routes
	if table.Unknown != "" {
		w.say(table.Unknown)
		return undetermined
	}
	w.routeFor(table, w.flow.Dst)
	if !w.certain(table.FIB, table.Routes) {
		return undetermined
	}
	switch {
	case !w.hasRoute:
		return dropped(NoRoute)
	case w.target.Blackhole:
		return dropped(Blackhole)
	case w.target.Unknown != "":
		w.say(w.target.Unknown)
		return undetermined
	case w.target.Interface == w.from && w.target.Interface != nil:
		return dropped(RoutingLoop) // RT-52
	}
	return passed
}

// certain reports whether no route of unknown destination might take the packet
// instead. Such routes lead out of the VPC, so what a local route takes is safe.
func (w *walk) certain(fib *routing.FIB, routes []routing.Route) bool {
	uncertain := fib.Uncertain()
	if len(uncertain) == 0 || w.hasRoute && w.target.Kind == routing.Local {
		return true
	}
	w.sayName(routes[uncertain[0]].PrefixList, "is the destination of a route that may take it, and not described")
	return false
}
