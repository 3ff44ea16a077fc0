package reach

import (
	"iter"
	"runtime"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// Matrix is what gets from where to where in a whole network: from each class of ends that
// ask to each class of ends. It costs time with the number of pairs of classes, whatever
// the number of interfaces in them.
type Matrix struct {
	// Classes are all classes, in the order of the description.
	Classes []*Class

	net *Network
}

// NewMatrix compiles a network and sorts its ends into classes. An error is what is wrong
// with the description.
func NewMatrix(n *vpc.Network) (*Matrix, error) {
	net, err := New(n)
	if err != nil {
		return nil, err
	}
	return net.Matrix(), nil
}

// Matrix sorts the network's ends into classes.
func (n *Network) Matrix() *Matrix {
	m := &Matrix{net: n}
	m.Classes, n.classifier = classesOf(n.explorer, n.explorer.Ends())
	return m
}

// Row is what gets from one class to another: from any member of the one to any member of
// the other. From a class to itself it is for two different members.
type Row struct {
	Source, Destination *Class
	// Answer is about all packets. Of what is in the way of a part it has only the first:
	// [Network.Between] has it all.
	Answer *Answer
}

// pairOf are the ends to ask about a row with.
func pairOf(src, dst *Class) (source, destination *emu.End) {
	source, destination = src.Members[0], dst.Members[0]
	if src == dst {
		destination = dst.Members[1]
	}
	return source, destination
}

// Select says which rows are wanted; nil for all. [Matrix.Rows] asks it on a goroutine of its
// own.
type Select func(source, destination *Class) bool

// meets reports whether there are packets to ask about from one class to another.
func meets(src, dst *Class) bool {
	return talk(src.Kind, dst.Kind) && (src != dst || len(src.Members) > 1)
}

// talk reports whether ends of a kind send packets to those of another: some only answer, and
// what comes from the internet does not leave the network again.
func talk(src, dst emu.EndKind) bool {
	switch dst {
	case emu.InternetEnd, emu.OnPremisesEnd, emu.ServiceEnd:
		return src.Asks() && src != emu.InternetEnd
	}
	return src.Asks()
}

// Len is how many rows there are.
func (m *Matrix) Len(want Select) int {
	count := 0
	for _, dst := range m.Classes {
		count += len(m.sources(dst, want))
	}
	return count
}

// sources are the classes of which rows to a class are wanted.
func (m *Matrix) sources(dst *Class, want Select) []*Class {
	var list []*Class
	for _, src := range m.Classes {
		if meets(src, dst) && (want == nil || want(src, dst)) {
			list = append(list, src)
		}
	}
	return list
}

// Rows are all rows that are wanted, by destination and then by source, as they are found;
// pairs without an IP version in common have none. As many goroutines look for them as the
// program may use, until the caller stops.
func (m *Matrix) Rows(want Select) iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		workers := runtime.GOMAXPROCS(0)
		todo, done := make(chan *column), make(chan struct{})
		queue := make(chan *column, 4*workers) // in order; those not yet read wait in memory
		defer close(done)
		for range workers {
			go m.work(todo)
		}
		go func() {
			defer close(queue)
			defer close(todo)
			for _, dst := range m.Classes {
				for srcs := range slices.Chunk(m.sources(dst, want), columnLen) {
					c := &column{dst: dst, sources: srcs, rows: make(chan []*Row, 1)}
					select {
					case queue <- c:
					case <-done:
						return
					}
					select {
					case todo <- c:
					case <-done:
						return
					}
				}
			}
		}()
		for c := range queue {
			for _, r := range <-c.rows {
				var found, moved *emu.Pair
				for i := range r.Answer.Parts { // whoever has found it goes on with other rows
					p := &r.Answer.Parts[i]
					if p.pair != found {
						found, moved = p.pair, p.pair.On(m.net.explorer)
					}
					p.pair = moved
				}
				if !yield(r) {
					return
				}
			}
		}
	}
}

// columnLen is how many sources one goroutine asks about at a time.
const columnLen = 64

// column is rows to one destination that a goroutine finds.
type column struct {
	dst     *Class
	sources []*Class
	rows    chan []*Row
}

// work finds columns until there are no more.
func (m *Matrix) work(todo <-chan *column) {
	var x *emu.Explorer
	for c := range todo {
		if x == nil {
			x = m.net.explorer.Fork()
		}
		var rows []*Row
		for _, src := range c.sources {
			if a := m.brief(x, src, c.dst); a != nil {
				rows = append(rows, &Row{Source: src, Destination: c.dst, Answer: a})
			}
		}
		c.rows <- rows
	}
}

// brief is the answer of a row; nil if there is no IP version for it.
func (m *Matrix) brief(x *emu.Explorer, from, to *Class) *Answer {
	src, dst := pairOf(from, to)
	a := &Answer{Source: src.Name, Destination: dst.Name}
	for _, v6 := range [...]bool{false, true} {
		if p, ok, err := x.Between(src, dst, v6); err == nil && ok {
			m.net.classifier.Represent(p)
			a.Parts = append(a.Parts, parts(p, p.Decide)...)
		}
	}
	if len(a.Parts) == 0 {
		return nil
	}
	for i := range a.Parts {
		a.Parts[i].several = [2]bool{len(from.Members) > 1, len(to.Members) > 1}
	}
	slices.SortStableFunc(a.Parts, func(a, b Part) int { return order(a.Answer) - order(b.Answer) })
	return a
}
