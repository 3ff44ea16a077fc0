package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/nearest"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Patterns are what the ends of an expectation may be:
//
//	app-1, 10.0.2.4, internet, onprem   one end, as an [emu.Query] names it
//	app-*, prod/*, *, any               what is called so; * stands for any letters
//	public, private                     what is in subnets with and without a route to an
//	                                    internet gateway
//	subnet:db-*, vpc:prod, group:web    what is in such a subnet or VPC, or has such a group,
//	                                    by name or ID
//	tag:Name=db-*                       what has such a name, or whose instance has
//	a, b except c, d                    several, and all but some
//
// Patterns mean interfaces of guests, and as destinations load balancers and interface
// endpoints too; never the internet or on-premises, which are named. What is called exactly
// as a pattern is, is that. A pattern that means nothing is an error.

// asked is one end to ask about.
type asked struct {
	text string   // as an explorer finds it, if there is no end
	end  *emu.End // as the network has it
	own  *emu.End // whose interface the text means, if one's
}

// texted is an end by a text that an explorer finds it by.
func (c *Checker) texted(text string) asked {
	return asked{text: text, own: c.x.Meant(c.ends, text)}
}

// name is the end for people.
func (a *asked) name() string {
	if a.text != "" {
		return a.text
	}
	return a.end.Name
}

// find is the ends that a text means.
func (c *Checker) find(text string, source bool) ([]asked, error) {
	if text = strings.TrimSpace(text); !isPattern(text) || c.called(text) {
		return []asked{c.texted(text)}, nil
	}
	wanted, but, except := strings.Cut(text, " except ")
	found, err := c.terms(wanted, source)
	if err != nil || !except {
		return found, err
	}
	without, err := c.terms(but, source)
	if err != nil {
		return nil, err
	}
	gone := make(map[*emu.End]bool)
	for _, a := range without {
		for _, e := range c.meant(a) {
			gone[e] = true
		}
	}
	kept := slices.DeleteFunc(found, func(a asked) bool {
		return gone[a.end] || a.end == nil && slices.ContainsFunc(without, func(w asked) bool { return w.text == a.text })
	})
	if len(kept) == 0 {
		return nil, fmt.Errorf("%q leaves nothing", text)
	}
	return kept, nil
}

// isPattern reports whether a text is anything but the name of one end.
func isPattern(text string) bool {
	_, _, kind := pattern(text)
	return kind || strings.ContainsAny(text, "*,") || strings.Contains(text, " except ") || slices.Contains(patternWords, text)
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

// terms is a list of ends with commas between them.
func (c *Checker) terms(text string, source bool) ([]asked, error) {
	var all []asked
	seen := make(map[*emu.End]bool)
	for term := range strings.SplitSeq(text, ",") {
		if term = strings.TrimSpace(term); term == "" {
			return nil, fmt.Errorf("%q: an end is missing before or behind a comma", text)
		}
		if !isPattern(term) || c.called(term) {
			a := c.known(term)
			all = append(all, a)
			seen[a.end] = true
			continue
		}
		matches, err := c.matcher(term)
		if err != nil {
			return nil, err
		}
		count := 0
		for k := range c.ends {
			if e := &c.ends[k]; inPatterns(e, source) && matches(e) {
				count++
				if !seen[e] {
					all = append(all, asked{end: e})
				}
				seen[e] = true
			}
		}
		if count == 0 {
			return nil, c.nothing(term, source)
		}
	}
	return all, nil
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
func (c *Checker) known(name string) asked {
	if found := c.meant(asked{text: name}); len(found) == 1 {
		return asked{end: found[0]}
	}
	return c.texted(name)
}

// called reports whether some end is called exactly so.
func (c *Checker) called(name string) bool { return len(c.meant(asked{text: name})) > 0 }

// meant is the ends that are called as one that is asked about.
func (c *Checker) meant(a asked) []*emu.End {
	if a.end != nil {
		return []*emu.End{a.end}
	}
	var found []*emu.End
	for k := range c.ends {
		if slices.Contains(c.calls[k], a.text) {
			found = append(found, &c.ends[k])
		}
	}
	return found
}

// calls are all that an end is called.
func calls(e *emu.End) []string {
	all := []string{e.Name, e.ID()}
	if e.Interface != nil {
		all = append(all, e.Interface.Name, e.Interface.Instance)
	}
	if e.Instance != nil {
		all = append(all, e.Instance.ID, e.Instance.Name)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	if e.VPC != nil {
		for _, name := range all[:len(all):len(all)] {
			all = append(all, e.VPC.ID+"/"+name, e.VPC.Name+"/"+name)
		}
	}
	return all
}

// matcher says which ends a pattern means.
func (c *Checker) matcher(term string) (func(*emu.End) bool, error) {
	switch term {
	case "any", "*":
		return func(*emu.End) bool { return true }, nil
	case "public", "private":
		return func(e *emu.End) bool {
			return e.Subnet != nil && public(e.VPC, e.Subnet) == (term == "public")
		}, nil
	}
	kind, rest, ok := pattern(term)
	if ok && rest == "" {
		return nil, fmt.Errorf("%q: nothing stands after the colon", term)
	}
	switch {
	case !ok:
		matches := glob(term)
		return func(e *emu.End) bool { return slices.ContainsFunc(c.calls[c.index[e]], matches) }, nil
	case kind == "subnet":
		return func(e *emu.End) bool { return e.Subnet != nil && anyOf(rest, e.VPC, e.Subnet.ID, e.Subnet.Name) }, nil
	case kind == "vpc":
		return func(e *emu.End) bool { return e.VPC != nil && anyOf(rest, nil, e.VPC.ID, e.VPC.Name) }, nil
	case kind == "group":
		return func(e *emu.End) bool { return e.Interface != nil && inGroup(rest, e) }, nil
	}
	tag, value, ok := strings.Cut(rest, "=")
	if !ok || tag != "Name" {
		return nil, fmt.Errorf("%q: of tags only Name is read: want tag:Name=VALUE", term)
	}
	return func(e *emu.End) bool {
		return e.Interface != nil && anyOf(value, nil, e.Interface.Name) || e.Instance != nil && anyOf(value, nil, e.Instance.Name)
	}, nil
}

// anyOf reports whether a pattern is one of some names, also with a VPC's before it.
func anyOf(pattern string, v *vpc.VPC, names ...string) bool {
	matches := glob(pattern)
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && (matches(name) || v != nil && (matches(v.ID+"/"+name) || matches(v.Name+"/"+name)))
	})
}

// inGroup reports whether an interface has a security group. Who names none has the VPC's
// default one (SG-5).
func inGroup(pattern string, e *emu.End) bool {
	groups := e.Interface.Groups
	if len(groups) == 0 {
		groups = []string{e.VPC.DefaultSecurityGroup}
	}
	for _, name := range groups {
		names := []string{name}
		if g := e.VPC.SecurityGroup(name); g != nil {
			names = []string{g.ID, g.Name}
		}
		if anyOf(pattern, e.VPC, names...) {
			return true
		}
	}
	return false
}

// public reports whether a subnet has a route to an internet gateway.
func public(v *vpc.VPC, s *vpc.Subnet) bool {
	name := s.RouteTable
	if name == "" {
		name = v.MainRouteTable
	}
	t := v.RouteTable(name)
	return t != nil && slices.ContainsFunc(t.Routes, func(r routing.Route) bool {
		return r.Target.Kind == routing.InternetGateway && !r.Blackhole
	})
}

// glob matches names against a pattern in which * stands for any letters.
func glob(pattern string) func(string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	return func(name string) bool {
		if len(parts) == 1 {
			return name == pattern
		}
		rest, ok := strings.CutPrefix(name, first)
		if !ok || !strings.HasSuffix(rest, last) {
			return false
		}
		rest = rest[:len(rest)-len(last)]
		for _, p := range parts[1 : len(parts)-1] {
			_, after, found := strings.Cut(rest, p)
			if !found {
				return false
			}
			rest = after
		}
		return true
	}
}

// nothing is the error for a pattern that means nothing, with the nearest one that would.
func (c *Checker) nothing(term string, source bool) error {
	kind, rest, ok := pattern(term)
	var names []string
	for k := range c.ends {
		e := &c.ends[k]
		switch {
		case !inPatterns(e, source):
		case !ok:
			names = append(names, c.calls[k]...)
		case kind == "subnet" && e.Subnet != nil:
			names = append(names, e.Subnet.ID, e.Subnet.Name)
		case kind == "vpc" && e.VPC != nil:
			names = append(names, e.VPC.ID, e.VPC.Name)
		case kind == "group" && e.Interface != nil:
			for _, g := range e.VPC.SecurityGroups {
				names = append(names, g.ID, g.Name)
			}
		case kind == "tag":
			names = append(names, c.calls[k]...)
			rest = strings.TrimPrefix(rest, "Name=")
		}
	}
	if !ok {
		rest = term
	}
	slices.Sort(names)
	names = slices.Compact(names)
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
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
