package yaml

import "github.com/vpcemu/vpcemu/vpc"

// flowLogKeys are those of a flow log; without a subnet or an interface it is one of
// its VPC.
var flowLogKeys = join(identity(func(l *vpc.FlowLog) (id, name *string) { return &l.ID, &l.Name }), keys[vpc.FlowLog]{
	{"subnet", reference(kindSubnet, func(l *vpc.FlowLog) *string { return &l.Subnet })},
	{"interface", text("the name of an interface", func(l *vpc.FlowLog) *string { return &l.Interface })},
	{"traffic", text("ACCEPT, REJECT or ALL", func(l *vpc.FlowLog) *string { return &l.Traffic })},
	{"destination", text("a destination", func(l *vpc.FlowLog) *string { return &l.Destination })},
	{"format", text("fields like ${srcaddr}", func(l *vpc.FlowLog) *string { return &l.Format })},
	{"interval", func(d *decoder, n *node, l *vpc.FlowLog) { l.Interval, _ = d.number(n) }},
})

func (d *decoder) flowLog(k, n *node) {
	l := &vpc.FlowLog{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	read(d, n, what(kindFlowLog, k.Value), flowLogKeys, l)
	d.vpc.FlowLogs = append(d.vpc.FlowLogs, l)
	d.report.Count("flow-log")
}

// flowLogs writes the flow logs of a VPC.
func (w *writer) flowLogs(v *vpc.VPC) *node {
	m := newMapping()
	keys := labels(v.FlowLogs, func(l *vpc.FlowLog) [2]string { return [2]string{l.ID, l.Name} })
	for i, l := range v.FlowLogs {
		e := newMapping()
		e.identity(keys[i], l.ID, l.Name)
		e.text("subnet", l.Subnet)
		e.text("interface", l.Interface)
		e.text("traffic", l.Traffic)
		e.text("destination", l.Destination)
		e.text("format", l.Format)
		if l.Interval != 0 {
			e.number("interval", w.natural(l.Interval))
		}
		m.add(keys[i], e.node)
	}
	return w.section(m)
}
