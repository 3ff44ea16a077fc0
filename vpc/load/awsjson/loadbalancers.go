package awsjson

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// targetGroup takes in one element of elbv2 describe-target-groups.
func (l *loader) targetGroup(v value) error {
	var j struct {
		TargetGroupArn, TargetGroupName, Protocol, TargetType, VpcID string
		Port                                                         int
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if j.TargetType != "ip" && j.TargetType != "instance" && j.TargetType != "" {
		return fmt.Errorf("TargetType %q is not modelled", j.TargetType)
	}
	if !slices.Contains(vpc.ListenerProtocols(), j.Protocol) {
		return fmt.Errorf("protocol %q is not modelled", j.Protocol)
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	if err := l.claim("target group", "TargetGroupArn", j.TargetGroupArn, v); err != nil {
		return err
	}
	in.TargetGroups = append(in.TargetGroups, &vpc.TargetGroup{
		ID: j.TargetGroupArn, Name: j.TargetGroupName, Protocol: j.Protocol, Port: uint16(j.Port), Instances: j.TargetType != "ip", Origin: v.origin(),
	})
	return nil
}

// loadBalancer takes in one element of elbv2 describe-load-balancers. Its nodes are
// the interfaces whose description names it.
func (l *loader) loadBalancer(v value) error {
	var j struct {
		LoadBalancerArn, LoadBalancerName, Scheme, Type, VpcID string
		State                                                  struct{ Code string }
		AvailabilityZones                                      []struct{ SubnetID, ZoneName string }
		SecurityGroups                                         []string
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	kind := slices.Index(vpc.LoadBalancerKinds(), j.Type)
	if kind < 0 {
		return fmt.Errorf("load balancers of type %q are not modelled", j.Type)
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	if err := l.claim("load balancer", "LoadBalancerArn", j.LoadBalancerArn, v); err != nil {
		return err
	}
	b := &vpc.LoadBalancer{
		ID: j.LoadBalancerArn, Name: j.LoadBalancerName, Kind: vpc.LoadBalancerKind(kind), Internal: j.Scheme == "internal",
		Groups: j.SecurityGroups, State: j.State.Code, Origin: v.origin(),
	}
	if b.State == "active" {
		b.State = ""
	}
	_, rest, _ := strings.Cut(j.LoadBalancerArn, ":loadbalancer/")
	for _, zone := range j.AvailabilityZones {
		node := vpc.LoadBalancerNode{Subnet: zone.SubnetID, Addresses: l.nodeAddresses(in, zone.SubnetID, "ELB "+rest)}
		if len(node.Addresses) == 0 {
			l.report.Note(report.Missing, v.origin(), "load balancer "+b.Name, "its interface in subnet %s is not in the snapshot", zone.SubnetID)
			continue
		}
		b.Nodes = append(b.Nodes, node)
	}
	in.LoadBalancers = append(in.LoadBalancers, b)
	return nil
}

// nodeAddresses are those of the interface in a subnet that AWS describes as a load
// balancer's.
func (l *loader) nodeAddresses(in *vpc.VPC, subnet, description string) []vpc.Address {
	s := in.Subnet(subnet)
	if s == nil {
		return nil
	}
	for _, i := range s.Interfaces {
		if i.Description == description {
			return slices.DeleteFunc(slices.Clone(i.Addresses), func(a vpc.Address) bool { return a.IP == netip.Addr{} })
		}
	}
	return nil
}

// balancerOf and groupOf find what listings name by ARN.
func (l *loader) balancerOf(arn string) (*vpc.LoadBalancer, error) {
	for _, in := range l.net.VPCs {
		if b := in.LoadBalancer(arn); b != nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("no LoadBalancers describe %s", arn)
}

func (l *loader) groupOf(arn string) (*vpc.TargetGroup, error) {
	for _, in := range l.net.VPCs {
		if g := in.TargetGroup(arn); g != nil {
			return g, nil
		}
	}
	return nil, fmt.Errorf("no TargetGroups describe %s", arn)
}

// each takes in the elements of a list inside an element.
func (l *loader) each(v value, key string, take func(value) error) error {
	items, err := v.get(key).list()
	for _, item := range items {
		if err == nil {
			err = take(item)
		}
	}
	return err
}

// wrappedListeners takes in describe-listeners under the ARN of the load balancer.
func (l *loader) wrappedListeners(v value) error { return l.each(v, "Listeners", l.listenerOf) }

func (l *loader) listenerOf(v value) error { return (*loader).listener(l, v) }

type actionJSON struct {
	Type, TargetGroupArn string
	Order                int
	ForwardConfig        struct {
		TargetGroups []struct {
			TargetGroupArn string
			Weight         int
		}
	}
}

// listener takes in one element of elbv2 describe-listeners: its last default
// action. Rules of a listener are HTTP's and not modelled.
func (l *loader) listener(v value) error {
	var j struct {
		ListenerArn, LoadBalancerArn, Protocol string
		Port                                   int
		DefaultActions                         []actionJSON
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if !slices.Contains(vpc.ListenerProtocols(), j.Protocol) {
		return fmt.Errorf("protocol %q is not modelled", j.Protocol)
	}
	b, err := l.balancerOf(j.LoadBalancerArn)
	if err != nil {
		return err
	}
	if err := l.claim("listener", "ListenerArn", j.ListenerArn, v); err != nil {
		return err
	}
	to := vpc.Listener{Protocol: j.Protocol, Port: uint16(j.Port), Origin: v.origin()}
	if len(j.DefaultActions) == 0 {
		to.Unknown = "its default action is not in the snapshot"
	} else {
		to.Forward = j.DefaultActions[len(j.DefaultActions)-1].forward()
	}
	b.Listeners = append(b.Listeners, to)
	return nil
}

func (j actionJSON) forward() []vpc.Forward {
	var all []vpc.Forward
	for _, g := range j.ForwardConfig.TargetGroups {
		all = append(all, vpc.Forward{TargetGroup: g.TargetGroupArn, Weight: g.Weight})
	}
	if len(all) <= 1 && j.Type == "forward" && j.TargetGroupArn != "" {
		return []vpc.Forward{{TargetGroup: j.TargetGroupArn}}
	}
	return all
}

// balancerAttributes takes in describe-load-balancer-attributes under an ARN.
func (l *loader) balancerAttributes(v value) error {
	var j struct {
		LoadBalancerArn string
		Attributes      []struct{ Key, Value string }
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	b, err := l.balancerOf(j.LoadBalancerArn)
	for _, a := range j.Attributes {
		switch {
		case err != nil || a.Key != "load_balancing.cross_zone.enabled":
		case a.Value == "true":
			b.CrossZone = vpc.CrossZoneOn
		case a.Value == "false":
			b.CrossZone = vpc.CrossZoneOff
		}
	}
	return err
}

// balancerHealth takes in describe-target-health under the ARN of the target group.
func (l *loader) balancerHealth(v value) error {
	var arn struct {
		TargetGroupArn           string
		TargetHealthDescriptions list
	}
	if err := l.decode(v, &arn); err != nil {
		return err
	}
	g, err := l.groupOf(arn.TargetGroupArn)
	if err != nil {
		return err
	}
	return l.each(v, "TargetHealthDescriptions", func(v value) error {
		var j struct {
			HealthCheckPort text
			Target          struct {
				ID, AvailabilityZone string
				Port                 int
			}
			TargetHealth struct{ State, Reason, Description string }
		}
		if err := l.decode(v, &j); err != nil {
			return err
		}
		t := vpc.LoadBalancerTarget{ID: j.Target.ID, Port: uint16(j.Target.Port), Health: j.TargetHealth.State}
		if t.Health == "healthy" {
			t.Health = ""
		}
		g.Targets = append(g.Targets, t)
		return nil
	})
}
