package vpc

import (
	"cmp"

	"github.com/vpcemu/vpcemu/routing"
)

// flowLogs checks the flow logs of a VPC (FLOW-30, FLOW-43, ERR-50, LIM-56).
func (c *checker) flowLogs(v *VPC) {
	seen := make(map[FlowLog]*FlowLog) // what makes two logs the same
	ids := make(map[string]bool)
	for _, l := range v.FlowLogs {
		subnet, iface := v.FlowLogScope(l)
		key := FlowLog{Subnet: subnet, Interface: iface, Traffic: cmp.Or(l.Traffic, "ALL"), Destination: l.Destination}
		first := seen[key]
		var again *mistake
		switch {
		case first != nil:
			again = wrong(CodeFlowLogExists, "says the same as flow log %s: resource, traffic type and destination (FLOW-43)", first.ID)
		case ids[l.ID]:
			again = wrong(CodeFlowLogExists, "the ID is there already (ERR-50)")
		default:
			seen[key] = l
		}
		var missing *mistake
		if l.ID == "" {
			missing = wrong(CodeMissing, "has no ID (ERR-4)")
		}
		ids[l.ID] = true
		c.add(flowLogSubject(l), missing, malformedFlowLog(l), c.lostFlowLog(v, l), again)
	}
}

func flowLogSubject(l *FlowLog) subject {
	return subject{element: l, kind: "flow log", name: l.ID, origin: l.Origin}
}

func malformedFlowLog(l *FlowLog) *mistake {
	if l.Subnet != "" && l.Interface != "" {
		return wrong(CodeInvalidCombination, "is of a subnet and of an interface: want one of them (ERR-6)")
	}
	switch l.Traffic {
	case "", "ALL", "ACCEPT", "REJECT":
	default:
		return wrong(CodeInvalidValue, "has the traffic type %q: want ACCEPT, REJECT or ALL (FLOW-28)", l.Traffic)
	}
	switch l.Interval {
	case 0, 60, 600:
	default:
		return wrong(CodeInvalidValue, "has an aggregation interval of %d s: want 60 or 600 (FLOW-4)", l.Interval)
	}
	if _, _, err := FlowFields(l.Format); err != nil {
		return wrong(CodeInvalidValue, "%v (FLOW-30)", err)
	}
	return nil
}

// lostFlowLog: what a log is of must be there, unless the listing may lack it.
func (c *checker) lostFlowLog(v *VPC, l *FlowLog) *mistake {
	switch sc := c.ix.scopes[v]; {
	case v.Partial:
	case l.Subnet != "" && sc.subnets.get(l.Subnet) == nil:
		return wrong(CodeSubnetNotFound, "its subnet %s does not exist (ERR-9)", l.Subnet)
	case l.Interface != "" && sc.interfaces.get(l.Interface) == nil && !hasInterfaces(sc.gateways.get(l.Interface)):
		return wrong(CodeInterfaceNotFound, "its interface %s does not exist (ERR-38)", l.Interface)
	}
	return nil
}

// hasInterfaces reports whether a gateway is one that has interfaces of its own in
// the VPC, of which there can be flow logs.
func hasInterfaces(g *Gateway) bool {
	if g == nil {
		return false
	}
	switch g.Kind {
	case routing.NATGateway:
		return !g.Regional
	case routing.GWLBEndpoint, routing.InterfaceEndpoint:
		return true
	}
	return false
}

// limitFlowLogs counts the logs of each resource (ERR-50).
func (c *checker) limitFlowLogs(v *VPC, l Limits) {
	count := make(map[[2]string]int)
	for _, f := range v.FlowLogs {
		subnet, iface := v.FlowLogScope(f)
		count[[2]string{subnet, iface}]++
		if count[[2]string{subnet, iface}] == l.FlowLogs+1 && l.FlowLogs > 0 {
			c.add(flowLogSubject(f), wrong(CodeFlowLogLimit, "its resource has %d flow logs already (ERR-50)", l.FlowLogs))
		}
	}
}
