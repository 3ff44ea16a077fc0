package vpc

import "net/netip"

// Network is a whole description: VPCs and what they share. The zero Network is
// empty and ready to use.
type Network struct {
	VPCs        []*VPC
	PrefixLists []*PrefixList
	// Gateways joins VPCs to each other or to the outside: peering connections,
	// transit gateways. Gateways that belong to one VPC are in [VPC.Gateways].
	Gateways []*Gateway
	// BlockPublicAccess are the settings of Regions about internet gateways (IGW-28).
	BlockPublicAccess []*BlockPublicAccess
	// Unowned are public IPv4 addresses of the accounts that something has which is
	// not described: what becomes of packets to them is unknown.
	Unowned []netip.Addr
	// Expect is what the author of the description claims of it.
	Expect []Expectation

	problems
}

// VPC is one virtual network. Everything inside it is looked up by VPC, so two
// VPCs may have the same addresses and the same names (VPC-19).
type VPC struct {
	ID, Name string
	// Account and Region are optional; they tell apart what has equal names.
	Account, Region string
	// CIDRs are the VPC's ranges, IPv4 and IPv6; the first IPv4 one is the
	// primary (VPC-1).
	CIDRs []netip.Prefix

	Subnets         []*Subnet
	RouteTables     []*RouteTable
	NetworkACLs     []*NetworkACL
	SecurityGroups  []*SecurityGroup
	Instances       []*Instance
	InternetGateway *InternetGateway // the one attached, nil for none
	Gateways        []*Gateway
	LoadBalancers   []*LoadBalancer
	TargetGroups    []*TargetGroup
	FlowLogs        []*FlowLog

	// MainRouteTable is the table of subnets that name none. Empty: a table that
	// holds only the local routes.
	MainRouteTable string
	// DefaultNetworkACL is the ACL of subnets that name none. Empty: one that
	// allows everything (ACL-8).
	DefaultNetworkACL string
	// DefaultSecurityGroup is the group of interfaces that name none. Empty: one
	// that allows everything out, and in from itself (SG-4).
	DefaultSecurityGroup string
	// DisableDNS is AWS's enableDnsSupport=false (LNK-5).
	DisableDNS bool
	// DNSHostnames is AWS's enableDnsHostnames, which is off in a new VPC (ERR-45).
	DNSHostnames bool
	// Partial says that the description is a listing that may lack things. What
	// it does not mention is then unknown, where it would otherwise be AWS's
	// default: a missing main table, a missing group, a missing prefix list.
	Partial bool
	// Unlisted, if not empty, says why the VPC may have interfaces that are not
	// described: what becomes of packets to an address that nobody has is unknown.
	Unlisted string
	Origin   string

	problems
}

// Subnet is a range of a VPC in one Availability Zone.
type Subnet struct {
	ID, Name string
	// CIDRs are at most one IPv4 and any IPv6 ranges.
	CIDRs []netip.Prefix
	Zone  string
	// RouteTable and NetworkACL are IDs or names; empty for the VPC's main table
	// and default ACL (RT-1, ACL-1).
	RouteTable, NetworkACL string
	Interfaces             []*Interface
	// DNS64 is EnableDns64: the resolver makes up IPv6 addresses of IPv4-only
	// names, see [Subnet.AAAA] (NAT-40).
	DNS64 bool
	// MapPublicIP is MapPublicIpOnLaunch: instances that are launched in it get public
	// addresses. It changes no interface that is described (SUB-11).
	MapPublicIP bool
	Origin      string

	problems
}

// Interface is an elastic network interface (ENI): where packets enter and
// leave the VPC's fabric.
type Interface struct {
	ID, Name string
	// Instance is the ID or name of the instance it is attached to. An interface
	// without one stands for itself: a host without a name of its own.
	Instance string
	// DeviceIndex is its place on the instance; 0 is the primary interface.
	DeviceIndex int
	// Addresses are its private addresses, the primary IPv4 one first. Without
	// any, the first free IPv4 address of the subnet is taken when the network
	// is compiled.
	Addresses []Address
	// Prefixes are delegated /28 and /80 ranges; every address in them is the
	// interface's (ENI-13).
	Prefixes []netip.Prefix
	// Groups are security groups by ID or name; none means the VPC's default
	// group (SG-5).
	Groups []string
	// NoSourceDestCheck switches the source/destination check off (ENI-1).
	NoSourceDestCheck bool
	// Detached interfaces neither send nor receive (ENI-8).
	Detached bool
	// DenyInternetGateway is AWS's DenyAllIgwTraffic (IGW-21).
	DenyInternetGateway bool
	// Kind is AWS's InterfaceType; empty for an ordinary interface.
	Kind string
	// Timeouts of tracked flows; zero fields mean AWS's defaults.
	Timeouts Timeouts
	// Metadata options of the instance behind it, as far as packets meet them.
	Metadata Metadata
	// Description is AWS's or the author's remark.
	Description string
	// Unknown, if not empty, says what of the interface could not be understood,
	// so that no verdict about it is certain.
	Unknown string
	Origin  string

	problems
}

// Address is a private address of an interface and the public one mapped to it.
type Address struct {
	// IP is the private address; the zero Addr is assigned when the network is
	// compiled.
	IP netip.Addr
	// Public is the public or Elastic IPv4 address associated with IP; the zero
	// Addr for none.
	Public netip.Addr
	// AutoPublic asks for a public address to be assigned when the network is
	// compiled, if Public is not given.
	AutoPublic bool
	// Elastic marks Public as an Elastic IP, which survives a stop (IGW-27).
	Elastic bool
	// Zone is the Availability Zone that an address of a regional NAT gateway
	// serves (NAT-43).
	Zone string
}

// Metadata is what an instance's metadata options do to packets.
type Metadata struct {
	// Disabled is HttpEndpoint=disabled: the service does not answer (LNK-14).
	Disabled bool
	// IPv6 is HttpProtocolIpv6=enabled: [fd00:ec2::254] answers too (LNK-1).
	IPv6 bool
	// HopLimit of token responses, 1 to 64; zero means 1 (LNK-12).
	HopLimit int
	// Credentials says that the interface belongs to a container that may ask for
	// credentials: an ECS task at 169.254.170.2, an EKS pod at 169.254.170.23
	// (LNK-7).
	Credentials bool
}

// Instance is a virtual machine. Its interfaces name it.
type Instance struct {
	ID, Name string
	State    InstanceState
	// TrackedFlows is the most tracked flows all its interfaces may have at once;
	// zero means no limit (SG-48).
	TrackedFlows int
	Origin       string
}

// InstanceState is whether an instance runs. The zero state is Running.
type InstanceState uint8

// The states that packets can tell apart.
const (
	Running InstanceState = iota
	Stopped               // or stopping, pending, shutting down
	Terminated
)

// String is "running", "stopped" or "terminated".
func (s InstanceState) String() string {
	return [...]string{"running", "stopped", "terminated"}[s]
}

// InternetGateway is the internet gateway attached to a VPC.
type InternetGateway struct {
	ID, Name string
	// RouteTable is its edge table by ID or name, if it has one (RT-42).
	RouteTable string
	Origin     string
}

// PrefixList is a named set of CIDRs, managed by AWS or by a customer.
type PrefixList struct {
	ID, Name string
	Entries  []netip.Prefix
	// MaxEntries is its declared size, which quotas count (SG-56, RT-54).
	MaxEntries int
	// Unknown, if not empty, says why the entries are not (all) known.
	Unknown string
	Origin  string
}

// Gateway is a node that routes can name, like a NAT gateway or a peering
// connection. At the kinds that are only named a packet has an unknown fate.
type Gateway struct {
	Kind     Kind
	ID, Name string
	// Subnet it stands in, if any, by ID or name.
	Subnet string
	// VPCs it joins, if it is described outside a VPC.
	VPCs []string
	// PeerDNS are those of a peering connection's VPCs whose public names the other
	// VPC resolves to private addresses: AllowDnsResolutionFromRemoteVpc. It moves no
	// packets (PCX-14).
	PeerDNS []string
	// State is AWS's word for it; empty for the one in which it works.
	State string
	// Private says that a NAT gateway has private addresses only (NAT-1).
	Private bool
	// Regional says that a NAT gateway stands in no subnet and serves all zones of
	// its VPC (NAT-41). It has public addresses only, each for a zone. Without any,
	// or with such as are assigned anyhow, every zone with subnets gets one when the
	// network is compiled.
	Regional bool
	// RouteTable is a regional NAT gateway's own, by ID or name; empty for the one
	// that AWS makes, with a route to the internet gateway (NAT-41).
	RouteTable string
	// Failure is AWS's FailureCode of a NAT gateway in state failed (NAT-30).
	Failure string
	// Draining are those of a NAT gateway's addresses that are being removed: they
	// serve the connections that they have and get no new ones (NAT-35).
	Draining []netip.Addr
	// Addresses it owns, a NAT gateway's primary one first. Without any, a NAT
	// gateway in a subnet gets the subnet's next free address, and, unless it is
	// Private, a public one, when the network is compiled.
	Addresses []Address
	// Endpoint is what a VPC endpoint has; nil if no more than its kind is known.
	Endpoint *Endpoint
	// Transit is what a transit gateway consists of; nil for AWS's defaults.
	Transit *Transit
	// VPN is what a virtual private gateway has on its outer side.
	VPN    *VPN
	Origin string
}

// Works reports whether the gateway is in the state in which it carries packets
// (NAT-29, PCX-1).
func (g *Gateway) Works() bool {
	switch g.State {
	case "", "available", "active", "attached":
		return true
	}
	return false
}

// Gone reports whether the gateway has been deleted, so that routes to it are
// blackholes (RT-33, RT-34, EIGW-8).
func (g *Gateway) Gone() bool {
	switch g.State {
	case "deleted", "deleting", "detached", "detaching", "rejected", "expired", "failed":
		return true
	}
	return false
}

// VPC finds a VPC by ID or, if that is unique, by name. It returns nil if there
// is none.
func (n *Network) VPC(name string) *VPC {
	return find(n.VPCs, name, func(v *VPC) (string, string) { return v.ID, v.Name })
}

// PrefixList finds a prefix list by ID or name, nil if there is none.
func (n *Network) PrefixList(name string) *PrefixList {
	return find(n.PrefixLists, name, func(l *PrefixList) (string, string) { return l.ID, l.Name })
}

// Subnet finds a subnet by ID or name, nil if there is none.
func (v *VPC) Subnet(name string) *Subnet {
	return find(v.Subnets, name, func(s *Subnet) (string, string) { return s.ID, s.Name })
}

// RouteTable finds a route table by ID or name, nil if there is none.
func (v *VPC) RouteTable(name string) *RouteTable {
	return find(v.RouteTables, name, func(t *RouteTable) (string, string) { return t.ID, t.Name })
}

// NetworkACL finds a network ACL by ID or name, nil if there is none.
func (v *VPC) NetworkACL(name string) *NetworkACL {
	return find(v.NetworkACLs, name, func(a *NetworkACL) (string, string) { return a.ID, a.Name })
}

// SecurityGroup finds a security group by ID or name, nil if there is none.
func (v *VPC) SecurityGroup(name string) *SecurityGroup {
	return find(v.SecurityGroups, name, func(g *SecurityGroup) (string, string) { return g.ID, g.Name })
}

// Instance finds an instance by ID or name, nil if there is none.
func (v *VPC) Instance(name string) *Instance {
	return find(v.Instances, name, func(i *Instance) (string, string) { return i.ID, i.Name })
}

// Gateway finds a gateway of the VPC by ID or name, nil if there is none.
func (v *VPC) Gateway(name string) *Gateway {
	return find(v.Gateways, name, func(g *Gateway) (string, string) { return g.ID, g.Name })
}

// find looks for an ID first, then for a name that only one element has.
func find[T any](list []*T, name string, names func(*T) (id, name string)) *T {
	var named *T
	count := 0
	for _, e := range list {
		id, n := names(e)
		if id == name {
			return e
		}
		if n == name && n != "" {
			named = e
			count++
		}
	}
	if count != 1 {
		return nil
	}
	return named
}
