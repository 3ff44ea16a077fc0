package awsjson

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

type interfaceJSON struct {
	NetworkInterfaceID, SubnetID, VpcID, AvailabilityZone string
	Description, InterfaceType, Status                    string
	OwnerID                                               text
	SourceDestCheck                                       *bool
	DenyAllIgwTraffic                                     bool
	Tags, TagSet                                          nameTag
	Attachment                                            *struct {
		InstanceID, Status string
		DeviceIndex        int
	}
	PrivateIPAddress                                                      string
	Association                                                           *publicJSON
	PrivateIPAddresses, IPv6Addresses, IPv4Prefixes, IPv6Prefixes, Groups list
	ConnectionTrackingConfiguration                                       trackingJSON
	IPv6Address                                                           string
}

type trackingJSON struct{ TCPEstablishedTimeout, UDPStreamTimeout, UDPTimeout int }

type publicJSON struct {
	PublicIP, AllocationID, AssociationID, CarrierIP, CustomerOwnedIP string
	IPOwnerID                                                         text
}

// networkInterface takes in one element of describe-network-interfaces.
func (l *loader) networkInterface(v value) error {
	var j interfaceJSON
	if err := l.element(v, &j, "network interface", "NetworkInterfaceId", &j.NetworkInterfaceID); err != nil {
		return err
	}
	return l.addInterface(j, v)
}

// addInterface puts an interface into its subnet.
func (l *loader) addInterface(j interfaceJSON, v value) error {
	if j.SubnetID == "" {
		return errors.New("has no SubnetId")
	}
	in, err := l.subnetOf(j.SubnetID, j.VpcID, j.AvailabilityZone, v)
	if err != nil {
		return err
	}
	settle(in.vpc, j.OwnerID, j.AvailabilityZone, v)
	i := &vpc.Interface{
		ID: j.NetworkInterfaceID, Name: string(j.Tags + j.TagSet), Description: j.Description, Origin: v.origin(),
		NoSourceDestCheck: j.SourceDestCheck != nil && !*j.SourceDestCheck, DenyInternetGateway: j.DenyAllIgwTraffic,
	}
	if j.InterfaceType != "interface" {
		i.Kind = j.InterfaceType
	}
	if j.SourceDestCheck == nil {
		join(&i.Unknown, "SourceDestCheck is not in the snapshot")
	}
	t := j.ConnectionTrackingConfiguration
	i.Timeouts = vpc.Timeouts{TCPEstablished: seconds(t.TCPEstablishedTimeout), UDP: seconds(t.UDPTimeout), UDPStream: seconds(t.UDPStreamTimeout)}
	j.attachment(i)
	l.addresses(i, j, v)
	l.interfacePrefixes(i, v)
	l.interfaceGroups(i, v)
	l.checkKind(i)
	if i.Unknown != "" {
		l.report.Note(report.Skipped, i.Origin, "network interface "+i.ID, "%s: verdicts about it are unknown", i.Unknown)
	}
	in.Interfaces = append(in.Interfaces, i)
	l.interfaces[i.ID] = i
	if i.Instance != "" {
		l.homes[i.Instance] = in.vpc
	}
	return nil
}

func seconds(n int) time.Duration { return time.Duration(min(n, 1<<30)) * time.Second }

// attachment says to what the interface is attached, if at all.
func (j interfaceJSON) attachment(i *vpc.Interface) {
	state := ""
	if a := j.Attachment; a != nil {
		state = a.Status
		i.Instance, i.DeviceIndex = a.InstanceID, a.DeviceIndex
	}
	if j.Status == "available" || state == "detached" || j.Status == "pending" && j.Attachment == nil {
		i.Detached, i.Instance, i.DeviceIndex = true, "", 0
	}
	switch {
	case !slices.Contains([]string{"", "available", "in-use", "associated", "attaching", "detaching", "pending"}, j.Status):
		join(&i.Unknown, "Status %q is not known", j.Status)
	case !slices.Contains([]string{"", "attached", "attaching", "detaching", "detached"}, state):
		join(&i.Unknown, "Attachment.Status %q is not known", state)
	case j.Status == "" && j.Attachment == nil:
		join(&i.Unknown, "whether it is attached is not in the snapshot")
	}
}

type privateJSON struct {
	PrivateIPAddress string
	Primary          bool
	Association      *publicJSON
}

// addresses reads the private addresses, the primary first, and the public ones
// mapped to them.
func (l *loader) addresses(i *vpc.Interface, j interfaceJSON, v value) {
	items, err := v.get("PrivateIpAddresses").list()
	if err != nil {
		join(&i.Unknown, "PrivateIpAddresses %v", err)
	}
	for _, item := range items {
		var p privateJSON
		if err := l.decode(item, &p); err != nil {
			join(&i.Unknown, "a private address: %v", err)
			continue
		}
		l.addAddress(i, p, item)
	}
	if len(items) == 0 && j.PrivateIPAddress != "" {
		l.addAddress(i, privateJSON{PrivateIPAddress: j.PrivateIPAddress, Association: j.Association}, v)
	}
	sixes, err := v.get("Ipv6Addresses").list()
	if err != nil {
		join(&i.Unknown, "Ipv6Addresses %v", err)
	}
	for _, item := range sixes {
		var p struct {
			IPv6Address   string
			IsPrimaryIPv6 bool
		}
		if err := l.decode(item, &p); err != nil {
			join(&i.Unknown, "an IPv6 address: %v", err)
			continue
		}
		l.addAddress(i, privateJSON{PrivateIPAddress: p.IPv6Address}, item)
	}
	if len(i.Addresses) == 0 && i.Unknown == "" {
		join(&i.Unknown, "its addresses are not in the snapshot")
	}
}

func (l *loader) addAddress(i *vpc.Interface, p privateJSON, v value) {
	ip, err := address(p.PrivateIPAddress)
	if err != nil {
		join(&i.Unknown, "%v", err)
		return
	}
	a := vpc.Address{IP: ip}
	if p.Association != nil {
		if err := p.Association.apply(&a); err != nil {
			join(&i.Unknown, "%v", err)
		}
		if other := p.Association.CarrierIP + p.Association.CustomerOwnedIP; other != "" {
			l.report.Note(report.Unmodelled, v.origin(), "network interface "+i.ID, "its carrier or customer-owned address %s", other)
		}
	}
	if p.Primary && len(i.Addresses) > 0 {
		i.Addresses = slices.Insert(i.Addresses, 0, a)
		return
	}
	i.Addresses = append(i.Addresses, a)
}

// apply maps a public address to a private one. It is elastic if it belongs to
// an account and not to Amazon.
func (j publicJSON) apply(a *vpc.Address) error {
	if j.PublicIP == "" {
		return nil
	}
	ip, err := address(j.PublicIP)
	if err != nil {
		return fmt.Errorf("PublicIp %w", err)
	}
	a.Public = ip
	a.Elastic = j.AllocationID != "" || j.IPOwnerID != "amazon" && j.IPOwnerID != ""
	return nil
}

func (l *loader) interfacePrefixes(i *vpc.Interface, v value) {
	for _, key := range []string{"Ipv4Prefixes", "Ipv6Prefixes"} {
		items, err := v.get(key).list()
		if err != nil {
			join(&i.Unknown, "%s %v", key, err)
		}
		for _, item := range items {
			var p struct{ IPv4Prefix, IPv6Prefix string }
			if err := l.decode(item, &p); err != nil {
				join(&i.Unknown, "a prefix: %v", err)
				continue
			}
			cidr, err := prefix(p.IPv4Prefix + p.IPv6Prefix)
			if err != nil {
				join(&i.Unknown, "%v", err)
				continue
			}
			i.Prefixes = append(i.Prefixes, cidr)
		}
	}
}

func (l *loader) interfaceGroups(i *vpc.Interface, v value) {
	groups := v.get("Groups")
	items, err := groups.list()
	if err == nil && groups.isNull() {
		err = errors.New("is not in the snapshot")
	}
	if err != nil {
		join(&i.Unknown, "Groups %v", err)
	}
	for _, item := range items {
		var g struct{ GroupID, GroupName string }
		if err := l.decode(item, &g); err != nil || g.GroupID+g.GroupName == "" {
			join(&i.Unknown, "a security group of it cannot be read")
			continue
		}
		if g.GroupID == "" {
			g.GroupID = g.GroupName
		}
		i.Groups = append(i.Groups, g.GroupID)
	}
}

// checkKind deals with interfaces that list no group. Those of NAT gateways and
// transit gateways have none (SG-52), which is not the default group; older
// listings call them plain interfaces and tell them apart by description only.
func (l *loader) checkKind(i *vpc.Interface) {
	switch {
	case len(i.Groups) > 0 || i.Kind != "" || strings.Contains(i.Unknown, "group") || strings.Contains(i.Unknown, "Groups"):
	case l.natENIs[i.ID] || strings.HasPrefix(i.Description, "Interface for NAT Gateway"):
		i.Kind = "nat_gateway"
	case strings.HasPrefix(i.Description, "Network Interface for Transit Gateway"):
		i.Kind = "transit_gateway"
	default:
		join(&i.Unknown, "lists no security group, and is of no kind that has none")
	}
	if i.Kind != "" && !interfaceKinds[i.Kind] {
		join(&i.Unknown, "InterfaceType %q is not known", i.Kind)
	}
}

// interfaceKinds are the values of InterfaceType.
var interfaceKinds = words(`
	nat_gateway efa efa-only trunk branch load_balancer network_load_balancer vpc_endpoint transit_gateway lambda
	quicksight global_accelerator_managed api_gateway_managed gateway_load_balancer gateway_load_balancer_endpoint
	iot_rules_managed aws_codestar_connections_managed ec2_instance_connect_endpoint natGateway evs
`)

// publicOf is the address of an interface with a private IP, nil if there is none.
func publicOf(i *vpc.Interface, ip netip.Addr) *vpc.Address {
	for k := range i.Addresses {
		if i.Addresses[k].IP == ip {
			return &i.Addresses[k]
		}
	}
	return nil
}
