package capture_test

import (
	"bytes"
	"fmt"
	"io"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/packet"
)

// What an emulator carries, in a file for Wireshark: here only what a security group did not
// let in, and in memory.
func ExampleWriter() {
	var file bytes.Buffer
	w := capture.NewWriter(&file, capture.Filter{Reasons: []emu.Reason{emu.SGIngress}})
	e, err := emu.New(shop(), emu.Options{Observer: w.Observer()})
	if err != nil {
		panic(err)
	}
	app, _ := e.Port("app-1")
	for _, flow := range []string{"tcp 10.0.1.10:40000 > 10.0.2.20:5432", "tcp 10.0.1.10:40001 > 10.0.2.20:22"} {
		app.Send(packet.Spec{Flow: packet.MustParseFlow(flow), Flags: packet.SYN}.Bytes())
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	r, err := capture.NewReader(&file)
	if err != nil {
		panic(err)
	}
	ways := [...]string{capture.NoWay: "neither in nor out", capture.Inbound: "in", capture.Outbound: "out"}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s, %s: %s\n", p.InterfaceName, ways[p.Way()], p.Comment())
	}
	// Output:
	// app-1, out: dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10 (net.yaml:7)
	// db-1 (dropped), neither in nor out: dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10 (net.yaml:7)
}
