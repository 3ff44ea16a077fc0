package awsjson

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// flowLog takes in one element of describe-flow-logs. Those of transit gateways
// have lines of another kind (FLOW-32).
func (l *loader) flowLog(v value) error {
	var j struct {
		FlowLogID, ResourceID, TrafficType, LogDestination, LogGroupName, LogFormat string
		MaxAggregationInterval                                                      int
		Tags                                                                        nameTag
	}
	if err := l.element(v, &j, "flow log", "FlowLogId", &j.FlowLogID); err != nil {
		return err
	}
	f := &vpc.FlowLog{
		ID: j.FlowLogID, Name: string(j.Tags), Traffic: j.TrafficType, Destination: cmp.Or(j.LogDestination, j.LogGroupName),
		Format: j.LogFormat, Interval: j.MaxAggregationInterval, Origin: v.origin(),
	}
	plainFlowLog(f)
	in, err := l.flowLogOf(f, j.ResourceID)
	switch {
	case err != nil:
		return err
	case in == nil:
		l.report.Note(report.Ignored, v.origin(), "flow log "+f.ID, "is of %s, which is not in the snapshot", j.ResourceID)
		return errNoted
	}
	in.FlowLogs = append(in.FlowLogs, f)
	return nil
}

// flowLogOf finds what a flow log is of, and its VPC; nil if it is not there.
func (l *loader) flowLogOf(f *vpc.FlowLog, resource string) (*vpc.VPC, error) {
	switch {
	case strings.HasPrefix(resource, "vpc-"):
		return l.vpcs[resource], nil
	case strings.HasPrefix(resource, "subnet-"):
		f.Subnet = resource
		return l.subnets[resource].vpc, nil
	case strings.HasPrefix(resource, "eni-"):
		f.Interface = resource
		for _, s := range l.subnets {
			if s.Interface(resource) != nil {
				return s.vpc, nil
			}
		}
		return nil, nil
	}
	if v := l.interfaceOfGateway(resource); v != nil {
		f.Interface = resource
		return v, nil
	}
	return nil, fmt.Errorf("is of %q: only logs of VPCs, subnets and interfaces are modelled", resource)
}

// interfaceOfGateway is the VPC of a gateway or an endpoint with interfaces: what a log
// is of that was written from a description without an ID for them.
func (l *loader) interfaceOfGateway(id string) *vpc.VPC {
	for _, v := range l.vpcs {
		g := v.Gateway(id)
		if g == nil || g.ID != id || g.Regional {
			continue
		}
		switch g.Kind {
		case routing.NATGateway, routing.GWLBEndpoint, routing.InterfaceEndpoint:
			return v
		}
	}
	return nil
}

// plainFlowLog leaves out what is the default.
func plainFlowLog(f *vpc.FlowLog) {
	if f.Traffic == "ALL" {
		f.Traffic = ""
	}
	if f.Format == vpc.DefaultFlowFormat {
		f.Format = ""
	}
	if f.Interval == 600 {
		f.Interval = 0
	}
}

// flowLog rewrites a flow log of a VPC.
func (x *rewriter) flowLog(v *vpc.VPC, f *vpc.FlowLog) {
	subnet, iface := v.FlowLogScope(f)
	if f.Subnet != "" {
		f.Subnet = id(x.renamer, v.Subnet(subnet), f.Subnet)
	}
	if g := v.Gateway(iface); g != nil && f.Interface != "" {
		f.Interface = x.ids[g]
	}
	for _, s := range v.Subnets {
		if i := s.Interface(iface); i != nil && f.Interface != "" {
			f.Interface = x.ids[i]
		}
	}
	plainFlowLog(f)
}

// flowLog lists a flow log.
func (l listing) flowLog(v *vpc.VPC, f *vpc.FlowLog) {
	o := object{
		"FlowLogId": f.ID, "FlowLogStatus": "ACTIVE", "ResourceId": cmp.Or(f.Interface, f.Subnet, v.ID), "TrafficType": cmp.Or(f.Traffic, "ALL"),
		"LogFormat": cmp.Or(f.Format, vpc.DefaultFlowFormat), "MaxAggregationInterval": cmp.Or(f.Interval, 600),
	}
	key := "LogGroupName"
	if strings.HasPrefix(f.Destination, "arn:") {
		key = "LogDestination"
	}
	l.add(v.Region, "FlowLogs", o.named(f.Name).set(key, f.Destination))
}
