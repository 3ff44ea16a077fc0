package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// Severity is how much a finding matters. The zero Severity is Note.
type Severity uint8

// The severities.
const (
	Note    Severity = iota // costs or does nothing; tidying
	Warning                 // probably not what was meant
	Error                   // does not work, or is open to all
)

var severities = [...]string{Note: "note", Warning: "warning", Error: "error"}

// String is "note", "warning" or "error".
func (s Severity) String() string { return severities[s] }

// ParseSeverity reads a severity's name.
func ParseSeverity(name string) (Severity, error) {
	k := slices.Index(severities[:], name)
	if k < 0 {
		return 0, fmt.Errorf("%q is no severity", name)
	}
	return Severity(k), nil
}

// Finding is one probable mistake.
type Finding struct {
	// ID is that of its [Check].
	ID       string
	Severity Severity
	// Subject is what it is about, in words: "security group web, ingress rule 2 (tcp/22
	// from 0.0.0.0/0)".
	Subject string
	// Component is the ID of the element, Name its name if that is another, VPC the ID of
	// where it lies, "" for what lies in none.
	Component string
	Name      string
	VPC       string
	// Reason is what packets see.
	Reason string
	// Fix is what would mend it.
	Fix string
	// Witness is a packet that sees it, nil for none.
	Witness *Witness
	// File and Line are where it was written; "" and 0 if nothing tells.
	File string
	Line int
}

// Witness is a packet, as the arguments of a trace, which sees what a finding says.
type Witness struct {
	Source      string
	Destination string
	Service     string
	SourcePort  uint16
	IPv6        bool
}

// String is "SOURCE -> DESTINATION SERVICE".
func (w *Witness) String() string { return w.Source + " -> " + w.Destination + " " + w.Service }

// Unjudged is a place of which checks cannot say whether it is a mistake.
type Unjudged struct {
	IDs     []string // of the checks
	Subject string
	Why     string
	File    string
	Line    int
}

// Check is one kind of mistake.
type Check struct {
	// ID is short and never changes.
	ID, Title string
	Severity  Severity
	// About says what is looked for and what it means, Fix what to do.
	About, Fix string

	run func(*pass)

	// Yields are the checks that say more: what one of them finds of the same thing, or of
	// what it is a part of, is not found by this one too.
	Yields []string
}

// Find is the check with an ID, nil for none.
func Find(id string) *Check {
	if k := slices.IndexFunc(Checks, func(c Check) bool { return c.ID == id }); k >= 0 {
		return &Checks[k]
	}
	return nil
}

// Run makes all checks, and lists what they find by file and line. An error is what is
// wrong with the description.
func Run(n *vpc.Network) ([]Finding, []Unjudged, error) {
	p, err := newPass(n)
	if err != nil {
		return nil, nil, err
	}
	for k := range Checks {
		if p.check = &Checks[k]; p.check.run != nil {
			p.check.run(p)
		}
	}
	p.once()
	Sort(p.findings)
	slices.SortStableFunc(p.unjudged, func(a, b Unjudged) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return p.findings, p.unjudged, nil
}

// Sort orders findings by file and line, the worst of a line first.
func Sort(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(b.Severity, a.Severity))
	})
}

// place is the file and the line of an origin.
func place(origin string) (file string, line int) {
	k := strings.LastIndexByte(origin, ':')
	if k < 0 {
		return origin, 0
	}
	line, err := strconv.Atoi(origin[k+1:])
	if err != nil {
		return origin, 0
	}
	return origin[:k], line
}
