package yaml

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	goyaml "go.yaml.in/yaml/v4"
)

// flowWidth is how long a mapping or a list on one line gets at most.
const flowWidth = 100

// scalar is text. It gets quotes if YAML would read it as something else.
func scalar(s string) *node { return &node{Kind: goyaml.ScalarNode, Tag: "!!str", Value: s} }

// plain is a number or a truth value.
func plain(tag, s string) *node { return &node{Kind: goyaml.ScalarNode, Tag: tag, Value: s} }

// mapping is a YAML mapping that is being written. Adding nothing to it writes
// nothing, so that defaults need no condition.
type mapping struct{ *node }

func newMapping() mapping { return mapping{&node{Kind: goyaml.MappingNode, Tag: "!!map"}} }

func (m mapping) add(key string, value *node) {
	if value != nil {
		m.Content = append(m.Content, scalar(key), value)
	}
}

func (m mapping) text(key, s string) {
	if s != "" {
		m.add(key, scalar(s))
	}
}

// flag writes value if it is set.
func (m mapping) flag(key string, set, value bool) {
	if set {
		m.add(key, plain("!!bool", strconv.FormatBool(value)))
	}
}

func (m mapping) number(key string, i int) {
	if i != 0 {
		m.add(key, plain("!!int", strconv.Itoa(i)))
	}
}

// orNil is the mapping, or nil if nothing was added.
func (m mapping) orNil() *node {
	if len(m.Content) == 0 {
		return nil
	}
	return m.node
}

// list is a YAML list, nil if it has no elements.
func list(items ...*node) *node {
	if len(items) == 0 {
		return nil
	}
	return &node{Kind: goyaml.SequenceNode, Tag: "!!seq", Content: items}
}

// oneOrList is an element alone where there is one.
func oneOrList(items []*node) *node {
	if len(items) == 1 {
		return items[0]
	}
	return list(items...)
}

func texts(all []string) *node {
	var items []*node
	for _, s := range all {
		items = append(items, scalar(s))
	}
	return list(items...)
}

// section is a mapping whose entries get a line each.
func (w *writer) section(m mapping) *node {
	w.block[m.node] = true
	return m.orNil()
}

// lines is a list whose elements get a line each if there are several.
func (w *writer) lines(items []*node) *node {
	n := list(items...)
	w.block[n] = len(items) > 1
	return n
}

// layout chooses for each mapping and list below n whether it goes on one line,
// and answers its length there; what contains something with lines of its own
// gets lines as well.
func (w *writer) layout(n *node) (width int, fits bool) {
	if n.Kind == goyaml.ScalarNode {
		return w.scalarWidth(n), true
	}
	fits = !w.block[n]
	for _, c := range n.Content {
		inner, ok := w.layout(c)
		width += inner + 2 // ", " or ": "
		fits = fits && ok
	}
	if fits = fits && width <= flowWidth; fits {
		n.Style |= goyaml.FlowStyle
	}
	return width, fits
}

func (w *writer) scalarWidth(n *node) int {
	if !utf8.ValidString(n.Value) {
		w.failf("%q is not UTF-8 text", n.Value)
	}
	return utf8.RuneCountInString(n.Value)
}

func (w *writer) failf(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// labels are the keys under which things stand: the name where it belongs to
// nothing else, else the ID, else one of them and a number.
func labels[T any](list []T, idAndName func(T) [2]string) []string {
	ids := make([][2]string, len(list))
	uses := make(map[string]int)
	for i, e := range list {
		n := idAndName(e)
		ids[i] = n
		uses[n[0]]++
		if n[1] != n[0] {
			uses[n[1]]++
		}
	}
	taken := make(map[string]bool)
	keys := make([]string, len(ids))
	for i, n := range ids {
		key := n[1]
		if key == "" || uses[key] > 1 {
			key = n[0]
		}
		base := key
		for k := 2; key == "" || taken[key] || key != n[0] && uses[key] > 1; k++ {
			key = base + "-" + strconv.Itoa(k)
		}
		taken[key] = true
		keys[i] = key
	}
	return keys
}

// identity writes an ID and a name where the key does not tell them.
func (m mapping) identity(key, id, name string) {
	if id != key {
		m.add("id", scalar(id))
	}
	if name != nameFor(key, id) {
		m.add("name", scalar(name))
	}
}
