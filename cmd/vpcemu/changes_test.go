package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestChanges: what is different between two networks, in words.
func TestChanges(t *testing.T) {
	b, err := exampleFile("three-tier")
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		edit func(v *vpc.VPC)
		want []string
	}{
		{"nothing", func(*vpc.VPC) {}, nil},
		{"only the place in the file", func(v *vpc.VPC) { v.SecurityGroup("db").Origin = "elsewhere" }, nil},
		{"a rule more", func(v *vpc.VPC) { v.SecurityGroup("db").AllowIn("tcp/22", "app") }, []string{"~ security group db: + ingress tcp/22 from app"}},
		{"another rule", func(v *vpc.VPC) { v.SecurityGroup("db").Ingress[0].Service = firewall.MustParseService("tcp/5433") },
			[]string{"~ security group db: + ingress tcp/5433 from app", "~ security group db: - ingress tcp/5432 from app"}},
		{"an entry less", func(v *vpc.VPC) { v.NetworkACL("db-only").Egress = nil },
			[]string{"~ network acl db-only: - egress 100 allow tcp/1024-65535 to 10.0.2.0/24"}},
		{"a route", func(v *vpc.VPC) {
			r := v.RouteTable("app")
			r.Routes[0].Target = routing.Target{Kind: routing.InternetGateway, ID: v.InternetGateway.ID}
		}, []string{"~ route table app: + 0.0.0.0/0 → igw-prod", "~ route table app: - 0.0.0.0/0 → nat-1"}},
		{"a host more", func(v *vpc.VPC) { v.Subnet("app").AddInterface("app-2", "10.0.2.9", "app") }, []string{"+ interface app-2"}},
		{"a host less", func(v *vpc.VPC) { v.Subnet("app").Interfaces = nil }, []string{"- interface app-1"}},
		{"groups", func(v *vpc.VPC) { v.Subnet("app").Interface("app-1").Groups = []string{"db"} },
			[]string{"~ interface app-1: + db", "~ interface app-1: - app"}},
		{"an address", func(v *vpc.VPC) {
			v.Subnet("app").Interface("app-1").Addresses = []vpc.Address{{IP: v.Subnet("app").CIDRs[0].Addr().Next().Next().Next().Next().Next()}}
		},
			[]string{"~ interface app-1: + 10.0.2.5", "~ interface app-1: - 10.0.2.4"}},
		{"the check", func(v *vpc.VPC) { v.Subnet("app").Interface("app-1").NoSourceDestCheck = true },
			[]string{"~ interface app-1: source_dest_check true → false"}},
		{"a rule, of a group that has a name", func(v *vpc.VPC) {
			v.AddSecurityGroup("sg-1").Name = "batch"
			v.SecurityGroup("db").AllowIn("tcp/22", "sg-1")
		}, []string{"~ security group db: + ingress tcp/22 from batch", "+ security group batch"}},
		{"an interface of an instance that has a name", func(v *vpc.VPC) {
			v.AddInstance("i-1").Name = "batch"
			i := v.Subnet("app").AddInterface("eni-1", "10.0.2.9", "app")
			i.Name, i.Instance = "", "i-1"
		}, []string{"+ interface batch (eni-1)"}},
		{"a table with the name of the one before", func(v *vpc.VPC) {
			v.AddRouteTable("rtb-1").Name = "app"
			v.Subnet("app").UseRouteTable("rtb-1")
		}, []string{"~ subnet app: route_table app → rtb-1", "+ route table app"}},
		{"DNS", func(v *vpc.VPC) { v.DisableDNS = true }, []string{"~ vpc prod: dns true → false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			view := func(edit func(v *vpc.VPC)) *view {
				n, _, err := yaml.Parse("three-tier.yaml", b)
				require.NoError(t, err)
				edit(n.VPCs[0])
				e, err := emu.New(n, emu.Options{})
				require.NoError(t, err)
				return newView("net", e.Network())
			}
			assert.Equal(t, c.want, changes(view(func(*vpc.VPC) {}), view(c.edit)))
		})
	}
}
