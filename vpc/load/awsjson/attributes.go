package awsjson

import (
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// attributeJSON is one attribute of a load balancer or a target group.
type attributeJSON struct{ Key, Value string }

// usualAttributes are the attributes that have a part in what packets do and are
// not modelled, with the values that change nothing.
var usualAttributes = map[string]string{
	"ipv6.deny_all_igw_traffic": "false",
	"proxy_protocol_v2.enabled": "false",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
	"target_health_state.unhealthy.connection_termination.enabled":                   "true",
}

// attributes reads a list of attributes; known are those of the model.
func (l *loader) attributes(v value, what string, list []attributeJSON, known func(attributeJSON) bool) {
	for _, a := range list {
		usual, listed := usualAttributes[a.Key]
		if !known(a) && listed && a.Value != usual {
			l.report.Note(report.Unmodelled, v.origin(), what, "its attribute %s is %q, which is not modelled", a.Key, a.Value)
		}
	}
}

// balancerAttributes takes in describe-load-balancer-attributes under an ARN.
func (l *loader) balancerAttributes(v value) error {
	var j struct {
		LoadBalancerArn string
		Attributes      []attributeJSON
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	b, err := l.balancerOf(j.LoadBalancerArn)
	if err == nil {
		l.attributes(v, "load balancer "+b.Name, j.Attributes, balancerAttribute(b))
	}
	return err
}

func balancerAttribute(b *vpc.LoadBalancer) func(attributeJSON) bool {
	return func(a attributeJSON) bool { return a.Key == crossZone && a.crossZone(&b.CrossZone) }
}

// groupAttributes takes in describe-target-group-attributes under an ARN.
func (l *loader) groupAttributes(v value) error {
	var j struct {
		TargetGroupArn string
		Attributes     []attributeJSON
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	g, err := l.groupOf(j.TargetGroupArn)
	if err == nil {
		l.attributes(v, "target group "+g.Name, j.Attributes, groupAttribute(g))
	}
	return err
}

func groupAttribute(g *vpc.TargetGroup) func(attributeJSON) bool {
	return func(a attributeJSON) bool {
		switch {
		case a.Key == crossZone:
			return a.crossZone(&g.CrossZone)
		case a.Key != preserveClient:
			return false
		case a.Value == "true":
			g.Preserve = vpc.PreserveOn
		case a.Value == "false":
			g.Preserve = vpc.PreserveOff
		}
		return true
	}
}

// The keys of the attributes that are modelled.
const (
	crossZone      = "load_balancing.cross_zone.enabled"
	preserveClient = "preserve_client_ip.enabled"
)

func (a attributeJSON) crossZone(c *vpc.CrossZone) bool {
	switch a.Value {
	case "true":
		*c = vpc.CrossZoneOn
	case "false":
		*c = vpc.CrossZoneOff
	}
	return true
}

// plainAttribute takes in one element of describe-load-balancer-attributes or
// describe-target-group-attributes as they are.
func (l *loader) plainAttribute(v value) error {
	var a attributeJSON
	if err := l.decode(v, &a); err != nil {
		return err
	}
	if ofTargetGroup(v.doc) {
		g, err := l.groupAround(v)
		if err == nil {
			l.attributes(v, "target group "+g.Name, []attributeJSON{a}, groupAttribute(g))
		}
		return err
	}
	b, err := l.balancerAround(v)
	if err == nil {
		l.attributes(v, "load balancer "+b.Name, []attributeJSON{a}, balancerAttribute(b))
	}
	return err
}

// ofTargetGroup reports whether the attributes of a document are a target group's,
// which always has some that no load balancer has.
func ofTargetGroup(d *document) bool {
	root, err := d.root()
	if err != nil {
		return false
	}
	items, _ := root.get("Attributes").list()
	for _, item := range items {
		key := strings.Trim(string(item.get("Key").raw), `"`)
		for _, prefix := range []string{"deregistration_delay.", "stickiness.", "preserve_client_ip.", "target_group_health.", "target_health_state.", "lambda."} {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
	}
	return !root.get("TargetGroupArn").isNull()
}
