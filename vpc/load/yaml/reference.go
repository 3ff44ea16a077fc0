package yaml

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/vpc"
)

// The kinds of things that can be referred to: each the Kind of a [vpc.Element].
const (
	kindVPC       = "VPC"
	kindSubnet    = "subnet"
	kindTable     = "route table"
	kindACL       = "network ACL"
	kindGroup     = "security group"
	kindInstance  = "instance"
	kindInterface = "interface"
	kindGateway   = "gateway"
	kindList      = "prefix list"

	kindLoadBalancer = "load balancer"
	kindTargetGroup  = "target group"
	kindIGW          = "internet gateway"
	kindFlowLog      = "flow log"
)

// index is every ID and name of a kind in a scope, with the number of things
// that have it; an ID counts once, whatever names are equal to it.
type index struct {
	known map[string]int
	order []string
}

func (x *index) add(id, name string) {
	for _, s := range []string{id, name} {
		if s != "" && x.known[s] == 0 {
			x.order = append(x.order, s)
		}
		if name == id {
			break
		}
	}
	x.known[id] = -1 << 30 // negative: an ID, never ambiguous
	if name != id {
		x.known[name]++
	}
}

// merge adds the names of another index that may stand in the same place, each
// once: an instance often has the name of its interface.
func (x *index) merge(other *index) {
	for _, s := range other.order {
		if x.known[s] == 0 {
			x.order = append(x.order, s)
		}
		x.known[s] = max(1, x.known[s], other.known[s])
	}
}

// indexOf lists what a scope holds. It is made once, after everything is read.
func (r *references) indexOf(s scope) *index {
	if x := r.made[s]; x != nil {
		return x
	}
	x := &index{known: make(map[string]int)}
	r.made[s] = x
	walk := r.net.Walk
	if s.vpc != nil {
		walk = s.vpc.Walk
	}
	walk(func(e vpc.Element) {
		inside := s.vpc == nil && e.VPC != nil // only gateways have two homes
		if e.Kind == s.kind && !(inside && s.kind == kindGateway) {
			x.add(*e.ID, *e.Name)
		}
	})
	return x
}

// references looks names up the way package vpc does: by ID, else by a name that
// only one thing has.
type references struct {
	net  *vpc.Network
	made map[scope]*index
	ix   *vpc.Index
}

// index is what package vpc looks up by; like indexOf, for when all is read.
func (r *references) index() *vpc.Index {
	if r.ix == nil {
		r.ix = r.net.Index()
	}
	return r.ix
}

func newReferences(n *vpc.Network) *references {
	return &references{net: n, made: make(map[scope]*index)}
}

// found reports whether a scope has exactly one thing of that name.
func (r *references) found(s scope, name string) bool {
	count := r.indexOf(s).known[name]
	return count < 0 || count == 1
}

// refer checks, when everything is read, that a name in the current VPC exists.
// The name may also be the key under which the thing stands.
func (d *decoder) refer(at *node, kind string, name *string) {
	s, v := scope{d.vpc, kind}, d.vpc
	d.checks = append(d.checks, func() { d.check(at, v, s, name) })
}

// references reads a list of names that must exist in a scope.
func (d *decoder) references(n *node, s scope) []string {
	var names []string
	var at []*node
	d.items(n, func(n *node) {
		if name, ok := d.text(n, "the name of a "+s.kind); ok {
			names, at = append(names, name), append(at, n)
		}
	})
	d.checks = append(d.checks, func() {
		for i := range names {
			d.check(at[i], s.vpc, s, &names[i])
		}
	})
	return names
}

// check looks a name up and says if it is not there. What v, if it is partial,
// lacks is nobody's mistake.
func (d *decoder) check(at *node, v *vpc.VPC, s scope, name *string) {
	if d.refs.found(s, *name) {
		return
	}
	if id, ok := d.labels[s][*name]; ok {
		*name = id
		return
	}
	if !d.excused(v) {
		d.missing(follow(at), s.kind, *name, d.refs.indexOf(s))
	}
}

// excused reports whether a VPC, or for nil any VPC, is partial.
func (d *decoder) excused(v *vpc.VPC) bool {
	if v != nil {
		return v.Partial
	}
	return slices.ContainsFunc(d.net.VPCs, func(v *vpc.VPC) bool { return v.Partial })
}

// missing says that a name means nothing, or too much.
func (d *decoder) missing(at *node, what, name string, x *index) {
	switch {
	case x.known[name] > 1:
		d.errorf(at, "%d %ss are named %q: refer to one by its id", x.known[name], what, name)
	case len(x.order) == 0:
		d.errorf(at, "no %s %q is defined", what, name)
	default:
		d.errorf(at, "no %s %q is defined%s", what, name, suggest(name, x.order))
	}
}

// reference makes the reader of a key that holds a reference.
func reference[T any](kind string, field func(*T) *string) func(*decoder, *node, *T) {
	return func(d *decoder, n *node, e *T) {
		if s, ok := d.text(n, "the name of a "+kind); ok && s != "" {
			*field(e) = s
			d.refer(n, kind, field(e))
		}
	}
}

// what names a thing in messages: subnet "web".
func what(kind, name string) string { return fmt.Sprintf("%s %q", kind, name) }
