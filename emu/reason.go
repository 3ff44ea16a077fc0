package emu

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
	IGWNoPublicIP
	IGWUnknownDst
	IGWPrivateDst
	IGWPrivateSrc
	IGWIngressRedirect
	IGWMiddleboxNoPublicIP
	SpoofedSrc
	EIGWUnsolicited
	RoutingLoop
	MTUExceeded
	ConntrackFull
	LinkLocalPPS
	reasonCount
)

// reasons gives every Reason its name, the code of AWS's Reachability Analyzer
// with the same meaning ("" for none) and a clause for people.
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
	IGWNoPublicIP:          {"IGW_NO_PUBLIC_IP", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "the source has no public IPv4 address"},
	IGWUnknownDst:          {"IGW_UNKNOWN_DST", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "no attached interface has the public address"},
	IGWPrivateDst:          {"IGW_PRIVATE_DST", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", "the destination is not a public address"},
	IGWPrivateSrc:          {"IGW_PRIVATE_SRC", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "the source is not a public address"},
	IGWIngressRedirect:     {"IGW_INGRESS_REDIRECT", "INGRESS_RTB_TRAFFIC_REDIRECTION", "an edge route table redirects the subnet's inbound traffic"},
	IGWMiddleboxNoPublicIP: {"IGW_MIDDLEBOX_NO_PUBLIC_IP", "INGRESS_RTB_NO_PUBLIC_IP", "the middlebox has no public IPv4 address"},
	SpoofedSrc:             {"SPOOFED_SRC", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "the gateway does not accept the source"},
	EIGWUnsolicited:        {"EIGW_UNSOLICITED", "", "the subnet does not route the source to the internet gateway"},
	RoutingLoop:            {"ROUTING_LOOP", "", "the route leads back"},
	MTUExceeded:            {"MTU_EXCEEDED", "", "too large and may not be fragmented"},
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
