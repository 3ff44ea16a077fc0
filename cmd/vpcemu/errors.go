package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// The exit statuses, the same for every command.
const (
	statusYes    = 0 // reachable, all hold, done
	statusNo     = 1 // blocked, some fail
	statusUnsure = 2 // the question could not be answered
)

// status ends a command that has already said everything on standard output.
type status int

// Error is never shown.
func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a command line that asks nothing; command is where its help is.
type usageError struct {
	command string // "vpcemu trace"
	text    string
}

// Error is the mistake and where to read on.
func (e *usageError) Error() string {
	return fmt.Sprintf("%s (see %q)", e.text, e.command+" --help")
}

// statusOf says an error to the user and turns it into an exit status.
func statusOf(err error, stderr io.Writer) int {
	var s status
	switch {
	case err == nil:
		return statusYes
	case errors.As(err, &s):
		return int(s)
	}
	fmt.Fprintf(stderr, "vpcemu: %s\n", errorText(err))
	return statusUnsure
}

// errorText is the error on one line, unless it is a list of mistakes: then each
// has a line of its own that begins with its place, as compilers write them and
// editors read them.
func errorText(err error) string {
	count := 0
	var syntax yaml.Errors
	var meaning vpc.Errors
	if errors.As(err, &syntax) {
		count = len(syntax)
	}
	if errors.As(err, &meaning) {
		count += len(meaning)
	}
	if text := err.Error(); count > 1 {
		return fmt.Sprintf("%d mistakes:\n%s", count, text)
	}
	return strings.TrimSpace(err.Error())
}
