package yaml

import (
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// direction is which way a rule looks, and the word before its far side.
type direction struct{ name, word, wrong string }

var (
	ingress = direction{"ingress", "from", "to"}
	egress  = direction{"egress", "to", "from"}
)

var groupKeys = join(identity(func(g *vpc.SecurityGroup) (id, name *string) { return &g.ID, &g.Name }), keys[vpc.SecurityGroup]{
	{"description", text("a description", func(g *vpc.SecurityGroup) *string { return &g.Description })},
	{"ingress", func(d *decoder, n *node, g *vpc.SecurityGroup) { g.Ingress = d.rules(n, ingress) }},
	{"egress", func(d *decoder, n *node, g *vpc.SecurityGroup) { g.Egress = d.rules(n, egress) }},
})

func (d *decoder) securityGroup(k, n *node) {
	g := &vpc.SecurityGroup{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	read(d, n, what(kindGroup, k.Value), groupKeys, g)
	d.vpc.SecurityGroups = append(d.vpc.SecurityGroups, g)
	d.label(kindGroup, k.Value, g.ID)
	d.report.Count("security-group")
}

// builtRule is a rule while its line or mapping is read.
type builtRule struct {
	firewall.Rule
	way  direction
	peer string // as in the line
	open bool   // the line does not know its service
	at   *node  // the line
}

// ruleKeys are the keys of a rule that needs more than its line.
var ruleKeys = keys[builtRule]{
	{"rule", func(d *decoder, n *node, r *builtRule) { d.ruleLine(n, r) }},
	{"group", text("a security group", func(r *builtRule) *string { return &r.Peer.Group })},
	{"prefix-list", text("a prefix list", func(r *builtRule) *string { return &r.Peer.PrefixList })},
	{"id", text("an ID", func(r *builtRule) *string { return &r.ID })},
	{"description", text("a description", func(r *builtRule) *string { return &r.Description })},
	{"stale", flag(true, func(r *builtRule) *bool { return &r.Stale })},
	{"unknown", text("a reason", func(r *builtRule) *string { return &r.Unknown })},
}

func (d *decoder) rules(n *node, way direction) []firewall.Rule {
	var list []*builtRule
	d.items(n, func(n *node) {
		before := len(d.errs)
		r := &builtRule{Rule: firewall.Rule{Origin: d.origin(n)}, way: way, at: n}
		if n.Kind == goyaml.MappingNode && !d.splitLine(n) {
			read(d, n, "a rule", ruleKeys, r)
		} else if n.Kind != goyaml.MappingNode {
			d.ruleLine(n, r)
		}
		if len(d.errs) == before {
			d.wantPeer(r)
		}
		list = append(list, r)
	})
	if list == nil {
		return nil
	}
	rules := make([]firewall.Rule, len(list))
	v := d.vpc
	d.checks = append(d.checks, func() {
		for i, r := range list {
			d.peer(v, r)
			rules[i] = r.Rule
		}
	})
	return rules
}

// splitLine refuses a rule whose last colon YAML took for that of a key, as in
// [tcp/443 from fd00::].
func (d *decoder) splitLine(n *node) bool {
	if len(n.Content) == 2 && strings.Contains(n.Content[0].Value, " ") {
		d.errorf(n, "YAML takes the colon at the end for that of a key: put the rule in quotes")
		return true
	}
	return false
}

// ruleLine reads "SERVICE from PEER".
func (d *decoder) ruleLine(n *node, r *builtRule) {
	s, ok := d.text(n, "a rule like \"tcp/443 "+r.way.word+" 10.0.0.0/16\"")
	if !ok {
		return
	}
	r.at = follow(n)
	service, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	if service != unknownService {
		r.Service = d.service(n, service)
	}
	r.peer = d.farSide(n, rest, r.way)
	r.open = service == unknownService
}

// unknownService stands in a line whose service is not known.
const unknownService = "?"

func (d *decoder) service(n *node, s string) firewall.Service {
	svc, err := firewall.ParseService(s)
	if err != nil {
		d.errorf(follow(n), "%v", err)
	}
	return svc
}

// farSide is what follows "from" or "to" in a rule, empty if nothing stands there.
func (d *decoder) farSide(n *node, s string, way direction) string {
	s = strings.TrimSpace(s)
	word, peer, _ := strings.Cut(s, " ")
	peer = strings.TrimSpace(peer)
	switch {
	case s == "":
	case word == way.wrong:
		d.errorf(follow(n), "%s rules say %q, not %q", way.name, way.word, way.wrong)
	case word != way.word:
		d.errorf(follow(n), "want %q after the service, not %q", way.word, word)
	case peer == "":
		d.errorf(follow(n), "nothing after %q", way.word)
	default:
		return peer
	}
	return ""
}

// wantPeer wants exactly one far side, unless the rule is not understood anyway.
func (d *decoder) wantPeer(r *builtRule) {
	count := 0
	for _, s := range []string{r.peer, r.Peer.Group, r.Peer.PrefixList} {
		if s != "" {
			count++
		}
	}
	switch {
	case r.Unknown != "":
	case r.open:
		d.errorf(r.at, "a rule whose service is \"?\" needs the key unknown, which says why")
	case count > 1:
		d.errorf(r.at, "a rule with two far sides")
	case count == 0:
		d.errorf(r.at, "want %q and a CIDR block, a security group or a prefix list after the service", r.way.word)
	}
}

// peer settles what the far side of a rule means, when everything is read.
func (d *decoder) peer(v *vpc.VPC, r *builtRule) {
	if r.peer != "" {
		if p := d.refs.peer(v, r.peer); p.Prefix.IsValid() {
			r.Peer.Prefix = p.Prefix
		} else {
			r.Peer = p
		}
	}
	switch {
	case r.Unknown != "", r.Stale:
	case r.Peer.Group != "":
		d.checkGroup(r.at, v, &r.Peer.Group)
	case r.Peer.PrefixList != "":
		d.check(r.at, v, scope{nil, kindList}, &r.Peer.PrefixList)
	}
}

// peer reads the far side of a rule. A bare word is a security group if the VPC
// has one of that name, else a prefix list if there is one, else a group.
func (r *references) peer(v *vpc.VPC, s string) firewall.Peer {
	p := vpc.ParsePeer(s)
	if p.Group != "" && !r.found(scope{v, kindGroup}, s) && r.found(scope{nil, kindList}, s) {
		return firewall.Peer{PrefixList: s}
	}
	return p
}

// checkGroup wants a group of the VPC, or of another that package vpc would find.
func (d *decoder) checkGroup(at *node, v *vpc.VPC, name *string) {
	if g, _ := d.refs.index().Group(v, *name); g != nil {
		return
	}
	if !v.Partial && (strings.Contains(*name, "/") || strings.Count(*name, ".") == 3) {
		d.errorf(at, "%s, or the name of a security group or prefix list", badPrefix(*name))
		return
	}
	d.check(at, v, scope{v, kindGroup}, name)
}
