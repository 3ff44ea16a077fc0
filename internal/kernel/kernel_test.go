//go:build linux

package kernel

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/vpc"
)

var (
	networks  = flag.Int("kernel.networks", 8, "how many networks TestKernel makes up")
	packets   = flag.Int("kernel.packets", 64, "how many packets, pauses and changes each sees")
	shrinking = flag.Duration("kernel.shrink", 30*time.Second, "how long to make a disagreement smaller")
	seed      = flag.Uint64("kernel.seed", 1, "what they are made up from")
)

// TestKernel sends random packets through random networks, in the emulator and in Linux: they must agree on each. Each processor has
// networks of its own to try.
func TestKernel(t *testing.T) {
	var s score
	t.Cleanup(func() {
		t.Log(&s)
		assert.True(t, t.Failed() || s.built == 0 || s.came > 0, "no packet has arrived anywhere")
	})
	for _, processor := range processors {
		t.Run(fmt.Sprint("processor=", processor), func(t *testing.T) {
			t.Parallel()
			w := newWitness(t, processor)
			var closing sync.WaitGroup // which takes the kernel long
			defer closing.Wait()
			for k, ok := s.next(); ok; k, ok = s.next() {
				if g := s.try(t, w, k); g != nil {
					closing.Go(func() { assert.NoError(t, g.oracle.Close()) })
				}
			}
		})
	}
}

// score is what it comes to on all processors.
type score struct {
	sync.Mutex
	k                           uint64 // the next network
	built, wrong, packets, came int
	excused                     map[string]int
}

func (s *score) String() string {
	return fmt.Sprintf("%d packets through %d networks, %d arrivals; %d disagreements; excused by rule: %v", s.packets, s.built, s.came, s.wrong, s.excused)
}

// next is the number of a network to try, while there are any.
func (s *score) next() (k uint64, ok bool) {
	s.Lock()
	defer s.Unlock()
	if s.built == *networks || s.wrong >= 3 {
		return 0, false
	}
	s.k++
	s.built++
	return s.k - 1, true
}

// try plays with one network. It is nil if AWS refuses that.
func (s *score) try(t *testing.T, w *sentinel, k uint64) *game {
	m := maker{random.New(*seed, k)}
	n := m.network()
	g, err := newGame(n, w)
	if errors.Is(err, errRefused) { // by AWS
		s.Lock()
		s.built--
		s.Unlock()
		return nil
	}
	require.NoError(t, err)
	for range *packets {
		if err = g.play(m.next(g)); err != nil {
			break
		}
	}
	s.add(g, err)
	if err != nil {
		t.Errorf("-kernel.seed=%d, network %d: %v", *seed, k, err)
		report(t, w, n, g.steps, err)
	}
	return g
}

func (s *score) add(g *game, err error) {
	s.Lock()
	defer s.Unlock()
	if s.packets, s.came = s.packets+g.sent, s.came+len(g.heard); err != nil {
		s.wrong++
	}
	if s.excused == nil {
		s.excused = make(map[string]int)
	}
	for rules, times := range g.excuses {
		s.excused[rules] += times
	}
}

// newWitness prepares the kernel, and the thread, which ends with the test.
func newWitness(t *testing.T, processor int) *sentinel {
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: Linux as a witness needs root")
	}
	runtime.LockOSThread()
	s, err := newSentinel(processor)
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
