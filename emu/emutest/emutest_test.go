package emutest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/emutest"
	"github.com/vpcemu/vpcemu/vpc"
)

// told is a test that is told what fails, and goes on.
type told struct {
	testing.TB
	failed, fatal string
}

func (t *told) Errorf(format string, args ...any) { t.failed = fmt.Sprintf(format, args...) }
func (t *told) Fatalf(format string, args ...any) { t.fatal = fmt.Sprintf(format, args...) }

// TestClaims: a claim fails its test if it does not hold, and only then.
func TestClaims(t *testing.T) {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	s := prod.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("app-1", "10.0.1.10", "app")
	s.AddInterface("db-1", "10.0.1.20", "db")
	s.AddInterface("new-1", "10.0.1.30", "new")
	prod.AddSecurityGroup("app").AllowOut("all", "0.0.0.0/0")
	prod.AddSecurityGroup("db").AllowIn("tcp/5432", "app")
	prod.AddSecurityGroup("new").AllowIn("all", "gone").Ingress[0].Unknown = "not understood"
	for _, c := range []struct {
		name  string
		claim func(*emutest.Emulator)
		want  string // how the failure begins
	}{
		{"reachable", func(e *emutest.Emulator) { e.Reachable("app-1", "db-1", "tcp/5432") }, ""},
		{"not reachable", func(e *emutest.Emulator) { e.Reachable("app-1", "db-1", "tcp/22") }, "app-1 → db-1 tcp/22 is blocked, not reachable\n"},
		{"blocked", func(e *emutest.Emulator) { e.Blocked("app-1", "db-1", "tcp/22") }, ""},
		{"not blocked", func(e *emutest.Emulator) { e.Blocked("app-1", "db-1", "tcp/5432") }, "app-1 → db-1 tcp/5432 is reachable, not blocked\n"},
		{"blocked by both", func(e *emutest.Emulator) { e.BlockedBy("db-1", "app-1", "tcp/22", "SG_EGRESS", "SG_INGRESS") }, ""},
		{"not by one alone", func(e *emutest.Emulator) { e.BlockedBy("db-1", "app-1", "tcp/22", "SG_INGRESS") }, "db-1 → app-1 tcp/22 is blocked by [SG_EGRESS SG_INGRESS], not by [SG_INGRESS]\n"},
		{"by nothing", func(e *emutest.Emulator) { e.BlockedBy("app-1", "db-1", "tcp/5432", "SG_INGRESS") }, "app-1 → db-1 tcp/5432 is reachable, not blocked\n"},
		{"unknown", func(e *emutest.Emulator) { e.Unknown("app-1", "new-1", "tcp/22") }, ""},
		{"not unknown", func(e *emutest.Emulator) { e.Unknown("app-1", "db-1", "tcp/22") }, "app-1 → db-1 tcp/22 is blocked, not unknown\n"},
		{"no service", func(e *emutest.Emulator) { e.Reachable("app-1", "db-1", "tpc/22") }, `service "tpc/22": unknown protocol`},
		{"nobody", func(e *emutest.Emulator) { e.Reachable("app-2", "db-1", "tcp/22") }, "source"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tb := &told{TB: t}
			c.claim(emutest.New(tb, &n))
			require.Empty(t, tb.fatal)
			if c.want == "" {
				require.Empty(t, tb.failed)
				return
			}
			assert.Contains(t, tb.failed, c.want)
		})
	}
}

// TestFatal: who goes on without a network, a port or a change would find nothing.
func TestFatal(t *testing.T) {
	tb := &told{TB: t}
	var n vpc.Network
	n.AddVPC("prod", "10.0.0.0/16").AddSubnet("s", "10.0.1.0/24").AddInterface("app-1", "10.0.1.10")
	e := emutest.New(tb, &n)
	e.Port("app-1")
	require.Empty(t, tb.fatal)
	e.Port("app-2")
	assert.Contains(t, tb.fatal, "app-2")
	tb.fatal = ""
	e.Update(func(n *vpc.Network) { n.Subnet("s") })
	assert.Empty(t, tb.fatal)
	e.Update(func(n *vpc.Network) { n.Subnet("t") })
	assert.Contains(t, tb.fatal, "subnet t")
}
