package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/classes"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// pass is one run over a network: what it is about, and what several checks need.
type pass struct {
	net      *vpc.Network // as it stands, addresses assigned
	plan     *plan.Plan
	index    *vpc.Index
	explorer *emu.Explorer
	check    *Check // the one that runs
	thorough bool   // asks about all pairs, for tests
	most     int    // how many pairs are asked about

	findings []Finding
	subjects []subject // of the findings
	unjudged []Unjudged
	unsaid   map[unjudgedKey]int // where in unjudged
	hosts    map[string]string   // what people call interfaces, by VPC and ID

	found struct { // what is found once for several checks
		owners     map[firewall.GroupID]*plan.VPC
		rules      []*rule
		implied    map[*firewall.Rule]impliedBy
		open       *exposures
		replies    *replies
		joins      map[*plan.VPC][]*plan.Gateway
		regions    map[*plan.VPC]*region
		classifier *classes.Classifier
		ends       map[*vpc.Interface]*emu.End
	}
}

func newPass(n *vpc.Network) (*pass, error) {
	e, err := emu.New(n, emu.Options{})
	if err != nil {
		return nil, err
	}
	x := e.Explorer()
	net := x.Network()
	p := &pass{net: net, plan: plan.Compile(net, &plan.Plan{}), index: net.Index(), explorer: x, most: mostPairs,
		unsaid: make(map[unjudgedKey]int), hosts: make(map[string]string)}
	for i := range p.plan.Interfaces() {
		p.hosts[i.VPC.Desc.ID+"/"+i.Desc.ID] = hostName(i)
	}
	return p, nil
}

// subject is what a finding is about.
type subject struct {
	kind, id, name string
	vpc            *vpc.VPC
	part           string // "ingress rule 2 (tcp/22 from 0.0.0.0/0)"
	origin         string

	// thing is what it is, to compare, and within what else a mistake of it may come from:
	// see [Check.Yields].
	thing  any
	within []any
}

// String is "security group web, ingress rule 2 (tcp/22 from 0.0.0.0/0)".
func (s subject) String() string {
	text := s.kind + " " + s.id
	if s.name != "" && s.name != s.id {
		text += " (" + s.name + ")"
	}
	if s.part != "" {
		text += ", " + s.part
	}
	return text
}

// find adds a finding of the check that runs.
func (p *pass) find(s subject, w *Witness, fix, reason string, args ...any) {
	f := Finding{ID: p.check.ID, Severity: p.check.Severity, Subject: s.String(), Component: s.id, Reason: fmt.Sprintf(reason, args...), Fix: fix, Witness: w}
	if s.name != s.id {
		f.Name = s.name
	}
	if s.vpc != nil {
		f.VPC = s.vpc.ID
	}
	f.File, f.Line = place(s.origin)
	p.findings, p.subjects = append(p.findings, f), append(p.subjects, s)
}

// once leaves out findings of what checks find that say more.
func (p *pass) once() {
	type claim struct {
		check string
		thing any
	}
	claims := make(map[claim]bool)
	for k, s := range p.subjects {
		claims[claim{p.findings[k].ID, s.thing}] = true
	}
	said := func(k int) bool {
		return slices.ContainsFunc(Find(p.findings[k].ID).Yields, func(check string) bool {
			s := &p.subjects[k]
			return claims[claim{check, s.thing}] || slices.ContainsFunc(s.within, func(thing any) bool { return claims[claim{check, thing}] })
		})
	}
	kept := p.findings[:0]
	for k := range p.findings {
		if !said(k) {
			kept = append(kept, p.findings[k])
		}
	}
	p.findings = kept
}

// unsure notes what the check that runs cannot say.
func (p *pass) unsure(s subject, why string, args ...any) {
	u := Unjudged{IDs: []string{p.check.ID}, Subject: s.String(), Why: fmt.Sprintf(why, args...)}
	u.File, u.Line = place(s.origin)
	key := unjudgedKey{u.Subject, u.Why, s.origin}
	if k, known := p.unsaid[key]; known {
		if list := &p.unjudged[k].IDs; !slices.Contains(*list, p.check.ID) {
			*list = append(*list, p.check.ID)
		}
		return
	}
	p.unsaid[key] = len(p.unjudged)
	p.unjudged = append(p.unjudged, u)
}

// unjudgedKey is the same for what several checks cannot say for one reason.
type unjudgedKey struct{ subject, why, origin string }

func ofVPC(v *vpc.VPC) subject {
	return subject{kind: "VPC", id: v.ID, name: v.Name, vpc: v, origin: v.Origin, thing: v}
}

func ofGateway(v *vpc.VPC, g *vpc.Gateway) subject {
	return subject{kind: gatewayWords[g.Kind.String()], id: g.ID, name: g.Name, vpc: v, origin: g.Origin, thing: g}
}

func ofInterface(i *plan.Interface) subject {
	s := subject{kind: "interface", id: i.Desc.ID, name: i.Desc.Name, vpc: i.VPC.Desc, origin: i.Desc.Origin, thing: i}
	if i.Subnet != nil {
		s.within = []any{i.Subnet.Desc}
	}
	if i.Balancer != nil {
		s.kind, s.id, s.name = "load balancer", i.Balancer.Desc.ID, i.Balancer.Desc.Name
	}
	return s
}

func ofSubnet(s *plan.Subnet) subject {
	return subject{kind: "subnet", id: s.Desc.ID, name: s.Desc.Name, vpc: s.VPC.Desc, origin: s.Desc.Origin, thing: s.Desc}
}

// words joins a few words, and counts the rest.
func words(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// few is how many examples a finding names.
const few = 3
