package yaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	goyaml "go.yaml.in/yaml/v4"
)

// shown is how many mistakes the text of an [Errors] lists.
const shown = 20

// Error is one mistake in a file: where it is and what was expected there.
type Error struct {
	File string // as the caller named it
	// Line and Column count from 1; zero means that the place is not known.
	Line, Column int
	Message      string
}

// Error is "net.yaml:12:5: unknown key …".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Errors are all the mistakes of a file, in the order of its lines.
type Errors []*Error

// Error lists the first mistakes, one a line, and counts the rest.
func (e Errors) Error() string {
	var lines []string
	for _, err := range e[:min(len(e), shown)] {
		lines = append(lines, err.Error())
	}
	if more := len(e) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first [Error].
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, err := range e {
		list[i] = err
	}
	return list
}

// errorf keeps a mistake at a node.
func (d *decoder) errorf(at *goyaml.Node, format string, args ...any) {
	d.errs = append(d.errs, &Error{File: d.file, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...)})
}

// mistakes are the errors so far in the order of the file; nil for none. What
// an alias repeats is said once.
func (d *decoder) mistakes() error {
	if len(d.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(d.errs, func(a, b *Error) bool { return *a == *b })
}
