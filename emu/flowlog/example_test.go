package flowlog_test

import (
	"fmt"
	"os"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// web is a network of a client and a web server, with a flow log.
func web() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("web").AllowIn("tcp/80", "10.0.0.0/16").AllowOut("tcp", "10.0.0.0/16")
	s := v.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("client", "10.0.1.10", "web")
	s.AddInterface("server", "10.0.1.20", "web")
	v.AddFlowLog("traffic").Format = "${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${packets} ${start} ${action} ${log-status}"
	return &n
}

// Flow logs of a running emulator: its observer collects records, Flush writes the
// lines of the minutes that are over.
func Example() {
	var clock emu.Clock
	logs := flowlog.New(flowlog.Config{Writer: flowlog.To(os.Stdout)})
	e, err := emu.New(web(), emu.Options{Now: clock.Now, Observer: emu.Observer{Flow: logs.Flow}})
	if err != nil {
		panic(err)
	}
	logs.Attach(e)
	client, _ := e.Port("client")
	for _, flow := range []string{"tcp 10.0.1.10:40000 > 10.0.1.20:80", "tcp 10.0.1.10:40001 > 10.0.1.20:22"} {
		client.Send(packet.Spec{Flow: packet.MustParseFlow(flow), Flags: packet.SYN}.Bytes())
	}
	clock.Advance(2 * time.Minute)
	if err := logs.Flush(clock.Now()); err != nil {
		panic(err)
	}
	// Output:
	// client 10.0.1.10 10.0.1.20 80 1 0 ACCEPT OK
	// server 10.0.1.10 10.0.1.20 80 1 0 ACCEPT OK
	// client 10.0.1.10 10.0.1.20 22 1 0 ACCEPT OK
	// server 10.0.1.10 10.0.1.20 22 1 0 REJECT OK
	// client - - - - 60 - NODATA
	// server - - - - 60 - NODATA
}

// The lines that flow logs would have of the packets of one trace.
func ExampleLines() {
	e, err := emu.New(web(), emu.Options{})
	if err != nil {
		panic(err)
	}
	t, err := e.Trace(emu.Query{Source: "client", Destination: "server", Service: firewall.MustParseService("tcp/22")})
	if err != nil {
		panic(err)
	}
	lines, err := flowlog.Lines("${interface-id} ${flow-direction} ${action}", t.Records)
	if err != nil {
		panic(err)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	// Output:
	// client egress ACCEPT
	// server ingress REJECT
}
