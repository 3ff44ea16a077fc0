package yaml

import (
	"regexp"

	"github.com/vpcemu/vpcemu/vpc"
)

// awsID is the form of the IDs that AWS gives: sg-0123456789abcdef0.
var awsID = regexp.MustCompile(`^[a-z]{1,8}-([0-9a-f]{8}|[0-9a-f]{17})$`)

// nameFor is the name of what a mapping describes under a key, unless it says
// otherwise: the key, but nothing if the key is the ID that AWS gave.
func nameFor(key, id string) string {
	if key == id && awsID.MatchString(key) {
		return ""
	}
	return key
}

// identity are the keys "id" and "name" of things that stand under a key.
func identity[T any](of func(*T) (id, name *string)) keys[T] {
	return keys[T]{
		{"id", func(d *decoder, n *node, e *T) {
			if s, ok := d.text(n, "an ID"); ok {
				id, name := of(e)
				*name = nameFor(*id, s) // until now the ID is the key
				*id = s
			}
		}},
		{"name", func(d *decoder, n *node, e *T) {
			if s, ok := d.text(n, "a name"); ok {
				_, name := of(e)
				*name = s
			}
		}},
	}
}

// text makes the reader of a key whose value is kept as text.
func text[T any](want string, field func(*T) *string) func(*decoder, *node, *T) {
	return func(d *decoder, n *node, e *T) {
		if s, ok := d.text(n, want); ok {
			*field(e) = s
		}
	}
}

// flag makes the reader of a key that is true or false; the field becomes true
// if the value is what when says.
func flag[T any](when bool, field func(*T) *bool) func(*decoder, *node, *T) {
	return func(d *decoder, n *node, e *T) {
		if b, ok := d.bool(n); ok {
			*field(e) = b == when
		}
	}
}

// scope is where a name is looked up: a kind of things in a VPC, or in the whole
// network if vpc is nil.
type scope struct {
	vpc  *vpc.VPC
	kind string
}

// label remembers under which key something stood, for references that use
// neither its ID nor its name.
func (d *decoder) label(kind, key, id string) {
	s := scope{d.vpc, kind}
	if d.labels[s] == nil {
		d.labels[s] = make(map[string]string)
	}
	d.labels[s][key] = id
}
