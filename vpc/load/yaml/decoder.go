package yaml

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

type node = goyaml.Node

// decoder walks the nodes of one file, fills a network and keeps the mistakes.
type decoder struct {
	alone      bool   // the file has expectations, and no network
	file, base string // as given, and its last element for origins
	net        *vpc.Network
	vpc        *vpc.VPC // the one being read
	subnets    map[string]*vpc.Subnet
	report     *report.Report
	labels     map[scope]map[string]string // keys of mappings to IDs
	checks     []func()                    // run when everything is read
	refs       *references
	toldIGW    map[*vpc.VPC]bool // that it has no internet gateway
	errs       Errors
}

// key is one key of a mapping that describes a T, and what to do with its value.
type key[T any] struct {
	name string
	read func(*decoder, *node, *T)
}

// keys are the keys of a mapping in the order in which they are read and
// written, whatever their order in the file.
type keys[T any] []key[T]

func (k keys[T]) names() []string {
	var names []string
	for _, e := range k {
		names = append(names, e.name)
	}
	return names
}

// join puts tables of keys one after the other.
func join[T any](tables ...keys[T]) keys[T] {
	var all keys[T]
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}

// read reads the keys of a mapping into e and refuses those that are not in the
// table. what names the mapping in messages.
func read[T any](d *decoder, n *node, what string, table keys[T], e *T) {
	values := make(map[string]*node)
	d.pairs(n, what, func(k, value *node) {
		values[k.Value] = value
		for _, known := range table {
			if known.name == k.Value {
				return
			}
		}
		d.errorf(k, "unknown key %q in %s%s", k.Value, what, suggest(k.Value, table.names()))
	})
	for _, k := range table {
		if value := values[k.name]; value != nil {
			k.read(d, value, e)
		}
	}
}

// pairs calls do for each key and value of a mapping; nothing (null) is an empty
// one. Keys that are not plain text or that come twice are refused.
func (d *decoder) pairs(n *node, what string, do func(key, value *node)) {
	n = follow(n)
	if isNull(n) {
		return
	}
	if n.Kind != goyaml.MappingNode {
		d.errorf(n, "want a mapping (key: value) for %s, not %s", what, describe(n))
		return
	}
	seen := make(map[string]*node)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := follow(n.Content[i]), n.Content[i+1]
		first := seen[k.Value]
		switch {
		case k.Kind != goyaml.ScalarNode || isNull(k):
			d.errorf(n.Content[i], "want a name as a key in %s, not %s", what, describe(k))
		case k.Tag == "!!merge":
			d.errorf(k, "merge keys (<<) are not read: repeat the keys, or use an alias for a whole value")
		case first != nil:
			d.errorf(n.Content[i], "duplicate key %q in %s: first at %d:%d", k.Value, what, first.Line, first.Column)
		default:
			seen[k.Value] = n.Content[i]
			do(k, value)
		}
	}
}

// items calls do for each element of a list. A single value counts as a list of
// one, and nothing (null) as an empty list.
func (d *decoder) items(n *node, do func(*node)) {
	n = follow(n)
	switch {
	case isNull(n):
	case n.Kind == goyaml.SequenceNode:
		for _, c := range n.Content {
			do(follow(c))
		}
	default:
		do(n)
	}
}

// text is the text of a scalar as it was written, so that 012345678901 and
// 22:22 stay what they are.
func (d *decoder) text(n *node, want string) (string, bool) {
	n = follow(n)
	if n.Kind != goyaml.ScalarNode || isNull(n) {
		d.errorf(n, "want %s, not %s", want, describe(n))
		return "", false
	}
	return n.Value, true
}

func (d *decoder) bool(n *node) (value, ok bool) {
	n = follow(n)
	if n.Kind == goyaml.ScalarNode && (n.Value == "true" || n.Value == "false") {
		return n.Value == "true", true
	}
	d.errorf(n, "want true or false, not %s", describe(n))
	return false, false
}

func (d *decoder) number(n *node) (int, bool) {
	n = follow(n)
	if i, err := strconv.Atoi(n.Value); err == nil && n.Kind == goyaml.ScalarNode && i >= 0 {
		return i, true
	}
	d.errorf(n, "want a whole number, not %s", describe(n))
	return 0, false
}

func (d *decoder) duration(n *node) time.Duration {
	s, ok := d.text(n, "a duration like 350s")
	if !ok {
		return 0
	}
	t, err := time.ParseDuration(s)
	if err != nil || t < 0 {
		d.errorf(n, "want a duration like 350s, not %s", describe(n))
		return 0
	}
	return t
}

// prefixes reads a CIDR or a list of them and clears their host bits (VPC-2).
func (d *decoder) prefixes(n *node) []netip.Prefix {
	var all []netip.Prefix
	d.items(n, func(n *node) {
		if p, ok := d.prefix(n); ok {
			all = append(all, p)
		}
	})
	return all
}

func (d *decoder) prefix(n *node) (netip.Prefix, bool) {
	s, ok := d.text(n, "a CIDR block like 10.0.0.0/16")
	if !ok {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		d.errorf(follow(n), "%s", badPrefix(s))
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// badPrefix says what is wrong with a CIDR block.
func badPrefix(s string) string {
	if a, err := netip.ParseAddr(s); err == nil {
		return fmt.Sprintf("%q is an address: want a CIDR block like %s/%d", s, a, a.BitLen())
	}
	return fmt.Sprintf("%q is not a CIDR block: want one like 10.0.0.0/16 or 2001:db8::/56", s)
}

func (d *decoder) addr(n *node, want string) netip.Addr {
	s, ok := d.text(n, want)
	if !ok {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		d.errorf(follow(n), "want %s, not %q", want, s)
	}
	return a
}

// origin is file:line of a node.
func (d *decoder) origin(n *node) string { return fmt.Sprintf("%s:%d", d.base, n.Line) }

// follow goes from an alias to what it stands for; bounded has refused cycles.
func follow(n *node) *node {
	for n.Kind == goyaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *node) bool { return n.Kind == goyaml.ScalarNode && n.Tag == "!!null" }

// describe says in messages what stands there.
func describe(n *node) string {
	switch n = follow(n); {
	case n.Kind == goyaml.MappingNode:
		return "a mapping"
	case n.Kind == goyaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return strconv.Quote(n.Value)
}
