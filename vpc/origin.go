package vpc

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// problems collects what went wrong while a description was built, so that a
// chain of calls reads like a sentence and fails once, at the end.
type problems struct{ errs []error }

func (p *problems) fail(err error) { p.errs = append(p.errs, err) }

// caller is the file:line of the code outside this package, and the emulator that
// calls it for changes, that builds the network: the Origin of what it adds. Tests
// are outside.
func caller() string {
	var pcs [8]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		inside := strings.HasPrefix(f.Function, thisPackage) || strings.HasPrefix(f.Function, emulator)
		if !inside || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// These begin the names of the functions of this package and of the emulator.
const (
	thisPackage = "github.com/vpcemu/vpcemu/vpc."
	emulator    = "github.com/vpcemu/vpcemu/emu."
)
