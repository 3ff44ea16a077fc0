package awsjson

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// impliedBalancers does for load balancers what the loader will do: their interfaces
// are described like all others, and nodes are known by them.
func impliedBalancers(v *vpc.VPC) {
	for _, g := range v.TargetGroups {
		plainTargets(g)
	}
	for _, b := range v.LoadBalancers {
		plainBalancer(b)
		if b.Kind == vpc.ApplicationLoadBalancer && len(b.Groups) == 0 && v.DefaultSecurityGroup != "" {
			b.Groups = []string{v.DefaultSecurityGroup}
		}
		for k := range b.Nodes {
			impliedNode(v, b, &b.Nodes[k])
		}
		b.Nodes = slices.DeleteFunc(b.Nodes, func(n vpc.LoadBalancerNode) bool { return len(n.Addresses) == 0 })
		for k := range b.Listeners {
			impliedListener(&b.Listeners[k])
		}
	}
}

// impliedNode gives a node its interface. A node without one is not listed.
func impliedNode(v *vpc.VPC, b *vpc.LoadBalancer, n *vpc.LoadBalancerNode) {
	n.Addresses = slices.DeleteFunc(n.Addresses, func(a vpc.Address) bool { return !a.IP.IsValid() })
	s := v.Subnet(n.Subnet)
	if s == nil || len(n.Addresses) == 0 {
		n.Addresses = nil
		return
	}
	i := interfaceWith(s, n.Addresses[0])
	if i == nil {
		i = &vpc.Interface{ID: b.ID + "-" + s.ID, Groups: slices.Clone(b.Groups), NoSourceDestCheck: true, Origin: b.Origin}
		if b.Kind == vpc.NetworkLoadBalancer {
			i.Kind = "network_load_balancer"
		}
		s.Interfaces = append(s.Interfaces, i)
	}
	i.Addresses = slices.Clone(n.Addresses)
	impliedInterface(v, i)
	n.Addresses = slices.Clone(i.Addresses)
}

func interfaceWith(s *vpc.Subnet, a vpc.Address) *vpc.Interface {
	for _, i := range s.Interfaces {
		if slices.ContainsFunc(i.Addresses, func(o vpc.Address) bool { return o.IP == a.IP }) {
			return i
		}
	}
	return nil
}

func impliedListener(l *vpc.Listener) {
	switch {
	case l.Unknown != "":
		l.Forward = nil
	case len(l.Forward) == 1:
		l.Forward[0].Weight = 0 // which is for the choice among several
	}
}

// loadBalancer rewrites what a load balancer names, and lets its interfaces say whose
// they are.
func (x *rewriter) loadBalancer(v *vpc.VPC, b *vpc.LoadBalancer) {
	for k, name := range b.Groups {
		b.Groups[k] = id(x.renamer, v.SecurityGroup(name), name)
	}
	for k := range b.Nodes {
		n := &b.Nodes[k]
		s := v.Subnet(n.Subnet)
		interfaceWith(s, n.Addresses[0]).Description = interfaceDescription(x.ids[b])
		n.Subnet = x.ids[s]
	}
	for k := range b.Listeners {
		for j := range b.Listeners[k].Forward {
			f := &b.Listeners[k].Forward[j]
			f.TargetGroup = id(x.renamer, v.TargetGroup(f.TargetGroup), f.TargetGroup)
		}
	}
}

// targetGroup rewrites the instances and load balancers that are targets.
func (x *rewriter) targetGroup(v *vpc.VPC, g *vpc.TargetGroup) {
	for k := range g.Targets {
		t := &g.Targets[k]
		switch g.Type {
		case vpc.BalancerTargets:
			t.ID = id(x.renamer, v.LoadBalancer(t.ID), t.ID)
		case vpc.InstanceTargets:
			if i := v.Instance(t.ID); i != nil {
				t.ID = x.ids[i]
				continue
			}
			for _, s := range v.Subnets {
				if i := s.Interface(t.ID); i != nil {
					t.ID = x.ids[i]
				}
			}
		}
	}
}

// balancerARN is how the ARNs of a VPC's load balancers and target groups begin.
func balancerARN(v *vpc.VPC, resource string) string {
	return fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:%s/", v.Region, v.Account, resource)
}

// balancers lists the load balancers and target groups of a VPC.
func (l listing) balancers(v *vpc.VPC) {
	for _, g := range v.TargetGroups {
		o := object{"TargetGroupArn": g.ID, "TargetType": g.Type.String(), "IpAddressType": "ipv4"}.set("TargetGroupName", g.Name)
		if g.IPv6 {
			o["IpAddressType"] = "ipv6"
		}
		o["VpcId"] = v.ID
		if o["Protocol"] = g.Protocol; g.Port != 0 {
			o["Port"] = g.Port
		}
		l.add(v.Region, "TargetGroups", o)
		l.targetAttributes(v, g)
		l.targetHealth(v, g)
	}
	for _, b := range v.LoadBalancers {
		l.balancer(v, b)
	}
}

func (l listing) targetAttributes(v *vpc.VPC, g *vpc.TargetGroup) {
	attributes := crossZoneObjects(g.CrossZone)
	if g.Preserve != vpc.PreserveDefault {
		attributes = append(attributes, object{"Key": preserveClient, "Value": fmt.Sprint(g.Preserve == vpc.PreserveOn)})
	}
	if len(attributes) > 0 {
		l.add(v.Region, "TargetGroupAttributes", object{"TargetGroupArn": g.ID, "Attributes": attributes})
	}
}

func crossZoneObjects(c vpc.CrossZone) []object {
	if c == vpc.CrossZoneDefault {
		return nil
	}
	return []object{{"Key": crossZone, "Value": fmt.Sprint(c == vpc.CrossZoneOn)}}
}

// targetHealth lists the targets of a group: if they are not known, one that nobody
// can read.
func (l listing) targetHealth(v *vpc.VPC, g *vpc.TargetGroup) {
	targets := []object{}
	if g.Unknown != "" {
		targets = append(targets, object{"TargetHealth": object{"State": "unknown"}})
	}
	for _, t := range g.Targets {
		target := object{"Id": t.ID}
		if t.Port != 0 {
			target["Port"] = t.Port
		}
		state := t.Health
		if state == "" {
			state = "healthy"
		}
		targets = append(targets, object{"Target": target, "TargetHealth": object{"State": state}})
	}
	l.add(v.Region, "LoadBalancerTargetHealth", object{"TargetGroupArn": g.ID, "TargetHealthDescriptions": targets})
}

func (l listing) balancer(v *vpc.VPC, b *vpc.LoadBalancer) {
	zones := []object{}
	for _, n := range b.Nodes {
		zones = append(zones, object{"SubnetId": n.Subnet}.set("ZoneName", v.Subnet(n.Subnet).Zone))
	}
	scheme := "internet-facing"
	if b.Internal {
		scheme = "internal"
	}
	state := b.State
	switch {
	case b.Unknown != "":
		state = "unknown"
	case state == "":
		state = "active"
	}
	o := object{"LoadBalancerArn": b.ID, "Type": b.Kind.String(), "Scheme": scheme, "VpcId": v.ID, "State": object{"Code": state}, "AvailabilityZones": zones}
	if len(b.Groups) > 0 {
		o["SecurityGroups"] = b.Groups
	}
	l.add(v.Region, "LoadBalancers", o.set("LoadBalancerName", b.Name))
	if attributes := crossZoneObjects(b.CrossZone); len(attributes) > 0 {
		l.add(v.Region, "LoadBalancerAttributes", object{"LoadBalancerArn": b.ID, "Attributes": attributes})
	}
	listeners := []object{}
	for k, to := range b.Listeners {
		arn := fmt.Sprintf("%s/%d", strings.Replace(b.ID, ":loadbalancer/", ":listener/", 1), k)
		listeners = append(listeners, listenerObject(to).set("ListenerArn", arn).set("LoadBalancerArn", b.ID))
	}
	l.add(v.Region, "LoadBalancerListeners", object{"LoadBalancerArn": b.ID, "Listeners": listeners})
}

func listenerObject(l vpc.Listener) object {
	o := object{"Protocol": l.Protocol, "Port": l.Port}
	action := object{"Type": "forward"}
	switch {
	case l.Unknown != "":
		return o
	case len(l.Forward) == 0:
		action["Type"] = "fixed-response"
	case len(l.Forward) == 1:
		action["TargetGroupArn"] = l.Forward[0].TargetGroup
	default:
		groups := []object{}
		for _, f := range l.Forward {
			groups = append(groups, object{"TargetGroupArn": f.TargetGroup, "Weight": f.Weight})
		}
		action["ForwardConfig"] = object{"TargetGroups": groups}
	}
	o["DefaultActions"] = []object{action}
	return o
}
