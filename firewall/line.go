package firewall

import "math/bits"

// line is steps of numbers, each with the set of parts that cover it. The first step starts at 0. The zero line has no parts.
type line[K comparable] struct {
	starts []K // ascending
	heads  []uint64
	ats    []uint32 // nil if there are no more than 64 parts
}

// at is the set of parts that cover step i; there are none if the line has no steps.
func (l *line[K]) at(i int) set {
	switch {
	case i >= len(l.heads):
		return set{}
	case l.ats == nil:
		return set{head: l.heads[i]}
	}
	return set{l.heads[i], l.ats[i]}
}

// last returns the index of the last start that is not greater than x, 0 if there is none.
//
// It quarters what is left down to 8 starts and counts those. No branch depends on x: the usual binary search needs a third of the time
// where packets are alike (8 ns for 240 starts) but more where they are not (28 ns; 2,000 starts: 46). Halving without branches needs
// 23 and 31 ns, this 18 and 23.
func last(starts []uint32, x uint32) int {
	if len(starts) < 8 {
		i := -1
		for _, start := range starts {
			i += 1 + later(start, x)
		}
		return max(i, 0)
	}
	i, n := 0, len(starts) // it is one of the n from i on
	for n > 8 {
		q := n / 4
		i += q&^later(starts[i+q], x) + q&^later(starts[i+2*q], x) + q&^later(starts[i+3*q], x)
		n -= 3 * q
	}
	i = min(i, len(starts)-8)
	s := (*[8]uint32)(starts[i:])
	return i + 7 + later(s[1], x) + later(s[2], x) + later(s[3], x) + later(s[4], x) + later(s[5], x) + later(s[6], x) + later(s[7], x)
}

// later is -1 if start is greater than x, else 0.
func later(start, x uint32) int { return int((int64(x) - int64(start)) >> 63) }

// addr6 is an address as a number.
type addr6 struct{ hi, lo uint64 }

// last6 is last for IPv6. It halves.
func last6(starts []addr6, x addr6) int {
	i := 0
	for n := len(starts); n > 1; {
		half := n / 2
		i += half &^ later6(starts[i+half], x)
		n -= half
	}
	return i
}

// later6 is later for IPv6.
func later6(start, x addr6) int {
	_, borrow := bits.Sub64(x.lo, start.lo, 0)
	_, borrow = bits.Sub64(x.hi, start.hi, borrow)
	return -int(borrow)
}
