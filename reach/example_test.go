package reach_test

import (
	"encoding/json"
	"fmt"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// shop is a network with an app that may ask its database.
func shop() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("shop", "10.0.0.0/16")
	v.AddSubnet("app", "10.0.1.0/24").AddInterface("app-1", "10.0.1.10", "app")
	v.AddSubnet("db", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")
	v.AddSecurityGroup("app").AllowOut("all", "0.0.0.0/0")
	v.AddSecurityGroup("db").AllowIn("tcp/5432", "app")
	return &n
}

// The app reaches the database on its port, and nothing else.
func ExampleBetween() {
	answer, err := reach.Between(shop(), "app-1", "db-1")
	fmt.Println(answer, err)
	// Output:
	// reachable
	//   tcp/5432
	// blocked
	//   all but tcp/5432
	//     SG-IN db-1: no rule of db matches tcp/443 from 10.0.1.10
	//  <nil>
}

// Which rules and routes open the database, and one packet on its way.
func ExamplePart_Explain() {
	answer, _ := reach.Between(shop(), "app-1", "db-1")
	why, _ := answer.Parts[0].Explain()
	for _, rule := range why.Passed {
		fmt.Println(rule)
	}
	fmt.Println(why.Witness.Verdict, why.Witness.Sent())
	// Output:
	// SG-OUT app-1: app rule 1: all to 0.0.0.0/0
	// NACL-OUT default: rule 100: allow all
	// RT main: 10.0.0.0/16 → local
	// NACL-IN default: rule 100: allow all
	// SG-IN db-1: db rule 1: tcp/5432 from app
	// reply: NACL-OUT default: rule 100: allow all
	// reply: RT main: 10.0.0.0/16 → local
	// reply: NACL-IN default: rule 100: allow all
	// reachable tcp 10.0.1.10:49152 > 10.0.2.20:5432
}

// Many questions about one network share what was found out about it.
func ExampleNetwork_Between() {
	n, _ := reach.New(shop())
	for _, pair := range [...][2]string{{"app-1", "db-1"}, {"db-1", "app-1"}} {
		answer, _ := n.Between(pair[0], pair[1])
		fmt.Println(pair, answer.Traffic(emu.Reachable, false))
	}
	// Output:
	// [app-1 db-1] [tcp/5432]
	// [db-1 app-1] []
}

// JSON says the same as the words.
func ExampleTraffic_MarshalJSON() {
	answer, _ := reach.Between(shop(), "app-1", "db-1")
	b, _ := json.Marshal(answer.Traffic(emu.Reachable, false))
	fmt.Println(string(b))
	// Output:
	// [{"services":["tcp/5432"]}]
}
