package yaml

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// words are names that people use, and texts that YAML or the format would read
// as something else if they were not quoted.
var words = []string{
	"web", "db", "app-1", "a b", "é", "sg-0123456789abcdef0", "subnet-01234567", "vpc-0123456789abcdef0",
	"true", "false", "null", "~", "yes", "012345678901", "22:22", "1e3", ".inf", "0x10", "2001-01-01", "10.0", "=",
	"<<", "- a", "*a", "&b", "!t", "%d", "@x", "`", "'", "\"", "{", "[a]", "#c", "x: y", "x #y", "?", "? q", "|", ">", ",",
	" lead", "trail ", "tab\there", "line\nbreak", "\n", "ctrl\x01", "nel\u0085", "bom\ufeff", strings.Repeat("long", 50),
	"id", "name", "routes", "unknown", "rule", "igw", "local", "blackhole", "auto", "nat-1", "pl-1", "i-1", "eni-1", "igw-1",
	"10.0.0.0/8", "10.0.0.1", "::", "::1", "a/b", "a->b", "from", "to", "tcp/443 from x", "default", "main",
}

// random draws networks whose references all mean something; AWS would refuse
// most of them for other reasons.
type random struct {
	*rapid.T
	net *vpc.Network
	vpc *vpc.VPC
}

func (r random) n(most int) int    { return rapid.IntRange(0, most).Draw(r.T, "n") }
func (r random) chance() bool      { return rapid.Bool().Draw(r.T, "b") }
func (r random) rarely() bool      { return r.n(5) == 0 }
func (r random) word() string      { return rapid.SampledFrom(words).Draw(r.T, "word") }
func (r random) maybeWord() string { return pick(r.rarely(), r.word(), "") }
func (r random) addr() netip.Addr  { return netip.AddrFrom4([4]byte{10, 0, byte(r.n(3)), byte(r.n(9))}) }
func pick[T any](c bool, a, b T) T {
	if c {
		return a
	}
	return b
}
func (r random) prefix() netip.Prefix {
	if r.rarely() {
		return netip.MustParsePrefix(rapid.SampledFrom([]string{"::/0", "2001:db8::/56", "::ffff:0:0/96", "fd00::/128"}).Draw(r.T, "six"))
	}
	return netip.PrefixFrom(r.addr(), r.n(32)).Masked()
}

func (r random) prefixes() []netip.Prefix { return many(r, 3, r.prefix) }

func many[T any](r random, most int, draw func() T) []T {
	var all []T
	for range r.n(most) {
		all = append(all, draw())
	}
	return all
}

// identities draws IDs that differ and names that may be anything.
func (r random) identities(most int) [][2]string {
	seen := make(map[string]bool)
	var all [][2]string
	for range r.n(most) {
		id := r.word()
		for seen[id] {
			id += "x"
		}
		seen[id] = true
		all = append(all, [2]string{id, pick(r.chance(), id, pick(r.rarely(), "", r.word()))})
	}
	return all
}

// reference draws the ID or the name of something in a scope, "" if that fails.
func (r random) reference(s scope) string {
	x := newReferences(r.net)
	order := x.indexOf(s).order
	if len(order) == 0 {
		return ""
	}
	name := rapid.SampledFrom(order).Draw(r.T, "reference")
	return pick(x.found(s, name), name, "")
}

func (r random) references(most int, s scope) []string {
	var all []string
	for range r.n(most) {
		if name := r.reference(s); name != "" {
			all = append(all, name)
		}
	}
	return all
}

func (r random) network() *vpc.Network {
	r.net = new(vpc.Network)
	for _, id := range r.identities(2) {
		l := &vpc.PrefixList{ID: id[0], Name: id[1], Entries: r.prefixes(), Unknown: r.maybeWord()}
		l.MaxEntries = pick(r.chance(), len(l.Entries), r.n(9))
		r.net.PrefixLists = append(r.net.PrefixLists, l)
	}
	for _, id := range r.identities(3) {
		r.net.VPCs = append(r.net.VPCs, &vpc.VPC{
			ID: id[0], Name: id[1], Account: r.maybeWord(), Region: r.maybeWord(), CIDRs: r.prefixes(), DisableDNS: r.rarely(), DNSHostnames: r.rarely(), Partial: r.rarely(), Unlisted: r.maybeWord(),
		})
	}
	for range r.n(2) {
		r.net.Unowned = append(r.net.Unowned, r.addr())
	}
	r.net.Gateways = r.gateways(2)
	for _, v := range r.net.VPCs {
		r.vpc = v
		r.fill(v)
	}
	for range r.n(2) {
		b := &vpc.BlockPublicAccess{Account: r.maybeWord(), Region: r.maybeWord(), Mode: vpc.BlockMode(r.n(2)), Unknown: r.maybeWord()}
		for _, id := range r.identities(2) {
			e := vpc.BlockExclusion{Resource: id[0], EgressOnly: r.chance()}
			if v, _ := r.net.Excluded(&e); v != nil {
				b.Exclusions = append(b.Exclusions, e)
			}
		}
		r.net.BlockPublicAccess = append(r.net.BlockPublicAccess, b)
	}
	for range r.n(3) {
		r.net.Expect = append(r.net.Expect, vpc.Expectation{
			Source: "a" + r.word(), Destination: r.word() + "b", Service: pick(r.rarely(), "", r.service().String()), Want: verdicts[r.n(2)],
		})
	}
	return r.net
}

func (r random) gateways(most int) []*vpc.Gateway {
	var all []*vpc.Gateway
	for _, id := range r.identities(most) {
		g := &vpc.Gateway{Kind: vpc.Kind(r.n(len(kindNames) - 1)), ID: id[0], Name: id[1], State: r.maybeWord()}
		g.Kind = pick(r.chance(), routing.NATGateway, g.Kind)
		g.Addresses = many(r, 2, r.address)
		g.Private, g.Failure, g.Draining = r.rarely(), r.maybeWord(), many(r, 2, r.addr)
		g.Regional = r.rarely()
		g.VPCs, g.PeerDNS = r.references(2, scope{nil, kindVPC}), r.references(2, scope{nil, kindVPC})
		if g.Kind != routing.NATGateway {
			g.VPN = r.vpn()
		}
		if r.vpc == nil && r.chance() {
			g.Transit = r.transit()
		}
		if r.vpc != nil {
			g.Subnet = r.reference(scope{r.vpc, kindSubnet})
			if g.Kind != routing.NATGateway && r.chance() {
				g.Endpoint = r.endpoint()
			}
		}
		all = append(all, g)
	}
	return all
}

// fill draws what stands in a VPC, things before what refers to them.
func (r random) fill(v *vpc.VPC) {
	for _, id := range r.identities(4) {
		v.Subnets = append(v.Subnets, &vpc.Subnet{ID: id[0], Name: id[1], CIDRs: r.prefixes(), Zone: r.maybeWord(), DNS64: r.rarely(), MapPublicIP: r.rarely()})
	}
	v.Gateways = r.gateways(3)
	if r.chance() {
		id := pick(r.chance(), defaultIGW(v), r.word())
		v.InternetGateway = &vpc.InternetGateway{ID: id, Name: pick(r.chance(), id, r.word())}
	}
	for _, id := range r.identities(3) {
		v.Instances = append(v.Instances, &vpc.Instance{
			ID: id[0], Name: id[1], State: vpc.InstanceState(r.n(2)), TrackedFlows: pick(r.rarely(), r.n(9), 0),
		})
	}
	r.policies(v)
	r.balancers(v)
	r.interfaces(v)
	r.tables(v)
	for _, id := range r.identities(2) {
		v.FlowLogs = append(v.FlowLogs, &vpc.FlowLog{
			ID: id[0], Name: id[1], Subnet: pick(r.rarely(), r.reference(scope{v, kindSubnet}), ""), Interface: r.maybeWord(), Traffic: r.maybeWord(),
			Destination: r.maybeWord(), Format: r.maybeWord(), Interval: pick(r.rarely(), r.n(600), 0),
		})
	}
	v.DefaultSecurityGroup = pick(r.rarely(), r.reference(scope{v, kindGroup}), "")
	v.DefaultNetworkACL = pick(r.rarely(), r.reference(scope{v, kindACL}), "")
	v.MainRouteTable = pick(r.rarely(), r.reference(scope{v, kindTable}), "")
	for _, g := range v.Gateways {
		g.RouteTable = pick(r.rarely(), r.reference(scope{v, kindTable}), "")
		if e := g.Endpoint; e != nil {
			e.RouteTables, e.Groups = r.references(2, scope{v, kindTable}), r.references(2, scope{v, kindGroup})
			e.Interfaces = r.references(2, scope{v, kindInterface})
		}
	}
}

func (r random) policies(v *vpc.VPC) {
	for _, id := range r.identities(3) {
		v.SecurityGroups = append(v.SecurityGroups, &vpc.SecurityGroup{ID: id[0], Name: id[1], Description: r.maybeWord()})
	}
	for _, g := range v.SecurityGroups {
		g.Ingress, g.Egress = many(r, 3, r.rule), many(r, 2, r.rule)
	}
	for _, id := range r.identities(2) {
		a := &vpc.NetworkACL{ID: id[0], Name: id[1]}
		a.Ingress, a.Egress = many(r, 3, r.entry), many(r, 2, r.entry)
		v.NetworkACLs = append(v.NetworkACLs, a)
	}
}

func (r random) service() firewall.Service {
	return firewall.MustParseService(rapid.SampledFrom([]string{
		"all", "tcp", "udp", "tcp/443", "udp/8000-8099", "icmp", "icmp/8", "icmp/8/0", "icmpv6/128", "ip/50", "ip/0",
	}).Draw(r.T, "service"))
}

func (r random) rule() firewall.Rule {
	rule := firewall.Rule{ID: r.maybeWord(), Stale: r.rarely(), Service: r.service(), Description: r.maybeWord(), Peer: r.peer()}
	if r.rarely() {
		rule.Unknown = r.word()
		rule.Service = pick(r.chance(), rule.Service, firewall.Service{})
		rule.Peer = pick(r.chance(), rule.Peer, firewall.Peer{})
		rule.Peer.Group = pick(r.rarely(), r.word(), rule.Peer.Group)
	}
	return rule
}

func (r random) peer() firewall.Peer {
	if group := r.reference(scope{r.vpc, kindGroup}); group != "" && r.chance() {
		return firewall.Peer{Group: group}
	}
	if list := r.reference(scope{nil, kindList}); list != "" && r.chance() {
		return firewall.Peer{PrefixList: list}
	}
	return firewall.Peer{Prefix: r.prefix()}
}

func (r random) entry() firewall.Entry {
	e := firewall.Entry{Number: r.n(40000), Action: firewall.Action(r.n(1)), Service: r.service(), CIDR: r.prefix()}
	if r.rarely() {
		e.Unknown = r.word()
		e.Service = pick(r.chance(), e.Service, firewall.Service{})
		e.CIDR = pick(r.chance(), e.CIDR, netip.Prefix{})
	}
	return e
}

func (r random) address() vpc.Address {
	a := vpc.Address{IP: pick(r.rarely(), netip.Addr{}, r.addr()), AutoPublic: r.rarely(), Elastic: r.rarely(), Zone: pick(r.rarely(), r.word(), "")}
	if r.rarely() {
		a.Public = r.addr()
	}
	return a
}

func (r random) interfaces(v *vpc.VPC) {
	k := 0
	for _, s := range v.Subnets {
		for _, id := range r.identities(4) {
			k++
			i := &vpc.Interface{ID: id[0] + fmt.Sprint(k), Name: id[1]}
			if len(v.Instances) > 0 && r.chance() { // as the loader would have made it
				owner := v.Instances[r.n(len(v.Instances)-1)]
				i.ID, i.Name, i.Instance = owner.Name, owner.Name, owner.ID
			}
			r.fillInterface(v, i)
			s.Interfaces = append(s.Interfaces, i)
		}
	}
}

func (r random) fillInterface(v *vpc.VPC, i *vpc.Interface) {
	if r.rarely() {
		i.Instance = r.reference(scope{v, kindInstance})
	}
	seconds := func() time.Duration {
		return pick(r.rarely(), time.Duration(r.n(900))*rapid.SampledFrom([]time.Duration{time.Second, time.Millisecond}).Draw(r.T, "unit"), 0)
	}
	i.DeviceIndex = pick(r.rarely(), r.n(3), 0)
	i.Addresses = many(r, 3, r.address)
	i.Prefixes = pick(r.rarely(), r.prefixes(), nil)
	i.Groups = r.references(2, scope{v, kindGroup})
	i.NoSourceDestCheck, i.Detached, i.DenyInternetGateway = r.rarely(), r.rarely(), r.rarely()
	i.Kind, i.Description, i.Unknown = r.maybeWord(), r.maybeWord(), r.maybeWord()
	i.Timeouts = vpc.Timeouts{TCPEstablished: seconds(), UDP: seconds(), UDPStream: seconds()}
	i.Metadata = vpc.Metadata{Disabled: r.rarely(), IPv6: r.rarely(), HopLimit: pick(r.rarely(), r.n(64), 0), Credentials: r.rarely()}
}

func (r random) tables(v *vpc.VPC) {
	for _, id := range r.identities(2) {
		t := &vpc.RouteTable{ID: id[0], Name: id[1], Routes: many(r, 4, r.route), Unknown: r.maybeWord()}
		t.Propagating = pick(r.rarely(), []string{r.word()}, nil)
		v.RouteTables = append(v.RouteTables, t)
	}
	for _, s := range v.Subnets {
		if r.chance() { // as the loader would have made it
			t := &vpc.RouteTable{ID: s.Name, Name: s.Name, Routes: many(r, 3, r.route)}
			if s.Name != "" && v.RouteTable(t.ID) == nil {
				v.RouteTables = append(v.RouteTables, t)
				s.RouteTable = t.ID
				continue
			}
		}
		s.RouteTable = pick(r.chance(), r.reference(scope{v, kindTable}), "")
		s.NetworkACL = pick(r.chance(), r.reference(scope{v, kindACL}), "")
	}
	if g := v.InternetGateway; g != nil {
		g.RouteTable = pick(r.rarely(), r.reference(scope{v, kindTable}), "")
	}
	for _, g := range v.Gateways {
		if g.VPN != nil {
			g.VPN.RouteTable = pick(r.chance(), r.reference(scope{v, kindTable}), "")
		}
	}
}

func (r random) route() routing.Route {
	route := routing.Route{Destination: r.prefix(), Source: routing.Source(pick(r.rarely(), r.n(3), 0)), Blackhole: r.rarely(), Unknown: r.maybeWord()}
	if list := r.reference(scope{nil, kindList}); list != "" && r.rarely() {
		route.Destination, route.PrefixList = netip.Prefix{}, list
	}
	if route.Unknown != "" && r.chance() {
		route.Destination, route.PrefixList = netip.Prefix{}, pick(r.chance(), r.word(), "")
	}
	route.Target = routing.Target{Kind: routing.TargetKind(r.n(len(kindNames) - 1)), ID: pick(r.chance(), "", r.word())}
	route.Target.ID = pick(r.chance(), r.reference(scope{r.vpc, kindGateway}), route.Target.ID)
	if r.chance() {
		route.Target, _ = vpc.ParseTarget(pick(r.chance(), "igw", "local"))
	}
	return route
}

func (r random) transit() *vpc.Transit {
	t := &vpc.Transit{Association: r.maybeWord(), Propagation: r.maybeWord(), GroupReferences: r.chance()}
	for _, id := range r.identities(3) {
		a := &vpc.TransitAttachment{ID: id[0], Name: id[1], Kind: vpc.TransitKind(r.n(4)), VPC: r.word(), Subnets: many(r, 2, r.word), Peer: r.maybeWord()}
		a.Addresses, a.Prefixes = many(r, 2, r.addr), r.prefixes()
		a.Appliance, a.IPv6, a.NoGroupReferences = r.rarely(), r.rarely(), r.rarely()
		a.State, a.Association, a.Unknown, a.Propagation = r.maybeWord(), r.maybeWord(), r.maybeWord(), many(r, 2, r.word)
		t.Attachments = append(t.Attachments, a)
	}
	for _, id := range r.identities(2) {
		t.RouteTables = append(t.RouteTables, &vpc.TransitTable{ID: id[0], Name: id[1], Routes: many(r, 3, r.transitRoute), Unknown: r.maybeWord()})
	}
	t.Association = pick(len(t.Attachments) == 0 && len(t.RouteTables) == 0, "main", t.Association) // nothing at all is read as nil
	return t
}

func (r random) transitRoute() routing.Route {
	route := routing.Route{Destination: r.prefix(), Blackhole: r.rarely(), Unknown: r.maybeWord()}
	if list := r.reference(scope{nil, kindList}); list != "" && r.rarely() {
		route.Destination, route.PrefixList = netip.Prefix{}, list
	}
	if !route.Blackhole || r.chance() {
		route.Target = routing.Target{Kind: routing.TransitGateway, ID: r.word()}
	}
	return route
}

// vpn draws the outer side of a virtual private gateway, often none.
func (r random) vpn() *vpc.VPN {
	if r.chance() {
		return nil
	}
	v := &vpc.VPN{Unknown: r.word()}
	announcement := func() vpc.Announcement {
		return vpc.Announcement{Prefix: pick(r.chance(), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")),
			ASPath: many(r, 2, func() uint32 { return uint32(r.n(70000)) }), MED: uint32(r.n(9))}
	}
	for _, id := range r.identities(2) {
		v.Connections = append(v.Connections, &vpc.Link{ID: id[0], Name: id[1], State: r.maybeWord(), Static: r.chance(),
			Prefixes: many(r, 2, announcement), CustomerGateway: r.maybeWord(), Unknown: r.maybeWord()})
	}
	for _, id := range r.identities(2) {
		v.Interfaces = append(v.Interfaces, &vpc.Link{ID: id[0], Name: id[1], State: r.maybeWord(), Prefixes: many(r, 2, announcement),
			DirectConnectGateway: r.maybeWord(), Allowed: r.prefixes(), MTU: pick(r.chance(), 0, 8500), Unknown: r.maybeWord()})
	}
	return v
}

// endpoint draws one that is not empty.
func (r random) endpoint() *vpc.Endpoint {
	e := &vpc.Endpoint{
		Service: "s3", DualStack: r.chance(), UDP: vpc.Support(r.n(2)), TCPIdle: pick(r.chance(), 90*time.Second, 0),
		PrefixList: r.reference(scope{nil, kindList}), Subnets: r.references(2, scope{r.vpc, kindSubnet}),
	}
	if r.chance() {
		e.Appliances = []vpc.Appliance{{Verdict: vpc.Verdict(r.n(2))}}
		return e
	}
	for _, id := range r.identities(2) {
		e.Appliances = append(e.Appliances, vpc.Appliance{Name: id[0], Verdict: vpc.Verdict(r.n(2))})
	}
	return e
}

// balancers draws target groups and the load balancers that use them.
func (r random) balancers(v *vpc.VPC) {
	protocols, states := vpc.ListenerProtocols(), vpc.TargetHealth()
	for _, id := range r.identities(2) {
		g := &vpc.TargetGroup{ID: id[0], Name: id[1], Protocol: protocols[r.n(len(protocols)-1)], Port: uint16(r.n(9)), Type: vpc.TargetType(r.n(3)), IPv6: r.chance(), Preserve: vpc.Preserve(r.n(2)), CrossZone: vpc.CrossZone(r.n(2)), Unknown: r.maybeWord()}
		g.Targets = many(r, 2, func() vpc.LoadBalancerTarget {
			return vpc.LoadBalancerTarget{ID: r.word(), Port: uint16(r.n(9)), Health: pick(r.chance(), "", states[r.n(len(states)-1)])}
		})
		v.TargetGroups = append(v.TargetGroups, g)
	}
	for _, id := range r.identities(2) {
		b := &vpc.LoadBalancer{
			ID: id[0], Name: id[1], Kind: vpc.LoadBalancerKind(r.n(1)), Internal: r.chance(), CrossZone: vpc.CrossZone(r.n(2)),
			State: r.maybeWord(), Unknown: r.maybeWord(), Groups: r.references(2, scope{v, kindGroup}),
		}
		for _, s := range v.Subnets {
			if r.chance() {
				b.Nodes = append(b.Nodes, vpc.LoadBalancerNode{Subnet: s.ID, Addresses: many(r, 2, r.address)})
			}
		}
		b.Listeners = many(r, 2, func() vpc.Listener {
			l := vpc.Listener{Protocol: protocols[r.n(len(protocols)-1)], Port: uint16(r.n(9)), Unknown: r.maybeWord()}
			seen := make(map[string]bool)
			for _, name := range r.references(2, scope{v, kindTargetGroup}) {
				if !seen[name] {
					l.Forward = append(l.Forward, vpc.Forward{TargetGroup: name, Weight: r.n(9)})
				}
				seen[name] = true
			}
			return l
		})
		v.LoadBalancers = append(v.LoadBalancers, b)
	}
}
