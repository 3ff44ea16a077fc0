package conformance

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

var (
	repeated = regexp.MustCompile(`^(\s*)REPEAT (\d+) (.*)$`)
	counters = regexp.MustCompile(`\$[nab]`)
)

// expand writes out the lines "REPEAT N text" of a network: the text N times, in
// which $n counts from 0, and $a.$b is the same number as two bytes.
func expand(data []byte) []byte {
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		m := repeated.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			out.WriteString(line)
			continue
		}
		times, _ := strconv.Atoi(m[2])
		for n := range times {
			value := map[string]int{"$n": n, "$a": n >> 8, "$b": n & 255}
			text := counters.ReplaceAllStringFunc(m[3], func(c string) string { return strconv.Itoa(value[c]) })
			out.WriteString(m[1] + text + "\n")
		}
	}
	return []byte(out.String())
}

// described is a network "FILE [without KIND NAME]".
func (s *script) described(args []string) (*vpc.Network, error) {
	n, err := s.parse(args[0])
	if err == nil && len(args) == 4 && args[1] == "without" {
		err = without(n, args[2], args[3])
	}
	return n, err
}

// without takes an element out of a description and leaves what names it, as a
// file cannot: the loader refuses names that mean nothing before anybody asks
// what AWS would say.
func without(n *vpc.Network, kind, name string) error {
	found := false
	is := func(id string) bool {
		found = found || id == name
		return id == name
	}
	gateway := func(g *vpc.Gateway) bool { return is(g.ID) }
	switch kind {
	case "vpc":
		n.VPCs = slices.DeleteFunc(n.VPCs, func(v *vpc.VPC) bool { return is(v.ID) })
	case "prefix-list":
		n.PrefixLists = slices.DeleteFunc(n.PrefixLists, func(l *vpc.PrefixList) bool { return is(l.ID) })
	case "gateway":
		n.Gateways = slices.DeleteFunc(n.Gateways, gateway)
	}
	for _, v := range n.VPCs {
		switch kind {
		case "subnet":
			v.Subnets = slices.DeleteFunc(v.Subnets, func(s *vpc.Subnet) bool { return is(s.ID) })
		case "route-table":
			v.RouteTables = slices.DeleteFunc(v.RouteTables, func(t *vpc.RouteTable) bool { return is(t.ID) })
		case "network-acl":
			v.NetworkACLs = slices.DeleteFunc(v.NetworkACLs, func(a *vpc.NetworkACL) bool { return is(a.ID) })
		case "security-group":
			v.SecurityGroups = slices.DeleteFunc(v.SecurityGroups, func(g *vpc.SecurityGroup) bool { return is(g.ID) })
		case "instance":
			v.Instances = slices.DeleteFunc(v.Instances, func(i *vpc.Instance) bool { return is(i.ID) })
		case "gateway":
			v.Gateways = slices.DeleteFunc(v.Gateways, gateway)
		case "internet-gateway":
			if g := v.InternetGateway; g != nil && is(g.ID) {
				v.InternetGateway = nil
			}
		case "interface":
			for _, s := range v.Subnets {
				s.Interfaces = slices.DeleteFunc(s.Interfaces, func(i *vpc.Interface) bool { return is(i.ID) })
			}
		}
	}
	if !found {
		return fmt.Errorf("there is no %s %s to leave out", kind, name)
	}
	return nil
}

// limits checks a network against AWS's default quotas, some of which may be
// given: "limits FILE [Interfaces=2…]".
func (s *script) limits(args []string) error {
	n, err := s.parse(args[0])
	if err != nil {
		return err
	}
	l := vpc.DefaultLimits()
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		field := reflect.ValueOf(&l).Elem().FieldByName(key)
		number, err := strconv.Atoi(value)
		if err != nil || !field.IsValid() {
			return fmt.Errorf("%s is no quota", a)
		}
		field.SetInt(int64(number))
	}
	return n.CheckLimits(l)
}

// edit changes the running network by one call of the Go API:
//
//	edit add-route TABLE DESTINATION TARGET
//	edit remove-route TABLE DESTINATION
//	edit remove-ingress GROUP SERVICE PEER
//	edit remove-egress GROUP SERVICE PEER
//
// and those of add.
func (s *script) edit(args []string) error {
	return s.em.Update(func(n *vpc.Network) error {
		for _, v := range n.VPCs {
			switch t, g := v.RouteTable(args[1]), v.SecurityGroup(args[1]); {
			case args[0] == "add-route" && t != nil:
				t.AddRoute(args[2], args[3])
				return nil
			case args[0] == "remove-route" && t != nil:
				t.RemoveRoute(args[2])
				return nil
			case args[0] == "remove-ingress" && g != nil:
				g.RemoveIn(args[2], args[3])
				return nil
			case args[0] == "remove-egress" && g != nil:
				g.RemoveOut(args[2], args[3])
				return nil
			}
		}
		return add(n, args)
	})
}
