package main

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// xdp injects by a test run with live frames: the kernel calls our program for each packet, which writes the next one into the frame and
// lets it pass into the network. No driver, no queue and no call per packet is in the way. At the way out a program counts and drops.
// It needs Linux 6.6.
type xdp struct {
	ns      *namespace
	links   []link.Link
	state   *ebpf.Map // the number of the next packet, and how many have arrived
	packets *ebpf.Map
	program *ebpf.Program
	length  int // of a packet
}

// Offsets in the value of the state map.
const (
	nextAt    = 0
	arrivedAt = 8
	stateSize = 16
)

// Verdicts.
const (
	xdpDrop = 1
	xdpPass = 2
	tcxDrop = 2
)

func newXDP(ns *namespace) (injector, error) {
	x := &xdp{ns: ns}
	if err := x.setUp(); err != nil {
		return nil, errors.Join(fmt.Errorf("XDP: %w", err), x.Close())
	}
	return x, nil
}

func (x *xdp) how() string { return "XDP test run" }

func (x *xdp) setUp() (err error) {
	if x.state, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: stateSize, MaxEntries: 1}); err != nil {
		return err
	}
	count, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "GPL", Instructions: asm.Instructions{
		asm.LoadMapValue(asm.R1, x.state.FD(), arrivedAt),
		asm.Mov.Imm(asm.R2, 1),
		asm.StoreXAdd(asm.R1, asm.R2, asm.DWord),
		asm.Mov.Imm(asm.R0, tcxDrop),
		asm.Return(),
	}})
	if err != nil {
		return err
	}
	defer count.Close()
	// A veth can be the origin of a test run's packets only while a program is attached to it.
	pass, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, xdpPass), asm.Return()}})
	if err != nil {
		return err
	}
	defer pass.Close()
	atIn, err := link.AttachXDP(link.XDPOptions{Program: pass, Interface: x.ns.in.Attrs().Index, Flags: link.XDPDriverMode})
	if err != nil {
		return err
	}
	x.links = append(x.links, atIn)
	atOut, err := link.AttachTCX(link.TCXOptions{Program: count, Interface: x.ns.out.Attrs().Index, Attach: ebpf.AttachTCXEgress})
	if err != nil {
		return err
	}
	x.links = append(x.links, atOut)
	return nil
}

func (x *xdp) load(packets [][]byte) (err error) {
	x.unload()
	x.length = len(packets[0])
	if x.packets, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: dataLen, MaxEntries: uint32(len(packets))}); err != nil {
		return err
	}
	keys, values := make([]uint32, len(packets)), make([][dataLen]byte, len(packets))
	for i, p := range packets {
		keys[i] = uint32(i)
		copy(values[i][:], p)
	}
	if _, err := x.packets.BatchUpdate(keys, values, nil); err != nil {
		return err
	}
	if err := x.state.Put(uint32(0), make([]byte, stateSize)); err != nil {
		return err
	}
	x.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: x.inject(len(packets))})
	return err
}

// inject is the program that fills frames. It writes all of a frame, as the kernel uses frames anew without cleaning them.
func (x *xdp) inject(n int) asm.Instructions {
	code := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		// R8 = next; next = (next + 1) % n
		asm.LoadMapValue(asm.R7, x.state.FD(), nextAt),
		asm.LoadMem(asm.R8, asm.R7, 0, asm.Word),
		asm.Mov.Reg(asm.R9, asm.R8),
		asm.Add.Imm(asm.R9, 1),
		asm.JLT.Imm(asm.R9, int32(n), "store"),
		asm.Mov.Imm(asm.R9, 0),
		asm.StoreMem(asm.R7, 0, asm.R9, asm.Word).WithSymbol("store"),
		// R0 = &packets[R8]
		asm.StoreMem(asm.RFP, -4, asm.R8, asm.Word),
		asm.LoadMapPtr(asm.R1, x.packets.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "drop"),
		// R2 = the frame
		asm.LoadMem(asm.R2, asm.R6, 0, asm.Word),
		asm.LoadMem(asm.R3, asm.R6, 4, asm.Word),
		asm.Mov.Reg(asm.R4, asm.R2),
		asm.Add.Imm(asm.R4, int32(ethernetLen+x.length)),
		asm.JGT.Reg(asm.R4, asm.R3, "drop"),
	}
	for i, b := range ethernetHeader() {
		code = append(code, asm.StoreImm(asm.R2, int16(i), int64(b), asm.Byte))
	}
	for at := 0; at < x.length; at += 8 {
		code = append(code, asm.LoadMem(asm.R4, asm.R0, int16(at), asm.DWord), asm.StoreMem(asm.R2, int16(ethernetLen+at), asm.R4, asm.DWord))
	}
	return append(code,
		asm.Mov.Imm(asm.R0, xdpPass),
		asm.Return(),
		asm.Mov.Imm(asm.R0, xdpDrop).WithSymbol("drop"),
		asm.Return(),
	)
}

const ethernetLen = 14

// ethernetHeader is that of a packet for the router.
func ethernetHeader() []byte {
	h := append(append([]byte{}, macIn...), macHosts...)
	return append(h, 0x08, 0x00)
}

// origin is the kernel's struct xdp_md.
type origin struct{ Data, DataEnd, DataMeta, IngressIfindex, RxQueueIndex, EgressIfindex uint32 }

func (x *xdp) send(n int) (arrived int, err error) {
	before, err := x.arrived()
	if err != nil {
		return 0, err
	}
	frame := make([]byte, ethernetLen+x.length)
	_, err = x.program.Run(&ebpf.RunOptions{
		Data: frame, Repeat: uint32(n), Flags: unix.BPF_F_TEST_XDP_LIVE_FRAMES, BatchSize: batchSize,
		Context: origin{DataEnd: uint32(len(frame)), IngressIfindex: uint32(x.ns.in.Attrs().Index)},
	})
	if err != nil {
		return 0, err
	}
	after, err := x.arrived()
	return int(after - before), err
}

func (x *xdp) arrived() (uint64, error) {
	var v [stateSize / 8]uint64
	err := x.state.Lookup(uint32(0), &v)
	return v[arrivedAt/8], err
}

func (x *xdp) unload() {
	if x.packets != nil {
		x.packets.Close()
	}
	if x.program != nil {
		x.program.Close()
	}
}

func (x *xdp) Close() error {
	x.unload()
	for _, l := range x.links {
		l.Close()
	}
	if x.state != nil {
		return x.state.Close()
	}
	return nil
}
