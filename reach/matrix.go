package reach

import (
	"iter"
	"runtime"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
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
func (n *Network) Matrix() *Matrix { return &Matrix{Classes: classes(n.explorer), net: n} }

// Row is what gets from one class to another: from any member of the one to any member of
// the other. From a class to itself it is for two different members.
type Row struct {
	Source, Destination *Class
	// Answer is about all packets. Of what is in the way of a part it has only the first,
	// and no Traffic: [Network.Between] has it all.
	Answer *Answer
}

// Pair are the ends to ask about a row with.
func (r *Row) Pair() (source, destination *emu.End) { return pairOf(r.Source, r.Destination) }

func pairOf(src, dst *Class) (source, destination *emu.End) {
	source, destination = src.Members[0], dst.Members[0]
	if src == dst {
		destination = dst.Members[1]
	}
	return source, destination
}

// Select says which rows are wanted; nil for all.
type Select func(source, destination *Class) bool

// meets reports whether there are packets to ask about from one class to another: who only
// answers begins nothing, and what is outside does not come in to go out again, if it is not
// from one end of the network to another.
func meets(src, dst *Class) bool {
	switch {
	case !src.Kind.Asks(), src == dst && len(src.Members) < 2:
		return false
	case src.Kind == emu.InternetEnd:
		return dst.Kind != emu.InternetEnd && dst.Kind != emu.OnPremisesEnd && dst.Kind != emu.ServiceEnd
	}
	return true
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
				for i := range r.Answer.Parts { // whoever has found it goes on with other rows
					p := &r.Answer.Parts[i]
					p.pair = p.pair.On(m.net.explorer)
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
			if a := brief(x, src, c.dst); a != nil {
				rows = append(rows, &Row{Source: src, Destination: c.dst, Answer: a})
			}
		}
		c.rows <- rows
	}
}

// brief is the answer of a row; nil if there is no IP version for it.
func brief(x *emu.Explorer, from, to *Class) *Answer {
	src, dst := pairOf(from, to)
	a := &Answer{Source: src.Name, Destination: dst.Name}
	for _, v6 := range [...]bool{false, true} {
		if p, ok, err := x.Between(src, dst, v6); err == nil && ok {
			a.Parts = append(a.Parts, parts(p, v6, p.Decide)...)
		}
	}
	if len(a.Parts) == 0 {
		return nil
	}
	slices.SortStableFunc(a.Parts, func(a, b Part) int { return order(a.Answer) - order(b.Answer) })
	return a
}

// Words are which packets have an answer, in words: "tcp/443", "tcp/22 from
// 192.0.2.0/24". If only one IP version of two has some, that is in brackets behind it.
func (a *Answer) Words(answer emu.Answer) []string {
	var both [2]bool // IP versions that there are
	var words [2][]string
	for i := range a.Parts {
		both[version(a.Parts[i].v6)] = true
	}
	for k := range words {
		for _, t := range a.Traffic(answer, k == 1) {
			words[k] = append(words[k], t.brief())
		}
	}
	var all []string
	for _, w := range words[0] {
		if both[1] && !slices.Contains(words[1], w) && !strings.HasPrefix(w, "icmp") {
			w += " (IPv4)"
		}
		all = append(all, w)
	}
	for _, w := range words[1] {
		switch {
		case slices.Contains(words[0], w):
		case both[0] && !strings.HasPrefix(w, "icmpv6"):
			all = append(all, w+" (IPv6)")
		default:
			all = append(all, w)
		}
	}
	return all
}

func version(v6 bool) int {
	if v6 {
		return 1
	}
	return 0
}

// brief is the traffic without addresses that are all.
func (t Traffic) brief() string {
	words := t.Services()
	for _, more := range [...][2]string{{" from ", t.Sources()}, {" to ", t.Destinations()}, {" source ports ", t.SourcePorts()}} {
		if more[1] != "" && more[1] != "anywhere" {
			words += more[0] + more[1]
		}
	}
	return words
}

// Has reports whether some packets have an answer.
func (a *Answer) Has(answer emu.Answer) bool {
	return slices.ContainsFunc(a.Parts, func(p Part) bool { return p.Answer == answer })
}

// Why says why of some packets it is not known whether they are answered.
func (a *Answer) Why() ([]string, error) {
	var all []string
	add := func(s string) {
		if s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	for i := range a.Parts {
		p := &a.Parts[i]
		if p.Answer != emu.Uncertain {
			continue
		}
		if p.Depends != "" {
			add("it depends on " + p.Depends)
		}
		why, err := p.Explain()
		if err != nil {
			return nil, err
		}
		for _, r := range why.Unknowns {
			r.Traffic, r.Direction = nil, "request" // what is not known is the same on the way back
			add(r.String())
		}
	}
	return all, nil
}

// Of is the answer about some services only.
func (a *Answer) Of(service firewall.Service) *Answer {
	services := spanOf(service)
	only := &Answer{Source: a.Source, Destination: a.Destination}
	for _, p := range a.Parts {
		var set space.Set
		for _, b := range p.set {
			if b[space.Services] = b[space.Services].And(services); !b.Empty() {
				set = append(set, b)
			}
		}
		if p.set = set; len(set) > 0 {
			only.Parts = append(only.Parts, p)
		}
	}
	return only
}

// spanOf is the places of a service.
func spanOf(s firewall.Service) space.Span {
	if s.Protocol == firewall.AllProtocols {
		return space.Span{First: space.Service(0, 0), Last: space.Service(255, 65535)}
	}
	proto, first, last := uint8(s.Protocol), uint16(0), uint16(65535)
	switch {
	case s.HasPorts() && s.From >= 0:
		first, last = uint16(s.From), uint16(s.To)
	case s.IsICMP() && s.From >= 0 && s.To >= 0:
		first = uint16(s.From)<<8 | uint16(s.To)
		last = first
	case s.IsICMP() && s.From >= 0:
		first, last = uint16(s.From)<<8, uint16(s.From)<<8|255
	}
	return space.Span{First: space.Service(proto, first), Last: space.Service(proto, last)}
}
