//go:build linux

package kernel

import (
	"errors"
	"flag"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/vpc"
)

var (
	networks  = flag.Int("kernel.networks", 40, "how many networks TestKernel makes up")
	packets   = flag.Int("kernel.packets", 64, "how many packets, pauses and changes each sees")
	shrinking = flag.Duration("kernel.shrink", 30*time.Second, "how long to make a disagreement smaller")
	seed      = flag.Uint64("kernel.seed", 1, "what they are made up from")
)

// TestKernel sends random packets through random networks, in the emulator and in Linux: they must agree on each.
func TestKernel(t *testing.T) {
	w := newWitness(t)
	sent, heard, built, wrong, excused := 0, 0, 0, 0, make(map[string]int)
	for k := uint64(0); built < *networks && wrong < 3; k++ {
		m := maker{random.New(*seed, k)}
		n := m.network()
		g, err := newGame(n, w)
		if errors.Is(err, errRefused) { // by AWS
			continue
		}
		require.NoError(t, err)
		built++
		for range *packets {
			if err = g.play(m.next(g)); err != nil {
				break
			}
		}
		sent, heard = sent+g.sent, heard+len(g.heard)
		for rules, times := range g.excuses {
			excused[rules] += times
		}
		require.NoError(t, g.oracle.Close())
		if err != nil {
			wrong++
			t.Errorf("-kernel.seed=%d, network %d: %v", *seed, k, err)
			report(t, w, n, g.steps, err)
		}
	}
	t.Logf("%d packets through %d networks, %d arrivals; %d disagreements; excused by rule: %v", sent, built, heard, wrong, excused)
}

// newWitness prepares the kernel, and the thread, which ends with the test.
func newWitness(t *testing.T) *sentinel {
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: Linux as a witness needs root")
	}
	runtime.LockOSThread()
	s, err := newSentinel()
	if err != nil {
		t.Skipf("NOT RUN: this kernel cannot be a witness: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	o, err := newOracle(everyKind(t), s)
	if err != nil {
		t.Skipf("NOT RUN: this kernel cannot be a witness: %v", err)
	}
	require.NoError(t, o.Close())
	return s
}

// everyKind is a network that needs all that the witness asks of the kernel.
func everyKind(t *testing.T) *vpc.Network {
	n := new(vpc.Network)
	v := n.AddVPC("v", "10.0.0.0/16", "2001:db8::/56")
	v.AddInternetGateway("igw")
	v.AddSubnet("a", "10.0.1.0/24", "2001:db8::/64").UseRouteTable("rt").AddInterface("a0", "10.0.1.10", "g").AddPublicIP("198.51.100.1")
	v.AddNATGateway("nat", "a")
	v.AddRouteTable("rt").AddRoute("0.0.0.0/0", "igw")
	v.AddSecurityGroup("g").AllowIn("all", "0.0.0.0/0")
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	return e.Network()
}

// disagree plays steps: on the last one, and on no other, the two sides may differ.
func disagree(n *vpc.Network, steps []step, w *sentinel) (d *disagreement) {
	g, err := newGame(n, w)
	if err != nil {
		return nil
	}
	defer g.oracle.Close()
	for k, st := range steps {
		if err := g.play(st); err != nil {
			if errors.As(err, &d); k < len(steps)-1 {
				return nil
			}
		}
	}
	return d
}

func report(t *testing.T, w *sentinel, n *vpc.Network, steps []step, err error) {
	var first *disagreement
	if !errors.As(err, &first) {
		return
	}
	n, steps = shorter(n, steps, func(n *vpc.Network, steps []step) bool {
		d := disagree(n.Clone(), steps, w)
		return d != nil && len(d.emulator) == len(first.emulator) && len(d.kernel) == len(first.kernel)
	})
	var lines []string
	for _, st := range steps {
		lines = append(lines, st.String())
	}
	t.Logf("smallest:\n%s\n%v\nas a file of testdata:\n%s", strings.Join(lines, "\n"), disagree(n, steps, w), caseFile(n, steps))
}

// shorter makes a case smaller for as long as it fails, within some time.
func shorter(n *vpc.Network, steps []step, fails func(*vpc.Network, []step) bool) (*vpc.Network, []step) {
	end := time.Now().Add(*shrinking)
	still := func(n *vpc.Network, steps []step) bool { return time.Now().Before(end) && fails(n, steps) }
	for size := len(steps) / 2; size > 0; size /= 2 {
		for k := len(steps) - 1 - size; k >= 0; k -= size { // the last one is what they disagree on
			if less := slices.Concat(steps[:k], steps[k+size:]); still(n, less) {
				steps = less
			}
		}
	}
	return random.Shrink(n, func(n *vpc.Network) bool { return still(n, steps) }), steps
}
