package vpc

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// longestName is the most characters that a group's name or description has
// (LIM-60).
const longestName = 255

// groups checks the security groups of one VPC.
func (c *checker) groups(v *VPC) {
	sc, taken := c.ix.scopes[v], make(map[string]bool)
	for _, g := range v.SecurityGroups {
		s := groupSubject(g)
		c.kept(s, g.problems)
		c.add(s, noGroupID(g), malformedName(g), c.reservedName(v, g), takenName(g, sc, taken))
		c.groupRules(v, s, "ingress", g.Ingress)
		c.groupRules(v, s, "egress", g.Egress)
	}
}

func groupSubject(g *SecurityGroup) subject {
	return subject{element: g, kind: "security group", name: g.ID, origin: g.Origin}
}

func noGroupID(g *SecurityGroup) *mistake {
	if g.ID == "" {
		return wrong(CodeMissing, "has no ID (ERR-4)")
	}
	return nil
}

// malformedName lets a group that has its ID as its name be called "sg-…": a
// description written by hand has no other IDs.
func malformedName(g *SecurityGroup) *mistake {
	switch {
	case utf8.RuneCountInString(g.Name) > longestName:
		return wrong(CodeInvalidValue, "its name has more than %d characters (SG-58)", longestName)
	case utf8.RuneCountInString(g.Description) > longestName:
		return wrong(CodeInvalidValue, "its description has more than %d characters (LIM-60)", longestName)
	case strings.HasPrefix(g.Name, "sg-") && g.Name != g.ID:
		return wrong(CodeInvalidValue, "its name %s starts with sg- (SG-58)", g.Name)
	}
	return nil
}

// reservedName keeps the name "default" for the group that the VPC came with.
func (c *checker) reservedName(v *VPC, g *SecurityGroup) *mistake {
	if g.Name != "default" || v.Partial || c.ix.scopes[v].groups.get(v.DefaultSecurityGroup) == g {
		return nil
	}
	return wrong(CodeGroupReserved, `only the VPC's default group is called "default" (SG-58)`)
}

func takenName(g *SecurityGroup, sc *scope, taken map[string]bool) *mistake {
	if taken[g.Name] && g.Name != "" || sc.groups.ids[g.ID] != g {
		return wrong(CodeGroupDuplicate, "the VPC has another group of this name (SG-58)")
	}
	taken[g.Name] = true
	return nil
}

// groupRules checks one direction of a group.
func (c *checker) groupRules(v *VPC, s subject, direction string, rules []firewall.Rule) {
	seen := make(map[ruleKey]int, len(rules))
	for k := range rules {
		r := &rules[k]
		if r.Unknown != "" {
			continue
		}
		about := s.part(r, r.Origin)
		about.direction, about.line = direction, k+1
		if c.add(about, peers(r.Peer), malformedService(r.Service, "SG-10", "SG-11"), c.unknownPeer(v, direction, r)) {
			continue
		}
		key := c.ruleKey(v, r)
		if first, ok := seen[key]; ok {
			c.add(about, wrong(CodeRuleDuplicate, "%s, %s is rule %d already (SG-54)", r.Service, r.Peer, first+1))
			continue
		}
		seen[key] = k
	}
}

// peers checks that a rule has exactly one far side.
func peers(p firewall.Peer) *mistake {
	count := 0
	for _, set := range [...]bool{p.Prefix.IsValid(), p.Group != "", p.PrefixList != ""} {
		if set {
			count++
		}
	}
	switch {
	case count == 0:
		return wrong(CodeMissing, "names no CIDR, group or prefix list (ERR-4)")
	case count > 1:
		return wrong(CodeInvalidCombination, "names more than one of a CIDR, a group and a prefix list (ERR-6)")
	}
	return nil
}

// unknownPeer checks what a rule refers to.
func (c *checker) unknownPeer(v *VPC, direction string, r *firewall.Rule) *mistake {
	p := r.Peer
	switch {
	case v.Partial, r.Stale && p.Group != "":
		return nil
	case p.PrefixList != "" && c.ix.prefixLists.get(p.PrefixList) == nil:
		return wrong(CodePrefixListNotFound, "there is no prefix list %s (ERR-48)", p.PrefixList)
	case p.Group == "":
		return nil
	}
	g, w := c.ix.Group(v, p.Group)
	switch {
	case g == nil:
		return wrong(CodeGroupNotFound, "there is no security group %s in the VPC or one that is joined to it (ERR-31)", p.Group)
	case w != v && !c.mayRefer(v, w, direction):
		return wrong(CodeGroupNotFound, "security group %s is of VPC %s, out of the reach of %s rules (SG-20)", p.Group, w.ID, direction)
	}
	return nil
}

// mayRefer reports whether rules of v may name groups of w: over a peering
// connection that is or was active in one Region (SG-20, SG-21, PCX-10), and
// inbound over a transit gateway (SG-22).
func (c *checker) mayRefer(v, w *VPC, direction string) bool {
	for _, g := range c.n.Gateways {
		if !c.ix.joins(g, v) || !c.ix.joins(g, w) {
			continue
		}
		switch {
		case g.Kind == routing.TransitGateway && direction == "ingress" && c.n.refersOver(g, v, w):
			return true
		case g.Kind == routing.PeeringConnection && wasActive(c.ix.peeringState(g)) && v.Region == w.Region:
			return true
		}
	}
	return false
}

// wasActive reports whether a peering connection is active or was: rules that
// refer over a deleted one stay listed, stale (SG-21).
func wasActive(state string) bool {
	switch state {
	case "", "active", "deleting", "deleted":
		return true
	}
	return false
}

// ruleKey is what makes two rules of a group the same one.
type ruleKey struct {
	service firewall.Service
	prefix  netip.Prefix
	group   *SecurityGroup
	name    string // of a group or a list that is not described
}

func (c *checker) ruleKey(v *VPC, r *firewall.Rule) ruleKey {
	key := ruleKey{service: r.Service.Plain(), prefix: r.Peer.Prefix.Masked(), name: r.Peer.PrefixList}
	if l := c.ix.prefixLists.get(key.name); l != nil {
		key.name = l.ID
	}
	if r.Peer.Group == "" {
		return key
	}
	if key.group, _ = c.ix.Group(v, r.Peer.Group); key.group == nil {
		key.name = r.Peer.Group
	}
	return key
}
