package awsjson

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// targetGroup takes in one element of elbv2 describe-target-groups. One of functions
// lies in no VPC; it is put beside a load balancer that uses it.
func (l *loader) targetGroup(v value) error {
	var j struct {
		TargetGroupArn, TargetGroupName, Protocol, TargetType, VpcID, IPAddressType string
		Port                                                                        int
		LoadBalancerArns                                                            []string
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	g := &vpc.TargetGroup{ID: j.TargetGroupArn, Name: j.TargetGroupName, Protocol: j.Protocol, Port: uint16(j.Port), IPv6: j.IPAddressType == "ipv6", Origin: v.origin()}
	kind := slices.Index(vpc.TargetTypes(), j.TargetType)
	if g.Type = vpc.TargetType(kind); j.TargetType == "" {
		g.Type = vpc.InstanceTargets // AWS's default
	}
	plainTargets(g)
	switch {
	case kind < 0 && j.TargetType != "":
		return fmt.Errorf("TargetType %q is not modelled", j.TargetType)
	case !slices.Contains(vpc.ListenerProtocols(), g.Protocol):
		return fmt.Errorf("protocol %q is not modelled", j.Protocol)
	case j.Port < 0 || j.Port > 65535:
		return fmt.Errorf("there is no port %d", j.Port)
	case g.Type == vpc.FunctionTargets && j.VpcID == "":
		for _, in := range l.net.VPCs {
			for _, b := range in.LoadBalancers {
				if slices.Contains(j.LoadBalancerArns, b.ID) {
					j.VpcID = in.ID
				}
			}
		}
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	if err := l.claim("target group", "TargetGroupArn", j.TargetGroupArn, v); err != nil {
		return err
	}
	in.TargetGroups = append(in.TargetGroups, g)
	return nil
}

// plainTargets leaves of a target group what its listing can hold.
func plainTargets(g *vpc.TargetGroup) {
	if g.Type == vpc.FunctionTargets {
		g.Protocol, g.Port = "HTTP", 0 // it lists none
	}
	for k := range g.Targets {
		if t := &g.Targets[k]; t.Health == "healthy" {
			t.Health = ""
		}
	}
	if g.Unknown != "" {
		g.Targets = nil
	}
}

// wrappedHealth takes in describe-target-health under the ARN of the target group.
func (l *loader) wrappedHealth(v value) error {
	var j struct {
		TargetGroupArn           string
		TargetHealthDescriptions list
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	g, err := l.groupOf(j.TargetGroupArn)
	if err != nil {
		return err
	}
	l.checked[g] = true
	items, err := v.get("TargetHealthDescriptions").list()
	for _, item := range items {
		l.take("target", item, func(l *loader, v value) error { return l.target(g, v) })
	}
	return err
}

// plainHealth takes in one element of elbv2 describe-target-health as it is.
func (l *loader) plainHealth(v value) error {
	g, err := l.groupAround(v)
	if err != nil {
		return err
	}
	l.checked[g] = true
	return l.target(g, v)
}

func (l *loader) target(g *vpc.TargetGroup, v value) error {
	var j struct {
		Target struct {
			ID, AvailabilityZone string
			Port                 int
		}
		TargetHealth struct{ State, Reason, Description string }
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	t := vpc.LoadBalancerTarget{ID: j.Target.ID, Port: uint16(j.Target.Port), Health: j.TargetHealth.State}
	switch {
	case j.Target.Port < 0 || j.Target.Port > 65535:
		join(&g.Unknown, "its target %s is at port %d", t.ID, j.Target.Port)
	case t.ID == "" || !slices.Contains(vpc.TargetHealth(), t.Health):
		join(&g.Unknown, "its target %q is in the unknown state %q", t.ID, t.Health)
	}
	g.Targets = append(g.Targets, t)
	plainTargets(g)
	return nil
}

// groupAround is the target group that a plain listing is about, which does not say
// so itself: the TargetGroupArn beside it, or the one whose name or ID is in the
// file's name, or the only one that there is.
func (l *loader) groupAround(v value) (*vpc.TargetGroup, error) {
	if arn, ok := v.beside("TargetGroupArn"); ok {
		return l.groupOf(arn)
	}
	var all []*vpc.TargetGroup
	for _, in := range l.net.VPCs {
		all = append(all, in.TargetGroups...)
	}
	return theOne("target group", all, v, func(g *vpc.TargetGroup) (string, string) { return g.ID, g.Name })
}

// balancerAround is groupAround for load balancers.
func (l *loader) balancerAround(v value) (*vpc.LoadBalancer, error) {
	if arn, ok := v.beside("LoadBalancerArn"); ok {
		return l.balancerOf(arn)
	}
	var all []*vpc.LoadBalancer
	for _, in := range l.net.VPCs {
		all = append(all, in.LoadBalancers...)
	}
	return theOne("load balancer", all, v, func(b *vpc.LoadBalancer) (string, string) { return b.ID, b.Name })
}

// beside is the text of a key at the top of the value's file.
func (v value) beside(key string) (text string, ok bool) {
	root, err := v.doc.root()
	if err != nil {
		return "", false
	}
	e := root.get(key)
	return strings.Trim(string(e.raw), `"`), !e.isNull()
}

// theOne is the element that the name of the value's file names, or the only one.
func theOne[T any](kind string, all []*T, v value, names func(*T) (arn, name string)) (*T, error) {
	if len(all) == 1 {
		return all[0], nil
	}
	var found []*T
	for _, e := range all {
		arn, name := names(e)
		last := arn[strings.LastIndexByte(arn, '/')+1:]
		if strings.Contains(v.doc.name, last) || name != "" && strings.Contains(v.doc.name, name) {
			found = append(found, e)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, fmt.Errorf("the listing does not say which %s it is about, and neither does the file's name: put its ARN beside the list", kind)
}

// settleTargets marks target groups whose targets no listing tells.
func (l *loader) settleTargets() {
	for _, in := range l.net.VPCs {
		for _, g := range in.TargetGroups {
			if g.Type != vpc.FunctionTargets && !l.checked[g] {
				join(&g.Unknown, "its targets are not in the snapshot")
			}
			sick := func(t vpc.LoadBalancerTarget) bool { return t.Health != "" }
			if a, ok := l.minimum[g]; ok && slices.ContainsFunc(g.Targets, sick) {
				join(&g.Unknown, "not all of its targets are healthy, and its attribute %s is %q, which is not modelled", a.Key, a.Value)
				plainTargets(g)
			}
			if g.Unknown != "" {
				l.report.Note(report.Missing, g.Origin, "target group "+g.Name, "%s: where it sends connections is unknown", g.Unknown)
			}
		}
	}
}
