package emu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/internal/nearest"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// ambiguous is the error for a name that several interfaces answer to.
func ambiguous(name string, found []*plan.Interface) error {
	var list []string
	for _, i := range found {
		list = append(list, fmt.Sprintf("%s (%s)", i.Key(), i.Desc.Addresses[0].IP))
	}
	slices.Sort(list) // interfaces that came later stand behind the others
	return fmt.Errorf("%q is ambiguous, it may be %s", name, strings.Join(list, " or "))
}

// ambiguousService is the error for a name that several gateway endpoints answer to.
func ambiguousService(name string, found []*plan.Gateway) error {
	var list []string
	for _, f := range found {
		list = append(list, serviceKey(f))
	}
	slices.Sort(list)
	return fmt.Errorf("%q is ambiguous, it may be %s", name, strings.Join(list, " or "))
}

// wantEnds is what may be an end of a query.
const wantEnds = "want an instance, an interface, a load balancer, a gateway endpoint, an address, internet, internet:ADDRESS, onprem or onprem:GATEWAY:ADDRESS"

// notFound is the error for a name that is no end, with the nearest one that is.
func (g *generation) notFound(name string) error {
	if kind := g.gatewayNamed(name); kind != "" {
		return fmt.Errorf("%q is a gateway (%s), which is no end of traffic: %s", name, kind, wantEnds)
	}
	if best := nearest.Best(name, g.endNames(strings.Contains(name, "/"))); best != "" {
		return fmt.Errorf("nothing is called %q; did you mean %q?", name, best)
	}
	return fmt.Errorf("nothing is called %q: %s", name, wantEnds)
}

// endNames are the names that ends of a query may have, each also with its VPC's
// before it if such a one was asked for.
func (g *generation) endNames(qualified bool) []string {
	known := []string{"internet", "onprem"}
	add := func(v *vpc.VPC, names ...string) {
		for _, name := range names {
			known = append(known, name)
			if qualified && name != "" {
				known = append(known, v.ID+"/"+name, v.Name+"/"+name)
			}
		}
	}
	for i := range g.plan.Interfaces() {
		add(i.VPC.Desc, i.Desc.ID, i.Desc.Name, i.Desc.Instance)
		if i.Instance != nil {
			add(i.VPC.Desc, i.Instance.Name)
		}
	}
	for _, v := range g.plan.VPCs {
		for _, b := range v.Balancers {
			add(v.Desc, b.Desc.ID, b.Desc.Name)
		}
	}
	for _, s := range g.plan.Gateways {
		if s.Desc.Kind == routing.GatewayEndpoint || s.Desc.Kind == routing.InterfaceEndpoint {
			add(s.VPCs[0].Desc, s.Desc.ID, s.Desc.Name)
		}
	}
	slices.Sort(known) // of two that are as near, always the same one
	return known
}

// gatewayNamed is the kind of the gateway of a name, empty if there is none.
func (g *generation) gatewayNamed(name string) string {
	for _, v := range g.plan.VPCs {
		if i := v.Gateway; i != nil && name != "" && (i.Desc.ID == name || i.Desc.Name == name) {
			return routing.InternetGateway.String()
		}
	}
	for _, o := range g.plan.Gateways {
		if name != "" && slices.Contains(outerNames(o), name) {
			return o.Desc.Kind.String()
		}
	}
	return ""
}

// notOnPremises is the error for what follows "onprem:" and is neither an address nor a
// gateway of the list.
func notOnPremises(rest string, list []*plan.Gateway) error {
	var known []string
	for _, o := range list {
		known = append(known, outerNames(o)...)
	}
	if best := nearest.Best(rest, known); best != "" {
		return fmt.Errorf("no gateway leads to \"onprem:%s\"; did you mean \"onprem:%s\"?", rest, best)
	}
	return fmt.Errorf("no gateway leads to \"onprem:%s\", which names neither an address nor a gateway: want onprem:ADDRESS, onprem:GATEWAY or onprem:GATEWAY:ADDRESS", rest)
}
