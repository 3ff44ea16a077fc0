package awsjson

// Command is a command of the AWS CLI whose output is read.
type Command struct {
	// Args follow "aws": "ec2 describe-vpcs".
	Args string
	// Each, if not empty, lists IDs or ARNs: the command is to be given each of them
	// behind Flag, and prints them nowhere, so that the file's name must have them.
	Each, Flag string
	// More are arguments that the command needs besides.
	More string
}

// Commands are the commands that together tell all that is read, in the order in
// which it is. Any of them may be left out; what then is not known is reported.
func Commands() []Command {
	var all []Command
	for _, k := range handled {
		if args := commands[k.key]; args != "" {
			all = append(all, command(args))
		}
	}
	return append(all, command(targetGroupAttributes), command(vpcAttribute))
}

func command(args string) Command {
	c := perResource[args]
	c.Args = args
	return c
}

// The commands whose answers have no key of their own in the table.
const (
	targetGroupAttributes = "elbv2 describe-target-group-attributes" // as of load balancers
	vpcAttribute          = "ec2 describe-vpc-attribute"             // an object and no list
)

// commands are the commands by the key under which they print what is read. Keys that
// only stored snapshots have are not there.
var commands = map[string]string{
	"Vpcs":                                 "ec2 describe-vpcs",
	"Subnets":                              "ec2 describe-subnets",
	"PrefixLists":                          "ec2 describe-managed-prefix-lists",
	"Entries":                              "ec2 get-managed-prefix-list-entries",
	"InternetGateways":                     "ec2 describe-internet-gateways",
	"EgressOnlyInternetGateways":           "ec2 describe-egress-only-internet-gateways",
	"NatGateways":                          "ec2 describe-nat-gateways",
	"VpnGateways":                          "ec2 describe-vpn-gateways",
	"VpcEndpoints":                         "ec2 describe-vpc-endpoints",
	"CarrierGateways":                      "ec2 describe-carrier-gateways",
	"LocalGateways":                        "ec2 describe-local-gateways",
	"VpcPeeringConnections":                "ec2 describe-vpc-peering-connections",
	"TransitGateways":                      "ec2 describe-transit-gateways",
	"TransitGatewayVpcAttachments":         "ec2 describe-transit-gateway-vpc-attachments",
	"TransitGatewayAttachments":            "ec2 describe-transit-gateway-attachments",
	"TransitGatewayPeeringAttachments":     "ec2 describe-transit-gateway-peering-attachments",
	"TransitGatewayRouteTables":            "ec2 describe-transit-gateway-route-tables",
	"TransitGatewayRouteTablePropagations": "ec2 get-transit-gateway-route-table-propagations",
	"TransitGatewayPrefixListReferences":   "ec2 get-transit-gateway-prefix-list-references",
	"TransitGatewayConnects":               "ec2 describe-transit-gateway-connects",
	"Associations":                         "ec2 get-transit-gateway-route-table-associations",
	"Routes":                               "ec2 search-transit-gateway-routes",
	"VpnConnections":                       "ec2 describe-vpn-connections",
	"VirtualInterfaces":                    "directconnect describe-virtual-interfaces",
	"DirectConnectGatewayAssociations":     "directconnect describe-direct-connect-gateway-associations",
	"SecurityGroupRules":                   "ec2 describe-security-group-rules",
	"SecurityGroups":                       "ec2 describe-security-groups",
	"NetworkAcls":                          "ec2 describe-network-acls",
	"RouteTables":                          "ec2 describe-route-tables",
	"NetworkInterfaces":                    "ec2 describe-network-interfaces",
	"Reservations":                         "ec2 describe-instances",
	"Addresses":                            "ec2 describe-addresses",
	"FlowLogs":                             "ec2 describe-flow-logs",
	"LoadBalancers":                        "elbv2 describe-load-balancers",
	"TargetGroups":                         "elbv2 describe-target-groups",
	"Listeners":                            "elbv2 describe-listeners",
	"Attributes":                           "elbv2 describe-load-balancer-attributes",
	"TargetHealthDescriptions":             "elbv2 describe-target-health",
	"VpcBlockPublicAccessOptions":          "ec2 describe-vpc-block-public-access-options",
	"VpcBlockPublicAccessExclusions":       "ec2 describe-vpc-block-public-access-exclusions",
}

// perResource are the commands that answer about one resource at a time.
var perResource = map[string]Command{
	"ec2 get-managed-prefix-list-entries": {Each: "ec2 describe-managed-prefix-lists --query PrefixLists[].PrefixListId", Flag: "--prefix-list-id"},

	"ec2 get-transit-gateway-route-table-propagations": {Each: transitTableIDs, Flag: transitTableFlag},
	"ec2 get-transit-gateway-route-table-associations": {Each: transitTableIDs, Flag: transitTableFlag},
	"ec2 get-transit-gateway-prefix-list-references":   {Each: transitTableIDs, Flag: transitTableFlag},
	"ec2 search-transit-gateway-routes":                {Each: transitTableIDs, Flag: transitTableFlag, More: "--filters Name=state,Values=active,blackhole"},

	"directconnect describe-direct-connect-gateway-associations": {
		Each: "directconnect describe-direct-connect-gateways --query directConnectGateways[].directConnectGatewayId", Flag: "--direct-connect-gateway-id",
	},

	"elbv2 describe-listeners":                {Each: loadBalancerARNs, Flag: "--load-balancer-arn"},
	"elbv2 describe-load-balancer-attributes": {Each: loadBalancerARNs, Flag: "--load-balancer-arn"},
	"elbv2 describe-target-health":            {Each: targetGroupARNs, Flag: "--target-group-arn"},
	vpcAttribute:                              {Each: "ec2 describe-vpcs --query Vpcs[].VpcId", Flag: "--vpc-id", More: "--attribute enableDnsSupport"},
	targetGroupAttributes:                     {Each: targetGroupARNs, Flag: "--target-group-arn"},
}

const (
	transitTableIDs  = "ec2 describe-transit-gateway-route-tables --query TransitGatewayRouteTables[].TransitGatewayRouteTableId"
	transitTableFlag = "--transit-gateway-route-table-id"
	loadBalancerARNs = "elbv2 describe-load-balancers --query LoadBalancers[].LoadBalancerArn"
	targetGroupARNs  = "elbv2 describe-target-groups --query TargetGroups[].TargetGroupArn"
)
