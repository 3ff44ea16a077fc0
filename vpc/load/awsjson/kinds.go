package awsjson

import (
	"strings"

	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// kind is what becomes of the elements under one top-level key.
type kind struct {
	key string
	// name is what the report counts them as.
	name string
	// load takes one element in; nil if the kind is only noted.
	load func(*loader, value) error
	// verdict and why are the note on kinds that are only noted.
	verdict report.Verdict
	why     string
	// vague keys are used by other programs too, or by AWS for other things:
	// they do not make a file an AWS listing.
	vague bool
}

// What the notes on kinds without a handler say.
const (
	harmlessKind = "no part in what packets do"
	notYet       = "not modelled: what packets meet of it has an unknown fate"
	theirENIs    = "not modelled; its interfaces are read from NetworkInterfaces"
	answers      = "the answer of another tool, not a resource"
)

// kinds is the dispatch table. Its order is the order of loading: what others
// refer to comes first, whatever the files are called.
var kinds = []kind{
	{key: "Vpcs", name: "vpc", load: (*loader).vpc},
	{key: "Subnets", name: "subnet", load: (*loader).subnet},
	{key: "PrefixLists", name: "prefix list", load: (*loader).prefixList},
	{key: "Entries", name: "prefix list entry", load: (*loader).prefixListEntry, vague: true},
	{key: "InternetGateways", name: "internet gateway", load: (*loader).internetGateway},
	{key: "EgressOnlyInternetGateways", name: "egress-only internet gateway", load: (*loader).egressOnly},
	{key: "NatGateways", name: "nat gateway", load: (*loader).natGateway},
	{key: "VpnGateways", name: "vpn gateway", load: (*loader).vpnGateway},
	{key: "VpcEndpoints", name: "vpc endpoint", load: (*loader).endpoint},
	{key: "CarrierGateways", name: "carrier gateway", load: (*loader).carrierGateway},
	{key: "LocalGateways", name: "local gateway", load: (*loader).localGateway},
	{key: "VpcPeeringConnections", name: "vpc peering connection", load: (*loader).peering},
	{key: "TransitGateways", name: "transit gateway", load: (*loader).transitGateway},
	{key: "TransitGatewayVpcAttachments", name: "transit gateway vpc attachment", load: (*loader).transitVPC},
	{key: "TransitGatewayAttachments", name: "transit gateway attachment", load: (*loader).transitAttachment},
	{key: "VpnConnections", name: "vpn connection", load: (*loader).vpnConnection},
	{key: "VirtualInterfaces", name: "virtual interface", load: (*loader).virtualInterface},
	{key: "SecurityGroupRules", name: "security group rule", load: (*loader).securityGroupRule},
	{key: "SecurityGroups", name: "security group", load: (*loader).securityGroup},
	{key: "NetworkAcls", name: "network acl", load: (*loader).networkACL},
	{key: "RouteTables", name: "route table", load: (*loader).routeTable},
	{key: "NetworkInterfaces", name: "network interface", load: (*loader).networkInterface},
	{key: "Reservations", name: "reservation", load: (*loader).reservation},
	{key: "Instances", name: "instance", load: (*loader).instance, vague: true},
	{key: "Addresses", name: "address", load: (*loader).address, vague: true},

	{key: "TransitGatewayRouteTables", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayPropagations", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayStaticRoutes", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayRouteTablePropagations", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayAttachmentPropagations", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayPrefixListReferences", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayPeeringAttachments", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayConnects", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayConnectPeers", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayMulticastDomains", verdict: report.Unmodelled, why: notYet},
	{key: "TransitGatewayPolicyTables", verdict: report.Unmodelled, why: notYet},
	{key: "MulticastDomainAssociations", verdict: report.Unmodelled, why: notYet},
	{key: "MulticastGroups", verdict: report.Unmodelled, why: notYet},
	{key: "Routes", verdict: report.Unmodelled, why: notYet, vague: true},       // search-transit-gateway-routes
	{key: "Associations", verdict: report.Unmodelled, why: notYet, vague: true}, // of a transit gateway's table
	{key: "DirectConnectGateways", verdict: report.Unmodelled, why: notYet},
	{key: "DirectConnectGatewayAssociations", verdict: report.Unmodelled, why: notYet},
	{key: "DirectConnectGatewayAttachments", verdict: report.Unmodelled, why: notYet},
	{key: "CustomerGateways", verdict: report.Unmodelled, why: notYet},
	{key: "LocalGatewayRouteTables", verdict: report.Unmodelled, why: notYet},
	{key: "LocalGatewayRouteTableVpcAssociations", verdict: report.Unmodelled, why: notYet},
	{key: "LocalGatewayRouteTableVpcAssociation", verdict: report.Unmodelled, why: notYet}, // the CLI manual's misprint
	{key: "LocalGatewayRouteTableVirtualInterfaceGroupAssociations", verdict: report.Unmodelled, why: notYet},
	{key: "LocalGatewayVirtualInterfaceGroups", verdict: report.Unmodelled, why: notYet},
	{key: "LocalGatewayVirtualInterfaces", verdict: report.Unmodelled, why: notYet},
	{key: "CoreNetworks", verdict: report.Unmodelled, why: notYet},
	{key: "SecurityGroupVpcAssociations", verdict: report.Unmodelled, why: notYet},
	{key: "VpcBlockPublicAccessExclusions", verdict: report.Unmodelled, why: notYet},
	{key: "Firewalls", verdict: report.Unmodelled, why: notYet, vague: true},

	{key: "LoadBalancers", verdict: report.Unmodelled, why: theirENIs, vague: true},
	{key: "LoadBalancerDescriptions", verdict: report.Unmodelled, why: theirENIs},
	{key: "LoadBalancerListeners", verdict: report.Unmodelled, why: theirENIs},
	{key: "LoadBalancerAttributes", verdict: report.Unmodelled, why: theirENIs},
	{key: "LoadBalancerTargetHealth", verdict: report.Unmodelled, why: theirENIs},
	{key: "TargetGroups", verdict: report.Unmodelled, why: theirENIs, vague: true},
	{key: "TargetHealthDescriptions", verdict: report.Unmodelled, why: theirENIs},
	{key: "Listeners", verdict: report.Unmodelled, why: theirENIs, vague: true},
	{key: "DBInstances", verdict: report.Unmodelled, why: theirENIs},
	{key: "DBClusters", verdict: report.Unmodelled, why: theirENIs},
	{key: "DomainStatusList", verdict: report.Unmodelled, why: theirENIs},
	{key: "Clusters", verdict: report.Unmodelled, why: theirENIs, vague: true},
	{key: "Functions", verdict: report.Unmodelled, why: theirENIs, vague: true},

	{key: "AvailabilityZones", verdict: report.Ignored, why: harmlessKind},
	{key: "Regions", verdict: report.Ignored, why: harmlessKind, vague: true},
	{key: "DhcpOptions", verdict: report.Ignored, why: harmlessKind},
	{key: "AccountAttributes", verdict: report.Ignored, why: harmlessKind},
	{key: "InstanceStatuses", verdict: report.Ignored, why: harmlessKind},
	{key: "PlacementGroups", verdict: report.Ignored, why: harmlessKind},
	{key: "MovingAddressStatuses", verdict: report.Ignored, why: harmlessKind},
	{key: "FlowLogs", verdict: report.Ignored, why: harmlessKind},
	{key: "Snapshots", verdict: report.Ignored, why: harmlessKind, vague: true},
	{key: "Tags", verdict: report.Ignored, why: harmlessKind, vague: true},
	{key: "Hosts", verdict: report.Ignored, why: harmlessKind, vague: true},
	{key: "ServiceNames", verdict: report.Ignored, why: "service names, of which the listing says nothing else", vague: true},
	{key: "ServiceDetails", verdict: report.Ignored, why: harmlessKind, vague: true},
	{key: "SubnetIpv4CidrReservations", verdict: report.Ignored, why: "reservations of addresses carry no packets"},
	{key: "SubnetIpv6CidrReservations", verdict: report.Ignored, why: "reservations of addresses carry no packets"},
	{key: "PrefixListAssociations", verdict: report.Ignored, why: harmlessKind},
	{key: "NetworkInsightsPaths", verdict: report.Ignored, why: answers},
	{key: "NetworkInsightsAnalyses", verdict: report.Ignored, why: answers},
	{key: "NetworkInsightsAccessScopes", verdict: report.Ignored, why: answers},
	{key: "NetworkInsightsAccessScopeAnalyses", verdict: report.Ignored, why: answers},
}

// kindOf finds a key in the table. The first letter may be small, as the Direct
// Connect API writes it.
func kindOf(key string) *kind {
	for i := range kinds {
		k := &kinds[i]
		if k.key == key || len(key) > 0 && strings.ToUpper(key[:1])+key[1:] == k.key {
			return k
		}
	}
	return nil
}

// build takes in all elements, kind by kind, and then what only shows when all
// are there.
func (l *loader) build() {
	for i := range kinds {
		k := &kinds[i]
		elements := l.found[k.key]
		if k.load == nil {
			l.noteKind(k, elements)
			continue
		}
		for _, e := range elements {
			l.take(k.name, e, k.load)
		}
	}
	l.finish()
}

// take loads one element, counts it, and notes why if that is not possible.
func (l *loader) take(name string, e value, load func(*loader, value) error) {
	switch err := load(l, e); err {
	case nil:
		l.report.Count(name)
	case errNoted:
	default:
		l.report.Note(report.Skipped, e.origin(), name+" "+l.idOf(e), "%v", err)
	}
}

// noteKind notes the elements of a kind that is not loaded, once per file.
func (l *loader) noteKind(k *kind, elements []value) {
	for len(elements) > 0 {
		first := elements[0]
		count := 1
		for count < len(elements) && elements[count].doc == first.doc {
			count++
		}
		what := k.key
		if count > 1 {
			what = plural(count, k.key)
		} else if id := l.idOf(first); id != "" {
			what = k.key + " " + id
		}
		l.report.Note(k.verdict, first.origin(), what, "%s", k.why)
		elements = elements[count:]
	}
}
