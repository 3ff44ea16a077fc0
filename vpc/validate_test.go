package vpc

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// sample is the network that the cases change one thing of:
//
//	main 10.0.0.0/16, 2001:db8:0:1200::/56, internet gateway igw-main
//	  app 10.0.1.0/24 + /64, zone a    app-1 10.0.1.10 of instance app, group web
//	  db  10.0.2.0/24, zone b          db-1 10.0.2.20
//	  nat-1, eigw-1, vpce-s3, vpce-fw; route table rt, ACL acl
//	peer 10.9.0.0/16, pcx-1 to main; igw-peer, eni-peer, nat-peer, i-peer, group far
//	lone 10.8.0.0/16, nothing joins it; group alone
func sample() *Network {
	n := new(Network)
	v := n.AddVPC("main", "10.0.0.0/16", "2001:db8:0:1200::/56")
	v.AddInternetGateway("igw-main")
	v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowAllOut()
	v.AddRouteTable("rt")
	v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0")
	v.AddInstance("app")
	app := v.AddSubnet("app", "10.0.1.0/24", "2001:db8:0:1201::/64").InZone("a").UseRouteTable("rt").UseNetworkACL("acl")
	app.AddInterface("app-1", "10.0.1.10", "web").AttachTo("app")
	v.AddSubnet("db", "10.0.2.0/24").InZone("b").AddInterface("db-1", "10.0.2.20")
	gateway(v, routing.NATGateway, "nat-1")
	gateway(v, routing.EgressOnlyGateway, "eigw-1")
	gateway(v, routing.GatewayEndpoint, "vpce-s3")
	gateway(v, routing.GWLBEndpoint, "vpce-fw")
	n.AddPrefixList("pl-s3", "52.216.0.0/15")

	p := n.AddVPC("peer", "10.9.0.0/16")
	p.AddInternetGateway("igw-peer")
	p.AddSecurityGroup("far")
	p.AddInstance("i-peer")
	p.AddSubnet("peer-a", "10.9.1.0/24").AddInterface("eni-peer", "10.9.1.10").AttachTo("i-peer")
	gateway(p, routing.NATGateway, "nat-peer")
	n.Gateways = append(n.Gateways, &Gateway{Kind: routing.PeeringConnection, ID: "pcx-1", VPCs: []string{"main", "peer"}, Origin: caller()})

	n.AddVPC("lone", "10.8.0.0/16").AddSecurityGroup("alone")
	return n
}

func gateway(v *VPC, k Kind, id string) *Gateway {
	g := &Gateway{Kind: k, ID: id, Origin: caller()}
	v.Gateways = append(v.Gateways, g)
	return g
}

// want is the answer to a case: the code, and the rule that the message names.
// The zero want accepts.
type want struct{ code, rule string }

var fine = want{}

func bad(code, rule string) want { return want{code, rule} }

// cases are changes to main, the first VPC of the sample, and what they earn.
type cases []struct {
	name   string
	want   want
	change func(v *VPC)
}

func (cs cases) run(t *testing.T) {
	t.Helper()
	netCases(slicesMap(cs)).run(t)
}

func slicesMap(cs cases) []netCase {
	var out []netCase
	for _, c := range cs {
		out = append(out, netCase{c.name, c.want, func(n *Network) { c.change(n.VPCs[0]) }})
	}
	return out
}

// netCases are changes to the whole sample.
type netCases []netCase

type netCase struct {
	name   string
	want   want
	change func(n *Network)
}

func (cs netCases) run(t *testing.T) {
	t.Helper()
	for _, c := range cs {
		t.Run(c.name, func(t *testing.T) {
			n := sample()
			c.change(n)
			checkErrors(t, n.Validate(), c.want)
		})
	}
}

var inTest = regexp.MustCompile(`^\w+_test\.go:\d+$`)

// checkErrors wants no error, or exactly one that says all it should.
func checkErrors(t *testing.T, err error, w want) {
	t.Helper()
	if w == fine {
		if err != nil {
			t.Fatalf("refused:\n%v", err)
		}
		return
	}
	var es Errors
	if !errors.As(err, &es) || len(es) != 1 {
		t.Fatalf("got %d errors, want one %s (%s):\n%v", len(es), w.code, w.rule, err)
	}
	e := es[0]
	if e.Code != w.code || !strings.Contains(e.Message, w.rule) || !strings.HasSuffix(e.Message, ")") {
		t.Errorf("got  %v\nwant %s … (%s)", e, w.code, w.rule)
	}
	if e.Element == nil || e.Resource == "" || !inTest.MatchString(e.Origin) {
		t.Errorf("%v: element %v, resource %q, origin %q: want all of them", e, e.Element, e.Resource, e.Origin)
	}
}

// Short spellings for the cases.

func (v *VPC) app() *Interface     { return v.Subnets[0].Interfaces[0] }
func (v *VPC) rt() *RouteTable     { return v.RouteTables[0] }
func (v *VPC) web() *SecurityGroup { return v.SecurityGroups[0] }
func (v *VPC) acl() *NetworkACL    { return v.NetworkACLs[0] }

func cidr(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func ip(s string) netip.Addr     { return netip.MustParseAddr(s) }

// route adds a route as it may come from a file.
func route(r routing.Route) func(*VPC) {
	return func(v *VPC) { v.rt().Routes = append(v.rt().Routes, r) }
}

func routeTo(destination, target string) func(*VPC) {
	return func(v *VPC) { v.rt().AddRoute(destination, target) }
}

func allow(r firewall.Rule) func(*VPC) {
	return func(v *VPC) { v.web().Ingress = append(v.web().Ingress, r) }
}

func entry(e firewall.Entry) func(*VPC) {
	return func(v *VPC) { v.acl().Ingress = append(v.acl().Ingress, e) }
}

// partial makes main a listing that may lack things.
func partial(change func(*VPC)) func(*VPC) {
	return func(v *VPC) {
		v.Partial = true
		change(v)
	}
}

func TestValidateAcceptsTheSample(t *testing.T) {
	if err := sample().Validate(); err != nil {
		t.Fatal(err)
	}
	if err := new(Network).Validate(); err != nil {
		t.Fatal(err)
	}
}

// TestERR2_FirstMistakeInOrder: one line with mistakes of every class answers
// the first class.
func TestERR2_FirstMistakeInOrder(t *testing.T) {
	four := cidr("0.0.0.0/0")
	cases{
		{"missing before malformed", bad(CodeMissing, "RT-26"), route(routing.Route{Destination: cidr("169.254.168.0/24")})},
		{"malformed before unknown", bad(CodeInvalidValue, "RT-29"), routeTo("169.254.168.0/24", "nat-gone")},
		{"unknown before conflict", bad(CodeNATGatewayNotFound, "ERR-27"), routeTo("10.0.1.0/25", "nat-gone")},
		{"unsuited before conflict", bad(CodeInvalidValue, "RT-39"), routeTo("10.0.1.0/24", "eigw-1")},
		{"missing peer before bad port", bad(CodeMissing, "ERR-4"), allow(firewall.Rule{Service: firewall.Service{Protocol: tcp, From: 2, To: 1}})},
		{"bad port before unknown group", bad(CodeInvalidValue, "SG-10"), allow(firewall.Rule{Service: firewall.Service{Protocol: tcp, From: 2, To: 1}, Peer: firewall.Peer{Group: "gone"}})},
		{"bad number before taken number", bad(CodeInvalidValue, "ACL-7"), entry(firewall.Entry{Number: 0, CIDR: four, Service: firewall.Service{Protocol: 300}})},
		{"wrong size before overlap of a subnet's own", bad(CodeSubnetRange, "SUB-1"), func(v *VPC) { v.AddSubnet("tiny", "10.0.3.0/29") }},
	}.run(t)
}

func TestERR4_IDsAreNeeded(t *testing.T) {
	missing := bad(CodeMissing, "ERR-4")
	cases{
		{"VPC", missing, func(v *VPC) { v.ID = ""; partial(func(*VPC) {})(v) }},
		{"subnet", missing, func(v *VPC) { v.AddSubnet("", "10.0.3.0/24") }},
		{"interface", missing, func(v *VPC) { v.Subnets[0].AddInterface("", "") }},
		{"route table", missing, func(v *VPC) { v.AddRouteTable("") }},
		{"network ACL", missing, func(v *VPC) { v.AddNetworkACL("") }},
		{"security group", missing, func(v *VPC) { v.AddSecurityGroup("") }},
		{"instance", missing, func(v *VPC) { v.AddInstance("") }},
		{"gateway", missing, func(v *VPC) { gateway(v, routing.NATGateway, "") }},
		{"gateway without a kind", missing, func(v *VPC) { gateway(v, routing.Nowhere, "gw") }},
		{"subnet without a range", missing, func(v *VPC) { v.AddSubnet("s") }},
	}.run(t)
	netCases{{"prefix list", missing, func(n *Network) { n.AddPrefixList("") }}}.run(t)
}

func TestERR5_IDsAreUniqueInTheirKind(t *testing.T) {
	twice := bad(CodeInvalidValue, "ERR-5")
	cases{
		{"subnet", twice, func(v *VPC) { v.AddSubnet("app", "10.0.3.0/24") }},
		{"interface of another subnet", twice, func(v *VPC) { v.Subnets[1].AddInterface("app-1", "") }},
		{"route table", twice, func(v *VPC) { v.AddRouteTable("rt") }},
		{"network ACL", twice, func(v *VPC) { v.AddNetworkACL("acl") }},
		{"instance", twice, func(v *VPC) { v.AddInstance("app") }},
		{"gateway", twice, func(v *VPC) { gateway(v, routing.NATGateway, "nat-1") }},
		{"another kind may have it", fine, func(v *VPC) { v.AddRouteTable("app"); v.AddSecurityGroup("app") }},
	}.run(t)
	netCases{
		{"VPC", twice, func(n *Network) { n.AddVPC("lone", "10.7.0.0/16") }},
		{"prefix list", twice, func(n *Network) { n.AddPrefixList("pl-s3") }},
		{"network gateway", twice, func(n *Network) {
			n.Gateways = append(n.Gateways, &Gateway{ID: "pcx-1", Kind: routing.TransitGateway, Origin: caller()})
		}},
	}.run(t)
}

// TestVPC19_VPCsShareNamesAndAddresses: everything is looked up by VPC.
func TestVPC19_VPCsShareNamesAndAddresses(t *testing.T) {
	netCases{{"a twin of main", fine, func(n *Network) {
		twin := sample().VPCs[0]
		twin.ID, twin.InternetGateway.ID = "twin", "igw-twin"
		n.VPCs = append(n.VPCs, twin)
	}}}.run(t)
}

func TestValidateExpectations(t *testing.T) {
	claim := func(source, service, want string) func(*Network) {
		return func(n *Network) {
			n.Expect = []Expectation{{Source: source, Destination: "db-1", Service: service, Want: want, Origin: caller()}}
		}
	}
	netCases{
		{"reachable", fine, claim("app-1", "tcp/5432", "reachable")},
		{"blocked", fine, claim("app-1", "all", "blocked")},
		{"unknown", fine, claim("app-1", "", "unknown")},
		{"no source", bad(CodeMissing, "ERR-4"), claim("", "tcp/22", "blocked")},
		{"nothing expected", bad(CodeMissing, "ERR-4"), claim("app-1", "tcp/22", "")},
		{"misspelt", bad(CodeInvalidValue, "ERR-5"), claim("app-1", "tcp/22", "reachible")},
		{"no such service", bad(CodeInvalidValue, "ERR-5"), claim("app-1", "tcp/99999", "blocked")},
	}.run(t)
}

// TestErrorsListsAll: Validate reports every mistake, and errors.Is and
// errors.As look into the list.
func TestErrorsListsAll(t *testing.T) {
	n := sample()
	n.VPCs[0].AddSubnet("out", "10.5.0.0/24")
	n.VPCs[0].AddSubnet("over", "10.0.1.0/25")
	err := n.Validate()
	var es Errors
	if !errors.As(err, &es) || len(es) != 2 {
		t.Fatalf("got %v, want two errors", err)
	}
	for _, code := range []string{CodeSubnetRange, CodeSubnetConflict} {
		if !errors.Is(err, &Error{Code: code}) {
			t.Errorf("errors.Is does not find %s in\n%v", code, err)
		}
	}
	if errors.Is(err, &Error{Code: CodeVPCRange}) {
		t.Error("errors.Is finds a code that is not there")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 2 || lines[1] != es[1].Error() {
		t.Errorf("got %q, want a line for each error", lines)
	}
	if es[0].Element != n.VPCs[0].Subnets[2] {
		t.Errorf("element is %v, want the subnet", es[0].Element)
	}
}

// TestUnknownIsNotJudged: a loader may mark what a mistake is about as unknown,
// and the rest of the network is then valid.
func TestUnknownIsNotJudged(t *testing.T) {
	n := sample()
	v := n.VPCs[0]
	v.rt().AddRoute("10.0.1.0/25", "nat-gone")
	v.web().AllowIn("tcp/443", "0.0.0.0/0").AllowIn("tcp/1", "gone")
	v.acl().AllowIn(100, "tcp", "10.0.0.0/8")
	v.Subnets[1].AddInterface("again", "10.0.1.10", "gone").AttachTo("gone")
	var es Errors
	if errors.As(n.Validate(), &es); len(es) != 6 {
		t.Fatalf("got %d errors, want 6:\n%v", len(es), es)
	}
	for _, e := range es {
		switch x := e.Element.(type) {
		case *routing.Route:
			x.Unknown = e.Message
		case *firewall.Rule:
			x.Unknown = e.Message
		case *firewall.Entry:
			x.Unknown = e.Message
		case *Interface:
			x.Unknown = e.Message
		}
	}
	if err := n.Validate(); err != nil {
		t.Errorf("still refused:\n%v", err)
	}
}

// TestValidateIsFast catches quadratic scans.
func TestValidateIsFast(t *testing.T) {
	if testing.Short() {
		t.Skip("times")
	}
	n := big(100_000)
	if err := n.Assign(); err != nil {
		t.Fatal(err)
	}
	const limit = 3e9 // a quadratic scan takes minutes; the race detector slows by ten
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if err := n.Validate(); err != nil {
				b.Fatal(err)
			}
		}
	})
	if r.NsPerOp() > limit {
		t.Errorf("validating 100,000 interfaces took %v", r)
	}
}

// big is a VPC with /20 subnets full of interfaces, each of an instance.
func big(interfaces int) *Network {
	n := new(Network)
	v := n.AddVPC("big", "10.0.0.0/16", "10.1.0.0/16")
	v.AddSecurityGroup("g").AllowIn("all", "g")
	for k := 0; len(v.Instances) < interfaces; k++ {
		s := v.AddSubnet(fmt.Sprint("s", k), fmt.Sprintf("10.%d.%d.0/20", k/16, k%16*16))
		for j := 0; j < 4000 && len(v.Instances) < interfaces; j++ {
			id := fmt.Sprintf("i-%d-%d", k, j)
			v.Instances = append(v.Instances, &Instance{ID: id, Name: id})
			s.Interfaces = append(s.Interfaces, &Interface{ID: "eni" + id, Name: id, Instance: id, Groups: []string{"g"}})
		}
	}
	return n
}

func BenchmarkValidate(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("interfaces=%d", size), func(b *testing.B) {
			n := big(size)
			if err := n.Assign(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := n.Validate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
