package capture_test

import (
	"bytes"
	"fmt"
	"io"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/packet"
)

// What an emulator carries, in a file for Wireshark: here only what was dropped, and in
// memory.
func ExampleWriter() {
	var file bytes.Buffer
	w := capture.NewWriter(&file, capture.Filter{Views: []capture.View{capture.Dropped}})
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
	for {
		p, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		fmt.Println(p.InterfaceName)
		fmt.Println(p.Comment())
	}
	// Output:
	// db-1 (dropped)
	// dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10 (net.yaml:7)
}
