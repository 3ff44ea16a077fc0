package awsjson

import (
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// renamer gives every element an ID of AWS's shape, unique in the network and
// not only in its VPC.
type renamer struct {
	ids   map[any]string // by element
	count map[string]int // how many elements would like an ID
	taken map[string]bool
}

// renameAll chooses the IDs of all elements: what has AWS's prefix keeps its ID,
// "web" becomes "subnet-web", or "subnet-prod-web" if two VPCs have one.
func renameAll(n *vpc.Network) *renamer {
	r := &renamer{ids: make(map[any]string), count: make(map[string]int), taken: make(map[string]bool)}
	for _, choose := range []bool{false, true} { // count first, then choose
		for _, v := range n.VPCs {
			r.element(choose, v, "vpc-", v.ID, "")
		}
		for _, l := range n.PrefixLists {
			r.element(choose, l, "pl-", l.ID, "")
		}
		for _, g := range n.Gateways {
			r.element(choose, g, gatewayPrefix(g.Kind), g.ID, "")
		}
		for _, v := range n.VPCs {
			r.inside(choose, v)
		}
	}
	return r
}

func (r *renamer) inside(choose bool, v *vpc.VPC) {
	owner := strings.TrimPrefix(r.ids[v], "vpc-")
	if g := v.InternetGateway; g != nil {
		r.element(choose, g, "igw-", g.ID, owner)
	}
	for _, g := range v.Gateways {
		r.element(choose, g, gatewayPrefix(g.Kind), g.ID, owner)
	}
	for _, t := range v.RouteTables {
		r.element(choose, t, "rtb-", t.ID, owner)
	}
	for _, a := range v.NetworkACLs {
		r.element(choose, a, "acl-", a.ID, owner)
	}
	for _, g := range v.SecurityGroups {
		r.element(choose, g, "sg-", g.ID, owner)
	}
	for _, i := range v.Instances {
		r.element(choose, i, "i-", i.ID, owner)
	}
	for _, s := range v.Subnets {
		r.element(choose, s, "subnet-", s.ID, owner)
		for _, i := range s.Interfaces {
			r.element(choose, i, "eni-", i.ID, owner)
		}
	}
}

func (r *renamer) element(choose bool, e any, prefix, id, owner string) {
	base := withPrefix(prefix, id)
	if !choose {
		r.count[base]++
		return
	}
	if r.count[base] > 1 && owner != "" {
		base = prefix + owner + "-" + strings.TrimPrefix(base, prefix)
	}
	unique := base
	for k := 2; r.taken[unique]; k++ {
		unique = fmt.Sprintf("%s-%d", base, k)
	}
	r.taken[unique] = true
	r.ids[e] = unique
}

// withPrefix puts a prefix before an ID that has none; what AWS's IDs do not
// have then becomes a hyphen.
func withPrefix(prefix, id string) string {
	if strings.HasPrefix(id, prefix) {
		return id
	}
	plain := func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
			return c
		}
		return '-'
	}
	return prefix + strings.Map(plain, id)
}

func gatewayPrefix(k routing.TargetKind) string {
	if p, ok := idPrefix[k]; ok {
		return p
	}
	return "vpce-" // endpoints of an unknown type
}

// id is the new ID of an element, or the text that named it if it is nil.
func id[T any](r *renamer, e *T, text string) string {
	if e == nil {
		return text
	}
	return r.ids[e]
}
