package emu

import (
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// groups is the security group stage of one interface, in the order of ORDER-5:
// tracked flow, related ICMP error, rules, new entry.
func (w *walk) groups(i *plan.Interface, dir firewall.Direction, remote []firewall.GroupID, denied Reason) verdict {
	if w.portsLost {
		w.say("no first fragment was seen")
		return dropped(denied)
	}
	flows := w.state(i).flows
	w.tracked = byFlow
	if flows.Lookup(dir, &w.pkt, w.flow, w.now) != firewall.Untracked {
		return passed
	}
	w.tracked = byRelated
	if w.pkt.IsICMPError() {
		if about, ok := w.pkt.EmbeddedFlow(); ok && flows.Related(dir, about, w.now) {
			return passed
		}
	}
	w.tracked = byRule
	open, v := w.rules(i, dir, remote, denied)
	if v.outcome != pass {
		return v
	}
	if !open && !flows.Add(dir, &w.pkt, w.flow, w.now) {
		return dropped(ConntrackFull)
	}
	return passed
}

// rules asks the rules of an interface's groups. open means that a flow that
// they allow is not tracked: both directions are open to everybody (SG-28).
func (w *walk) rules(i *plan.Interface, dir firewall.Direction, remote []firewall.GroupID, denied Reason) (open bool, v verdict) {
	filter, back, addr := i.In, i.Out, w.flow.Src
	if dir == firewall.Egress {
		filter, back, addr = i.Out, i.In, w.flow.Dst
	}
	w.decision = filter.Decide(w.header, addr, remote)
	switch {
	case w.decision.Verdict == firewall.Allowed:
	case w.decision.Verdict == firewall.Unknown:
		return false, undetermined
	case len(i.UnknownGroups) > 0:
		w.sayName(i.UnknownGroups[0], "is a group of it that nothing describes")
		return false, undetermined
	default:
		return false, dropped(denied)
	}
	hasPorts := w.flow.Proto == packet.TCP || w.flow.Proto == packet.UDP
	open = hasPorts && w.decision.Open && back.OpenAll(uint8(w.flow.Proto), !w.flow.Dst.Is4())
	return open, passed
}

// filterSubnet is the network ACL stage of one subnet.
func (w *walk) filterSubnet(s *plan.Subnet, dir firewall.Direction, denied Reason) verdict {
	acl := s.ACL
	if acl.Unknown != "" {
		w.say(acl.Unknown)
		return undetermined
	}
	if w.portsLost {
		return passed // the security group stage decides (SG-53)
	}
	filter, addr := acl.In, w.flow.Src
	if dir == firewall.Egress {
		filter, addr = acl.Out, w.flow.Dst
	}
	w.acl = filter.Decide(w.header, addr)
	switch w.acl.Verdict {
	case firewall.Allowed:
		return passed
	case firewall.Unknown:
		return undetermined
	}
	return dropped(denied)
}
