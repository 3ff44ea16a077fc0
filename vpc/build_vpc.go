package vpc

// AddSubnet adds a subnet with its ranges, at most one of them IPv4.
func (v *VPC) AddSubnet(name string, cidrs ...string) *Subnet {
	s := &Subnet{ID: name, Name: name, Origin: caller()}
	s.CIDRs = s.parsePrefixes("subnet "+name, cidrs, s.Origin)
	v.Subnets = append(v.Subnets, s)
	return s
}

// AddRouteTable adds a route table that holds only the local routes. Subnets use
// it once they name it: [Subnet.UseRouteTable].
func (v *VPC) AddRouteTable(name string) *RouteTable {
	t := &RouteTable{ID: name, Name: name, Origin: caller()}
	v.RouteTables = append(v.RouteTables, t)
	return t
}

// AddNetworkACL adds a network ACL that denies everything (ACL-9). Subnets use
// it once they name it: [Subnet.UseNetworkACL].
func (v *VPC) AddNetworkACL(name string) *NetworkACL {
	a := &NetworkACL{ID: name, Name: name, Origin: caller()}
	v.NetworkACLs = append(v.NetworkACLs, a)
	return a
}

// AddSecurityGroup adds a group that allows nothing yet.
func (v *VPC) AddSecurityGroup(name string) *SecurityGroup {
	g := &SecurityGroup{ID: name, Name: name, Origin: caller()}
	v.SecurityGroups = append(v.SecurityGroups, g)
	return g
}

// AddInternetGateway attaches an internet gateway. Subnets use it through a
// route to "igw".
func (v *VPC) AddInternetGateway(name string) *InternetGateway {
	g := &InternetGateway{ID: name, Name: name, Origin: caller()}
	if v.InternetGateway != nil {
		v.fail(&Error{Code: CodeInvalidValue, Resource: "VPC " + v.ID, Origin: g.Origin,
			Message: "has the internet gateway " + v.InternetGateway.ID + " already (IGW-1)"})
		return g
	}
	v.InternetGateway = g
	return g
}

// AddInstance adds a running instance; interfaces that name it with
// [Interface.AttachTo] are its own.
func (v *VPC) AddInstance(name string) *Instance {
	i := &Instance{ID: name, Name: name, Origin: caller()}
	v.Instances = append(v.Instances, i)
	return i
}
