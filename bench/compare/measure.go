package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/vpcemu/vpcemu/bench"
)

// Peer does the job of a case in its own way.
type Peer interface {
	// Name says whose way it is.
	Name() string
	// Run does the job n times. It returns an error if it was not done: a packet that did not arrive was not forwarded.
	Run(n int) error
	// Close frees what the peer holds.
	Close() error
}

// resetter is a peer that has something to prepare before each run, off the clock.
type resetter interface{ Reset() error }

// Case is one job on one input. The first peer is ours: the others are measured by it.
type Case struct {
	Family string // as -only names it
	Name   string
	Unit   string // what one of the times of Run is: "lookup", "packet"
	Least  int    // times in one Run
	Most   int    // times in one Run; 0 means any number
	Note   string // what a reader must know to judge the figures
	Peers  func() ([]Peer, error)
}

// slice is about how long one peer runs in one round.
const slice = 25 * time.Millisecond

// measure lets the peers of a case take turns.
func measure(c Case, rounds int) (rows []bench.PeerRow, err error) {
	peers, err := c.Peers()
	defer func() {
		for _, p := range peers {
			err = errors.Join(err, p.Close())
		}
	}()
	if err != nil {
		return nil, err
	}
	runtime.GC()
	times := make([]int, len(peers))
	for i, p := range peers {
		if times[i], err = calibrate(p, max(c.Least, 256), cmp.Or(c.Most, 1<<30)); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	ns := make([][]float64, len(peers))
	order := rand.New(rand.NewPCG(8, 8))
	for range rounds {
		for _, i := range order.Perm(len(peers)) { // nobody is always the first, or after the same one
			t, err := clock(peers[i], times[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", peers[i].Name(), err)
			}
			ns[i] = append(ns[i], float64(t.Nanoseconds())/float64(times[i]))
		}
	}
	for i, p := range peers {
		rows = append(rows, bench.PeerRow{Peer: p.Name(), NS: bench.SpreadOf(ns[i]), Rel: bench.SpreadOf(ratios(ns[i], ns[0]))})
	}
	return rows, nil
}

// calibrate finds out how many times fill a slice. It warms the peer up, too.
func calibrate(p Peer, least, most int) (n int, err error) {
	for n = min(least, most); ; n = min(2*n, most) {
		t, err := clock(p, n)
		if err != nil {
			return 0, err
		}
		if t > slice/4 || n == most {
			full := float64(n) * float64(slice) / float64(max(t, 1))
			return min(max(int(full), min(least, most)), most), nil
		}
	}
}

func clock(p Peer, n int) (time.Duration, error) {
	if r, ok := p.(resetter); ok {
		if err := r.Reset(); err != nil {
			return 0, err
		}
	}
	start := now()
	err := p.Run(n)
	return now() - start, err
}

// now is the clock that -time chose.
var now = clocks["cpu"]

// clocks are how time can be told. On a machine that others use too, a second of the wall holds much that is not ours.
var clocks = map[string]func() time.Duration{
	"cpu":  bench.CPUTime,
	"wall": func() time.Duration { return time.Since(started) },
}

var started = time.Now()

func ratios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}
