package bench

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// Settings say how long to measure.
type Settings struct {
	Rounds int           // how many turns each case gets
	Time   time.Duration // for all turns of a case together
	// Progress is told what is about to be measured; it may be nil.
	Progress func(what string)
}

// Spread is a distribution over the rounds, of ns or bytes.
type Spread struct {
	Median float64 `json:"median"`
	P25    float64 `json:"p25"`
	P75    float64 `json:"p75"`
}

// Measure measures all cases of groups. Those of one group take turns, in a new order
// each round.
func Measure(groups []Group, s Settings) (*Report, error) {
	r := &Report{Machine: ThisMachine(), Rounds: s.Rounds}
	for _, g := range groups {
		if s.Progress != nil {
			s.Progress(g.Family + " " + g.Name)
		}
		cases, err := g.Prepare()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", g.Family, g.Name, err)
		}
		spreads, err := turns(cases, s)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", g.Family, g.Name, err)
		}
		for i, c := range cases {
			kind := "ns"
			if c.Size != nil {
				kind = "B"
			}
			r.Results = append(r.Results, Result{g.Family, g.Name + "/" + c.Name, kind + "/" + c.Unit, spreads[i]})
		}
	}
	r.Machine.Measured()
	return r, nil
}

// turns measures the cases of a group.
func turns(cases []Case, s Settings) (spreads []Spread, err error) {
	runtime.GC()
	slice := s.Time / time.Duration(s.Rounds)
	times, figures := make([]int, len(cases)), make([][]float64, len(cases))
	for i, c := range cases {
		if c.Size == nil {
			times[i] = calibrate(c, slice)
		}
	}
	order := rand.New(rand.NewPCG(1, 1))
	for round := range s.Rounds {
		for _, i := range order.Perm(len(cases)) { // nobody is always the first, or after the same one
			switch c := cases[i]; {
			case c.Size == nil:
				figures[i] = append(figures[i], float64(clock(c, times[i]).Nanoseconds())/float64(times[i]))
			case round == 0: // once is enough
				size, err := c.Size()
				if err != nil {
					return nil, err
				}
				figures[i] = []float64{size}
			}
		}
	}
	for _, f := range figures {
		spreads = append(spreads, SpreadOf(f))
	}
	return spreads, nil
}

// calibrate finds how many times fill a slice. It warms the case up, too.
func calibrate(c Case, slice time.Duration) int {
	for n := batch; ; n *= 2 {
		if c.Unit == "network" && n == batch {
			n = 1
		}
		if t := clock(c, n); t > slice/4 {
			return max(int(float64(n)*float64(slice)/float64(t)), 1)
		}
	}
}

func clock(c Case, n int) time.Duration {
	now := CPUTime
	if c.Wall {
		now = func() time.Duration { return time.Since(started) }
	}
	start := now()
	c.Run(n)
	return now() - start
}

var started = time.Now()

// SpreadOf is the distribution of figures, of which there is at least one.
func SpreadOf(v []float64) Spread {
	v = slices.Sorted(slices.Values(v))
	at := func(q float64) float64 { return v[int(q*float64(len(v)-1)+0.5)] }
	return Spread{Median: at(0.5), P25: at(0.25), P75: at(0.75)}
}
