package emu

import (
	"fmt"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

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
	EdgeRT  Stage = "EDGE-RT"  // route table of a gateway
	ADDR    Stage = "ADDR"     // who has the destination address
	NACLIn  Stage = "NACL-IN"  // network ACL of the subnet it enters
	DST     Stage = "DST"      // destination check
	SGIn    Stage = "SG-IN"    // security groups of the receiver
	FlowIn  Stage = "FLOW-IN"  // flow-log record at the receiver
	Deliver Stage = "DELIVER"  // handed over
)

// AtReceiver reports whether it is a stage of who gets the packet, not of who has sent
// it or of a gateway.
func (s Stage) AtReceiver() bool {
	switch s {
	case ADDR, NACLIn, DST, SGIn, FlowIn, Deliver:
		return true
	}
	return false
}

// stageWords are the stages in words; ways has those of the gateways.
var stageWords = map[Stage]string{
	ATT: "attachment", L2: "packet check", SRC: "source check", LL: "link-local", SGOut: "sg egress", NACLOut: "nacl egress",
	FlowOut: "flow log", RT: "route", MTU: "packet size", LB: "load balancer", EdgeRT: "edge route", ADDR: "address",
	NACLIn: "nacl ingress", DST: "destination check", SGIn: "sg ingress", FlowIn: "flow log", Deliver: "deliver",
}

// UnmarshalText reads a stage's name.
func (s *Stage) UnmarshalText(text []byte) error {
	if *s = Stage(text); s.words() == "" {
		return fmt.Errorf("%q is no stage", text)
	}
	return nil
}

// words are the stage in words.
func (s Stage) words() string {
	for i := range ways {
		if ways[i].stage == s && s != "" {
			return ways[i].words
		}
	}
	return stageWords[s]
}

// stage is a check: its name, the function that decides, and for traces what it
// looks at and how they go on where it drops the packet ([final]: not at all).
type stage struct {
	name  Stage
	check func(*walk) verdict
	at    func(*walk, *Step)
	past  func(*tracer, *walk, verdict) verdict
}

// The pipeline. These tables, and those at the top of the files of gateways,
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
	{ATT, senderAttached, atSender, pastDetached},
	{L2, layer2, atSender, final},
	{SRC, sourceCheck, atSender, goOn},
	{LL, linkLocal, atSender, final},
	{SGOut, groupsOut, atSender, pastGroupsOut},
	{NACLOut, aclOut, atACLOut, goOn},
	{FlowOut, flowOut, atSender, final},
	{RT, route, atRoutes, reroute},
}

// ingress is what every packet goes through once it is in the VPC of its final
// private destination (ORDER-4).
var ingress = [...]stage{
	{ADDR, owner, atReceiver, pastReceiver},
	{ADDR, receiverAttached, atReceiver, pastReceiver},
	{NACLIn, aclIn, atACLIn, goOn},
	{DST, destinationCheck, atReceiver, goOn},
	{SGIn, groupsIn, atReceiver, pastGroupsIn},
	{FlowIn, flowIn, atReceiver, final},
	{Deliver, deliver, atReceiver, final},
}

// departure is the way out of a gateway's subnet.
var departure = [...]stage{
	{NACLOut, aclOut, atACLOut, goOn},
	{FlowOut, flowOut, atSender, final},
	{RT, route, atRoutes, reroute},
}

// regionalDeparture is the way out of a regional gateway: it is in no subnet, and
// has a route table of its own (NAT-44, ORDER-23).
var regionalDeparture = [...]stage{
	{RT, route, atRoutes, reroute},
}

// wayOut is the way out of the gateway with an interface.
func wayOut(gateway *plan.Interface) []stage {
	if gateway.Regional() {
		return regionalDeparture[:]
	}
	return departure[:]
}

// way is where one kind of route target leads. What the rest of the package has to
// know of a kind stands here.
type way struct {
	// carry takes the packet there.
	carry func(*walk)
	// opaque means that what is behind is not modelled: the packet is gone (RT-41).
	opaque bool
	// behind is what is behind the interface of such a gateway, if it has one.
	behind func(*walk)
	// enter is the way of a packet that comes from on-premises, if that is behind it.
	enter func(*walk)

	// inSubnet means that the target stands in a subnet, maybe in the sender's own
	// (ORDER-11).
	inSubnet bool
	// tracked means that flows through it are tracked whatever the rules (SG-34).
	tracked bool
	// farSide means that a trace knows what is behind: it answers.
	farSide bool
	// open is Block Public Access on the way out, where that applies.
	open func(*walk) verdict

	// short means that packets which go this way may take the short cut of their flow.
	short bool

	// path is AWS's number for it in flow logs, 0 for none, and regionPath that for
	// the way into another Region, if it differs (FLOW-36, FLOW-37).
	path, regionPath uint8
	// stage is that of the gateway itself, with the words for it.
	stage Stage
	words string
}

// ways has one line for each kind of target (step 10 of ORDER-3). The stage tables
// of a gateway stand in the file of its kind.
var ways [routing.UnknownTarget + 1]way

func init() { // a function, since ways lead on to other routes, and so back to this table
	eni := way{carry: (*walk).throughInterface, short: true, inSubnet: true, path: pathVPC}
	ways = [...]way{
		routing.Nowhere:   {inSubnet: true},
		routing.Local:     {carry: (*walk).arrive, short: true, path: pathVPC},
		routing.Interface: eni,
		routing.Instance:  eni,
		routing.NATGateway: {carry: eni.carry, behind: (*walk).throughNAT, short: true, inSubnet: true, tracked: true, path: pathVPC,
			stage: NAT, words: "NAT gateway"},
		routing.GWLBEndpoint: {carry: eni.carry, behind: (*walk).throughGWLB, inSubnet: true, path: pathVPC,
			stage: GWLB, words: "GWLB endpoint"},
		routing.InternetGateway: {carry: (*walk).exit, short: true, open: exitOpen, farSide: true, path: pathInternetGateway,
			stage: IGW, words: "internet gateway"},
		routing.EgressOnlyGateway: {carry: (*walk).throughEgressOnly, short: true, open: egressOnlyExitOpen, farSide: true, tracked: true,
			stage: EIGW, words: "egress-only gateway"},
		routing.PeeringConnection: {carry: (*walk).throughPeering, short: true, path: pathPeering, regionPath: pathPeeringInterRegion,
			stage: PCX, words: "peering"},
		routing.GatewayEndpoint: {carry: (*walk).throughGatewayEndpoint, short: true, farSide: true, path: pathGatewayEndpoint,
			stage: EP, words: "endpoint"},
		routing.TransitGateway: {carry: (*walk).throughTransit, behind: (*walk).atTransit, enter: (*walk).fromBehindTransit, short: true, path: pathVPC,
			stage: TGW, words: "transit gateway"},
		routing.VPNGateway: {carry: (*walk).throughVPN, enter: (*walk).fromVPN, short: true, path: pathVGW,
			stage: VGW, words: "VPN gateway"},
		routing.CarrierGateway:    {opaque: true},
		routing.LocalGateway:      {opaque: true, path: pathLocalGateway},
		routing.CoreNetwork:       {opaque: true},
		routing.ODBNetwork:        {opaque: true},
		routing.InterfaceEndpoint: {inSubnet: true},
		routing.UnknownTarget:     {inSubnet: true},
	}
}
