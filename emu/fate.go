package emu

import (
	"fmt"
	"slices"
)

// Fate is how a packet ended. The zero Fate is Dropped.
type Fate uint8

// The fates.
const (
	Dropped   Fate = iota // discarded, with a Reason
	Delivered             // reached an interface, or a service of the fabric
	Exited                // left through a gateway to the outside
	Unknown               // met something that is not modelled or not described
)

// String is "dropped", "delivered", "exited" or "unknown".
func (f Fate) String() string { return fates[f] }

var fates = [...]string{Dropped: "dropped", Delivered: "delivered", Exited: "exited", Unknown: "unknown"}

// MarshalText is the fate's name.
func (f Fate) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a fate's name.
func (f *Fate) UnmarshalText(text []byte) error {
	i := slices.Index(fates[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no fate", text)
	}
	*f = Fate(i)
	return nil
}

// Result is what became of one packet. The zero Result is a drop.
type Result struct {
	Fate   Fate
	Reason Reason // why, if it was dropped
	// At is the ID of the interface it was delivered to, the name of the service
	// that took it ("dns") or the gateway through which it left.
	At string
}

// outcome is what one stage says about a packet. The zero outcome drops it.
type outcome uint8

const (
	drop    outcome = iota
	pass            // go on to the next stage
	skip            // the stage does not apply on this path
	done            // the walk is over; walk.result says how
	unknown         // the stage cannot tell
)

// verdict is an outcome and, for a drop, its reason.
type verdict struct {
	outcome outcome
	reason  Reason
}

var (
	passed       = verdict{outcome: pass}
	skipped      = verdict{outcome: skip}
	ended        = verdict{outcome: done}
	undetermined = verdict{outcome: unknown}
)

func dropped(r Reason) verdict { return verdict{drop, r} }
