package emutest_test

import (
	"testing"

	"github.com/vpcemu/vpcemu/emu/emutest"
	"github.com/vpcemu/vpcemu/vpc"
)

func TestOnlyAppReachesDatabase(t *testing.T) {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	prod.AddSubnet("apps", "10.0.1.0/24").AddInterface("app-1", "10.0.1.10", "app")
	prod.AddSubnet("data", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")
	prod.AddSecurityGroup("app").AllowOut("all", "0.0.0.0/0")
	prod.AddSecurityGroup("db").AllowIn("tcp/5432", "app")

	e := emutest.New(t, &n)
	e.Reachable("app-1", "db-1", "tcp/5432")
	e.Blocked("app-1", "db-1", "tcp/22")
	e.Update(func(n *vpc.Network) { n.SecurityGroup("db").AllowIn("tcp/22", "app") })
	e.Reachable("app-1", "db-1", "tcp/22")
}
