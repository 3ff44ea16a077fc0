package yaml

import (
	"fmt"
	"net/netip"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Write writes a network as a person would: under names, a line per rule, and
// without what is the default. [Parse] reads the same network back, apart from
// host bits of CIDR blocks and the places where things were written.
func Write(n *vpc.Network) ([]byte, error) {
	w := &writer{net: n, refs: newReferences(n), block: make(map[*node]bool)}
	root := newMapping()
	root.add("vpcs", w.vpcs())
	root.add("prefix-lists", w.prefixLists())
	root.add("gateways", w.gateways(n.Gateways, true))
	root.add("block-public-access", w.blockPublicAccess())
	root.add("unowned-addresses", oneOrList(addrs(n.Unowned)))
	root.add("expect", w.expectations())
	if len(root.Content) == 0 {
		root.add("vpcs", newMapping().node)
	}
	w.block[root.node] = true
	w.layout(root.node)
	if w.err != nil {
		return nil, w.err
	}
	return goyaml.Dump(root.node, goyaml.WithIndent(2), goyaml.WithCompactSeqIndent(false), goyaml.WithLineWidth(-1))
}

// writer turns one network into nodes and keeps the first thing that the format
// has no words for.
type writer struct {
	net   *vpc.Network
	vpc   *vpc.VPC // the one being written
	refs  *references
	block map[*node]bool // what gets lines of its own
	err   error
}

func (w *writer) vpcs() *node {
	m := newMapping()
	keys := labels(w.net.VPCs, func(v *vpc.VPC) [2]string { return [2]string{v.ID, v.Name} })
	for i, v := range w.net.VPCs {
		w.vpc = v
		m.add(keys[i], w.oneVPC(keys[i], v))
	}
	w.vpc = nil
	return w.section(m)
}

func (w *writer) oneVPC(key string, v *vpc.VPC) *node {
	m := newMapping()
	m.identity(key, v.ID, v.Name)
	m.text("account", v.Account)
	m.text("region", v.Region)
	m.add("cidr", oneOrList(w.prefixes(v.CIDRs)))
	m.flag("partial", v.Partial, true)
	m.text("unlisted", v.Unlisted)
	m.flag("dns", v.DisableDNS, false)
	m.flag("dns-hostnames", v.DNSHostnames, true)
	m.add("internet-gateway", w.internetGateway(v))
	m.text("main-route-table", v.MainRouteTable)
	m.text("default-network-acl", v.DefaultNetworkACL)
	m.text("default-security-group", v.DefaultSecurityGroup)
	inline := w.inlineTables()
	m.add("subnets", w.subnets(inline))
	m.add("route-tables", w.routeTables(v.RouteTables[:len(v.RouteTables)-len(inline)]))
	nats := 0
	for nats < len(v.Gateways) && v.Gateways[nats].Kind == routing.NATGateway {
		nats++
	}
	m.add("nat-gateways", w.gateways(v.Gateways[:nats], false))
	m.add("gateways", w.gateways(v.Gateways[nats:], true))
	m.add("load-balancers", w.loadBalancers())
	m.add("target-groups", w.targetGroups())
	m.add("network-acls", w.networkACLs())
	m.add("security-groups", w.securityGroups())
	w.instances(m)
	m.add("flow-logs", w.flowLogs(v))
	return w.sectionOrEmpty(m)
}

// sectionOrEmpty is a section that is written even if it is empty.
func (w *writer) sectionOrEmpty(m mapping) *node {
	w.block[m.node] = len(m.Content) > 0
	return m.node
}

func (w *writer) prefix(p netip.Prefix) *node {
	if !p.IsValid() {
		w.failf("a CIDR block is missing or not valid")
	}
	return scalar(p.String())
}

func (w *writer) prefixes(all []netip.Prefix) []*node {
	var items []*node
	for _, p := range all {
		items = append(items, w.prefix(p))
	}
	return items
}

func (w *writer) internetGateway(v *vpc.VPC) *node {
	g := v.InternetGateway
	if g == nil {
		return nil
	}
	plainName := g.Name == nameFor(g.ID, g.ID) && g.RouteTable == ""
	switch {
	case plainName && g.ID == defaultIGW(v):
		return plain("!!bool", "true")
	case plainName:
		return scalar(g.ID)
	}
	m := newMapping()
	m.identity(defaultIGW(v), g.ID, g.Name)
	m.text("routes", g.RouteTable)
	return m.node
}

func (w *writer) prefixLists() *node {
	m := newMapping()
	keys := labels(w.net.PrefixLists, func(l *vpc.PrefixList) [2]string { return [2]string{l.ID, l.Name} })
	for i, l := range w.net.PrefixLists {
		full := newMapping()
		full.identity(keys[i], l.ID, l.Name)
		entries := &node{Kind: goyaml.SequenceNode, Content: w.prefixes(l.Entries)}
		full.add("entries", entries)
		if l.MaxEntries != len(l.Entries) {
			full.add("max-entries", plain("!!int", fmt.Sprint(w.natural(l.MaxEntries))))
		}
		full.text("unknown", l.Unknown)
		if len(full.Content) == 2 {
			m.add(keys[i], entries)
		} else {
			m.add(keys[i], full.node)
		}
	}
	return w.section(m)
}

// natural refuses numbers that the format has no place for.
func (w *writer) natural(i int) int {
	if i < 0 {
		w.failf("the number %d is negative", i)
	}
	return i
}

// gateways writes gateways under one heading, with their kinds if they differ.
func (w *writer) gateways(list []*vpc.Gateway, kinds bool) *node {
	m := newMapping()
	keys := labels(list, func(g *vpc.Gateway) [2]string { return [2]string{g.ID, g.Name} })
	for i, g := range list {
		e := newMapping()
		e.identity(keys[i], g.ID, g.Name)
		if kinds {
			e.add("kind", w.kind(g.Kind))
		}
		e.text("subnet", g.Subnet)
		e.add("vpcs", texts(g.VPCs))
		e.add("peer-dns", texts(g.PeerDNS))
		e.text("state", g.State)
		e.flag("private", g.Private, true)
		e.flag("regional", g.Regional, true)
		e.text("route-table", g.RouteTable)
		e.text("failure", g.Failure)
		e.add("draining", oneOrList(addrs(g.Draining)))
		w.addresses(e, g.Addresses)
		w.endpoint(e, g.Endpoint)
		w.transit(e, g.Transit)
		w.vpn(e, g.VPN)
		m.add(keys[i], e.node)
	}
	return w.section(m)
}

func (w *writer) kind(k routing.TargetKind) *node {
	if int(k) >= len(kindNames) {
		w.failf("a gateway or target is of the unknown kind %d", k)
		return nil
	}
	return scalar(k.String())
}

func (w *writer) expectations() *node {
	var items []*node
	for _, e := range w.net.Expect {
		items = append(items, w.expectation(e))
	}
	n := list(items...)
	w.block[n] = true
	return n
}

// expectation is on one line if that is read as the same.
func (w *writer) expectation(e vpc.Expectation) *node {
	m := newMapping()
	w.block[m.node] = true
	line := e.String()
	d := newDecoder("")
	read := vpc.Expectation{Want: e.Want, Origin: e.Origin}
	if d.claimLine(m.node, line, &read); len(d.errs) == 0 && len(line) < 120 {
		if read == e {
			m.add(line, scalar(e.Want))
			return m.node
		}
	}
	w.block[m.node] = false
	m.text("from", e.Source)
	m.text("to", e.Destination)
	if e.Service != "" {
		m.text("service", e.Service)
	}
	m.text("want", e.Want)
	return m.node
}

// service is how a rule names a service; one that is not understood may be
// anything.
func (w *writer) service(s firewall.Service, unknown string) string {
	text := s.String()
	_, err := firewall.ParseService(text)
	switch {
	case unknown != "" && (err != nil || s == firewall.Service{}):
		return unknownService
	case err != nil:
		w.failf("%v", err)
	}
	return text
}
