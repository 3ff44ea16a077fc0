package yaml_test

import (
	"fmt"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

const network = `
vpcs:
  prod:
    cidr: 10.0.0.0/16
    internet-gateway: true
    subnets:
      web: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}
    security-groups:
      web: {ingress: [tcp/443 from 0.0.0.0/0]}
    instances:
      web-1: {subnet: web, groups: [web], public-ip: true}
`

func ExampleParse() {
	n, report, err := yaml.Parse("net.yaml", []byte(network))
	if err != nil {
		fmt.Println(err)
		return
	}
	web := n.VPC("prod").SecurityGroup("web")
	fmt.Println(report.Read["instance"], "instance")
	fmt.Println(web.Ingress[0].Service, "from", web.Ingress[0].Peer, "at", web.Ingress[0].Origin)
	// Output:
	// 1 instance
	// tcp/443 from 0.0.0.0/0 at net.yaml:9
}

// Mistakes are reported together, each with its place and what was expected.
func ExampleParse_mistakes() {
	_, _, err := yaml.Parse("net.yaml", []byte(`
vpcs:
  prod:
    cidr: 10.0.0.0/16
    subnet: {}
    security-groups:
      web: {ingress: [tcp/443 to 0.0.0.0/0]}
      app: {ingress: [tcp/8080 from wbe]}
`))
	fmt.Println(err)
	// Output:
	// net.yaml:5:5: unknown key "subnet" in VPC "prod": did you mean "subnets"?
	// net.yaml:7:23: ingress rules say "from", not "to"
	// net.yaml:8:23: no security group "wbe" is defined: did you mean "web"?
}

func ExampleWrite() {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("door")
	v.AddRouteTable("web").AddRoute("0.0.0.0/0", "igw")
	v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowIn("icmp", "web").AllowAllOut()
	v.AddInstance("web-1")
	v.AddSubnet("web", "10.0.1.0/24").UseRouteTable("web").
		AddInterface("web-1", "10.0.1.10", "web").AttachTo("web-1").AddPublicIP("203.0.113.9")
	text, err := yaml.Write(&n)
	fmt.Print(string(text), err)
	// Output:
	// vpcs:
	//   prod:
	//     cidr: 10.0.0.0/16
	//     internet-gateway: door
	//     subnets:
	//       web: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}
	//     security-groups:
	//       web:
	//         ingress:
	//           - tcp/443 from 0.0.0.0/0
	//           - icmp from web
	//         egress:
	//           - all to 0.0.0.0/0
	//           - all to ::/0
	//     instances:
	//       web-1: {subnet: web, groups: [web], ip: 10.0.1.10, public-ip: 203.0.113.9}
	// <nil>
}
