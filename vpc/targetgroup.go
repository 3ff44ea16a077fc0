package vpc

import (
	"slices"
	"strings"
)

// TargetGroup is what listeners forward to.
type TargetGroup struct {
	ID, Name string
	Protocol string // as of a listener
	// Port of targets that have none of their own.
	Port uint16
	Type TargetType
	// IPv6 says that instances as targets go by their IPv6 addresses.
	IPv6 bool
	// Preserve says whether targets see the client's address (ELB-28).
	Preserve Preserve
	// CrossZone is that of the load balancer unless it says something else (ELB-14).
	CrossZone CrossZone
	Targets   []LoadBalancerTarget
	// Unknown, if not empty, says why what the group does is not known.
	Unknown string
	Origin  string
}

// TargetType is what the targets of a group are. The zero type is addresses.
type TargetType uint8

// The types.
const (
	AddressTargets  TargetType = iota
	InstanceTargets            // instances or interfaces, by their primary addresses
	BalancerTargets            // an Application Load Balancer behind a Network Load Balancer
	FunctionTargets            // Lambda functions, which are called and get no packets
)

var targetTypes = [...]string{"ip", "instance", "alb", "lambda"}

// String is AWS's word.
func (t TargetType) String() string { return targetTypes[t] }

// TargetTypes are AWS's words in the order of the types.
func TargetTypes() []string { return targetTypes[:] }

// CrossesZones reports whether the nodes of a load balancer send to the group's
// targets in other zones (ELB-14).
func (g *TargetGroup) CrossesZones(b *LoadBalancer) bool {
	if g.CrossZone == CrossZoneDefault {
		return b.CrossesZones()
	}
	return g.CrossZone == CrossZoneOn
}

// Preserve is the attribute preserve_client_ip.enabled. The zero value is AWS's
// default: on, apart from addresses as targets of TCP and TLS.
type Preserve uint8

// The settings.
const (
	PreserveDefault Preserve = iota
	PreserveOn
	PreserveOff
)

// PreservesClient reports whether targets of a Network Load Balancer see the
// client's address.
func (g *TargetGroup) PreservesClient() bool {
	if g.Preserve != PreserveDefault {
		return g.Preserve == PreserveOn
	}
	return g.Type != AddressTargets || strings.Contains(g.Protocol, "UDP") || strings.Contains(g.Protocol, "QUIC")
}

// LoadBalancerTarget is one target of a group.
type LoadBalancerTarget struct {
	// ID is an address; or an instance, interface or load balancer by ID or name.
	ID string
	// Port, 0 for the group's.
	Port uint16
	// Health is AWS's word; empty for healthy.
	Health string
}

// Healthy reports whether connections are sent to the target: one that is not
// checked is taken to be so.
func (t *LoadBalancerTarget) Healthy() bool {
	return t.Health == "" || t.Health == "healthy" || t.Health == "unavailable"
}

// InUse reports whether the target may get connections when none is healthy
// (ELB-9).
func (t *LoadBalancerTarget) InUse() bool {
	return t.Healthy() || t.Health == "unhealthy" || t.Health == "initial"
}

// TargetHealth are AWS's words for the state of a target.
func TargetHealth() []string {
	return []string{"healthy", "unhealthy", "initial", "draining", "unhealthy.draining", "unused", "unavailable"}
}

// TargetGroup finds a target group by ID or name, nil if there is none.
func (v *VPC) TargetGroup(name string) *TargetGroup {
	return find(v.TargetGroups, name, func(g *TargetGroup) (string, string) { return g.ID, g.Name })
}

func (g *TargetGroup) clone() { g.Targets = slices.Clone(g.Targets) }
