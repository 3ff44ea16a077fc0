package yaml

import (
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

func (w *writer) securityGroups() *node {
	m := newMapping()
	list := w.vpc.SecurityGroups
	keys := labels(list, func(g *vpc.SecurityGroup) [2]string { return [2]string{g.ID, g.Name} })
	for i, g := range list {
		e := newMapping()
		e.identity(keys[i], g.ID, g.Name)
		e.text("description", g.Description)
		e.add("ingress", w.rules(g.Ingress, ingress))
		e.add("egress", w.rules(g.Egress, egress))
		m.add(keys[i], e.node)
	}
	return w.section(m)
}

func (w *writer) rules(rules []firewall.Rule, way direction) *node {
	var items []*node
	for _, r := range rules {
		items = append(items, w.rule(r, way))
	}
	return w.lines(items)
}

// rule is a line, and a mapping where the line does not say everything.
func (w *writer) rule(r firewall.Rule, way direction) *node {
	line := w.service(r.Service, r.Unknown)
	rest := r.Peer
	if peer, left := w.peerText(r.Peer); peer != "" {
		line += " " + way.word + " " + peer
		rest = left
	}
	m := newMapping()
	m.text("rule", line)
	m.text("group", rest.Group)
	m.text("prefix-list", rest.PrefixList)
	m.text("id", r.ID)
	m.text("description", r.Description)
	m.flag("stale", r.Stale, true)
	m.text("unknown", r.Unknown)
	if len(m.Content) == 2 {
		return scalar(line)
	}
	return m.node
}

// peerText is what a line says of a far side, and what it leaves to be said.
func (w *writer) peerText(p firewall.Peer) (text string, left firewall.Peer) {
	if p.Prefix.IsValid() {
		return p.Prefix.String(), firewall.Peer{Group: p.Group, PrefixList: p.PrefixList}
	}
	text = p.Group
	if text == "" {
		text = p.PrefixList
	}
	if text != "" && text == strings.TrimSpace(text) && w.refs.peer(w.vpc, text) == p {
		return text, firewall.Peer{}
	}
	return "", p
}

func (w *writer) networkACLs() *node {
	m := newMapping()
	list := w.vpc.NetworkACLs
	keys := labels(list, func(a *vpc.NetworkACL) [2]string { return [2]string{a.ID, a.Name} })
	for i, a := range list {
		e := newMapping()
		e.identity(keys[i], a.ID, a.Name)
		e.add("ingress", w.entries(a.Ingress, ingress))
		e.add("egress", w.entries(a.Egress, egress))
		m.add(keys[i], w.sectionOrEmpty(e))
	}
	return w.section(m)
}

func (w *writer) entries(entries []firewall.Entry, way direction) *node {
	var items []*node
	for _, e := range entries {
		line := strconv.Itoa(e.Number) + " " + e.Action.String() + " " + w.service(e.Service, e.Unknown)
		if e.CIDR.IsValid() {
			line += " " + way.word + " " + e.CIDR.String()
		} else if e.Unknown == "" {
			w.failf("entry %d of a network ACL has no CIDR block", e.Number)
		}
		if e.Unknown == "" {
			items = append(items, scalar(line))
			continue
		}
		m := newMapping()
		m.text("rule", line)
		m.text("unknown", e.Unknown)
		items = append(items, m.node)
	}
	return w.lines(items)
}
