package awsjson

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// loadBalancer takes in one element of elbv2 describe-load-balancers. Its nodes are
// the interfaces whose description names it.
func (l *loader) loadBalancer(v value) error {
	var j struct {
		LoadBalancerArn, LoadBalancerName, Scheme, Type, VpcID, IPAddressType string // the last is told by its interfaces
		State                                                                 struct{ Code, Reason string }
		AvailabilityZones                                                     []zoneJSON
		SecurityGroups                                                        []string
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
	plainBalancer(b)
	if b.Unknown != "" {
		l.report.Note(report.Skipped, b.Origin, "load balancer "+b.Name, "%s: verdicts about it are unknown", b.Unknown)
	}
	for _, zone := range j.AvailabilityZones {
		node := vpc.LoadBalancerNode{Subnet: zone.SubnetID, Addresses: l.nodeAddresses(in, b, zone)}
		if len(node.Addresses) == 0 {
			l.report.Note(report.Missing, v.origin(), "load balancer "+b.Name, "its interface in subnet %s is not in the snapshot", zone.SubnetID)
			continue
		}
		b.Nodes = append(b.Nodes, node)
	}
	in.LoadBalancers = append(in.LoadBalancers, b)
	return nil
}

// balancerStates are the values of State.Code.
var balancerStates = []string{"", "active", "provisioning", "active_impaired", "failed"}

// plainBalancer leaves of a load balancer what its listing can hold.
func plainBalancer(b *vpc.LoadBalancer) {
	if !slices.Contains(balancerStates, b.State) {
		join(&b.Unknown, "State.Code %q is not known", b.State)
	}
	if b.State == "active" || b.Unknown != "" {
		b.State = ""
	}
}

// zoneJSON is one of the AvailabilityZones of a load balancer.
type zoneJSON struct {
	SubnetID, ZoneName    string
	LoadBalancerAddresses []struct{ IPAddress, AllocationID, PrivateIPv4Address, IPv6Address string }
}

// nodeAddresses are those of the interface in a zone's subnet that AWS describes as
// the load balancer's, else those that the load balancer itself lists.
func (l *loader) nodeAddresses(in *vpc.VPC, b *vpc.LoadBalancer, zone zoneJSON) []vpc.Address {
	s := in.Subnet(zone.SubnetID)
	if s == nil {
		return nil
	}
	for _, i := range s.Interfaces {
		if i.Description == interfaceDescription(b.ID) {
			return slices.Clone(i.Addresses)
		}
	}
	var listed []vpc.Address
	for _, j := range zone.LoadBalancerAddresses {
		a := vpc.Address{}
		a.IP, _ = netip.ParseAddr(cmp.Or(j.PrivateIPv4Address, j.IPv6Address))
		if a.Public, _ = netip.ParseAddr(j.IPAddress); !a.IP.Is4() {
			a.Public = netip.Addr{}
		}
		if a.Elastic = a.Public.IsValid(); a.IP.IsValid() {
			listed = append(listed, a)
		}
	}
	return listed
}

// interfaceDescription is what AWS writes at the interfaces of a load balancer.
func interfaceDescription(arn string) string {
	_, rest, _ := strings.Cut(arn, ":loadbalancer/")
	return "ELB " + rest
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

// wrappedListeners takes in describe-listeners under the ARN of the load balancer.
func (l *loader) wrappedListeners(v value) error {
	var j struct {
		LoadBalancerArn string
		Listeners       list
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	items, err := v.get("Listeners").list()
	for _, item := range items {
		l.take("listener", item, (*loader).listener)
	}
	return err
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
	if j.Port < 1 || j.Port > 65535 {
		return fmt.Errorf("there is no port %d", j.Port)
	}
	b, err := l.balancerOf(j.LoadBalancerArn)
	if err != nil {
		return err
	}
	if err := l.claim("listener", "ListenerArn", j.ListenerArn, v); err != nil {
		return err
	}
	to := vpc.Listener{Protocol: j.Protocol, Port: uint16(j.Port), Unknown: "its default action is not in the snapshot", Origin: v.origin()}
	if n := len(j.DefaultActions); n > 0 {
		to.Forward, to.Unknown = j.DefaultActions[n-1].forward()
	}
	if to.Unknown != "" {
		l.report.Note(report.Skipped, to.Origin, "listener "+j.ListenerArn, "%s: what it does is unknown", to.Unknown)
	}
	b.Listeners = append(b.Listeners, to)
	return nil
}

// actionJSON is an action of a listener.
type actionJSON struct {
	Type, TargetGroupArn string
	Order                int
	ForwardConfig        struct {
		TargetGroups []struct {
			TargetGroupArn string
			Weight         int
		}
		TargetGroupStickinessConfig list
	}
	RedirectConfig, FixedResponseConfig list
}

// forward are the target groups of an action, or why it is not known.
func (j actionJSON) forward() (to []vpc.Forward, unknown string) {
	for _, g := range j.ForwardConfig.TargetGroups {
		to = append(to, vpc.Forward{TargetGroup: g.TargetGroupArn, Weight: g.Weight})
	}
	switch {
	case j.Type == "redirect" || j.Type == "fixed-response":
		return nil, ""
	case j.Type != "forward":
		return nil, fmt.Sprintf("its default action %q is not known", j.Type)
	case len(to) <= 1 && j.TargetGroupArn != "":
		return []vpc.Forward{{TargetGroup: j.TargetGroupArn}}, ""
	case len(to) == 1:
		return []vpc.Forward{{TargetGroup: to[0].TargetGroup}}, ""
	case len(to) == 0:
		return nil, "the target group that it forwards to is not in the snapshot"
	}
	return to, ""
}
