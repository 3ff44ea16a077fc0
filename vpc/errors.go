package vpc

import (
	"fmt"
	"strings"
)

// Error is a mistake in a description, in the words of the EC2 API: the code
// that AWS answers, the resource it is about and where it was written. The
// codes are the Code… constants; errors.As finds an Error in what
// [Network.Validate] returns, and errors.Is compares codes:
//
//	errors.Is(err, &vpc.Error{Code: vpc.CodeSubnetConflict})
type Error struct {
	Code     string // AWS's error code, like "InvalidSubnet.Conflict"
	Resource string // kind and ID, like "subnet apps"
	Message  string
	Origin   string // file:line

	// Element is the described thing itself, so that a loader can leave it out.
	Element any
}

// Error is "file:line: subnet apps: 10.9.0.0/24 is outside … (InvalidSubnet.Range)".
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s (%s)", e.Resource, e.Message, e.Code)
	if e.Resource == "" {
		s = fmt.Sprintf("%s (%s)", e.Message, e.Code)
	}
	if e.Origin != "" {
		s = e.Origin + ": " + s
	}
	return s
}

// Is reports whether target is an Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Errors is every mistake that [Network.Validate], [Network.Assign] or
// [Network.CheckLimits] found. errors.As gives it to callers that want to range
// over them.
type Errors []*Error

// Error is one line per mistake.
func (es Errors) Error() string {
	var b strings.Builder
	for i, e := range es {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
	}
	return b.String()
}

// Unwrap gives the mistakes to errors.Is and errors.As.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// orNil is nil, and not an interface that holds an empty list, if all is well.
func (es Errors) orNil() error {
	if len(es) == 0 {
		return nil
	}
	return es
}
