// Package report says what a loader read, what it left out, and why. Nothing
// that stood in a file is lost without a line in it.
package report

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Report is the account of one load. The zero Report is empty and ready to use.
type Report struct {
	// Format is what the input was taken for: "yaml", "aws".
	Format string `json:"format"`
	// Read counts the resources read, by kind ("vpc", "subnet", …).
	Read map[string]int `json:"read"`
	// Notes are what was left out or taken with a reservation, in input order.
	Notes []Note `json:"notes"`
}

// Note is one thing that did not come over as it stood.
type Note struct {
	Verdict Verdict `json:"verdict"`
	// Where is the file, with line and column or the path of the key.
	Where string `json:"where"`
	// What is the resource, key or value: "security group sg-1, ingress rule 3".
	What string `json:"what"`
	// Why is the reason, as a clause: "IpProtocol \"tpc\" is not a protocol".
	Why string `json:"why"`
}

// Verdict says what became of a thing.
type Verdict string

// The verdicts.
const (
	// Skipped: it is not in the network, and something that packets meet is
	// missing; what depends on it is unknown.
	Skipped Verdict = "skipped"
	// Unmodelled: it is in the network by name; packets that meet it have an
	// unknown fate.
	Unmodelled Verdict = "not modelled"
	// Ignored: it has no part in what packets do.
	Ignored Verdict = "ignored"
	// Missing: other resources name it, and nothing describes it.
	Missing Verdict = "missing"
)

// MarshalJSON writes what is empty as {} and [], never as null.
func (r Report) MarshalJSON() ([]byte, error) {
	type fields Report // without this method
	if r.Read == nil {
		r.Read = make(map[string]int)
	}
	if r.Notes == nil {
		r.Notes = []Note{}
	}
	return json.Marshal(fields(r))
}

// Count adds one resource of a kind to what was read.
func (r *Report) Count(kind string) {
	if r.Read == nil {
		r.Read = make(map[string]int)
	}
	r.Read[kind]++
}

// Note adds a note.
func (r *Report) Note(v Verdict, where, what, why string, args ...any) {
	r.Notes = append(r.Notes, Note{v, where, what, fmt.Sprintf(why, args...)})
}

// Has reports whether any note has the verdict.
func (r *Report) Has(v Verdict) bool {
	return slices.ContainsFunc(r.Notes, func(n Note) bool { return n.Verdict == v })
}

// String is the note on one line.
func (n Note) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", n.Where, n.Verdict, n.What, n.Why)
}
