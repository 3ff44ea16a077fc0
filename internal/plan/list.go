package plan

import (
	"iter"
	"slices"
)

// list is the interfaces of a plan in order, in pieces, so that a change copies a
// piece and the list of pieces. A piece may be shared with older plans that see
// less of it: nothing before the end of a piece is ever written.
type list struct{ pieces [][]*Interface }

const pieceSize = 512

// add appends an interface while a plan is compiled.
func (l *list) add(i *Interface) {
	last := len(l.pieces) - 1
	if last < 0 || len(l.pieces[last]) >= pieceSize {
		l.pieces = append(l.pieces, make([]*Interface, 0, pieceSize))
		last++
	}
	l.pieces[last] = append(l.pieces[last], i)
}

// with is the list with one more interface.
func (l list) with(i *Interface) list {
	l.pieces = slices.Clone(l.pieces)
	l.add(i)
	return l
}

// without is the list without one.
func (l list) without(i *Interface) list {
	l.pieces = slices.Clone(l.pieces)
	for k, piece := range l.pieces {
		if slices.Contains(piece, i) {
			l.pieces[k] = without(piece, i)
			break
		}
	}
	return l
}

// Interfaces are all of them, VPC by VPC as they are described, then those that
// came later.
func (p *Plan) Interfaces() iter.Seq[*Interface] {
	return func(yield func(*Interface) bool) {
		for _, piece := range p.interfaces.pieces {
			for _, i := range piece {
				if !yield(i) {
					return
				}
			}
		}
	}
}
