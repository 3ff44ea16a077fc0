package emu

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

// step puts into words what a stage has just decided.
func (t *tracer) step(w *walk, at *stage, v verdict) Step {
	s := Step{Stage: at.name, Verdict: outcomes[v.outcome], Detail: w.note.String()}
	if v.outcome == drop {
		s.Reason, s.Code = v.reason.String(), v.reason.Code()
	}
	at.at(w, &s)
	switch at.name {
	case SGOut:
		t.explainGroups(w, &s, w.from, firewall.Egress, v)
	case SGIn:
		t.explainGroups(w, &s, w.to, firewall.Ingress, v)
	case NACLOut:
		explainACL(w, &s, w.from.Subnet, firewall.Egress, v)
	case NACLIn:
		explainACL(w, &s, w.to.Subnet, firewall.Ingress, v)
	case RT:
		explainRoute(w, &s, w.from.Subnet.Routes)
	case EdgeRT:
		explainRoute(w, &s, w.edgeTable())
	case Deliver:
		if w.forwards() {
			s.Detail = "a middlebox, taken to forward it"
		}
	}
	if s.Detail == "" && v.outcome == drop {
		s.Detail = v.reason.Text()
	}
	t.packet(w, &s)
	return s
}

var outcomes = [...]Outcome{drop: Drop, pass: Pass, done: Pass, unknown: Undecided}

// String is the remark as a clause.
func (n note) String() string {
	switch {
	case n.addr.IsValid():
		return n.addr.String() + " " + n.text
	case n.name != "":
		return n.name + " " + n.text
	}
	return n.text
}

// packet writes down the packet as it leaves the step, and what the step changed
// about it.
func (t *tracer) packet(w *walk, s *Step) {
	f := w.pkt.Flow
	s.Source, s.Destination = f.Src.String(), f.Dst.String()
	s.SourcePort, s.DestinationPort, s.Protocol = f.SrcPort, f.DstPort, f.Proto.String()
	if was := t.arrived; f.Src != was.Src || f.SrcPort != was.SrcPort {
		s.Detail = fmt.Sprintf("source %s becomes %s", end(was.Src, was.SrcPort, f.SrcPort), end(f.Src, f.SrcPort, was.SrcPort))
	}
	if was := t.arrived; f.Dst != was.Dst || f.DstPort != was.DstPort {
		s.Detail = fmt.Sprintf("destination %s becomes %s", end(was.Dst, was.DstPort, f.DstPort), end(f.Dst, f.DstPort, was.DstPort))
	}
}

// end is an address, with its port if that changes too.
func end(a netip.Addr, port, other uint16) string {
	if port == other {
		return a.String()
	}
	return netip.AddrPortFrom(a, port).String()
}

// explainGroups says which rule let a packet pass, or why each one did not.
func (t *tracer) explainGroups(w *walk, s *Step, i *plan.Interface, dir firewall.Direction, v verdict) {
	groups := w.net.plan.Filters(i).Groups
	switch {
	case w.tracked == byFlow:
		s.Detail = "tracked flow"
		return
	case w.tracked == byRelated:
		s.Detail = "ICMP error about a tracked flow"
		return
	case v.reason == ConntrackFull || w.portsLost:
		return
	case v.outcome == pass:
		g := groups[w.decision.Set]
		s.Rule, s.Origin = ruleText(g, dir, w.decision.Rule)
		return
	}
	t.explainMisses(w, s, i, dir)
	names := make([]string, len(groups))
	for n, g := range groups {
		names[n] = label(g.Desc.ID, g.Desc.Name)
	}
	if s.Detail == "" && len(names) == 0 {
		s.Detail = "it has no security group whose rules could match " + w.matched(dir)
	}
	if s.Detail == "" {
		s.Detail = fmt.Sprintf("no rule of %s matches %s", strings.Join(names, ", "), w.matched(dir))
	}
	if len(groups) > 0 && s.Origin == i.Desc.Origin {
		s.Origin = groups[0].Desc.Origin
	}
}

func (t *tracer) explainMisses(w *walk, s *Step, i *plan.Interface, dir firewall.Direction) {
	remote, groups := w.flow.Src, []firewall.GroupID(nil)
	if dir == firewall.Egress {
		remote = w.flow.Dst
		if owner := w.net.plan.Owner(w.vpc, remote); owner != nil {
			groups = owner.GroupIDs
		}
	} else if w.identity != nil {
		groups = w.identity.GroupIDs
	}
	for _, g := range w.net.plan.Filters(i).Groups {
		for _, m := range firewall.Explain(rulesOf(g, dir), i.VPC.Names(), w.header, remote, groups) {
			text, origin := ruleText(g, dir, m.Rule)
			s.Misses = append(s.Misses, Miss{text, m.Why, origin})
			if strings.HasPrefix(m.Why, "unknown: ") && s.Verdict == Undecided && s.Detail == "" {
				s.Detail = text + ": " + strings.TrimPrefix(m.Why, "unknown: ") + " is not known"
			}
		}
	}
}

// matched is what rules look at, in words: "tcp/22 from 10.0.2.4".
func (w *walk) matched(dir firewall.Direction) string {
	svc := firewall.Service{Protocol: int(w.header.Proto), From: int(w.header.Port), To: int(w.header.Port)}
	if w.flow.Proto.IsICMP() {
		svc.From, svc.To = int(w.header.ICMPType), int(w.header.ICMPCode)
	}
	if dir == firewall.Egress {
		return fmt.Sprintf("%s to %s", svc, w.flow.Dst)
	}
	return fmt.Sprintf("%s from %s", svc, w.flow.Src)
}

func rulesOf(g *plan.Group, dir firewall.Direction) []firewall.Rule {
	if dir == firewall.Egress {
		return g.Desc.Egress
	}
	return g.Desc.Ingress
}

// ruleText is a security group rule as "app rule 1: all to 0.0.0.0/0".
func ruleText(g *plan.Group, dir firewall.Direction, index int) (text, origin string) {
	r := rulesOf(g, dir)[index]
	word := "from"
	if dir == firewall.Egress {
		word = "to"
	}
	origin = r.Origin
	if origin == "" {
		origin = g.Desc.Origin
	}
	return fmt.Sprintf("%s rule %d: %s %s %s", label(g.Desc.ID, g.Desc.Name), index+1, r.Service, word, r.Peer), origin
}

// explainACL says which entry of a network ACL decided.
func explainACL(w *walk, s *Step, subnet *plan.Subnet, dir firewall.Direction, v verdict) {
	acl := w.net.plan.ACL(subnet)
	if acl.Desc == nil {
		if acl.Unknown == "" {
			s.Rule = "rule 100: allow all"
		}
		return
	}
	s.Origin = acl.Desc.Origin
	if w.portsLost {
		return
	}
	entries, word := acl.Desc.Ingress, "from"
	if dir == firewall.Egress {
		entries, word = acl.Desc.Egress, "to"
	}
	if w.acl.Entry == firewall.FinalEntry {
		s.Rule = "rule *: deny all"
	} else {
		e := entries[w.acl.Entry]
		if e.Origin != "" {
			s.Origin = e.Origin
		}
		if e.Unknown != "" { // what it says is not what AWS has
			s.Detail = e.Unknown
			return
		}
		s.Rule = fmt.Sprintf("rule %d: %s %s %s %s", e.Number, e.Action, e.Service, word, e.CIDR)
	}
	if v.outcome == drop {
		s.Detail = strings.Replace(s.Rule, ": deny", " denies", 1)
	}
}

// explainRoute says which route the packet takes.
func explainRoute(w *walk, s *Step, table *plan.Table) {
	if table.Unknown != "" {
		return
	}
	if !w.next.found {
		if s.Verdict == Drop {
			s.Detail = fmt.Sprintf("no route of %s matches %s", table.ID, w.flow.Dst)
		}
		return
	}
	route, target := table.Target(w.next.route)
	if route == nil {
		s.Route = localRoute(w)
		return
	}
	s.Origin = route.Origin
	s.Route = route.String()
	if target.ID != "" && target.ID != route.Target.ID {
		s.Route = fmt.Sprintf("%s → %s", strings.TrimSuffix(s.Route, " → "+route.Target.String()), target.ID)
	}
	if target.Blackhole && s.Verdict == Drop {
		s.Detail = "the route is a blackhole"
	}
}

// localRoute is the VPC's own route for the destination, as text.
func localRoute(w *walk) string {
	for _, p := range w.vpc.Desc.CIDRs {
		if p.Contains(w.flow.Dst) {
			return routing.Route{Destination: p, Target: routing.Target{Kind: routing.Local}}.String()
		}
	}
	return "local"
}

// label is a name with its ID, or the ID alone if it has no other name.
func label(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return fmt.Sprintf("%s (%s)", name, id)
}
