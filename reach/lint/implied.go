package lint

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// impliedBy is by which rules another is implied.
type impliedBy []*rule

// implied are rules that others of the same interfaces make superfluous. All of them
// may go at once.
func (p *pass) implied() map[*firewall.Rule]impliedBy {
	if p.found.implied != nil {
		return p.found.implied
	}
	p.found.implied = make(map[*firewall.Rule]impliedBy)
	type half struct {
		group  *vpc.SecurityGroup
		egress bool
	}
	halves := make(map[half][]*rule)
	var order []half
	for _, r := range p.rules() {
		if r.unknown != "" || r.empty() {
			continue
		}
		h := half{r.group, r.egress}
		if halves[h] == nil {
			order = append(order, h)
		}
		halves[h] = append(halves[h], r)
	}
	for _, h := range order {
		p.implies(halves[h], nil)
	}
	companions := p.companions()
	for _, h := range order {
		if p.owner(h.group).Unlisted != "" {
			continue // others may have the group; see impliedRules
		}
		var more []*rule
		for _, g := range companions[h.group] {
			more = append(more, halves[half{g, h.egress}]...)
		}
		more = slices.DeleteFunc(more, (*rule).initial)
		if len(more) > 0 {
			p.implies(halves[h], more)
		}
	}
	for r, by := range p.found.implied {
		p.found.implied[r] = p.staying(by)
	}
	return p.found.implied
}

// staying are rules with, in place of those that are implied themselves, by what these are:
// what a finding names is nothing that another one says to remove. A rule is implied by such as
// were not at that time, so that none is by itself.
func (p *pass) staying(by impliedBy) (all impliedBy) {
	for _, r := range by {
		these := impliedBy{r}
		if others := p.found.implied[r.desc]; others != nil {
			these = p.staying(others)
		}
		for _, o := range these {
			if !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	return all
}

// initial reports whether a rule is one that AWS puts into every group that it makes. Beside
// it no rule of another group has a say, and who writes one means it all the same.
func (r *rule) initial() bool {
	return r.egress && r.desc.Service.Protocol == firewall.AllProtocols && r.everywhere()
}

// everywhere reports whether a rule is for all addresses of an IP version.
func (r *rule) everywhere() bool {
	return r.desc.Peer.Prefix.IsValid() && r.desc.Peer.Prefix.Bits() == 0
}

// implies finds rules of a list that one other, or several together, make superfluous:
// of the list itself, and some more.
func (p *pass) implies(list, more []*rule) {
	left := func(but *rule) []*rule {
		return slices.DeleteFunc(slices.Concat(list, more), func(o *rule) bool { return o == but || p.found.implied[o.desc] != nil })
	}
	for _, alone := range [...]bool{true, false} {
		for _, r := range slices.Backward(list) {
			if p.found.implied[r.desc] != nil {
				continue
			}
			if others := left(r); alone {
				if k := slices.IndexFunc(others, func(o *rule) bool { return r.covered(o) }); k >= 0 {
					p.found.implied[r.desc] = impliedBy{others[k]}
				}
			} else if r.covered(others...) {
				p.found.implied[r.desc] = r.needed(others)
			}
		}
	}
}

// needed leaves out those that are not needed to cover a rule.
func (r *rule) needed(others []*rule) impliedBy {
	needed := slices.Clone(others)
	for k := len(needed) - 1; k >= 0; k-- {
		if without := slices.Delete(slices.Clone(needed), k, k+1); r.covered(without...) {
			needed = without
		}
	}
	return needed
}

// owner is the VPC of a group.
func (p *pass) owner(g *vpc.SecurityGroup) *vpc.VPC {
	k := slices.IndexFunc(p.net.VPCs, func(v *vpc.VPC) bool { return slices.Contains(v.SecurityGroups, g) })
	return p.net.VPCs[k]
}

func impliedRules(p *pass) {
	implied := p.implied()
	for _, v := range p.net.VPCs {
		if v.Unlisted != "" && len(v.SecurityGroups) > 0 {
			p.unsure(ofVPC(v), "which groups always go together is not known: %s", v.Unlisted)
		}
	}
	for _, r := range p.rules() {
		by := implied[r.desc]
		if by == nil {
			continue
		}
		var names []string
		other := false
		for _, o := range by {
			other = other || o.group != r.group
			names = append(names, o.name(r.group))
		}
		if other {
			p.find(r.subject(), nil, "remove the rule, or the other if this one is the one that is meant",
				"every interface with the group also has others, and %s let%s through all that it lets through", words(names, few), s(len(names) == 1))
			continue
		}
		p.find(r.subject(), nil, "remove the rule, or narrow the other if this one is the one that is meant",
			"%s let%s through all that it lets through", words(names, few), s(len(names) == 1))
	}
}

// name is how a rule is called beside one of a group.
func (r *rule) name(beside *vpc.SecurityGroup) string {
	text := fmt.Sprintf("%s rule %d (%s)", r.direction(), r.number, r)
	if r.group != beside {
		text += " of " + r.group.ID
	}
	return text
}

// s is the ending of a verb of one thing.
func s(one bool) string {
	if one {
		return "s"
	}
	return ""
}
