package emu_test

import (
	"fmt"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// shop is a network of two interfaces: app-1 may ask db-1 on tcp/5432.
func shop() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddSubnet("apps", "10.0.1.0/24").AddInterface("app-1", "10.0.1.10", "app")
	v.AddSubnet("data", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")
	v.AddSecurityGroup("app").AllowOut("all", "0.0.0.0/0")
	v.AddSecurityGroup("db").AllowIn("tcp/5432", "app")
	return &n
}

// Ask whether traffic gets through, and everything that stands in the way.
func ExampleEmulator_Trace() {
	e, err := emu.New(shop(), emu.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, service := range []string{"tcp/5432", "tcp/22"} {
		t, err := e.Trace(emu.Query{Source: "app-1", Destination: "db-1", Service: firewall.MustParseService(service)})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(service, t.Verdict)
		for _, b := range t.Blockers {
			fmt.Println(" ", b.Reason, "at", b.Component+":", b.Detail)
		}
	}
	// Output:
	// tcp/5432 reachable
	// tcp/22 blocked
	//   SG_INGRESS at db-1: no rule of db matches tcp/22 from 10.0.1.10
}

// Send real packets and see what arrives.
func ExamplePort() {
	e, err := emu.New(shop(), emu.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	app, _ := e.Port("app-1")
	db, _ := e.Port("db-1")
	db.Receive(func(b []byte) {
		var p packet.Packet
		if p.Parse(b) == nil {
			fmt.Println("db-1 got", p.Flow)
		}
	})
	syn := packet.Spec{Flow: packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:5432"), Flags: packet.SYN}
	fmt.Println(app.Send(syn.Bytes()).Fate)

	syn.Flow.DstPort = 22
	r := app.Send(syn.Bytes())
	fmt.Println(r.Fate, r.Reason)
	// Output:
	// db-1 got tcp 10.0.1.10:40000 > 10.0.2.20:5432
	// delivered
	// dropped SG_INGRESS
}

// Change the network while packets flow; the next packet sees the change.
func ExampleEmulator_Update() {
	e, err := emu.New(shop(), emu.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ssh := emu.Query{Source: "app-1", Destination: "db-1", Service: firewall.MustParseService("tcp/22")}
	before, _ := e.Trace(ssh)

	err = e.Update(func(n *vpc.Network) error {
		n.SecurityGroup("db").AllowIn("tcp/22", "app")
		return nil
	})
	after, _ := e.Trace(ssh)
	fmt.Println(before.Verdict, after.Verdict, err)
	// Output: blocked reachable <nil>
}
