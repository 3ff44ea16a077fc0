package vpc

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// TestBuilderKeepsMistakes: a chain of calls goes on after a mistake, and
// Validate reports it with the line that made it.
func TestBuilderKeepsMistakes(t *testing.T) {
	netCases{
		{"range of a VPC", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.AddVPC("v", "10.0.0.0/33") }},
		{"range of a subnet", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.VPCs[0].AddSubnet("s", "10.0.3/24") }},
		{"entry of a prefix list", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.AddPrefixList("pl-x", "ten") }},
		{"address", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.VPCs[0].Subnets[0].AddInterface("i", "10.0.1.256") }},
		{"public address", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.VPCs[0].app().AddPublicIP("public") }},
		{"service of a group", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.VPCs[0].web().AllowIn("tpc/443", "10.0.0.0/8") }},
		{"service of an ACL", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.VPCs[0].acl().DenyOut(1, "tcp/443-", "10.0.0.0/8") }},
		{"destination", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { n.VPCs[0].rt().AddRoute("default", "igw") }},
		{"no such group", bad(CodeGroupNotFound, "ERR-31"), func(n *Network) { n.SecurityGroup("gone").AllowIn("all", "10.0.0.0/8") }},
		{"no such subnet", bad(CodeSubnetNotFound, "ERR-9"), func(n *Network) { n.Subnet("gone").InZone("a") }},
		{"no such route table", bad(CodeRouteTableNotFound, "ERR-17"), func(n *Network) { n.RouteTable("gone").AddRoute("0.0.0.0/0", "igw") }},
		{"no such ACL", bad(CodeNetworkACLNotFound, "ERR-36"), func(n *Network) { n.NetworkACL("gone").AllowIn(1, "all", "0.0.0.0/0") }},
		{"no such interface", bad(CodeInterfaceNotFound, "ERR-38"), func(n *Network) { n.Interface("gone").AttachTo("x") }},
		{"no such instance", bad(CodeInstanceNotFound, "ERR-40"), func(n *Network) { n.Instance("gone").State = Stopped }},
		{"an error of another kind", bad(CodeInvalidValue, ")"), func(n *Network) { n.VPCs[0].fail(errors.New("odd (NEW)")) }},
	}.run(t)
}

func TestBuilderMistakesKnowTheirElement(t *testing.T) {
	n := sample()
	g := n.VPCs[0].web().AllowIn("tpc", "10.0.0.0/8").AllowIn("udp/1", "10.0.0.0/8")
	var e *Error
	if !errors.As(n.Validate(), &e) || e.Element != g {
		t.Errorf("got %v, want an error about the group", e)
	}
	if len(g.Ingress) != 3 {
		t.Errorf("the chain stopped: %v", g.Ingress)
	}
	if e = g.errs[0].(*Error); e.Element != nil {
		t.Error("Validate changed the description")
	}
}

func TestSG54_RemoveRule(t *testing.T) {
	gone := bad(CodeRuleNotFound, "SG-54")
	cases{
		{"inbound", fine, func(v *VPC) { v.web().RemoveIn("tcp/443", "0.0.0.0/0") }},
		{"inbound, again", gone, func(v *VPC) { v.web().RemoveIn("tcp/443", "0.0.0.0/0").RemoveIn("tcp/443", "0.0.0.0/0") }},
		{"another port", gone, func(v *VPC) { v.web().RemoveIn("tcp/444", "0.0.0.0/0") }},
		{"another peer", gone, func(v *VPC) { v.web().RemoveIn("tcp/443", "::/0") }},
		{"outbound", fine, func(v *VPC) { v.web().RemoveOut("all", "::/0") }},
		{"for all, with ports that it ignores", fine, func(v *VPC) {
			v.web().Egress[0].Service = firewall.Service{Protocol: firewall.AllProtocols, To: 65535}
			v.web().RemoveOut("all", v.web().Egress[0].Peer.String())
		}},
		{"outbound rule inbound", gone, func(v *VPC) { v.web().RemoveIn("all", "::/0") }},
	}.run(t)
	g := new(SecurityGroup).AllowIn("tcp/1", "a").AllowIn("tcp/2", "a").AllowIn("tcp/3", "a").RemoveIn("tcp/2", "a")
	if got := fmt.Sprint(services(g.Ingress)); got != "[tcp/1 tcp/3]" {
		t.Errorf("left %s", got)
	}
	g = new(SecurityGroup).AllowAllOut().RemoveOut("all", "0.0.0.0/0")
	if len(g.Egress) != 1 || g.Egress[0].Peer.Prefix != cidr("::/0") {
		t.Errorf("left %v", g.Egress)
	}
}

func services(rules []firewall.Rule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, r.Service.String())
	}
	return out
}

func TestRT28_RemoveRoute(t *testing.T) {
	gone := bad(CodeRouteNotFound, "RT-28")
	routes := func(v *VPC) *RouteTable { return v.rt().AddRoute("0.0.0.0/0", "igw").AddRoute("pl-s3", "vpce-s3") }
	cases{
		{"CIDR", fine, func(v *VPC) { routes(v).RemoveRoute("0.0.0.0/0") }},
		{"CIDR, again", gone, func(v *VPC) { routes(v).RemoveRoute("0.0.0.0/0").RemoveRoute("0.0.0.0/0") }},
		{"prefix list", fine, func(v *VPC) { routes(v).RemoveRoute("pl-s3") }},
		{"another", gone, func(v *VPC) { routes(v).RemoveRoute("0.0.0.0/1") }},
		{"nonsense", gone, func(v *VPC) { routes(v).RemoveRoute("default") }},
	}.run(t)
	for _, c := range []struct{ remove, left string }{
		{"0.0.0.0/0", "[pl-s3 → vpce-s3]"}, {"pl-s3", "[0.0.0.0/0 → igw]"}, {"1.2.3.4/0", "[pl-s3 → vpce-s3]"},
	} {
		if got := fmt.Sprint(routes(sample().VPCs[0]).RemoveRoute(c.remove).Routes); got != c.left {
			t.Errorf("without %s: got %s, want %s", c.remove, got, c.left)
		}
	}
}

func TestParseTarget(t *testing.T) {
	for _, c := range []struct {
		text string
		want routing.Target
		hole bool
	}{
		{"local", routing.Target{Kind: routing.Local}, false},
		{"igw", routing.Target{Kind: routing.InternetGateway}, false},
		{"blackhole", routing.Target{}, true},
		{"igw-1", routing.Target{Kind: routing.InternetGateway, ID: "igw-1"}, false},
		{"eigw-1", routing.Target{Kind: routing.EgressOnlyGateway, ID: "eigw-1"}, false},
		{"i-1", routing.Target{Kind: routing.Instance, ID: "i-1"}, false},
		{"web-1", routing.Target{Kind: routing.UnknownTarget, ID: "web-1"}, false},
	} {
		if got, hole := ParseTarget(c.text); got != c.want || hole != c.hole {
			t.Errorf("%s: got %v %q (%v)", c.text, got.Kind, got.ID, hole)
		}
	}
}

func TestParsePeer(t *testing.T) {
	for text, want := range map[string]firewall.Peer{
		"10.0.0.9/8":   {Prefix: cidr("10.0.0.0/8")},
		"10.0.0.9":     {Prefix: cidr("10.0.0.9/32")},
		"2001:db8::1":  {Prefix: cidr("2001:db8::1/128")},
		"pl-1":         {PrefixList: "pl-1"},
		"web":          {Group: "web"},
		"10.0.0.0/33x": {Group: "10.0.0.0/33x"},
	} {
		if got := ParsePeer(text); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

func TestAddInterfaceCopiesItsGroups(t *testing.T) {
	groups := []string{"web"}
	i := new(Subnet).AddInterface("a", "", groups...)
	groups[0] = "changed"
	if i.Groups[0] != "web" {
		t.Error("the interface shares the caller's slice")
	}
}

// TestOrigin: an element's origin is the line that adds it.
func TestOrigin(t *testing.T) {
	n := sample()
	v := n.VPCs[0]
	for what, origin := range map[string]string{
		"VPC": v.Origin, "subnet": v.Subnets[0].Origin, "interface": v.app().Origin, "table": v.rt().Origin,
		"group": v.web().Origin, "rule": v.web().Egress[1].Origin, "ACL": v.acl().Origin, "entry": v.acl().Ingress[0].Origin,
		"gateway": v.InternetGateway.Origin, "instance": v.Instances[0].Origin, "list": n.PrefixLists[0].Origin,
		"route": v.rt().AddRoute("0.0.0.0/0", "igw").Routes[0].Origin,
	} {
		if !inTest.MatchString(origin) {
			t.Errorf("%s: origin %q", what, origin)
		}
	}
}

// TestLookup: Network finds by ID, by unique name and by "vpc/name".
func TestLookup(t *testing.T) {
	n := sample()
	two := n.VPCs[2].AddSecurityGroup("web") // main has one too
	two.Name = "front"
	n.VPCs[2].AddSecurityGroup("x").Name = "twins"
	n.VPCs[2].AddSecurityGroup("y").Name = "twins"
	n.VPCs[2].AddSecurityGroup("twins-id").Name = "web"
	for _, c := range []struct {
		name string
		want *SecurityGroup
	}{
		{"far", n.VPCs[1].SecurityGroups[0]},
		{"front", two},
		{"main/web", n.VPCs[0].web()},
		{"lone/web", two}, // an ID goes before a name
		{"lone/front", two},
		{"web", nil},      // in two VPCs
		{"twins", nil},    // two groups
		{"main/far", nil}, // of another VPC
		{"gone/far", nil},
	} {
		mistakes := len(n.errs)
		got := n.SecurityGroup(c.name)
		if failed := len(n.errs) > mistakes; c.want != nil && got != c.want || failed != (c.want == nil) {
			t.Errorf("%s: got %p, want %p, failed %v", c.name, got, c.want, failed)
		}
	}
	ix := n.Index()
	lone := n.VPCs[2]
	for _, name := range []string{"", "web", "front", "twins", "x", "alone", "gone"} {
		if fast, slow := ix.scopes[lone].groups.get(name), lone.SecurityGroup(name); name != "" && fast != slow {
			t.Errorf("%s: the index finds %v, the search %v", name, fast, slow)
		}
	}
	for what, found := range map[string]bool{
		"interface": n.Interface("db-1") == n.VPCs[0].Subnets[1].Interfaces[0], "subnet": n.Subnet("db") == n.VPCs[0].Subnets[1],
		"table": n.RouteTable("rt") == n.VPCs[0].rt(), "ACL": n.NetworkACL("acl") == n.VPCs[0].acl(),
		"instance": n.Instance("app") == n.VPCs[0].Instances[0], "VPC": n.VPC("peer") == n.VPCs[1],
		"list": n.PrefixList("pl-s3") == n.PrefixLists[0], "gateway": n.VPCs[0].Gateway("nat-1") == n.VPCs[0].Gateways[0],
	} {
		if !found {
			t.Errorf("%s not found", what)
		}
	}
}

// TestCloneIsIndependent fills every field that holds or points to something,
// and changes each in the copy. A field added later is found by reflection.
func TestCloneIsIndependent(t *testing.T) {
	n := sample()
	v := n.VPCs[0]
	v.app().Prefixes = append(v.app().Prefixes, cidr("10.0.1.16/28"))
	v.rt().AddRoute("0.0.0.0/0", "igw").Propagating = []string{"vgw-1"}
	v.Gateways[0].Addresses, v.Gateways[0].VPCs = []Address{{}}, []string{"main"}
	n.Expect = []Expectation{{Source: "a"}}
	for _, p := range []*problems{&n.problems, &v.problems, &v.Subnets[0].problems, &v.app().problems, &v.rt().problems, &v.web().problems, &v.acl().problems} {
		p.fail(errors.New("kept"))
	}
	c := n.Clone()
	if !reflect.DeepEqual(n, c) {
		t.Fatal("the copy differs")
	}
	if shared := sharing(reflect.ValueOf(n), reflect.ValueOf(c), "n"); len(shared) > 0 {
		t.Errorf("shared with the copy:\n%s", strings.Join(shared, "\n"))
	}
	c.VPCs[0].AddSubnet("new", "10.0.3.0/24")
	if len(n.VPCs[0].Subnets) != 2 {
		t.Error("the copy's subnet is in the original")
	}
}

// sharing lists the pointers and slices that two values have in common.
func sharing(a, b reflect.Value, path string) []string {
	var found []string
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() {
			return nil
		}
		if a.Pointer() == b.Pointer() {
			return []string{path}
		}
		return sharing(a.Elem(), b.Elem(), path)
	case reflect.Slice:
		if a.Len() > 0 && a.Pointer() == b.Pointer() {
			return []string{path}
		}
		for k := range a.Len() {
			found = append(found, sharing(a.Index(k), b.Index(k), fmt.Sprintf("%s[%d]", path, k))...)
		}
	case reflect.Struct:
		if a.Type().PkgPath() == "net/netip" {
			return nil
		}
		for k := range a.NumField() {
			found = append(found, sharing(a.Field(k), b.Field(k), path+"."+a.Type().Field(k).Name)...)
		}
	}
	return found
}
