package capture_test

import (
	"bytes"
	"fmt"
	"io"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/packet"
)

// shopping is a capture of two packets, one of which no rule allows.
func shopping() *bytes.Buffer {
	var file bytes.Buffer
	w := capture.NewWriter(&file, capture.Filter{})
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
	return &file
}

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

// The packets of a capture: which way each went at which interface, and what is remarked
// about it.
func ExampleReader() {
	r, err := capture.NewReader(shopping())
	if err != nil {
		panic(err)
	}
	ways := [...]string{capture.NoWay: "neither way", capture.Inbound: "in", capture.Outbound: "out"}
	for p, err := r.Next(); err == nil; p, err = r.Next() {
		fmt.Printf("%s, %s: %s\n", p.InterfaceName, ways[p.Way()], p.Comment())
	}
	// Output:
	// app-1, out: delivered to db-1
	// db-1, in: delivered to db-1
	// app-1, out: dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10 (net.yaml:7)
	// db-1 (dropped), neither way: dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10 (net.yaml:7)
}

// gopacket decodes what a Reader reads. The link type of each packet is in its ancillary data.
func ExampleReader_gopacket() {
	r, err := capture.NewReader(shopping())
	if err != nil {
		panic(err)
	}
	for p := range gopacket.NewPacketSource(r, layers.LinkTypeRaw).Packets() {
		raw := p.Metadata().AncillaryData[0] == capture.Raw
		fmt.Println(p.NetworkLayer().NetworkFlow(), p.TransportLayer().TransportFlow(), raw)
	}
	// Output:
	// 10.0.1.10->10.0.2.20 40000->5432 true
	// 10.0.1.10->10.0.2.20 40000->5432 true
	// 10.0.1.10->10.0.2.20 40001->22 true
	// 10.0.1.10->10.0.2.20 40001->22 true
}
