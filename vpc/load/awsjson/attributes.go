package awsjson

import (
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// attributeJSON is one attribute of a load balancer or a target group.
type attributeJSON struct{ Key, Value string }

// usualAttributes are the attributes that are not modelled and are not of the usual
// value, with that value; none of them has a part in whether new connections pass.
var usualAttributes = map[string]string{
	"proxy_protocol_v2.enabled":                                    "false", // one more header before the data
	"target_health_state.unhealthy.connection_termination.enabled": "true",
}

// minimumHealthy are the attributes that say when connections go to targets that are
// not healthy too, with AWS's defaults, which are the ones modelled.
var minimumHealthy = map[string]string{
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
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
		l.attributes(v, "load balancer "+b.Name, j.Attributes, l.balancerAttribute(b))
	}
	return err
}

func (l *loader) balancerAttribute(b *vpc.LoadBalancer) func(attributeJSON) bool {
	l.attributed[b] = true
	return func(a attributeJSON) bool {
		switch a.Key {
		case crossZone:
			return a.crossZone(&b.CrossZone)
		case denyGateway:
			if a.Value == "true" {
				l.closed = append(l.closed, b)
			}
			return true
		}
		return false
	}
}

// noteAttributes notes what is taken to have AWS's defaults.
func (l *loader) noteAttributes() {
	const why = "its attributes are not in the snapshot: taken as AWS's defaults"
	for _, n := range l.net.VPCs {
		for _, b := range n.LoadBalancers {
			if !l.attributed[b] {
				l.report.Note(report.Missing, b.Origin, "load balancer "+b.Name, why)
			}
		}
		for _, g := range n.TargetGroups {
			if !l.attributed[g] && g.Type != vpc.FunctionTargets {
				l.report.Note(report.Missing, g.Origin, "target group "+g.Name, why)
			}
		}
	}
}

// settleClosed keeps what internet gateways bring over IPv6 from the nodes of load
// balancers that want it so, as DenyAllIgwTraffic of their interfaces does (IGW-21).
func (l *loader) settleClosed() {
	for _, b := range l.closed {
		for _, n := range l.net.VPCs {
			if n.LoadBalancer(b.ID) != b {
				continue
			}
			for _, node := range b.Nodes {
				s := n.Subnet(node.Subnet)
				at := slices.IndexFunc(node.Addresses, func(a vpc.Address) bool { return a.IP.Is6() })
				if at < 0 || s == nil {
					continue
				}
				if i := interfaceWith(s, node.Addresses[at]); i != nil {
					i.DenyInternetGateway = true
				} else {
					join(&b.Unknown, "its attribute %s is true, and its interface in %s is not in the snapshot", denyGateway, s.ID)
					l.report.Note(report.Missing, b.Origin, "load balancer "+b.Name, "%s: verdicts about it are unknown", b.Unknown)
				}
			}
		}
	}
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
		l.attributes(v, "target group "+g.Name, j.Attributes, l.groupAttribute(g))
	}
	return err
}

func (l *loader) groupAttribute(g *vpc.TargetGroup) func(attributeJSON) bool {
	l.attributed[g] = true
	return func(a attributeJSON) bool {
		usual, minimum := minimumHealthy[a.Key]
		switch {
		case minimum:
			if a.Value != usual {
				l.minimum[g] = a
			}
			return true
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
	denyGateway    = "ipv6.deny_all_igw_traffic"
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
			l.attributes(v, "target group "+g.Name, []attributeJSON{a}, l.groupAttribute(g))
		}
		return err
	}
	b, err := l.balancerAround(v)
	if err == nil {
		l.attributes(v, "load balancer "+b.Name, []attributeJSON{a}, l.balancerAttribute(b))
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
