package vpc

// The error codes of the EC2 API that a description can earn, each with the ERR
// rule that gives it its meaning.
const (
	// CodeMissing is a required field that is absent (ERR-4).
	CodeMissing = "MissingParameter"
	// CodeInvalidValue is a value out of range or unparsable (ERR-5).
	CodeInvalidValue = "InvalidParameterValue"
	// CodeInvalidCombination is two fields that exclude each other (ERR-6).
	CodeInvalidCombination = "InvalidParameterCombination"

	// CodeVPCNotFound is an unknown VPC (ERR-8).
	CodeVPCNotFound = "InvalidVpcID.NotFound"
	// CodeSubnetNotFound is an unknown subnet (ERR-9).
	CodeSubnetNotFound = "InvalidSubnetID.NotFound"
	// CodeVPCRange is a VPC CIDR of wrong size, range or overlap (ERR-10).
	CodeVPCRange = "InvalidVpc.Range"
	// CodeSubnetRange is a subnet outside its VPC or of wrong size (ERR-11).
	CodeSubnetRange = "InvalidSubnet.Range"
	// CodeSubnetConflict is a subnet that overlaps another one (ERR-12).
	CodeSubnetConflict = "InvalidSubnet.Conflict"
	// CodeCIDRLimit is too many CIDRs on a VPC (ERR-13).
	CodeCIDRLimit = "CidrLimitExceeded"

	// CodeRouteTableNotFound is an unknown route table (ERR-17).
	CodeRouteTableNotFound = "InvalidRouteTableID.NotFound"
	// CodeRouteExists is a destination twice in one table (ERR-18).
	CodeRouteExists = "RouteAlreadyExists"
	// CodeRouteNotFound is the removal of a route that is not there (ERR-19).
	CodeRouteNotFound = "InvalidRoute.NotFound"
	// CodeRouteLimit is too many routes in a table (ERR-21).
	CodeRouteLimit = "RouteLimitExceeded"
	// CodeRouteTableLimit is too many route tables in a VPC (ERR-21).
	CodeRouteTableLimit = "RouteTableLimitExceeded"
	// CodeVPCLimit is too many VPCs in a Region (ERR-21).
	CodeVPCLimit = "VpcLimitExceeded"
	// CodeSubnetLimit is too many subnets in a VPC (ERR-21).
	CodeSubnetLimit = "SubnetLimitExceeded"
	// CodeRouteNotSupported is a kind of target that routes cannot use (ERR-22).
	CodeRouteNotSupported = "RouteNotSupported"

	// CodeGatewayNotFound is a route to an unknown gateway (ERR-23).
	CodeGatewayNotFound = "InvalidGatewayID.NotFound"
	// CodeGatewayNotAttached is the use of a gateway that is not attached to
	// the VPC (ERR-24).
	CodeGatewayNotAttached = "Gateway.NotAttached"
	// CodeAlreadyAssociated is an internet gateway or a public address that is
	// in use elsewhere (ERR-25).
	CodeAlreadyAssociated = "Resource.AlreadyAssociated"
	// CodeInternetGatewayLimit is too many internet gateways (ERR-26).
	CodeInternetGatewayLimit = "InternetGatewayLimitExceeded"
	// CodeNATGatewayNotFound is a route to an unknown NAT gateway (ERR-27).
	CodeNATGatewayNotFound = "InvalidNatGatewayID.NotFound"
	// CodeNATGatewayLimit is too many NAT gateways in a zone (ERR-28).
	CodeNATGatewayLimit = "NatGatewayLimitExceeded"

	// CodeNoFreeAddress is a subnet that is full (ERR-30).
	CodeNoFreeAddress = "InsufficientFreeAddressesInSubnet"

	// CodeGroupNotFound is a security group that is unknown or out of reach
	// (ERR-31).
	CodeGroupNotFound = "InvalidGroup.NotFound"
	// CodeGroupDuplicate is a group name that is taken in the VPC (ERR-32).
	CodeGroupDuplicate = "InvalidGroup.Duplicate"
	// CodeGroupReserved is the group name "default" (ERR-32).
	CodeGroupReserved = "InvalidGroup.Reserved"
	// CodeRuleDuplicate is a security-group rule that is there already (ERR-34).
	CodeRuleDuplicate = "InvalidPermission.Duplicate"
	// CodeRuleNotFound is the removal of a rule that is not there (ERR-34).
	CodeRuleNotFound = "InvalidPermission.NotFound"
	// CodeRuleLimit is too many rules in a group (ERR-35).
	CodeRuleLimit = "RulesPerSecurityGroupLimitExceeded"
	// CodeInterfaceGroupLimit is too many groups on an interface (ERR-35).
	CodeInterfaceGroupLimit = "SecurityGroupsPerInterfaceLimitExceeded"
	// CodeGroupLimit is too many security groups (ERR-35).
	CodeGroupLimit = "SecurityGroupLimitExceeded"

	// CodeNetworkACLNotFound is an unknown network ACL (ERR-36).
	CodeNetworkACLNotFound = "InvalidNetworkAclID.NotFound"
	// CodeEntryExists is a network ACL entry number that is taken (ERR-36).
	CodeEntryExists = "NetworkAclEntryAlreadyExists"
	// CodeEntryLimit is too many entries in a network ACL (ERR-37).
	CodeEntryLimit = "NetworkAclEntryLimitExceeded"
	// CodeNetworkACLLimit is too many network ACLs in a VPC (ERR-37).
	CodeNetworkACLLimit = "NetworkAclLimitExceeded"

	// CodeInterfaceNotFound is an unknown interface (ERR-38).
	CodeInterfaceNotFound = "InvalidNetworkInterfaceID.NotFound"
	// CodeAddressInUse is a private address that is taken (ERR-39).
	CodeAddressInUse = "InvalidIPAddress.InUse"
	// CodePrivateAddressLimit is too many private addresses (ERR-39).
	CodePrivateAddressLimit = "PrivateIpAddressLimitExceeded"
	// CodeNotPermitted is a change of an interface that AWS manages (ERR-42).
	CodeNotPermitted = "OperationNotPermitted"
	// CodeInterfaceLimit is too many interfaces (ERR-39).
	CodeInterfaceLimit = "NetworkInterfaceLimitExceeded"
	// CodeInstanceID is an instance that stands for no single interface (ERR-40).
	CodeInstanceID = "InvalidInstanceID"
	// CodeInstanceNotFound is an unknown instance (ERR-40).
	CodeInstanceNotFound = "InvalidInstanceID.NotFound"
	// CodeAddressLimit is too many public addresses (ERR-41).
	CodeAddressLimit = "AddressLimitExceeded"

	// CodeVPCState is a second VPN gateway on a VPC (ERR-49).
	CodeVPCState = "InvalidVpcState"
	// CodeVPNAttachmentLimit is a VPN gateway that is attached elsewhere (ERR-49).
	CodeVPNAttachmentLimit = "VpnGatewayAttachmentLimitExceeded"
	// CodeVPNGatewayLimit is too many VPN gateways in a Region (LIM-40).
	CodeVPNGatewayLimit = "VpnGatewayLimitExceeded"
	// CodeVPNConnectionLimit is too many connections of a VPN gateway (LIM-41).
	CodeVPNConnectionLimit = "VpnConnectionLimitExceeded"
	// CodeCustomerGatewayLimit is too many customer gateways in a Region (LIM-41).
	CodeCustomerGatewayLimit = "CustomerGatewayLimitExceeded"
	// CodeDirectConnect is what Direct Connect refuses: VPCs behind one gateway
	// whose ranges overlap (DX-3).
	CodeDirectConnect = "DirectConnectClientException"

	// CodePeeringNotFound is an unknown peering connection (ERR-43).
	CodePeeringNotFound = "InvalidVpcPeeringConnectionID.NotFound"
	// CodePeeringExists is a second peering of the same two VPCs (ERR-43).
	CodePeeringExists = "VpcPeeringConnectionAlreadyExists"
	// CodePeeringLimit is too many active peerings of one VPC (ERR-44).
	CodePeeringLimit = "VpcPeeringConnectionsPerVpcLimitExceeded"
	// CodePeeringRequests is too many requests of one VPC that wait (ERR-44).
	CodePeeringRequests = "OutstandingVpcPeeringConnectionLimitExceeded"
	// CodePeeringPending is too many that wait in the account (ERR-44).
	CodePeeringPending = "PendingVpcPeeringConnectionLimitExceeded"
	// CodePeeringDNS is a DNS option of a VPC without DNS hostnames (ERR-45).
	CodePeeringDNS = "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled"
	// CodeStateTransition is a peering connection that cannot become what it is
	// said to be (ERR-43).
	CodeStateTransition = "InvalidStateTransition"
	// CodeTransitGatewayNotFound is an unknown transit gateway (ERR-47).
	CodeTransitGatewayNotFound = "InvalidTransitGatewayID.NotFound"
	// CodeBlockExclusionLimit is too many exclusions from Block Public Access
	// (LIM-58).
	CodeBlockExclusionLimit = "VpcBlockPublicAccessExclusionLimitExceeded"
	// CodeTransitAttachmentNotFound is a route of a transit gateway to an unknown
	// attachment (ERR-47).
	CodeTransitAttachmentNotFound = "InvalidTransitGatewayAttachmentID.NotFound"
	// CodeDuplicateAttachment is a second attachment of a VPC, or a second peering
	// of two transit gateways (ERR-47).
	CodeDuplicateAttachment = "DuplicateTransitGatewayAttachment"
	// CodeDuplicateSubnets is two attachment subnets in one zone (ERR-47).
	CodeDuplicateSubnets = "DuplicateSubnetsInSameZone"
	// CodeTransitGatewayLimit is too many transit gateways (LIM-35).
	CodeTransitGatewayLimit = "TransitGatewayLimitExceeded"
	// CodeTransitAttachmentLimit is too many attachments (LIM-35, LIM-36, LIM-38).
	CodeTransitAttachmentLimit = "TransitGatewayAttachmentLimitExceeded"
	// CodeTransitTableLimit is too many route tables of a transit gateway (LIM-37).
	CodeTransitTableLimit = "TransitGatewayRouteTableLimitExceeded"
	// CodeTransitRouteLimit is too many routes of a transit gateway (LIM-37).
	CodeTransitRouteLimit = "TransitGatewayRouteLimitExceeded"
	// CodeEndpointNotFound is an unknown VPC endpoint (ERR-48).
	CodeEndpointNotFound = "InvalidVpcEndpointId.NotFound"
	// CodeServiceName is an unknown service of an endpoint (ERR-48).
	CodeServiceName = "InvalidServiceName"
	// CodeSameZone is an endpoint with two subnets of one zone (EP-14, ERR-48).
	CodeSameZone = "DuplicateSubnetsInSameZone"
	// CodeEndpointLimit is too many VPC endpoints (ERR-48).
	CodeEndpointLimit = "VpcEndpointLimitExceeded"
	// CodePrefixListNotFound is an unknown prefix list (ERR-48).
	CodePrefixListNotFound = "InvalidPrefixListID.NotFound"
	// CodePrefixListEntries is a prefix list with more entries than it declares
	// (LIM-11).
	CodePrefixListEntries = "PrefixListMaxEntriesExceeded"
	// CodePrefixListLimit is too many prefix lists (LIM-11).
	CodePrefixListLimit = "PrefixListLimitExceeded"

	// CodeFlowLogExists is a flow log with the resource, the traffic type and the
	// destination of another (ERR-50, FLOW-43).
	CodeFlowLogExists = "FlowLogAlreadyExists"
	// CodeFlowLogNotFound is an unknown flow log (ERR-50).
	CodeFlowLogNotFound = "InvalidFlowLogId.NotFound"
	// CodeFlowLogLimit is too many flow logs of one resource (ERR-50).
	CodeFlowLogLimit = "FlowLogsLimitExceeded"
)
