package vpc

import (
	"fmt"
	"testing"

	"github.com/vpcemu/vpcemu/routing"
)

func TestWalk(t *testing.T) {
	n := new(Network)
	n.AddPrefixList("pl-1")
	n.Gateways = []*Gateway{{Kind: routing.TransitGateway, ID: "tgw-1"}}
	for _, name := range []string{"a", "b"} {
		v := n.AddVPC(name, "10.0.0.0/16")
		v.AddInternetGateway("igw")
		v.Gateways = []*Gateway{{Kind: routing.NATGateway, ID: "nat"}}
		v.AddRouteTable("table")
		v.AddNetworkACL("acl")
		v.AddSecurityGroup("sg")
		v.AddInstance("host")
		v.AddSubnet("net", "10.0.1.0/24").AddInterface("eni", "")
	}
	var got []string
	n.Walk(func(e Element) {
		home := ""
		if e.VPC != nil {
			home = e.VPC.ID + "/"
		}
		got = append(got, fmt.Sprintf("%s %s%s", e.Kind, home, *e.ID))
		*e.Name = "new"
	})
	want := []string{"prefix list pl-1", "gateway tgw-1"}
	for _, v := range n.VPCs {
		want = append(want, "VPC "+v.ID)
		for _, e := range []string{"internet gateway %s/igw", "gateway %s/nat", "route table %s/table", "network ACL %s/acl", "security group %s/sg",
			"instance %s/host", "subnet %s/net", "interface %s/eni"} {
			want = append(want, fmt.Sprintf(e, v.ID))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if n.VPCs[1].Subnets[0].Interfaces[0].Name != "new" {
		t.Error("the names are not the elements' own")
	}
}
