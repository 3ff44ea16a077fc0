package vpc

import (
	"errors"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

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
		{"a blank source", bad(CodeMissing, "ERR-4"), claim(" ", "tcp/22", "blocked")},
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

// TestERR2_OneMistakePerLine: a line that is wrong by itself is not also reported
// as the double of another.
func TestERR2_OneMistakePerLine(t *testing.T) {
	n := sample()
	v := n.VPCs[0]
	for range 2 {
		v.acl().AllowIn(0, "all", "10.0.0.0/8")
		v.web().AllowIn("all", "gone")
		v.rt().AddRoute("192.0.2.0/24", "gone")
	}
	if es, _ := n.Validate().(Errors); len(es) != 6 {
		t.Errorf("got %d errors, want 6:\n%v", len(es), es)
	}
}
