package emu

import "fmt"

// Reason says why a packet was dropped. The zero Reason is None.
type Reason uint8

// The reasons, in the order of the checks. Their text and their Reachability
// Analyzer codes are in the table below.
const (
	None Reason = iota
	SrcDstCheck
	ENINotAttached
	L2Unsupported
	SGEgress
	SGIngress
	NACLEgress
	NACLIngress
	NoRoute
	Blackhole
	NoSuchAddress
	ReservedRange
	IGWNotAttached
	BPA
	IGWNoPublicIP
	IGWUnknownDst
	IGWPrivateDst
	IGWPrivateSrc
	IGWIngressRedirect
	IGWMiddleboxNoPublicIP
	SpoofedSrc
	EIGWUnsolicited
	EIGWIPv4
	NATProtocol
	NATFragment
	NATPortExhausted
	NATUnsolicited
	NATSource
	NATNotAvailable
	NoFlow
	PCXNotActive
	PCXAddress
	TGWZone
	TGWNoAssociation
	TGWNoRoute
	TGWBlackhole
	EPProtocol
	EPSource
	EPNotAvailable
	GWLBAppliance
	LBNoListener
	LBNoTarget
	LBProtocol
	VGWNotAvailable
	VGWAddress
	VGWNoRoute
	RoutingLoop
	MTUExceeded
	TTLExpired
	ConntrackFull
	LinkLocalPPS
	reasonCount
)

// reasons gives every Reason its name, the code of AWS's Reachability Analyzer
// with the same meaning ("" for none) and a clause for people. The names are the rule
// book's, but for those of drops that it has and does not name: GWLB_APPLIANCE, a
// verdict of the appliance (EP-23); NO_FLOW, what endpoints and load balancers answer
// with RST (EP-20, ELB-22, ELB-23); EP_NOT_AVAILABLE and VGW_NOT_AVAILABLE, gateways
// that are gone or not there yet; and those of load balancers, LB_….
var reasons = [reasonCount]struct{ name, code, text string }{
	None:                   {"", "", ""},
	SrcDstCheck:            {"SRC_DST_CHECK", "ENI_SOURCE_DEST_CHECK_RESTRICTION", "source/destination check"},
	ENINotAttached:         {"ENI_NOT_ATTACHED", "BAD_STATE_ATTACHMENT", "the interface is not attached to a running instance"},
	L2Unsupported:          {"L2_UNSUPPORTED", "", "a VPC carries no such packet"},
	SGEgress:               {"SG_EGRESS", "ENI_SG_RULES_MISMATCH", "no security group rule allows it out"},
	SGIngress:              {"SG_INGRESS", "ENI_SG_RULES_MISMATCH", "no security group rule allows it in"},
	NACLEgress:             {"NACL_EGRESS", "SUBNET_ACL_RESTRICTION", "the network ACL denies it out"},
	NACLIngress:            {"NACL_INGRESS", "SUBNET_ACL_RESTRICTION", "the network ACL denies it in"},
	NoRoute:                {"NO_ROUTE", "NO_ROUTE_TO_DESTINATION", "no route matches"},
	Blackhole:              {"BLACKHOLE", "BAD_STATE_ROUTE", "the best route is a blackhole"},
	NoSuchAddress:          {"NO_SUCH_ADDRESS", "NO_POSSIBLE_DESTINATION", "no interface has the address"},
	ReservedRange:          {"RESERVED_RANGE", "", "a reserved address without a service"},
	IGWNotAttached:         {"IGW_NOT_ATTACHED", "BAD_STATE_ATTACHMENT", "the VPC has no internet gateway attached"},
	BPA:                    {"BPA", "VPC_BLOCK_PUBLIC_ACCESS_ENABLED", "VPC Block Public Access"},
	IGWNoPublicIP:          {"IGW_NO_PUBLIC_IP", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "the source has no public IPv4 address"},
	IGWUnknownDst:          {"IGW_UNKNOWN_DST", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "no attached interface has the public address"},
	IGWPrivateDst:          {"IGW_PRIVATE_DST", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", "the destination is not a public address"},
	IGWPrivateSrc:          {"IGW_PRIVATE_SRC", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "the source is not a public address"},
	IGWIngressRedirect:     {"IGW_INGRESS_REDIRECT", "INGRESS_RTB_TRAFFIC_REDIRECTION", "an edge route table redirects the subnet's inbound traffic"},
	IGWMiddleboxNoPublicIP: {"IGW_MIDDLEBOX_NO_PUBLIC_IP", "INGRESS_RTB_NO_PUBLIC_IP", "the middlebox has no public IPv4 address"},
	SpoofedSrc:             {"SPOOFED_SRC", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "the gateway does not accept the source"},
	EIGWUnsolicited:        {"EIGW_UNSOLICITED", "", "it answers nothing that went out through the gateway"},
	EIGWIPv4:               {"EIGW_IPV4", "", "an egress-only gateway carries no IPv4"},
	NATProtocol:            {"NAT_PROTOCOL", "PROTOCOL_RESTRICTION", "a NAT gateway translates TCP, UDP and ICMP echo, to IPv4 addresses"},
	NATFragment:            {"NAT_FRAGMENT", "", "a NAT gateway drops fragments of TCP and ICMP"},
	NATPortExhausted:       {"NAT_PORT_EXHAUSTED", "", "no port is left towards the destination"},
	NATUnsolicited:         {"NAT_UNSOLICITED", "", "it belongs to no flow that was translated"},
	NATSource:              {"NAT_SOURCE", "NGW_REQUIRES_SOURCE_IN_VPC", "a NAT gateway serves its own VPC"},
	NATNotAvailable:        {"NAT_NOT_AVAILABLE", "BAD_STATE", "the NAT gateway is not available"},
	NoFlow:                 {"NO_FLOW", "", "it belongs to no flow that is under way there"},
	PCXNotActive:           {"PCX_NOT_ACTIVE", "BAD_STATE", "the peering connection is not active"},
	PCXAddress:             {"PCX_ADDRESS", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "an address lies outside the two VPCs"},
	TGWZone:                {"TGW_AZ", "TGW_ROUTE_AZ_RESTRICTION", "the attachment has no subnet in the sender's zone"},
	TGWNoAssociation:       {"TGW_NO_ASSOCIATION", "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", "the attachment has no route table"},
	TGWNoRoute:             {"TGW_NO_ROUTE", "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "the transit gateway's table has no route"},
	TGWBlackhole:           {"TGW_BLACKHOLE", "TGW_RTB_BAD_STATE_ROUTE", "the transit gateway's best route is a blackhole"},
	EPProtocol:             {"EP_PROTOCOL", "VPCE_GATEWAY_PROTOCOL_RESTRICTION", "the endpoint does not carry the protocol"},
	EPSource:               {"EP_SOURCE", "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION", "the endpoint does not accept the source"},
	EPNotAvailable:         {"EP_NOT_AVAILABLE", "BAD_STATE", "the endpoint is not available"},
	GWLBAppliance:          {"GWLB_APPLIANCE", "", "the appliance behind the Gateway Load Balancer dropped it"},
	LBNoListener:           {"LB_NO_LISTENER", "ELBV2_LISTENERS_MISMATCH", "the load balancer has no listener for it"},
	LBNoTarget:             {"LB_NO_TARGET", "", "the load balancer has no target to send it to"},
	LBProtocol:             {"LB_PROTOCOL", "", "the load balancer does not carry it"},
	VGWNotAvailable:        {"VGW_NOT_AVAILABLE", "BAD_STATE", "the virtual private gateway is not available"},
	VGWAddress:             {"VGW_ADDRESS", "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", "no attached interface of the VPC has the address"},
	VGWNoRoute:             {"VGW_NO_ROUTE", "", "the virtual private gateway knows no such prefix"},
	RoutingLoop:            {"ROUTING_LOOP", "", "the route leads back"},
	MTUExceeded:            {"MTU_EXCEEDED", "", "too large and may not be fragmented"},
	TTLExpired:             {"TTL_EXPIRED", "", "the TTL has run out"},
	ConntrackFull:          {"CONNTRACK_FULL", "", "the instance tracks as many flows as it may"},
	LinkLocalPPS:           {"LINKLOCAL_PPS", "", "more than 1024 packets a second to link-local services"},
}

// String is the reason's name, like "NACL_INGRESS", and empty for None.
func (r Reason) String() string { return reasons[r].name }

// Code is the explanation code of AWS's Reachability Analyzer with the same
// meaning, and empty if it has none.
func (r Reason) Code() string { return reasons[r].code }

// Text is a clause for people: "no route matches".
func (r Reason) Text() string { return reasons[r].text }

// MarshalText is the reason's name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a reason's name.
func (r *Reason) UnmarshalText(text []byte) error {
	for k := range reasons {
		if reasons[k].name == string(text) {
			*r = Reason(k)
			return nil
		}
	}
	return fmt.Errorf("%q is no reason for a drop", text)
}
