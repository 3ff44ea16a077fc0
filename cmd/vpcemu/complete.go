package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// completeChoice completes the words of a flag.
func completeChoice(c *cobra.Command, flag string, words []string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// completeNetwork completes a NETWORK: examples, else files and folders.
func completeNetwork(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	for _, name := range exampleNames() {
		list = append(list, exampleScheme+name)
	}
	if list = startingWith(list, typed); typed != "" && len(list) > 0 {
		return list, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// completeTrace completes the arguments of trace, the ends from the network.
func completeTrace(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeNetwork(c, args, typed)
	}
	n, _, err := loadNetwork(args[0])
	if err != nil || len(args) > 3 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list := endNames(n)
	if len(args) == 3 {
		list = serviceNames(n)
	}
	return startingWith(list, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeMap completes ADDRESS=NAME with the ends of the network.
func completeMap(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	addr, name, ok := strings.Cut(typed, "=")
	if !ok || len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	n, _, err := loadNetwork(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list := startingWith(endNames(n), name)
	for i := range list {
		list[i] = addr + "=" + list[i]
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeList completes the last word of a list with commas.
func completeList(c *cobra.Command, flag string, words []string) {
	_ = c.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		var list []string
		for _, w := range words {
			list = append(list, before+w)
		}
		return startingWith(list, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

func startingWith(list []string, typed string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(s, typed) })
}

// endNames are the names that trace takes for the ends, sorted, each with what
// it is: names and IDs, with the VPC where two of them have it.
func endNames(n *vpc.Network) []string {
	help, owner := make(map[string]string), make(map[string]*vpc.VPC)
	add := func(v *vpc.VPC, name, what string) {
		switch {
		case name == "" || owner[name] == v: // an instance is called like its interface
		case owner[name] == nil:
			owner[name], help[name] = v, what
		default:
			delete(help, name)
			help[owner[name].ID+"/"+name], help[v.ID+"/"+name] = what, what
		}
	}
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				what := "interface in " + nameOr(s.Name, s.ID)
				add(v, i.Name, what)
				add(v, i.ID, what)
			}
		}
		for _, i := range v.Instances {
			add(v, i.Name, "instance")
			add(v, i.ID, "instance")
		}
		for _, b := range v.LoadBalancers {
			add(v, b.Name, b.Kind.String()+" load balancer")
			add(v, b.ID, b.Kind.String()+" load balancer")
		}
		for _, g := range v.Gateways {
			if g.Kind == routing.GatewayEndpoint || g.Kind == routing.InterfaceEndpoint {
				add(v, g.Name, "endpoint of "+nameOr(serviceOf(g), "a service"))
				add(v, g.ID, "endpoint of "+nameOr(serviceOf(g), "a service"))
			}
		}
	}
	list := append([]string{"internet\tsome host out there"}, onPremisesNames(n)...)
	for name, what := range help {
		list = append(list, name+"\t"+what)
	}
	slices.Sort(list)
	return list
}

func serviceOf(g *vpc.Gateway) string {
	if g.Endpoint == nil {
		return ""
	}
	return g.Endpoint.Service
}

// onPremisesNames are the gateways and attachments with on-premises networks behind
// them, as ends.
func onPremisesNames(n *vpc.Network) []string {
	var list []string
	add := func(id, name, of string) {
		list = append(list, "onprem:"+nameOr(name, id)+"\ton-premises behind "+of)
	}
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			if len(g.VPN.Links()) > 0 {
				add(g.ID, g.Name, "the VPN gateway of "+nameOr(v.Name, v.ID))
			}
		}
	}
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			switch a.Kind {
			case vpc.VPNAttachment, vpc.DirectConnectAttachment, vpc.ConnectAttachment:
				add(a.ID, a.Name, nameOr(g.Name, g.ID))
			}
		}
	}
	if len(list) == 1 {
		list = append(list, "onprem\tsome host on-premises")
	}
	return list
}

// serviceNames are the ports that the network's own rules mention, then those
// that everybody has.
func serviceNames(n *vpc.Network) []string {
	var list []string
	seen := make(map[string]bool)
	add := func(s, help string) {
		if !seen[s] {
			seen[s] = true
			list = append(list, s+"\t"+help)
		}
	}
	for _, v := range n.VPCs {
		for _, g := range v.SecurityGroups {
			for _, r := range g.Ingress {
				if one := r.Service; one.HasPorts() && one.From == one.To {
					add(one.String(), fmt.Sprintf("a rule of %s", nameOr(g.Name, g.ID)))
				}
			}
		}
	}
	for _, v := range n.VPCs {
		for _, b := range v.LoadBalancers {
			for _, l := range b.Listeners {
				protocol := "tcp"
				if !l.Takes(6) {
					protocol = "udp"
				}
				add(fmt.Sprintf("%s/%d", protocol, l.Port), "a listener of "+nameOr(b.Name, b.ID))
			}
		}
	}
	for _, w := range wellKnown {
		add(firewall.MustParseService(w.service).String(), w.name)
	}
	return list
}

func nameOr(name, id string) string {
	if name != "" {
		return name
	}
	return id
}
