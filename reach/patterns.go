package reach

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/nearest"
	wild "github.com/vpcemu/vpcemu/internal/pattern"
)

// names finds what patterns mean; [Checker] says what there is.
type names struct {
	x     *emu.Explorer
	ends  []*emu.End
	calls [][]string       // what each end is called
	index map[*emu.End]int // where it is
}

func newNames(x *emu.Explorer, ends []*emu.End) *names {
	n := &names{x: x, ends: ends, index: make(map[*emu.End]int, len(ends))}
	for k, e := range ends {
		n.calls, n.index[e] = append(n.calls, calls(e)), k
	}
	return n
}

// asked is one end to ask about.
type asked struct {
	text string   // as an explorer finds it, if there is no end
	end  *emu.End // as the network has it
	own  *emu.End // whose interface the text means, if one's
}

// texted is an end by a text that an explorer finds it by. An error says that it means
// nothing, or several things.
func (n *names) texted(text string) (asked, error) {
	a := asked{text: text}
	found, err := n.x.End(text)
	if err != nil || !found.Inside() {
		return a, err
	}
	for _, e := range n.ends {
		if e.Same(&found) {
			a.own = e
		}
	}
	return a, nil
}

// name is the end for people.
func (a *asked) name() string {
	if a.text != "" {
		return a.text
	}
	return a.end.Name
}

// find is the ends that a text means.
func (n *names) find(text string, source bool) ([]asked, error) {
	switch text = strings.TrimSpace(text); {
	case text == "":
		return nil, errors.New("it is empty: want the name of an end, a pattern, or any")
	case !isPattern(text) && !n.severalOnPremises(text), n.called(text):
		a, err := n.texted(text)
		return []asked{a}, err
	}
	wanted, but, except := strings.Cut(text, " except ")
	found, err := n.terms(wanted, source)
	if err != nil || !except {
		return found, err
	}
	without, err := n.terms(but, source)
	if err != nil {
		return nil, err
	}
	gone := make(map[*emu.End]bool)
	for _, a := range without {
		for _, e := range append(n.meant(a), a.own) {
			gone[e] = true
		}
	}
	delete(gone, nil)
	kept := slices.DeleteFunc(found, func(a asked) bool {
		return gone[a.end] || gone[a.own] || a.end == nil && slices.ContainsFunc(without, func(w asked) bool { return w.text == a.text })
	})
	if len(kept) == 0 {
		return nil, fmt.Errorf("%q leaves nothing", text)
	}
	return kept, nil
}

// isPattern reports whether a text is anything but the name of one end.
func isPattern(text string) bool {
	_, _, kind := pattern(text)
	return kind || wild.Is(text) || strings.Contains(text, ",") || strings.Contains(text, " except ") || slices.Contains(patternWords, text)
}

// patternWords are patterns of one word, and patternKinds what stands before a colon.
var (
	patternWords = []string{"any", "public", "private"}
	patternKinds = []string{"subnet", "vpc", "group", "tag"}
)

// pattern cuts "subnet:db-*".
func pattern(text string) (kind, rest string, ok bool) {
	kind, rest, ok = strings.Cut(text, ":")
	return kind, rest, ok && slices.Contains(patternKinds, kind)
}

// terms is a list of ends with commas between them, each once.
func (n *names) terms(text string, source bool) ([]asked, error) {
	var all []asked
	seen := make(map[asked]bool)
	add := func(a asked) {
		if !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	for term := range strings.SplitSeq(text, ",") {
		if term = strings.TrimSpace(term); term == "" {
			return nil, fmt.Errorf("%q: an end is missing before or behind a comma", text)
		}
		if n.severalOnPremises(term) {
			for _, e := range n.ends {
				if e.Kind == emu.OnPremisesEnd {
					add(asked{end: e})
				}
			}
			continue
		}
		if !isPattern(term) || n.called(term) {
			a, err := n.known(term)
			if err != nil {
				return nil, err
			}
			add(a)
			continue
		}
		found, err := n.matching(term, source)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			add(asked{end: e})
		}
	}
	return all, nil
}

// matching are the ends that a pattern without commas means. There is at least one, or an
// error.
func (n *names) matching(term string, source bool) ([]*emu.End, error) {
	matches, err := n.matcher(term)
	if err != nil {
		return nil, err
	}
	var found []*emu.End
	for _, e := range n.ends {
		if !inPatterns(e, source) {
			continue
		}
		is, err := matches(e)
		if err != nil {
			return nil, err
		}
		if is {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return nil, n.nothing(term, source)
	}
	return found, nil
}

// inPatterns reports whether patterns may mean an end.
func inPatterns(e *emu.End, source bool) bool {
	switch e.Kind {
	case emu.InterfaceEnd:
		return true
	case emu.BalancerEnd, emu.EndpointEnd:
		return !source
	}
	return false
}

// known is an end by its name: as the network has it if only one is called so.
func (n *names) known(name string) (asked, error) {
	if found := n.meant(asked{text: name}); len(found) == 1 {
		return asked{end: found[0]}, nil
	}
	return n.texted(name)
}

// severalOnPremises reports whether a text is "onprem", and there are several networks
// that it may be.
func (n *names) severalOnPremises(text string) bool {
	if text != "onprem" {
		return false
	}
	count := 0
	for _, e := range n.ends {
		if e.Kind == emu.OnPremisesEnd {
			count++
		}
	}
	return count > 1
}

// called reports whether some end is called exactly so.
func (n *names) called(name string) bool { return len(n.meant(asked{text: name})) > 0 }

// meant is the ends that are called as one that is asked about.
func (n *names) meant(a asked) []*emu.End {
	if a.end != nil {
		return []*emu.End{a.end}
	}
	var found []*emu.End
	for k, e := range n.ends {
		if slices.Contains(n.calls[k], a.text) {
			found = append(found, e)
		}
	}
	return found
}

// calls are all that an end is called, also with its VPC's ID or name before it.
func calls(e *emu.End) []string {
	all := callsIn(e)
	names := len(all)
	for _, owner := range slices.Compact(owners(e)) {
		for _, name := range all[:names] {
			if owner != "" {
				all = append(all, owner+"/"+name)
			}
		}
	}
	return all
}

// callsIn are all that an end is called in its VPC.
func callsIn(e *emu.End) []string {
	all := []string{e.ID()}
	name := e.Name
	for _, owner := range owners(e) { // before the names that several ends have
		if rest, ok := strings.CutPrefix(name, owner+"/"); ok && owner != "" {
			name = rest
			break
		}
	}
	all = append(all, name)
	if e.Interface != nil {
		all = append(all, e.Interface.Name, e.Interface.Instance)
	}
	if e.Instance != nil {
		all = append(all, e.Instance.ID, e.Instance.Name)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// matcher says which ends a pattern means. An error of what it returns means that the
// description does not tell.
func (n *names) matcher(term string) (func(*emu.End) (bool, error), error) {
	switch term {
	case "any", "*":
		return func(*emu.End) (bool, error) { return true, nil }, nil
	case "public", "private":
		return func(e *emu.End) (bool, error) {
			if e.Subnet == nil {
				return false, nil
			}
			public, unknown := e.Public()
			if unknown != "" {
				return false, fmt.Errorf("%q: whether subnet %s is public is not known: %s", term, e.Subnet.ID, unknown)
			}
			return public == (term == "public"), nil
		}, nil
	}
	matches, err := n.matcherOf(term)
	return func(e *emu.End) (bool, error) { return matches(e), nil }, err
}

// matcherOf is matcher for what always tells.
func (n *names) matcherOf(term string) (func(*emu.End) bool, error) {
	kind, rest, ok := pattern(term)
	if ok && rest == "" {
		return nil, fmt.Errorf("%q: nothing stands after the colon", term)
	}
	switch {
	case !ok:
		return func(e *emu.End) bool { return wild.In(term, owners(e), callsIn(e)) }, nil
	case kind == "subnet":
		return func(e *emu.End) bool {
			return e.Subnet != nil && wild.In(rest, owners(e), []string{e.Subnet.ID, e.Subnet.Name})
		}, nil
	case kind == "vpc":
		return func(e *emu.End) bool { return wild.In(rest, nil, owners(e)) }, nil
	case kind == "group":
		return func(e *emu.End) bool { return e.Interface != nil && inGroup(rest, e) }, nil
	}
	tag, value, ok := strings.Cut(rest, "=")
	if !ok || tag != "Name" {
		return nil, fmt.Errorf("%q: of tags only Name is read: want tag:Name=VALUE", term)
	}
	return func(e *emu.End) bool {
		return e.Interface != nil && wild.In(value, nil, []string{e.Interface.Name}) || e.Instance != nil && wild.In(value, nil, []string{e.Instance.Name})
	}, nil
}

// owners are the ID and the name of an end's VPC, if it has one.
func owners(e *emu.End) []string {
	if e.VPC == nil {
		return nil
	}
	return []string{e.VPC.ID, e.VPC.Name}
}

// inGroup reports whether an interface has a security group. Who names none has the VPC's
// default one (SG-5).
func inGroup(pattern string, e *emu.End) bool {
	groups := e.Interface.Groups
	if len(groups) == 0 {
		groups = []string{e.VPC.DefaultSecurityGroup}
	}
	for _, name := range groups {
		known := []string{name}
		if g := e.VPC.SecurityGroup(name); g != nil {
			known = []string{g.ID, g.Name}
		}
		if wild.In(pattern, owners(e), known) {
			return true
		}
	}
	return false
}

// names are the names that a pattern of a kind may mean, sorted; those of ends for "", a
// pattern without a kind, and for "tag".
func (n *names) names(kind string, source bool) []string {
	var all []string
	for k, e := range n.ends {
		switch {
		case !inPatterns(e, source):
		case kind == "" || kind == "tag":
			all = append(all, n.calls[k]...)
		case kind == "subnet" && e.Subnet != nil:
			all = append(all, e.Subnet.ID, e.Subnet.Name)
		case kind == "vpc" && e.VPC != nil:
			all = append(all, e.VPC.ID, e.VPC.Name)
		case kind == "group" && e.Interface != nil:
			for _, g := range e.VPC.SecurityGroups {
				all = append(all, g.ID, g.Name)
			}
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

// nothing is the error for a pattern that means nothing, with the nearest one that would.
func (n *names) nothing(term string, source bool) error {
	kind, rest, ok := pattern(term)
	switch {
	case !ok:
		kind, rest = "", term
	case kind == "tag":
		rest = strings.TrimPrefix(rest, "Name=")
	}
	names := n.names(kind, source)
	if !strings.Contains(rest, "/") {
		names = slices.DeleteFunc(names, func(s string) bool { return strings.Contains(s, "/") })
	}
	text := fmt.Sprintf("%q means nothing in this network", term)
	if term == "public" || term == "private" {
		return fmt.Errorf("%s: no interface is in a %s subnet", text, term)
	}
	candidates := slices.Clone(names)
	if strings.HasSuffix(rest, "*") { // of web-1 and web-2, web-*
		for k, name := range names {
			candidates[k] = strings.TrimRight(name, "0123456789") + "*"
		}
	}
	if best := nearest.Best(rest, candidates); best != "" {
		if ok {
			best = kind + ":" + strings.TrimSuffix(strings.TrimPrefix(term, kind+":"), rest) + best
		}
		return fmt.Errorf("%s; did you mean %q?", text, best)
	}
	const most = 5
	more := ""
	if len(names) > most {
		names, more = names[:most], ", …"
	}
	return fmt.Errorf("%s: there are %s%s", text, strings.Join(names, ", "), more)
}
