package random

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestOrderMeansNothing: a network whose parts stand in another order answers the
// same, with the same components in the same order.
func TestOrderMeansNothing(t *testing.T) {
	reworked(t, Everything, nil, func(n *vpc.Network) map[string]string {
		shuffle(n)
		return nil
	})
}

// TestNamesMeanNothing: so does a network in which everything has another ID, where
// no load balancer or transit gateway chooses between several by a hash of their IDs.
func TestNamesMeanNothing(t *testing.T) {
	reworked(t, Everything, noChoice, func(n *vpc.Network) map[string]string {
		names := renaming(n)
		rename(reflect.ValueOf(n), names)
		return names
	})
}

// reworked compares networks with what becomes of them.
func reworked(t *testing.T, with Parts, change func(*vpc.Network), rework func(*vpc.Network) map[string]string) {
	property[emu.Query]{
		with: with, many: 40, change: change,
		ask: (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			assigned := n.Clone()
			e, err := emulator(n)
			if err != nil {
				return nil, err
			}
			if err := assigned.Assign(); err != nil {
				return nil, err
			}
			other := assigned.Clone()
			names := rework(other)
			f, err := emulator(other)
			if err != nil {
				return nil, fmt.Errorf("reworked: %w", err)
			}
			return func(q emu.Query) error { return sameButNames(e, f, q, names) }, nil
		},
	}.try(t)
}

// noChoice leaves load balancers one target and one node, and attachments one subnet
// or one in each zone.
func noChoice(n *vpc.Network) {
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			a.Appliance, a.Subnets = false, a.Subnets[:min(1, len(a.Subnets))]
		}
	}
	for _, v := range n.VPCs {
		for _, g := range v.TargetGroups {
			g.Targets = g.Targets[:min(1, len(g.Targets))]
		}
		for _, l := range v.LoadBalancers {
			l.Nodes = l.Nodes[:min(1, len(l.Nodes))]
		}
	}
}

func sameButNames(e, f *emu.Emulator, q emu.Query, names map[string]string) error {
	a, err := e.Trace(q)
	if err != nil {
		return nil
	}
	q.Source, q.Destination = renamed(q.Source, names), renamed(q.Destination, names)
	b, err := f.Trace(q)
	if err != nil {
		return fmt.Errorf("renamed: %w", err)
	}
	return same(outline(a, names), outline(b, nil))
}

// same compares two texts line by line.
func same(a, b string) error {
	if a == b {
		return nil
	}
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	k := 0
	for k < min(len(x), len(y))-1 && x[k] == y[k] {
		k++
	}
	return fmt.Errorf("from line %d on one says\n%s\nthe other says\n%s", k+1, strings.Join(x[k:min(k+6, len(x))], "\n"), strings.Join(y[k:min(k+6, len(y))], "\n"))
}

// renaming gives everything that has an ID a new one, which sorts elsewhere; equal
// IDs and names stay equal.
func renaming(n *vpc.Network) map[string]string {
	names := make(map[string]string)
	add := func(list ...string) {
		for _, s := range list {
			if s != "" && s != "default" && !strings.HasPrefix(s, "com.amazonaws.") { // AWS's own names
				h := fnv.New32()
				h.Write([]byte(s))
				names[s] = fmt.Sprintf("x%03d.%s", h.Sum32()%1000, s)
			}
		}
	}
	n.Walk(func(e vpc.Element) { add(*e.ID, *e.Name) })
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			add(a.ID, a.Name)
		}
		for _, t := range g.Transit.RouteTables {
			add(t.ID, t.Name)
		}
	}
	return names
}

// rename puts the new IDs wherever one of the old ones stands.
func rename(v reflect.Value, names map[string]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			rename(v.Elem(), names)
		}
	case reflect.Slice:
		for k := range v.Len() {
			rename(v.Index(k), names)
		}
	case reflect.Struct:
		for k := range v.NumField() {
			if f := v.Type().Field(k); f.IsExported() && f.Name != "Service" && f.Name != "Origin" {
				rename(v.Field(k), names)
			}
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(renamed(v.String(), names))
		}
	}
}

// renamed is the new form of an ID, or of "vpc/ID", also after "onprem:".
func renamed(s string, names map[string]string) string {
	before, name := "", s
	if rest, ok := strings.CutPrefix(s, "onprem:"); ok {
		before, name = "onprem:", rest
	}
	if n, ok := names[name]; ok {
		return before + n
	}
	if v, rest, ok := strings.Cut(name, "/"); ok && names[v] != "" && names[rest] != "" {
		return before + names[v] + "/" + names[rest]
	}
	for k := range name { // an interface that is made for something in a subnet
		if name[k] == '-' && names[name[:k]] != "" && names[name[k+1:]] != "" {
			return names[name[:k]] + "-" + names[name[k+1:]]
		}
	}
	return s
}

// shuffle changes the order of what stands in no order.
func shuffle(n *vpc.Network) {
	r := rand.New(rand.NewPCG(1, 2))
	mix(r, n.VPCs)
	mix(r, n.PrefixLists)
	for _, l := range n.PrefixLists {
		mix(r, l.Entries)
	}
	for _, v := range n.VPCs {
		mix(r, v.RouteTables)
		mix(r, v.NetworkACLs)
		mix(r, v.SecurityGroups)
		mix(r, v.Instances)
		mix(r, v.Gateways)
		mix(r, v.Subnets)
		for _, s := range v.Subnets {
			mix(r, s.Interfaces)
			for _, i := range s.Interfaces {
				mix(r, i.Groups)
			}
		}
		for _, t := range v.RouteTables {
			mix(r, t.Routes)
		}
		for _, g := range v.SecurityGroups {
			mix(r, g.Ingress)
			mix(r, g.Egress)
		}
		for _, a := range v.NetworkACLs {
			mix(r, a.Ingress)
			mix(r, a.Egress)
		}
	}
	mix(r, n.Gateways)
}

func mix[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// outline is a trace without its texts: verdicts, stages, components and reasons.
func outline(t *emu.Trace, names map[string]string) string {
	var b strings.Builder
	fmt.Fprintln(&b, t.Verdict)
	for _, leg := range []*emu.Leg{t.Request, t.Reply, t.Ack} {
		if leg == nil {
			continue
		}
		fmt.Fprintln(&b, leg.Verdict, renamed(leg.At, names))
		for _, s := range leg.Steps {
			fmt.Fprintln(&b, s.Stage, s.Kind, renamed(s.Component, names), renamed(s.VPC, names), renamed(s.Subnet, names), s.Verdict, s.Reason, s.Source, s.Destination)
		}
	}
	for _, list := range [][]emu.Blocker{t.Blockers, t.Unknowns} {
		for _, x := range list {
			fmt.Fprintln(&b, x.Direction, x.Stage, x.Reason, renamed(x.Component, names))
		}
	}
	return b.String()
}

// whole is all that a trace says but for where things were written.
func whole(t *emu.Trace) string {
	b, _ := json.MarshalIndent(t, "", " ")
	lines := strings.Split(string(b), "\n")
	return strings.Join(slices.DeleteFunc(lines, originLine.MatchString), "\n")
}

var originLine = regexp.MustCompile(`^ *"origin"`)
