package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// groups is the security group stage of one interface, in the order of ORDER-5:
// tracked flow, related ICMP error, rules, new entry. A Network Load Balancer may have
// no groups, and then lets everything pass (ELB-32).
func (w *walk) groups(i *plan.Interface, dir firewall.Direction, remote []firewall.GroupID, denied Reason) verdict {
	if i.Balancer != nil && len(i.GroupIDs)+len(i.UnknownGroups) == 0 {
		return skipped
	}
	if w.portsLost {
		w.say("no first fragment was seen")
		return dropped(denied)
	}
	flows := w.flowsOf(i)
	w.passes(i, dir)
	w.tracked = byFlow
	query := flows.Query(dir, &w.pkt, w.flow)
	if w.pkt.IsLaterFragment() {
		query.First(w.flow, w.header)
	}
	if found := query.Find(w.now); found.State != firewall.Untracked {
		w.ends.keep(dir, found)
		return passed
	}
	w.tracked = byRelated
	if about, ok := w.about(); ok && !w.stray && flows.Related(dir, about, w.now) {
		return passed
	}
	w.tracked = byRule
	open, v := w.rules(i, dir, remote, denied)
	if v.outcome != pass {
		return v
	}
	w.ends.no = w.ends.no || !open || dir == firewall.Egress
	if !open && !w.track(&query) {
		return dropped(ConntrackFull)
	}
	return passed
}

// track enters the packet's flow; one to DynamoDB counts twice (SG-35).
func (w *walk) track(query *firewall.Query) bool {
	if w.toDynamoDB() {
		return query.AddTwo(w.now)
	}
	return query.Add(w.now)
}

// rules asks the rules of an interface's groups. open means that a flow that
// they allow is not tracked: both directions are open to everybody (SG-28).
func (w *walk) rules(i *plan.Interface, dir firewall.Direction, remote []firewall.GroupID, denied Reason) (open bool, v verdict) {
	filters := w.net.plan.Filters(i)
	filter, back, addr := filters.In, filters.Out, w.flow.Src
	if dir == firewall.Egress {
		filter, back, addr = back, filter, w.flow.Dst
	}
	w.decision = filter.Decide(w.header, addr, remote)
	w.byRules(i, dir, remote)
	switch {
	case w.decision.Verdict == firewall.Allowed:
	case w.decision.Verdict == firewall.Unknown:
		return false, undetermined
	case len(i.UnknownGroups) > 0:
		w.say("nothing describes all of its security groups")
		return false, undetermined
	default:
		return false, dropped(denied)
	}
	return w.decision.Open && !w.alwaysTracked() && (w.openBack(back) || w.answersUntracked(i, dir, filter, back, addr, remote)), passed
}

// alwaysTracked reports whether the packet's way is one on which flows are tracked
// whatever the rules: through a NAT gateway, an egress-only gateway, a
// Network Load Balancer or an endpoint (SG-34).
func (w *walk) alwaysTracked() bool {
	if ways[w.next.target.Kind].tracked {
		return w.next.verdict.outcome == pass // nothing goes through a blackhole
	}
	if far := w.owner(w.peerOf(), w.flow.Dst); far != nil && isNetworkBalancer(far) {
		return true
	}
	return w.kept || w.egressOnly || w.throughEndpoint()
}

func isNetworkBalancer(i *plan.Interface) bool {
	return i.Balancer != nil && i.Balancer.Desc.Kind == vpc.NetworkLoadBalancer
}

// openBack reports whether the other direction is open to everybody, for all
// ports of the packet's protocol (SG-28).
func (w *walk) openBack(back *firewall.Filter) bool {
	return back.OpenAll(uint8(w.flow.Proto), !w.flow.Dst.Is4())
}

// answersUntracked reports whether the packet can be the answer to an untracked
// flow, which would make it one of its packets (SG-30): there is no state to tell.
// The first packet of a TCP connection is no answer.
func (w *walk) answersUntracked(i *plan.Interface, dir firewall.Direction, filter, back *firewall.Filter, addr netip.Addr, remote []firewall.GroupID) bool {
	if w.plainSYN() {
		return false
	}
	asked := w.header
	asked.Port = w.flow.SrcPort
	if !w.openBack(filter) {
		return false
	}
	return back.Decide(asked, addr, remote).Open
}

// filterSubnet is the network ACL stage of one subnet.
func (w *walk) filterSubnet(s *plan.Subnet, dir firewall.Direction, denied Reason) verdict {
	acl := w.net.plan.ACL(s)
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
	w.byEntries(acl, dir)
	switch w.acl.Verdict {
	case firewall.Allowed:
		return passed
	case firewall.Unknown:
		return undetermined
	}
	return dropped(denied)
}
