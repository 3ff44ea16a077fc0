package awsjson

import (
	"slices"
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
	// single keys hold one object and not a list.
	single bool
}

// handled is the dispatch table. Its order is the order of loading: what others
// refer to comes first, whatever the files are called.
var handled = []kind{
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
	{key: "TransitGatewayPeeringAttachments", name: "transit gateway peering attachment", load: (*loader).transitPeering},
	{key: "TransitGatewayRouteTables", name: "transit gateway route table", load: (*loader).transitTable},
	{key: "TransitGatewayPropagations", name: "transit gateway propagation", load: (*loader).transitPropagations},
	{key: "TransitGatewayRouteTablePropagations", name: "transit gateway propagation", load: (*loader).rawPropagation},
	{key: "TransitGatewayPrefixListReferences", name: "transit gateway prefix list reference", load: (*loader).transitListReference},
	{key: "TransitGatewayStaticRoutes", name: "transit gateway routes", load: (*loader).transitStaticRoutes},
	{key: "TransitGatewayConnects", name: "transit gateway connect", load: (*loader).transitConnect},
	{key: "Associations", name: "transit gateway association", load: (*loader).rawAssociation, vague: true},
	{key: "Routes", name: "transit gateway route", load: (*loader).rawRoute, vague: true}, // search-transit-gateway-routes
	{key: "VpnConnections", name: "vpn connection", load: (*loader).vpnConnection},
	{key: "VirtualInterfaces", name: "virtual interface", load: (*loader).virtualInterface},
	{key: "DirectConnectGatewayAssociations", name: "direct connect association", load: (*loader).directConnect},
	{key: "SecurityGroupRules", name: "security group rule", load: (*loader).securityGroupRule},
	{key: "SecurityGroups", name: "security group", load: (*loader).securityGroup},
	{key: "NetworkAcls", name: "network acl", load: (*loader).networkACL},
	{key: "RouteTables", name: "route table", load: (*loader).routeTable},
	{key: "NetworkInterfaces", name: "network interface", load: (*loader).networkInterface},
	{key: "Reservations", name: "reservation", load: (*loader).reservation},
	{key: "Instances", name: "instance", load: (*loader).instance, vague: true},
	{key: "Addresses", name: "address", load: (*loader).address, vague: true},
	{key: "FlowLogs", name: "flow log", load: (*loader).flowLog},
	{key: "LoadBalancers", name: "load balancer", load: (*loader).loadBalancer, vague: true},
	{key: "TargetGroups", name: "target group", load: (*loader).targetGroup, vague: true},
	{key: "LoadBalancerListeners", name: "load balancer's listeners", load: (*loader).wrappedListeners},
	{key: "Listeners", name: "listener", load: (*loader).listener, vague: true},
	{key: "LoadBalancerAttributes", name: "load balancer's attributes", load: (*loader).balancerAttributes},
	{key: "TargetGroupAttributes", name: "target group's attributes", load: (*loader).groupAttributes},
	{key: "Attributes", name: "attribute", load: (*loader).plainAttribute, vague: true},
	{key: "LoadBalancerTargetHealth", name: "target health", load: (*loader).wrappedHealth},
	{key: "TargetHealthDescriptions", name: "target", load: (*loader).plainHealth},
	{key: "VpcBlockPublicAccessOptions", name: "Block Public Access options", load: (*loader).blockOptions, single: true},
	{key: "VpcBlockPublicAccessExclusions", name: "Block Public Access exclusion", load: (*loader).blockExclusion},
}

// notYet is what notes say of what vpcemu does not model.
const notYet = "not modelled: what packets meet of it has an unknown fate"

// noted are the kinds that are only noted, by what the note says of them.
var noted = []struct {
	verdict     report.Verdict
	why         string
	keys, vague string
}{
	{report.Unmodelled, notYet, `
		TransitGatewayAttachmentPropagations
		TransitGatewayConnectPeers TransitGatewayMulticastDomains TransitGatewayPolicyTables
		MulticastDomainAssociations MulticastGroups
		DirectConnectGatewayAttachments
		LocalGatewayRouteTables LocalGatewayRouteTableVpcAssociations LocalGatewayRouteTableVpcAssociation
		LocalGatewayRouteTableVirtualInterfaceGroupAssociations LocalGatewayVirtualInterfaceGroups LocalGatewayVirtualInterfaces
		CoreNetworks SecurityGroupVpcAssociations`,
		"Firewalls"},
	{report.Ignored, "its associations and virtual interfaces tell what it joins", "DirectConnectGateways", ""},
	{report.Ignored, "the VPN connections to it tell what is behind it", "CustomerGateways", ""},
	{report.Unmodelled, "not modelled; its interfaces are read from NetworkInterfaces", `
		LoadBalancerDescriptions DBInstances DBClusters DomainStatusList`,
		"Clusters Functions"},
	{report.Unmodelled, "rules of listeners look at HTTP: only default actions are followed", "", "Rules"},
	{report.Ignored, "no part in what packets do", `
		AvailabilityZones DhcpOptions AccountAttributes InstanceStatuses PlacementGroups MovingAddressStatuses
		PrefixListAssociations`,
		"Regions Snapshots Tags Hosts ServiceDetails"},
	{report.Ignored, "service names, of which the listing says nothing else", "", "ServiceNames"},
	{report.Ignored, "reservations of addresses carry no packets", "SubnetIpv4CidrReservations SubnetIpv6CidrReservations", ""},
	{report.Ignored, "the answer of another tool, not a resource", `
		NetworkInsightsPaths NetworkInsightsAnalyses NetworkInsightsAccessScopes NetworkInsightsAccessScopeAnalyses`, ""},
}

// kinds are the kinds with a handler, in their order, and then the others.
var kinds = slices.Concat(handled, notedKinds())

func notedKinds() []kind {
	var list []kind
	for _, n := range noted {
		for i, keys := range []string{n.keys, n.vague} {
			for key := range strings.FieldsSeq(keys) {
				list = append(list, kind{key: key, verdict: n.verdict, why: n.why, vague: i == 1})
			}
		}
	}
	return list
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
