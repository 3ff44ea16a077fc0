package insights

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// path is a way while it is written down.
type path struct {
	*description
	trace *emu.Trace
	nodes []node
	// arriving is the interface that the packet is at, which stands behind what guards it.
	arriving *emu.Step
	at       packet.Flow // the packet, as it has become
	headers  headers
}

// node is a component with the packet as it comes and goes.
type node struct {
	PathComponent
	kind    string
	in, out packet.Flow
}

// path is the components that a leg passes, up to one that drops the packet.
func (d *description) path(t *emu.Trace, leg *emu.Leg, alike *space.Product) []PathComponent {
	p := &path{description: d, trace: t, at: sent(leg), headers: headers{alike, t.Sent(), leg == t.Reply}}
	from, to := t.Source, t.Destination
	if leg == t.Reply {
		from, to = to, from
	}
	for i := range leg.Steps {
		s := &leg.Steps[i]
		p.step(s)
		if s.Verdict == emu.Drop {
			p.blocked(s, leg)
			break
		}
	}
	p.ends(leg, from, to)
	list := make([]PathComponent, len(p.nodes))
	for i := range p.nodes {
		list[i] = p.nodes[i].PathComponent
		list[i].SequenceNumber = i + 1
	}
	return list
}

// sent is the packet with which a leg begins.
func sent(leg *emu.Leg) packet.Flow {
	var p packet.Packet
	if leg.Sent == nil || p.Parse(leg.Sent.Bytes) != nil {
		return packet.Flow{}
	}
	return p.Flow
}

// step adds what a step looked at.
func (p *path) step(s *emu.Step) {
	if s.Kind == "internet" || s.Kind == "service" {
		p.at = after(s, p.at)
		return
	}
	switch s.Stage {
	case emu.FlowIn, emu.FlowOut: // no components
	case emu.SGOut, emu.SGIn:
		p.arrive(s)
		p.group(s)
	case emu.NACLOut, emu.NACLIn:
		p.add(s).AclRule = aclRule(s.Decided.Entry, s.Stage == emu.NACLOut)
	case emu.RT, emu.EdgeRT:
		p.arrived()
		p.add(s).RouteTableRoute = route(s.Decided.Route)
	case emu.ADDR, emu.DST:
		p.arrive(s)
	case emu.Deliver:
		p.arrive(s)
		p.arrived()
	default:
		p.arrived()
		p.node(s)
	}
}

// arrive notes an interface that the packet comes to.
func (p *path) arrive(s *emu.Step) {
	if s.Kind != "vpc" && s.Stage.AtReceiver() {
		p.arriving = s
	}
}

// arrived adds the interface that the packet has come to.
func (p *path) arrived() {
	if s := p.arriving; s != nil {
		p.arriving = nil
		p.node(s)
	}
}

// blocked adds what a step that drops the packet looked at, if that is not there yet,
// and why it does.
func (p *path) blocked(s *emu.Step, leg *emu.Leg) {
	switch n := len(p.nodes); {
	case s.Kind == "internet": // where no gateway is to blame
		return
	case p.arriving != nil && (s.Stage == emu.ADDR || s.Stage == emu.DST):
		p.arrived()
	case n == 0 || p.nodes[n-1].Component.Id != s.Component && s.Stage != emu.SGIn && s.Stage != emu.SGOut:
		p.node(s)
	case s.Stage == emu.SGIn && len(s.Decided.Groups) == 0: // there is no group to blame
		p.arrived()
	}
	b := &emu.Blocker{Reason: s.Reason, Code: s.Code, Stage: s.Stage, Kind: s.Kind, Component: s.Component}
	if n := len(p.nodes); n > 0 {
		p.nodes[n-1].Explanations = []Explanation{p.explain(b, s, leg)}
	}
}

// add adds what a step looked at.
func (p *path) add(s *emu.Step) *node {
	p.nodes = append(p.nodes, node{kind: s.Kind, in: p.at, out: after(s, p.at), PathComponent: PathComponent{
		Component: p.component(s.Kind, s.Component, s.VPC), AdditionalDetails: []AdditionalDetail{}, Explanations: []Explanation{},
	}})
	n := &p.nodes[len(p.nodes)-1]
	p.at = n.out
	return n
}

// node adds an interface or a gateway, or goes on with the last one.
func (p *path) node(s *emu.Step) {
	last := len(p.nodes) - 1
	if last < 0 || p.nodes[last].kind != s.Kind || p.nodes[last].Component.Id != s.Component {
		p.add(s)
		last++
	}
	n := &p.nodes[last]
	n.out = after(s, n.out)
	p.at = n.out
	switch s.Kind {
	case "eni":
		n.AttachedTo = p.instance(s.Component, s.VPC)
		n.Subnet = p.component("subnet", s.Subnet, s.VPC)
		n.Vpc = p.component("vpc", s.VPC, "")
	case "nat", "vpce-gwlb", "lb":
		n.Subnet = p.component("subnet", s.Subnet, s.VPC)
		n.Vpc = p.component("vpc", s.VPC, "")
	case "tgw", "pcx", "vpc":
	default:
		n.Vpc = p.component("vpc", s.VPC, "")
	}
	if s.Decided.Route != nil {
		n.TransitGatewayRouteTableRoute = transitRoute(s.Decided.Route)
	}
}

// group adds the security group that let the packet pass, or the first of those none of
// which does. Of a tracked flow it is the one that let its first packet pass.
func (p *path) group(s *emu.Step) {
	id := s.Decided.Group
	for i := range p.trace.Request.Steps {
		if o := &p.trace.Request.Steps[i]; id == "" && o.Component == s.Component && o.VPC == s.VPC {
			id = o.Decided.Group
		}
	}
	if id == "" && len(s.Decided.Groups) > 0 && (s.Verdict == emu.Drop || len(s.Decided.Groups) == 1) {
		id = s.Decided.Groups[0]
	}
	if id == "" {
		return
	}
	n := p.add(s)
	n.kind, n.Component = "sg", p.component("sg", id, s.VPC)
	if s.Decided.Rule != nil {
		n.SecurityGroupRule = p.groupRule(s)
	}
}

// ends completes both ends: the instances, and the packet as it leaves the one and
// reaches the other.
func (p *path) ends(leg *emu.Leg, from, to string) {
	if len(p.nodes) == 0 {
		return
	}
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.in != n.out && (i < len(p.nodes)-1 || len(n.Explanations) > 0) {
			n.InboundHeader, n.OutboundHeader = p.headers.of(n.in), p.headers.changed(n.in, n.out)
		}
	}
	delivered := leg.Verdict == emu.Delivered
	last := &p.nodes[len(p.nodes)-1]
	switch {
	case len(last.Explanations) > 0:
	case delivered && last.kind == "eni" && last.AttachedTo != nil && !p.asked(to, last.Component.Id, last.Vpc.Id):
		p.nodes = append(p.nodes, attached(last))
		p.nodes[len(p.nodes)-1].InboundHeader = p.headers.of(last.out)
	case delivered:
		last.InboundHeader = p.headers.of(last.in)
	default:
		last.OutboundHeader = p.headers.of(last.out)
	}
	switch first := &p.nodes[0]; {
	case first.kind == "eni" && first.AttachedTo != nil && !p.asked(from, first.Component.Id, first.Vpc.Id):
		end := attached(first)
		end.OutboundHeader = p.headers.of(end.in)
		p.nodes = append([]node{end}, p.nodes...)
	case first.kind == "eni":
		first.OutboundHeader = p.headers.of(first.out)
	default:
		first.InboundHeader = p.headers.of(first.in)
	}
}

// attached is the instance of an interface.
func attached(n *node) node {
	return node{kind: "instance", in: n.in, out: n.out, PathComponent: PathComponent{
		Component: n.AttachedTo, AdditionalDetails: []AdditionalDetail{}, Explanations: []Explanation{},
	}}
}

// after is the packet as it leaves a step.
func after(s *emu.Step, f packet.Flow) packet.Flow {
	if a, err := netip.ParseAddr(s.Source); err == nil {
		f.Src = a
	}
	if a, err := netip.ParseAddr(s.Destination); err == nil {
		f.Dst = a
	}
	if svc, err := firewall.ParseService(s.Protocol); err == nil {
		f.Proto = packet.Proto(svc.Protocol)
	}
	f.SrcPort, f.DstPort = s.SourcePort, s.DestinationPort
	return f
}
