package routing

import (
	"fmt"
	"net/netip"
)

// Route is one line of a route table: a destination and a target.
type Route struct {
	// Destination is the CIDR, unless PrefixList is set. Host bits are cleared
	// when the table is compiled (VPC-2).
	Destination netip.Prefix
	// PrefixList is a prefix list by ID or name; it stands for one route per
	// entry of the list (RT-21).
	PrefixList string
	Target     Target
	Source     Source
	// Blackhole marks a route whose target is known to be gone. It still takes
	// part in the longest-prefix match (RT-13, RT-14).
	Blackhole bool
	// Unknown, if not empty, says why the route could not be understood. A
	// packet that it takes, or may take, has an unknown fate.
	Unknown string
	// Origin is where the route was written, as file:line.
	Origin string
}

// String is the route as "0.0.0.0/0 → igw-1".
func (r Route) String() string {
	dst := r.PrefixList
	if dst == "" {
		dst = r.Destination.String()
	}
	return fmt.Sprintf("%s → %s", dst, r.Target)
}

// Source says how a route came into its table; among routes of equal prefix
// the lower Source wins (RT-16, RT-17).
type Source uint8

// The sources of routes, best first.
const (
	// Static is a route that somebody made.
	Static Source = iota
	// DirectConnect is a route propagated from Direct Connect BGP.
	DirectConnect
	// VPNStatic is a route propagated from a VPN connection's static routes.
	VPNStatic
	// VPNDynamic is a route propagated from VPN BGP.
	VPNDynamic
)

// Propagated reports whether the route came from a gateway by itself.
func (s Source) Propagated() bool { return s != Static }

// String is "static", "dx", "vpn-static" or "vpn-bgp".
func (s Source) String() string {
	return [...]string{"static", "dx", "vpn-static", "vpn-bgp"}[s]
}

// Target is where a route sends a packet. The zero Target is [Nowhere].
type Target struct {
	Kind TargetKind
	// ID is the gateway's, interface's or endpoint's ID or name; empty for
	// [Local], and for [InternetGateway] if the VPC's own is meant.
	ID string
}

// String is the ID, or the kind where there is none.
func (t Target) String() string {
	if t.ID != "" {
		return t.ID
	}
	return t.Kind.String()
}

// TargetKind is the kind of node that a route names.
type TargetKind uint8

// The kinds of route targets, with the prefix of their IDs.
const (
	Nowhere           TargetKind = iota // drops
	Local                               // the VPC itself
	InternetGateway                     // igw-
	NATGateway                          // nat-
	Interface                           // eni-
	Instance                            // i-, stands for its only interface (RT-36)
	PeeringConnection                   // pcx-
	TransitGateway                      // tgw-
	VPNGateway                          // vgw-
	EgressOnlyGateway                   // eigw-
	GatewayEndpoint                     // vpce-, of type Gateway
	GWLBEndpoint                        // vpce-, of type GatewayLoadBalancer
	CarrierGateway                      // cagw-
	LocalGateway                        // lgw-
	CoreNetwork                         // a Cloud WAN core network's ARN
	ODBNetwork                          // an Oracle Database@AWS network's ARN
	InterfaceEndpoint                   // vpce-, of type Interface: no route may name it (RT-38)
	UnknownTarget                       // named, but not understood
)

var kindNames = [...]string{
	"nowhere", "local", "igw", "nat", "eni", "instance", "pcx", "tgw", "vgw", "eigw",
	"vpce", "vpce-gwlb", "cagw", "lgw", "core-network", "odb-network", "vpce-interface", "unknown",
}

// String is the short name that files use: "local", "igw", "nat", "eni", …
func (k TargetKind) String() string { return kindNames[k] }
