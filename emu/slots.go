package emu

import (
	"iter"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
)

// slot is an interface with what stays with it from plan to plan. An empty slot is
// nobody's.
type slot struct {
	iface *plan.Interface
	port  *Port
	state *state
}

// slots are those of a generation, by plan.Interface.Slot, in pieces: a change
// copies one piece of 6 KB, and the list of pieces, where all slots of 100,000
// interfaces are 2.4 MB. The way to a slot has one more pointer for it.
type slots [][]slot

const (
	pieceBits = 8
	pieceSize = 1 << pieceBits
)

func newSlots(count int) slots {
	s := make(slots, 0, count>>pieceBits+1)
	for len(s)<<pieceBits < count {
		s = append(s, make([]slot, pieceSize))
	}
	return s
}

// has reports whether there is such a slot.
func (s slots) has(k int) bool { return k >= 0 && k>>pieceBits < len(s) }

func (s slots) at(k int) *slot { return &s[k>>pieceBits][k&(pieceSize-1)] }

// of is the slot that a port belongs to, nil if it is no longer in the network.
func (s slots) of(p *Port) *slot {
	if !s.has(p.slot) {
		return nil
	}
	if own := s.at(p.slot); own.port == p {
		return own
	}
	return nil
}

// all are the slots, empty ones too.
func (s slots) all() iter.Seq[*slot] {
	return func(yield func(*slot) bool) {
		for _, piece := range s {
			for k := range piece {
				if !yield(&piece[k]) {
					return
				}
			}
		}
	}
}

// with are the slots with another content of one.
func (s slots) with(k int, content slot) slots {
	s = slices.Clone(s)
	if !s.has(k) {
		s = append(s, make([]slot, pieceSize))
	}
	piece := k >> pieceBits
	s[piece] = slices.Clone(s[piece])
	s[piece][k&(pieceSize-1)] = content
	return s
}
