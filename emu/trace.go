package emu

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// Query asks whether traffic gets through.
type Query struct {
	// Source and Destination are the ID or name of an interface or an instance
	// ("app-1", or "prod/app-1" if several VPCs have one), of a load balancer or of
	// a gateway endpoint, which is the service behind it; an address, or
	// "prod/10.0.2.4" if several VPCs have it; "internet" or
	// "internet:203.0.113.7"; or on-premises: "onprem:10.200.0.7", or
	// "onprem:vgw-1" or "onprem:vgw-1:10.200.0.7" if several gateways lead there,
	// or just "onprem" if one does; gateways are virtual private gateways, and
	// attachments of transit gateways that are no VPC's.
	//
	// The internet is what internet gateways and egress-only ones lead to. A packet for
	// it that leaves for on-premises is there, and whether it gets to the internet from
	// there is unknown; one that ends at the service of a gateway endpoint has not got to
	// an internet host, and is blocked. A public address by itself is whoever answers to
	// it, the internet's host or the service behind an endpoint.
	Source, Destination string
	// Service is one port, one ICMP type or one protocol: "tcp/443", "udp/53",
	// "icmp" (an echo request), "icmp/3/4", "ip/50". A range of ports is an error.
	Service firewall.Service
	// SourcePort is the client's port; 0 means 49152.
	SourcePort uint16
	// OneWay asks about the request only.
	OneWay bool
	// IPv6 asks about IPv6 where both ends have both; without it IPv4 is taken if
	// both have it.
	IPv6 bool
	// AllTargets asks, if the destination is a load balancer, about every target
	// that it would choose, through every node; all must be reached. Without it
	// the target is the one that the load balancer chooses for these ports.
	AllTargets bool
}

// Answer is the verdict of a trace. The zero Answer is Blocked.
type Answer uint8

// The answers.
const (
	Blocked   Answer = iota // the request or its reply is dropped
	Reachable               // the request arrives, and its reply comes back
	Uncertain               // something on the way is not modelled or not described
)

// String is "blocked", "reachable" or "unknown".
func (a Answer) String() string { return answers[a] }

var answers = [...]string{Blocked: "blocked", Reachable: "reachable", Uncertain: "unknown"}

// MarshalText is the answer's name.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an answer's name.
func (a *Answer) UnmarshalText(text []byte) error {
	i := slices.Index(answers[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no answer", text)
	}
	*a = Answer(i)
	return nil
}

// Trace is the answer to a [Query]: the same stages that packets pass, both ways,
// each with what it decided and why, and everything that stands in the way, not
// only the first thing. Its JSON form is stable.
type Trace struct {
	Verdict     Answer `json:"verdict"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Service     string `json:"service"`
	// Request is the way there, Reply the way back. Past something that drops the
	// packet, they go on as if it had let it pass. Reply is nil if nobody asked
	// for it, or if where the request ends is unknown.
	Request *Leg `json:"request"`
	Reply   *Leg `json:"reply,omitempty"`
	// Ack is the third packet of a TCP handshake, if it fails although the first
	// two did not.
	Ack *Leg `json:"ack,omitempty"`
	// Blockers are all the settings in the way, in the order they are met.
	Blockers []Blocker `json:"blockers"`
	// Unknowns are the places where the description says too little.
	Unknowns []Blocker `json:"unknowns"`
	// Targets are the answers for all targets of a load balancer, if that was
	// asked. Blockers and Unknowns are then those of all of them, and the legs and
	// Records those of the first with the verdict.
	Targets []TargetTrace `json:"targets,omitempty"`
	// Notes are what the answer takes for granted although nothing describes it.
	Notes []string `json:"notes,omitempty"`
	// Records are what flow logs have of the packets, as far as these really get:
	// nothing from behind what drops one or is unknown (FLOW-10 to FLOW-15).
	Records []Record `json:"-"`

	sent    packet.Flow // the request as it was sent
	request Answer      // for the request alone
	shown   string      // of Targets: whose legs these are
}

// Leg is one packet's way.
type Leg struct {
	// Verdict is how the packet really ends.
	Verdict Fate `json:"verdict"`
	// At is where: an interface, a service or a gateway.
	At    string `json:"at,omitempty"`
	Steps []Step `json:"steps"`
	// Sent is the packet at the port of who sends it, Arrived at that of who gets it, Lost at
	// the interface where it was dropped or met the unknown; nil if that is nowhere, or only
	// what would be if something had not dropped one before.
	Sent    *Passage `json:"-"`
	Arrived *Passage `json:"-"`
	Lost    *Passage `json:"-"`
}

// Ended is the step that dropped the packet or could not tell, false if none did.
func (l *Leg) Ended() (Step, bool) {
	i := slices.IndexFunc(l.Steps, func(s Step) bool { return s.Verdict != Pass })
	if i < 0 {
		return Step{}, false
	}
	return l.Steps[i], true
}

// Step is one stage of a leg.
type Step struct {
	Stage Stage `json:"stage"`
	// Kind and Component name what the stage looked at: "eni", "acl", "rtb",
	// "igw", "vpc" or "service", and its ID.
	Kind      string `json:"kind"`
	Component string `json:"component"`
	VPC       string `json:"vpc,omitempty"`
	Subnet    string `json:"subnet,omitempty"`
	// Rule is the rule or ACL entry that decided, Route the route.
	Rule    string  `json:"rule,omitempty"`
	Route   string  `json:"route,omitempty"`
	Verdict Outcome `json:"verdict"`
	Reason  string  `json:"reason,omitempty"`
	// Code is the explanation code of AWS's Reachability Analyzer.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Misses are the rules that could have decided and did not, with why.
	Misses []Miss `json:"misses,omitempty"`
	// Origin is where the rule, the route or the component was written.
	Origin string `json:"origin,omitempty"`
	// Decided is the rule, the entry or the route that Rule or Route has in words.
	Decided Decided `json:"-"`
	// The packet as it leaves the step.
	Source          string `json:"src"`
	Destination     string `json:"dst"`
	SourcePort      uint16 `json:"sport"`
	DestinationPort uint16 `json:"dport"`
	Protocol        string `json:"protocol"`
}

// Decided is what let a packet pass or dropped it, as far as a list of rules or routes
// did: at most one of the pointers is set. Nobody may change what they point to.
type Decided struct {
	// Rule is one of the security group Group. Groups are all of the interface. They are
	// IDs.
	Rule   *firewall.Rule
	Group  string
	Groups []string
	// Entry is one of a network ACL: also one that AWS has without anybody's doing,
	// with the number that AWS gives it (ACL-7, ACL-8).
	Entry *firewall.Entry
	// Route is one of a route table, with the ID of its target; of a transit gateway the
	// ID is its attachment's, and Table the route table's.
	Route *routing.Route
	Table string
}

// Miss is a rule that does not match, and why.
type Miss struct {
	Rule   string `json:"rule"`
	Why    string `json:"why"`
	Origin string `json:"origin,omitempty"`
}

// Outcome is what a stage did with the packet: "pass", "drop" or "unknown".
type Outcome string

// The outcomes of a step.
const (
	Pass      Outcome = "pass"
	Drop      Outcome = "drop"
	Undecided Outcome = "unknown"
)

// Blocker is one setting in the way, or one gap in the description.
type Blocker struct {
	Reason    string `json:"reason,omitempty"`
	Code      string `json:"code,omitempty"`
	Stage     Stage  `json:"stage"`
	Kind      string `json:"kind"`
	Component string `json:"component"`
	// Direction is "request", "reply" or "ack".
	Direction string `json:"direction"`
	Detail    string `json:"detail"`
	Origin    string `json:"origin,omitempty"`
	// Hypothetical is what a reply would meet if the request got through, which
	// something drops: it may be due to that alone.
	Hypothetical bool `json:"hypothetical,omitempty"`
	// Targets are those that it is in the way to, if all of a load balancer were asked
	// about: "app-1 10.0.1.5:80 by node-a".
	Targets []string `json:"targets,omitempty"`
}

// Trace answers a query on the network as it stands, with no flows under way and no
// limit to them (SG-48). It moves nothing in the emulator itself. An error means that
// the question could not be asked: a name that is not there or that several things
// have, or a service without a single first packet.
func (e *Emulator) Trace(q Query) (*Trace, error) {
	g := e.current.Load()
	if q.AllTargets {
		return g.traceTargets(q)
	}
	return g.trace(q)
}

func (g *generation) trace(q Query) (*Trace, error) {
	t, err := newTracer(g, q)
	if err != nil {
		return nil, err
	}
	return t.trace(), nil
}

// Leg is the way of the packet in a direction, as a [Blocker] has it: "request", "reply" or
// "ack"; nil if there was none.
func (t *Trace) Leg(direction string) *Leg {
	switch direction {
	case "request":
		return t.Request
	case "reply":
		return t.Reply
	case "ack":
		return t.Ack
	}
	return nil
}

// Sent is the flow of the request as it was sent.
func (t *Trace) Sent() packet.Flow { return t.sent }
