package vpc

import (
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
)

// AddRoute adds a route. The destination is a CIDR or a "pl-…" prefix list; the
// target is "local", "igw", "blackhole", or the ID or name of an interface, an
// instance or a gateway of the network.
func (t *RouteTable) AddRoute(destination, target string) *RouteTable {
	r := routing.Route{Origin: caller()}
	if strings.HasPrefix(destination, "pl-") {
		r.PrefixList = destination
	} else if p := t.parsePrefixes("route table "+t.ID, []string{destination}, r.Origin); len(p) == 1 {
		r.Destination = p[0]
	}
	r.Target, r.Blackhole = ParseTarget(target)
	t.Routes = append(t.Routes, r)
	return t
}

// RemoveRoute removes the route with a destination, a CIDR or a prefix list.
func (t *RouteTable) RemoveRoute(destination string) *RouteTable {
	prefix, _ := netip.ParsePrefix(destination) // the zero Prefix for a list
	var kept []routing.Route
	for _, r := range t.Routes {
		other := r.PrefixList != "" && r.PrefixList != destination || r.PrefixList == "" && r.Destination.Masked() != prefix.Masked()
		if other || r.Target.Kind == routing.Local && !r.Blackhole {
			kept = append(kept, r)
		}
	}
	if len(kept) == len(t.Routes) {
		// Validate knows whether it is the local route that is to go.
		t.fail(&Error{Code: CodeRouteNotFound, Resource: "route table " + t.ID, Message: "has no route to " + destination + " (RT-28)", Origin: caller(), Element: prefix})
	}
	t.Routes = kept
	return t
}

// targetPrefixes are the ID prefixes that tell what a route's target is.
var targetPrefixes = []struct {
	prefix string
	kind   routing.TargetKind
}{
	{"igw-", routing.InternetGateway}, {"nat-", routing.NATGateway}, {"eni-", routing.Interface}, {"i-", routing.Instance},
	{"pcx-", routing.PeeringConnection}, {"tgw-", routing.TransitGateway}, {"vgw-", routing.VPNGateway},
	{"eigw-", routing.EgressOnlyGateway}, {"vpce-", routing.GatewayEndpoint}, {"cagw-", routing.CarrierGateway}, {"lgw-", routing.LocalGateway},
}

// ParseTarget reads the target of a route as people write it. A bare name has
// the kind [routing.UnknownTarget], which compiling resolves in the VPC.
func ParseTarget(s string) (target routing.Target, blackhole bool) {
	switch s {
	case "local":
		return routing.Target{Kind: routing.Local}, false
	case "igw":
		return routing.Target{Kind: routing.InternetGateway}, false
	case "blackhole":
		return routing.Target{}, true
	}
	for _, t := range targetPrefixes {
		if strings.HasPrefix(s, t.prefix) {
			return routing.Target{Kind: t.kind, ID: s}, false
		}
	}
	return routing.Target{Kind: routing.UnknownTarget, ID: s}, false
}
