package flowlog

import (
	"fmt"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// Lines are the lines that records would be in one window, in a format of a flow
// log: what a trace's packets leave. The empty format is the default one.
func Lines(form string, records []emu.Record) ([]string, error) {
	f, err := newFormat(form, nil)
	if err != nil {
		return nil, err
	}
	w := newFlows(0)
	for _, r := range records {
		w.add(r)
	}
	lines := make([]string, len(w.list))
	for i, s := range w.list {
		lines[i] = f.line(s)
	}
	return lines, nil
}

// Written is what one flow log has to say.
type Written struct {
	Log string `json:"log"` // by ID
	// Fields are the names of what stands in a line.
	Fields []string `json:"fields"`
	Lines  []string `json:"lines"`
}

// Described are the [Lines] that each flow log of a network would have of records:
// of the interfaces it covers, in its format.
func Described(n *vpc.Network, records []emu.Record) ([]Written, error) {
	var all []Written
	for _, v := range n.VPCs {
		for _, log := range v.FlowLogs {
			covers := coverage(v, log)
			var seen []emu.Record
			for _, r := range records {
				if covers(r.Place) && log.Writes(r.Accept) {
					seen = append(seen, r)
				}
			}
			lines, err := Lines(log.Format, seen)
			if err != nil {
				return nil, fmt.Errorf("flow log %s: %w", log.ID, err)
			}
			fields, _, _ := vpc.FlowFields(log.Format) // Lines has read it
			all = append(all, Written{log.ID, fields, lines})
		}
	}
	return all, nil
}

// coverage says which interfaces a flow log of a VPC covers (FLOW-42). One of a
// gateway or an endpoint covers all the interfaces that it has there.
func coverage(v *vpc.VPC, log *vpc.FlowLog) func(emu.Place) bool {
	subnet, iface := v.FlowLogScope(log)
	return func(p emu.Place) bool {
		return p.VPC == v.ID && (subnet == "" || p.Subnet == subnet) && (iface == "" || p.Interface == iface || p.Gateway == iface)
	}
}
