package vpc

import (
	"fmt"
	"net/netip"
	"slices"
)

// InZone sets the Availability Zone.
func (s *Subnet) InZone(zone string) *Subnet { s.Zone = zone; return s }

// UseRouteTable associates the subnet with a route table explicitly.
func (s *Subnet) UseRouteTable(name string) *Subnet { s.RouteTable = name; return s }

// UseNetworkACL associates the subnet with a network ACL.
func (s *Subnet) UseNetworkACL(name string) *Subnet { s.NetworkACL = name; return s }

// Interface finds an interface of the subnet by ID or name, nil if there is none.
func (s *Subnet) Interface(name string) *Interface {
	return find(s.Interfaces, name, func(i *Interface) (string, string) { return i.ID, i.Name })
}

// AddInterface adds an interface with its primary private address and its
// security groups. An empty address takes the first free one; no group means
// the VPC's default group.
func (s *Subnet) AddInterface(name, ip string, groups ...string) *Interface {
	i := &Interface{ID: name, Name: name, Groups: slices.Clone(groups), Origin: caller()}
	if ip != "" {
		i.AddAddress(ip)
	}
	s.Interfaces = append(s.Interfaces, i)
	return i
}

// AddAddress adds a private address, IPv4 or IPv6.
func (i *Interface) AddAddress(ip string) *Interface {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		i.fail(&Error{Code: CodeInvalidValue, Resource: "interface " + i.ID, Message: fmt.Sprintf("%q is not an IP address (ERR-5)", ip), Origin: i.Origin})
		return i
	}
	i.Addresses = append(i.Addresses, Address{IP: a})
	return i
}

// AddPublicIP maps a public IPv4 address to the primary private address; an
// empty one is assigned when the network is compiled.
func (i *Interface) AddPublicIP(ip string) *Interface {
	if len(i.Addresses) == 0 {
		i.Addresses = []Address{{}}
	}
	if ip == "" {
		i.Addresses[0].AutoPublic = true
		return i
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		i.fail(&Error{Code: CodeInvalidValue, Resource: "interface " + i.ID, Message: fmt.Sprintf("%q is not an IP address (ERR-5)", ip), Origin: i.Origin})
	}
	i.Addresses[0].Public = a
	return i
}

// AttachTo attaches the interface to an instance.
func (i *Interface) AttachTo(instance string) *Interface { i.Instance = instance; return i }

// WithoutSourceDestCheck lets the interface forward for others (ENI-3).
func (i *Interface) WithoutSourceDestCheck() *Interface { i.NoSourceDestCheck = true; return i }
