package yaml

import (
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

const wantClaim = `an expectation like "internet -> web-1 tcp/443: reachable"`

var verdicts = []string{"reachable", "blocked", "unknown"}

// claimKeys are those of an expectation whose names do not fit on a line.
var claimKeys = keys[vpc.Expectation]{
	{"from", text("a source", func(e *vpc.Expectation) *string { return &e.Source })},
	{"to", text("a destination", func(e *vpc.Expectation) *string { return &e.Destination })},
	{"service", text("a service", func(e *vpc.Expectation) *string { return &e.Service })},
	{"want", text("reachable, blocked or unknown", func(e *vpc.Expectation) *string { return &e.Want })},
}

// ParseExpectations reads a file of its own that holds only expectations: under
// the key "expect", or as a bare list.
func ParseExpectations(name string, b []byte) ([]vpc.Expectation, error) {
	d := newDecoder(name)
	d.alone = true
	var list []vpc.Expectation
	if root := d.parse(b); root != nil {
		root = follow(root)
		switch key := networkKey(root); {
		case key != nil:
			d.errorf(key, "%q describes a network, and this file holds expectations only; those in a file with its network are asked with that network", key.Value)
		case root.Kind == goyaml.MappingNode:
			read(d, root, "a file of expectations", networkKeys[len(networkKeys)-1:], d.net)
			list = d.net.Expect
		default:
			list = d.expectations(root)
		}
	}
	return list, d.mistakes()
}

// networkKey is the first key that makes a file a network and no list of
// expectations, nil if there is none. Its own list is about itself: read here, it
// would be asked of another network, and that one left out silently.
func networkKey(root *node) *node {
	names := networkKeys.names()
	for i := 0; root.Kind == goyaml.MappingNode && i < len(root.Content); i += 2 {
		if k := follow(root.Content[i]); k.Value != "expect" && slices.Contains(names, k.Value) {
			return k
		}
	}
	return nil
}

// LoadExpectations is [ParseExpectations] for a file.
func LoadExpectations(path string) ([]vpc.Expectation, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseExpectations(path, b)
}

func (d *decoder) expectations(n *node) []vpc.Expectation {
	var list []vpc.Expectation
	d.items(n, func(n *node) {
		list = append(list, d.expectation(n))
		d.report.Count("expectation")
	})
	return list
}

// expectation reads "SRC -> DST SERVICE: WANT", which is a mapping of one key to
// YAML unless it stands in quotes, or a mapping of its parts.
func (d *decoder) expectation(n *node) vpc.Expectation {
	e := vpc.Expectation{Origin: d.origin(n)}
	if n.Kind == goyaml.MappingNode && (len(n.Content) != 2 || hasKey(n, claimKeys.names())) {
		before := len(d.errs)
		read(d, n, "an expectation", claimKeys, &e)
		if len(d.errs) > before {
			return e // which says it
		}
		for _, part := range []struct{ key, value string }{{"from", e.Source}, {"to", e.Destination}} {
			if d.alone && strings.TrimSpace(part.value) == "" { // of a network's, Validate says it
				d.errorf(n, "an expectation needs %q: the name of an end, or a pattern", part.key)
			}
		}
		if strings.TrimSpace(e.Service) == "" && hasKey(n, []string{"service"}) {
			d.errorf(n, "the service is empty: want one like tcp/443, or all")
		}
		d.verdict(n, e.Want)
		if _, _, err := e.Services(); err != nil {
			d.errorf(n, "%v", err)
		}
		return e
	}
	line, want, ok := d.claim(n)
	if ok {
		e.Want = want.Value
		d.claimLine(n, line, &e)
		d.verdict(want, e.Want)
	}
	return e
}

func (d *decoder) verdict(at *node, want string) {
	if !slices.Contains(verdicts, want) {
		d.errorf(at, "want reachable, blocked or unknown, not %q", want)
	}
}

// claim splits an expectation into its line and the verdict after the last colon.
func (d *decoder) claim(n *node) (line string, want *node, ok bool) {
	if n.Kind == goyaml.MappingNode {
		line, ok = d.text(n.Content[0], wantClaim)
		_, good := d.text(n.Content[1], "reachable, blocked or unknown")
		return line, follow(n.Content[1]), ok && good
	}
	s, ok := d.text(n, wantClaim)
	i := strings.LastIndex(s, ":")
	if ok && i < 0 {
		d.errorf(n, "want %s, not %q", wantClaim, s)
	}
	if !ok || i < 0 {
		return "", nil, false
	}
	return s[:i], &node{Value: strings.TrimSpace(s[i+1:]), Line: n.Line, Column: n.Column}, true
}

// claimLine reads "SRC -> DST SERVICE".
func (d *decoder) claimLine(n *node, line string, e *vpc.Expectation) {
	read, ok := vpc.SplitExpectation(line)
	if !ok || read.Destination == "" {
		d.errorf(n, "want %s, not %q", wantClaim, line)
		return
	}
	e.Source, e.Destination, e.Service = read.Source, read.Destination, read.Service
	if _, _, err := e.Services(); err != nil {
		d.errorf(within(n, line, strings.TrimPrefix(e.Service, "only ")), "%v", err)
	}
}

// within is the place of a part of a text that stands on one line, as it is there.
func within(n *node, text, part string) *node {
	if n.Kind == goyaml.MappingNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	at := *n
	if k := strings.LastIndex(text, part); k > 0 && !strings.Contains(text, "\n") && (n.Style&(goyaml.LiteralStyle|goyaml.FoldedStyle) == 0) {
		at.Column += utf8.RuneCountInString(text[:k])
		if n.Style&(goyaml.SingleQuotedStyle|goyaml.DoubleQuotedStyle) != 0 {
			at.Column++
		}
	}
	return &at
}
