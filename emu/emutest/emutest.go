// Package emutest makes claims about networks in tests, in one line each:
//
//	e := emutest.New(t, &network)
//	e.Reachable("app-1", "db-1", "tcp/5432")
//	e.Blocked("app-1", "db-1", "tcp/22")
//
// A claim that does not hold fails the test and prints the trace: every stage,
// both ways, and everything that stands in the way.
package emutest

import (
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// Emulator is an emulator whose mistakes fail a test.
type Emulator struct {
	*emu.Emulator
	t testing.TB
	// Clock is the emulator's clock; it moves only when told to.
	Clock *emu.Clock
}

// New compiles a network, on a clock that stands still. A network that AWS would
// refuse ends the test.
func New(t testing.TB, n *vpc.Network) *Emulator {
	t.Helper()
	clock := new(emu.Clock)
	e, err := emu.New(n, emu.Options{Now: clock.Now})
	if err != nil {
		t.Fatalf("network: %v", err)
	}
	return &Emulator{Emulator: e, t: t, Clock: clock}
}

// Reachable claims that a request from src arrives at dst and that the reply
// comes back. The ends and the service are written as for [emu.Query].
func (e *Emulator) Reachable(src, dst, service string) {
	e.t.Helper()
	e.claim(emu.Reachable, src, dst, service)
}

// Blocked claims that something drops the request or its reply.
func (e *Emulator) Blocked(src, dst, service string) {
	e.t.Helper()
	e.claim(emu.Blocked, src, dst, service)
}

// BlockedBy claims that these reasons, and no others, stand in the way, like
// "SG_INGRESS".
func (e *Emulator) BlockedBy(src, dst, service string, reasons ...string) {
	e.t.Helper()
	trace := e.claim(emu.Blocked, src, dst, service)
	if trace == nil {
		return
	}
	var got []string
	for _, b := range trace.Blockers {
		got = append(got, b.Reason)
	}
	if strings.Join(got, " ") != strings.Join(reasons, " ") {
		e.t.Errorf("%s → %s %s is blocked by %v, not by %v\n%s", src, dst, service, got, reasons, trace)
	}
}

// Unknown claims that the description does not say enough to tell.
func (e *Emulator) Unknown(src, dst, service string) {
	e.t.Helper()
	e.claim(emu.Uncertain, src, dst, service)
}

func (e *Emulator) claim(want emu.Answer, src, dst, service string) *emu.Trace {
	e.t.Helper()
	svc, err := firewall.ParseService(service)
	if err != nil {
		e.t.Errorf("%v", err)
		return nil
	}
	trace, err := e.Trace(emu.Query{Source: src, Destination: dst, Service: svc})
	if err != nil {
		e.t.Errorf("%v", err)
		return nil
	}
	if trace.Verdict != want {
		e.t.Errorf("%s → %s %s is %s, not %s\n%s", src, dst, service, trace.Verdict, want, trace)
		return nil
	}
	return trace
}

// Update changes the network; the next packet sees the change. A change that AWS
// would refuse ends the test.
func (e *Emulator) Update(edit func(*vpc.Network)) {
	e.t.Helper()
	err := e.Emulator.Update(func(n *vpc.Network) error { edit(n); return nil })
	if err != nil {
		e.t.Fatalf("%v", err)
	}
}

// Port is the port of an interface; an unknown name ends the test.
func (e *Emulator) Port(name string) *emu.Port {
	e.t.Helper()
	p, err := e.Emulator.Port(name)
	if err != nil {
		e.t.Fatalf("%v", err)
	}
	return p
}
