package vpc

import (
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// The vocabulary of rules and routes belongs to the packages that apply them.
type (
	// Kind is the kind of node that a route names.
	Kind = routing.TargetKind
	// Timeouts are the idle times of tracked flows.
	Timeouts = firewall.Timeouts
)

// RouteTable says where packets of the subnets (or the gateway) that use it go.
// Local routes for the VPC's CIDRs are always there and need not be listed
// (RT-7); a listed route with the destination of a local one replaces it (RT-9).
type RouteTable struct {
	ID, Name string
	Routes   []routing.Route
	// Propagating are the VPN gateways that may add routes by themselves.
	Propagating []string
	// Unknown, if not empty, says why the routes are not (all) known.
	Unknown string
	Origin  string

	problems
}

// SecurityGroup is a set of allow rules for the interfaces that have it. A new
// one allows nothing in either direction, unlike one that AWS has just made: see
// [SecurityGroup.AllowAllOut].
type SecurityGroup struct {
	ID, Name    string
	Description string
	Ingress     []firewall.Rule
	Egress      []firewall.Rule
	Origin      string

	problems
}

// NetworkACL is a stateless filter at the boundary of a subnet. Its final deny
// rule is always there and need not be listed (ACL-7).
type NetworkACL struct {
	ID, Name string
	Ingress  []firewall.Entry
	Egress   []firewall.Entry
	Origin   string

	problems
}
