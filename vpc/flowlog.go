package vpc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// FlowLog writes a line for every flow that it sees at the interfaces it covers,
// those that are there now and those that come later (FLOW-42). A flow log is
// never changed: one makes another (FLOW-43).
type FlowLog struct {
	ID, Name string
	// Subnet or Interface, by ID or name, is what it covers; without either, all of
	// its VPC. A NAT gateway or an endpoint as Interface stands for its interfaces.
	Subnet, Interface string
	// Traffic is AWS's traffic type: "ACCEPT", "REJECT" or "ALL", which is also what
	// empty means (FLOW-28).
	Traffic string
	// Destination is AWS's name of the bucket or the log group; emulators do not look
	// at it, but two logs may differ by it.
	Destination string
	// Format is the fields of a line, "${srcaddr} ${dstaddr} …"; empty for the default
	// ones, [DefaultFlowFormat] (FLOW-1, FLOW-30).
	Format string
	// Interval is AWS's maximum aggregation interval in seconds, 60 or 600; zero means
	// 600. All interfaces count as those of Nitro instances, which take 60 (FLOW-4).
	Interval int
	Origin   string
}

// DefaultFlowFormat is the format of flow logs that name none: version 2 (FLOW-1).
const DefaultFlowFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} " +
	"${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

// flowVersions are the fields of flow logs by the version that brought them (FLOW-1,
// FLOW-31, FLOW-32). Version 6 is that of transit gateways.
var flowVersions = []FlowVersion{
	{2, strings.Fields("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status")},
	{3, strings.Fields("vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr")},
	{4, strings.Fields("region az-id sublocation-type sublocation-id")},
	{5, strings.Fields("pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path")},
	{7, strings.Fields("ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id " +
		"ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id")},
	{8, []string{"reject-reason"}},
	{9, []string{"resource-id"}},
	{10, []string{"encryption-status"}},
}

// flowFields are the versions by field.
var flowFields = func() map[string]int {
	versions := make(map[string]int)
	for _, v := range flowVersions {
		for _, name := range v.Fields {
			versions[name] = v.Version
		}
	}
	return versions
}()

// FlowVersion is the fields that one version of flow logs brought, in AWS's order.
type FlowVersion struct {
	Version int
	Fields  []string
}

// FlowVersions are all fields of flow logs, the oldest version first.
func FlowVersions() []FlowVersion { return flowVersions }

// FlowFields are the names of the fields of a format, and its version, the highest
// among those of its fields (FLOW-30). The error says what is wrong in the format.
func FlowFields(format string) (fields []string, version int, err error) {
	if format == "" {
		format = DefaultFlowFormat
	}
	seen := make(map[string]bool)
	for word := range strings.FieldsSeq(format) {
		name, opens := strings.CutPrefix(word, "${")
		name, closes := strings.CutSuffix(name, "}")
		switch {
		case !opens || !closes:
			return nil, 0, fmt.Errorf("%q is no field: want ${srcaddr} and the like", word)
		case flowFields[name] == 0:
			return nil, 0, fmt.Errorf("flow logs have no field %s: want some of %s", word, strings.Join(slices.Sorted(maps.Keys(flowFields)), ", "))
		case seen[name]:
			return nil, 0, fmt.Errorf("%s is there twice", word)
		}
		seen[name] = true
		fields, version = append(fields, name), max(version, flowFields[name], 2)
	}
	if len(fields) == 0 {
		return nil, 0, fmt.Errorf("the format has no field")
	}
	return fields, version, nil
}

// FlowLog finds a flow log of the VPC by ID or name, nil if there is none.
func (v *VPC) FlowLog(name string) *FlowLog {
	return find(v.FlowLogs, name, func(l *FlowLog) (string, string) { return l.ID, l.Name })
}

// AddFlowLog adds a flow log of the whole VPC; its fields say if it is to be one of
// less.
func (v *VPC) AddFlowLog(name string) *FlowLog {
	l := &FlowLog{ID: name, Name: name, Origin: caller()}
	v.FlowLogs = append(v.FlowLogs, l)
	return l
}

// RemoveFlowLog removes a flow log (ERR-50).
func (v *VPC) RemoveFlowLog(name string) *VPC {
	l := v.FlowLog(name)
	for k, other := range v.FlowLogs {
		if other == l {
			v.FlowLogs = append(v.FlowLogs[:k:k], v.FlowLogs[k+1:]...)
			return v
		}
	}
	v.fail(&Error{Code: CodeFlowLogNotFound, Resource: "flow log " + name, Message: "no such flow log (ERR-50)", Origin: caller()})
	return v
}

// FlowLogScope is what a flow log of the VPC covers, by ID: a subnet, an interface,
// or, with neither, all of the VPC (FLOW-42).
func (v *VPC) FlowLogScope(l *FlowLog) (subnet, iface string) {
	subnet, iface = l.Subnet, l.Interface
	if s := v.Subnet(subnet); s != nil {
		subnet = s.ID
	}
	if g := v.Gateway(iface); g != nil {
		iface = g.ID
	}
	for _, s := range v.Subnets {
		if i := s.Interface(l.Interface); i != nil {
			iface = i.ID
		}
	}
	return subnet, iface
}

// Writes reports whether the log has lines for what was accepted, or rejected
// (FLOW-28).
func (l *FlowLog) Writes(accepted bool) bool {
	switch l.Traffic {
	case "ACCEPT":
		return accepted
	case "REJECT":
		return !accepted
	}
	return true
}
