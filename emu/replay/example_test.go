package replay_test

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// A capture of a client and a server, here that of a trace, sent through a network in
// which they are app-1 and db-1.
func Example() {
	file := captured()
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	prod.AddSecurityGroup("app").AllowAllOut()
	prod.AddSecurityGroup("db").AllowIn("tcp/5433", "app").Origin = "net.yaml:7"
	prod.AddSubnet("apps", "10.0.1.0/24").AddInterface("app-1", "10.0.1.10", "app")
	prod.AddSubnet("data", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")

	r, err := replay.New(&n, replay.Options{Map: map[netip.Addr]string{
		netip.MustParseAddr("192.168.1.10"): "app-1",
		netip.MustParseAddr("192.168.1.20"): "db-1",
	}})
	if err != nil {
		panic(err)
	}
	in, err := capture.NewReader(file)
	if err != nil {
		panic(err)
	}
	for {
		p, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		r.Send(&p)
	}
	report := r.Report()
	fmt.Printf("%s: %d passed, %d dropped, %d withheld\n", report.Verdict(), report.Passed, report.Dropped, report.Withheld)
	for _, f := range report.Flows {
		fmt.Println(f.Client, "to", f.Server, f.Sent)
		for _, l := range f.Lost {
			fmt.Println(l.Step, l.Step.Origin)
		}
	}
	// Output:
	// dropped: 0 passed, 1 dropped, 1 withheld
	// app-1 to db-1 tcp 10.0.1.10:49152 > 10.0.2.20:5432
	// eni db-1, sg ingress: no rule of db matches tcp/5432 from 10.0.1.10 net.yaml:7
}

// captured is a handshake between 192.168.1.10 and 192.168.1.20, as the server sees it.
func captured() io.Reader {
	var n vpc.Network
	home := n.AddVPC("home", "192.168.1.0/24")
	home.AddSecurityGroup("all").AllowIn("all", "0.0.0.0/0").AllowAllOut()
	lan := home.AddSubnet("lan", "192.168.1.0/24")
	lan.AddInterface("laptop", "192.168.1.10", "all")
	lan.AddInterface("server", "192.168.1.20", "all")
	e, err := emu.New(&n, emu.Options{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	if err != nil {
		panic(err)
	}
	t, err := e.Trace(emu.Query{Source: "laptop", Destination: "server", Service: firewall.MustParseService("tcp/5432")})
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	w := capture.NewWriter(&out, capture.Filter{Interfaces: []string{"server"}})
	w.Trace(t)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return &out
}
