package vpc

// Element is a thing of a network that has an ID.
type Element struct {
	// Kind is what it is, in a word or two: "VPC", "subnet", "route table",
	// "network ACL", "security group", "instance", "interface", "internet gateway",
	// "gateway", "flow log", "load balancer", "target group" or "prefix list".
	Kind string
	// VPC is where it lies; nil for VPCs, prefix lists and gateways outside.
	VPC *VPC
	// Value is the element itself: a *Subnet, a *RouteTable, …
	Value any
	// ID and Name are its own, to read or to change.
	ID, Name *string
}

// Walk visits everything in the network that has an ID: the prefix lists and the
// gateways outside, then each VPC and what lies in it.
func (n *Network) Walk(visit func(Element)) {
	for _, e := range n.PrefixLists {
		visit(Element{"prefix list", nil, e, &e.ID, &e.Name})
	}
	for _, e := range n.Gateways {
		visit(Element{"gateway", nil, e, &e.ID, &e.Name})
	}
	for _, v := range n.VPCs {
		visit(Element{"VPC", nil, v, &v.ID, &v.Name})
		v.Walk(visit)
	}
}

// Walk visits everything that lies in the VPC and has an ID.
func (v *VPC) Walk(visit func(Element)) {
	if e := v.InternetGateway; e != nil {
		visit(Element{"internet gateway", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.Gateways {
		visit(Element{"gateway", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.RouteTables {
		visit(Element{"route table", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.NetworkACLs {
		visit(Element{"network ACL", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.SecurityGroups {
		visit(Element{"security group", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.FlowLogs {
		visit(Element{"flow log", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.LoadBalancers {
		visit(Element{"load balancer", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.TargetGroups {
		visit(Element{"target group", v, e, &e.ID, &e.Name})
	}
	for _, e := range v.Instances {
		visit(Element{"instance", v, e, &e.ID, &e.Name})
	}
	for _, s := range v.Subnets {
		visit(Element{"subnet", v, s, &s.ID, &s.Name})
		for _, e := range s.Interfaces {
			visit(Element{"interface", v, e, &e.ID, &e.Name})
		}
	}
}
