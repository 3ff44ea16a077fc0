package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// toPort reports whether a port of the packet is a certain one.
func (w *walk) toPort(port uint16) bool {
	if w.alike != nil && w.flow.Proto.HasPorts() {
		w.alike.port(w.alike.dport, w.flow, space.Ports(port, port), w.flow.DstPort)
	}
	return w.flow.DstPort == port
}

// fromPort is toPort for the source port.
func (w *walk) fromPort(port uint16) bool {
	if w.alike != nil && w.flow.Proto.HasPorts() {
		w.alike.port(w.alike.sport, w.flow, space.Ports(port, port), w.flow.SrcPort)
	}
	return w.flow.SrcPort == port
}

// port narrows a port to those that are in some span like the packet's, or not like it.
func (a *alike) port(from portOrigin, f packet.Flow, ports space.Span, at uint16) {
	now, n := a.ports(from, at), space.Num{Lo: uint64(at)}
	a.setPorts(from, f.Proto, now, beside(now, ports, n))
}

// ports is which ports the packet at hand could have in place of its own.
func (a *alike) ports(from portOrigin, at uint16) space.Span {
	switch from {
	case portService:
		return portsOf(a.box[space.Services])
	case portSource:
		return a.box[space.SourcePorts]
	case portAllotted:
		return space.Ports(firewall.FirstAllotted, 65535)
	}
	return space.Ports(at, at)
}

// portsOf are the ports of services of one protocol.
func portsOf(services space.Span) space.Span {
	return space.Span{First: space.Num{Lo: services.First.Lo & 0xffff}, Last: space.Num{Lo: services.Last.Lo & 0xffff}}
}

// servicesAt are the services of a protocol at some ports.
func servicesAt(proto packet.Proto, ports space.Span) space.Span {
	first := space.Service(uint8(proto), 0)
	return space.Span{First: ports.First.Plus(first), Last: ports.Last.Plus(first)}
}

// setPorts narrows a port. Which one a gateway hands out is not up to the sender.
func (a *alike) setPorts(from portOrigin, proto packet.Proto, was, now space.Span) {
	switch {
	case from == portService:
		a.box[space.Services] = servicesAt(proto, now)
	case from == portSource:
		a.box[space.SourcePorts] = now
	case from == portAllotted && was != now:
		a.depends("which port a gateway takes for it")
	}
}

// decided narrows to the packets about which filters say the same as about the one at
// hand. The lists are those of all groups of an interface, or of one network ACL.
func (w *walk) decided(h firewall.Header, port portOrigin, addr netip.Addr, from addrOrigin, groups []firewall.GroupID, lists ...[]firewall.Area) {
	a := w.alike
	remote := a.span(from, addr)
	services, at := a.services(h, port)
	was := services
	firewall.Around(&services, &remote, at, space.Address(addr), groups, lists...)
	if from.dimension != 0 {
		a.narrow(from, remote)
	}
	if services == was {
		return
	}
	if proto := packet.Proto(h.Proto); proto.HasPorts() {
		a.setPorts(port, proto, portsOf(was), portsOf(services))
		return
	}
	a.box[space.Services] = services
}

// services is which services the packet at hand could be of in place of its own.
func (a *alike) services(h firewall.Header, port portOrigin) (now space.Span, at space.Num) {
	switch proto := packet.Proto(h.Proto); {
	case proto.HasPorts():
		return servicesAt(proto, a.ports(port, h.Port)), space.Service(h.Proto, h.Port)
	case proto.IsICMP():
		at = space.Service(h.Proto, uint16(h.ICMPType)<<8|uint16(h.ICMPCode))
		if !a.typed {
			return space.One(at), at
		}
	default:
		at = space.Service(h.Proto, 0)
	}
	return a.box[space.Services], at
}

// byRules narrows to what the groups of an interface decide as they do about the packet.
func (w *walk) byRules(i *plan.Interface, dir firewall.Direction, groups []firewall.GroupID) {
	if w.alike != nil {
		w.asRules(i, dir, groups)
	}
}

func (w *walk) asRules(i *plan.Interface, dir firewall.Direction, groups []firewall.GroupID) {
	addr, from := w.remote(dir)
	w.decided(w.header, w.alike.dport, addr, from, groups, w.alike.marks.groups(w.net.plan.Filters(i), dir, i.VPC, w.alike.kind(addr, from))...)
}

// byEntries narrows to what a network ACL decides as it does about the packet.
func (w *walk) byEntries(acl *plan.ACL, dir firewall.Direction) {
	if w.alike != nil && acl.Desc != nil {
		w.asEntries(acl, dir)
	}
}

func (w *walk) asEntries(acl *plan.ACL, dir firewall.Direction) {
	addr, from := w.remote(dir)
	w.decided(w.header, w.alike.dport, addr, from, nil, w.alike.marks.acl(acl, dir, w.alike.kind(addr, from)))
}

// kind is that of an address which varies: one of the internet's, or any.
func (a *alike) kind(addr netip.Addr, from addrOrigin) addresses {
	return addresses{addr.Is6(), a.outer(from)}
}

// remote is the address that filters look at, and where it comes from.
func (w *walk) remote(dir firewall.Direction) (netip.Addr, addrOrigin) {
	if dir == firewall.Egress {
		return w.flow.Dst, w.alike.dst
	}
	return w.flow.Src, w.alike.src
}
