package emu

import "github.com/vpcemu/vpcemu/routing"

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

// The pipeline. These four tables, and those at the top of the files of gateways,
// are the only places that say what is checked in which order; packets, traces and
// documentation are derived from them. Which table comes next ways says, at
// the end of this file.
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

// way is where one kind of route target leads.
type way struct {
	// carry takes the packet there; without it, what is behind is not modelled, and
	// the packet is gone (RT-41).
	carry func(*walk)
	// behind is what is behind the interface of such a gateway, if it has one.
	behind func(*walk)
	// inSubnet means that the target stands in a subnet, maybe in the sender's own
	// (ORDER-11).
	inSubnet bool
	// path is AWS's number for it in flow logs, 0 for none (FLOW-36, FLOW-37).
	path uint8
}

// ways has one line for each kind of target (step 10 of ORDER-3). The stage tables
// of a gateway stand in the file of its kind.
var ways [routing.UnknownTarget + 1]way

func init() { // a function, since ways lead on to other routes, and so back to this table
	ways = [...]way{
		routing.Nowhere:           {inSubnet: true},
		routing.Local:             {carry: (*walk).arrive, path: pathVPC},
		routing.Interface:         {carry: (*walk).throughInterface, inSubnet: true, path: pathVPC},
		routing.Instance:          {carry: (*walk).throughInterface, inSubnet: true, path: pathVPC},
		routing.NATGateway:        {carry: (*walk).throughInterface, behind: (*walk).throughNAT, inSubnet: true, path: pathVPC},
		routing.GWLBEndpoint:      {carry: (*walk).throughInterface, behind: (*walk).throughGWLB, inSubnet: true, path: pathVPC},
		routing.InternetGateway:   {carry: (*walk).exit, path: pathInternetGateway},
		routing.EgressOnlyGateway: {carry: (*walk).throughEgressOnly},
		routing.PeeringConnection: {carry: (*walk).throughPeering, path: pathPeering},
		routing.GatewayEndpoint:   {carry: (*walk).throughGatewayEndpoint, path: pathGatewayEndpoint},
		routing.TransitGateway:    {carry: (*walk).throughTransit, behind: (*walk).atTransit, path: pathVPC},
		routing.VPNGateway:        {carry: (*walk).throughVPN, path: pathVGW},
		routing.LocalGateway:      {path: pathLocalGateway},
		routing.UnknownTarget:     {inSubnet: true},
	}
}
