package emu

// Stage names one kind of check. The names are those of the ORDER rules, so that
// a trace can be held against the rule book.
type Stage string

// The stages.
const (
	ATT     Stage = "ATT"      // the interface is attached to a running instance
	L2      Stage = "L2"       // it is a packet that a VPC carries
	SRC     Stage = "SRC"      // source check
	LL      Stage = "LL"       // link-local services
	SGOut   Stage = "SG-OUT"   // security groups of the sender
	NACLOut Stage = "NACL-OUT" // network ACL of the subnet it leaves
	FlowOut Stage = "FLOW-OUT" // flow-log record at the sender
	RT      Stage = "RT"       // route table
	MTU     Stage = "MTU"      // packet size
	IGW     Stage = "IGW"      // internet gateway
	EIGW    Stage = "EIGW"     // egress-only internet gateway
	NAT     Stage = "NAT"      // NAT gateway
	LB      Stage = "LB"       // load balancer
	PCX     Stage = "PCX"      // peering connection
	EP      Stage = "EP"       // gateway or interface endpoint
	GWLB    Stage = "GWLB"     // Gateway Load Balancer endpoint
	TGW     Stage = "TGW"      // transit gateway
	VGW     Stage = "VGW"      // virtual private gateway
	EdgeRT  Stage = "EDGE-RT"  // route table of a gateway
	ADDR    Stage = "ADDR"     // who has the destination address
	NACLIn  Stage = "NACL-IN"  // network ACL of the subnet it enters
	DST     Stage = "DST"      // destination check
	SGIn    Stage = "SG-IN"    // security groups of the receiver
	FlowIn  Stage = "FLOW-IN"  // flow-log record at the receiver
	Deliver Stage = "DELIVER"  // handed over
)

// stage is a name and the function that decides.
type stage struct {
	name  Stage
	check func(*walk) verdict
}

// The pipeline. These four tables are the only place that says what is checked
// in which order; packets, traces and documentation are derived from them.
//
//	app-1 ─▶ egress ─▶ local ───────────────────────────▶ ingress ─▶ db-1
//	                └▶ igw ─▶ toInternet ─▶ internet
//	                                    └▶ hairpin ─▶ fromInternet ─▶ ingress ─▶ web-1
//	internet ─────────────────────────────▶ fromInternet ─▶ ingress ─▶ web-1

// egress is what every packet that an interface sends goes through (ORDER-3).
var egress = [...]stage{
	{ATT, senderAttached},
	{L2, layer2},
	{SRC, sourceCheck},
	{LL, linkLocal},
	{SGOut, groupsOut},
	{NACLOut, aclOut},
	{FlowOut, flowOut},
	{RT, route},
}

// ingress is what every packet goes through once it is in the VPC of its final
// private destination (ORDER-4).
var ingress = [...]stage{
	{ADDR, owner},
	{ADDR, receiverAttached},
	{NACLIn, aclIn},
	{DST, destinationCheck},
	{SGIn, groupsIn},
	{FlowIn, flowIn},
	{Deliver, deliver},
}

// toInternet is the internet gateway on the way out (ORDER-12).
var toInternet = [...]stage{
	{MTU, internetMTU},
	{IGW, gatewayAttached},
	{IGW, exitOpen},
	{IGW, notRedirected},
	{IGW, mailAllowed},
	{IGW, sourceIsPublic},
	{IGW, destinationIsPublic},
	{IGW, translateSource},
}

// fromInternet is the internet gateway on the way in (ORDER-12 r1, ORDER-13).
var fromInternet = [...]stage{
	{IGW, whichGateway},
	{IGW, entryOpen},
	{EIGW, egressOnlyEntryOpen},
	{EIGW, egressOnlyInbound},
	{IGW, sourceFromOutside},
	{IGW, publicAddress},
	{IGW, gatewayAttached}, // of the interface that a trace means, if nobody has the address
	{IGW, ipv6Inbound},
	{IGW, translateDestination},
	{EdgeRT, edgeRoute},
}
