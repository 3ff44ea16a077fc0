package capture

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
)

// View is how a packet was seen. The zero View is Sent.
type View uint8

// The views.
const (
	Sent      View = iota // by who sent it
	Delivered             // by who got it
	Dropped               // where it was dropped, or met the unknown
)

var views = [...]string{Sent: "sent", Delivered: "delivered", Dropped: "dropped"}

// String is "sent", "delivered" or "dropped".
func (v View) String() string { return views[v] }

// UnmarshalText reads the name of a view.
func (v *View) UnmarshalText(text []byte) error {
	i := slices.Index(views[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no view of a packet", text)
	}
	*v = View(i)
	return nil
}

// Filter chooses what is written. A list that is not empty must have one that fits; the
// zero Filter takes everything.
type Filter struct {
	// Interfaces are those where a packet is seen, by ID: of interfaces, "internet",
	// "onprem:GATEWAY", of gateway endpoints.
	Interfaces []string
	Subnets    []string // where it is seen, by ID
	Views      []View
	// Stages and Reasons are those that packets were dropped by and for.
	Stages  []emu.Stage
	Reasons []emu.Reason
}

// takes reports whether a packet is to be written.
func (f *Filter) takes(e *entry) bool {
	return anyOf(f.Interfaces, e.port) && anyOf(f.Subnets, e.place.Subnet) && anyOf(f.Views, e.view) &&
		anyOf(f.Stages, e.stage) && anyOf(f.Reasons, e.reason)
}

// anyOf reports whether a list is empty or has a value.
func anyOf[E comparable](list []E, v E) bool { return len(list) == 0 || slices.Contains(list, v) }
