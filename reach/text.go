package reach

import (
	"fmt"
	"io"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
)

// String is the answer for people, as WriteText writes it.
func (a *Answer) String() string {
	var b strings.Builder
	a.WriteText(&b)
	return b.String()
}

// WriteText writes the answer for people: what is reachable, what is not known and why,
// and what is blocked with everything that is in the way.
//
//	reachable
//	  tcp/5432
//	blocked
//	  all but tcp/5432
//	    SG-IN db-1: no rule of db matches tcp/443 from 10.0.1.10
func (a *Answer) WriteText(out io.Writer) error {
	w := writer{out: out}
	both := a.bothVersions()
	for i := range a.Parts {
		p := &a.Parts[i]
		if title := p.title(); i == 0 || a.Parts[i-1].title() != title {
			w.printf("%s\n", title)
		}
		for _, t := range p.Traffic() {
			if both && p.IPv6() {
				w.printf("  IPv6: %s\n", t)
			} else {
				w.printf("  %s\n", t)
			}
		}
		w.why(p)
	}
	return w.err
}

// bothVersions reports whether there are parts of IPv4 and of IPv6.
func (a *Answer) bothVersions() bool {
	for i := range a.Parts {
		if a.Parts[i].IPv6() != a.Parts[0].IPv6() {
			return true
		}
	}
	return false
}

// title is what becomes of the part.
func (p *Part) title() string {
	if p.Answer == emu.Blocked && p.Request == emu.Reachable {
		return "blocked on the way back"
	}
	return p.Answer.String()
}

// writer keeps the first error.
type writer struct {
	out io.Writer
	err error
}

func (w *writer) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format, args...)
	}
}

// why writes what a part's answer is due to, where that is not just that all lets it pass.
func (w *writer) why(p *Part) {
	if p.Depends != "" {
		w.printf("    depends on %s\n", p.Depends)
	}
	if p.Answer == emu.Reachable {
		return
	}
	why, err := p.Explain()
	if err != nil {
		w.err = err
		return
	}
	for _, list := range [...][]Reason{why.Blockers, why.Unknowns} {
		for _, r := range list {
			w.printf("    %s\n", r)
		}
	}
}
