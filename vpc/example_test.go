package vpc_test

import (
	"errors"
	"fmt"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// A network with a public web server and a database that only the web server
// reaches.
func Example() {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	prod.AddInternetGateway("igw-prod")
	prod.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")

	prod.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowAllOut()
	prod.AddSecurityGroup("db").AllowIn("tcp/5432", "web")

	prod.AddSubnet("front", "10.0.1.0/24").InZone("a").UseRouteTable("public").
		AddInterface("web-1", "", "web").AddPublicIP("")
	prod.AddSubnet("back", "10.0.2.0/24").InZone("a").
		AddInterface("db-1", "10.0.2.20", "db")

	if err := n.Validate(); err != nil {
		fmt.Println(err)
	}
	if err := n.Assign(); err != nil {
		fmt.Println(err)
	}
	web := n.Interface("web-1").Addresses[0]
	fmt.Println("web-1 is", web.IP, "and", web.Public)
	// Output:
	// web-1 is 10.0.1.4 and 198.51.100.1
}

// Mistakes carry the code that AWS would answer, the rule that is broken and the
// line that made them.
func ExampleNetwork_Validate() {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	prod.AddSubnet("a", "10.0.1.0/24")
	prod.AddSubnet("b", "10.0.1.128/25")
	prod.AddSubnet("c", "10.9.0.0/24").UseNetworkACL("strict")

	err := n.Validate()
	fmt.Println(errors.Is(err, &vpc.Error{Code: vpc.CodeSubnetConflict}))

	var all vpc.Errors
	if errors.As(err, &all) {
		for _, e := range all {
			fmt.Printf("%s: %s\n\t%s\n", e.Resource, e.Code, e.Message)
		}
	}
	// Output:
	// true
	// subnet c: InvalidNetworkAclID.NotFound
	// 	its network ACL strict does not exist (ERR-36)
	// subnet b: InvalidSubnet.Conflict
	// 	10.0.1.128/25 overlaps 10.0.1.0/24 of subnet a (SUB-2)
}

// Every element remembers where it was written.
func ExampleError() {
	var n vpc.Network
	n.AddVPC("small", "10.0.0.0/29")
	fmt.Println(n.Validate())
	// Output:
	// example_test.go:68: VPC small: 10.0.0.0/29 is not between /16 and /28 (VPC-1) (InvalidVpc.Range)
}

// Quotas are checked apart from Validate: AWS raises most of them on request.
func ExampleNetwork_CheckLimits() {
	var n vpc.Network
	g := n.AddVPC("prod", "10.0.0.0/16").AddSecurityGroup("web")
	for port := range 61 {
		g.AllowIn(fmt.Sprintf("tcp/%d", 8000+port), "10.0.0.0/8")
	}
	limits := vpc.DefaultLimits()
	fmt.Println(errors.Is(n.CheckLimits(limits), &vpc.Error{Code: vpc.CodeRuleLimit}))
	limits.GroupRules = 100
	fmt.Println(n.CheckLimits(limits))
	// Output:
	// true
	// <nil>
}

// A loader marks what it cannot accept as unknown, instead of leaving it out.
func ExampleErrors() {
	var n vpc.Network
	table := n.AddVPC("prod", "10.0.0.0/16").AddRouteTable("rt").AddRoute("0.0.0.0/0", "nat-gone")

	var mistakes vpc.Errors
	errors.As(n.Validate(), &mistakes)
	for _, m := range mistakes {
		if r, ok := m.Element.(*routing.Route); ok {
			r.Unknown = m.Message
		}
	}
	fmt.Println(n.Validate())
	fmt.Println(table.Routes[0].Unknown)
	// Output:
	// <nil>
	// the target nat-gone of the route to 0.0.0.0/0 does not exist (ERR-27)
}

// The target of a route may be a name: the VPC knows what it means.
func ExampleIndex_Target() {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInstance("firewall")
	v.AddSubnet("a", "10.0.1.0/24").AddInterface("eni-fw", "").AttachTo("firewall")

	named, _ := vpc.ParseTarget("firewall")
	target, ok := n.Index().Target(v, named)
	fmt.Println(target.Kind, target.ID, ok)
	// Output:
	// eni eni-fw true
}
