package vpc

import (
	"errors"
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
	ncs := make(netCases, 0, len(cs))
	for _, c := range cs {
		ncs = append(ncs, netCase{c.name, c.want, func(n *Network) { c.change(n.VPCs[0]) }})
	}
	ncs.run(t)
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
