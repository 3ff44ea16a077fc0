package awsjson

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

func interfaceObject(s *vpc.Subnet, i *vpc.Interface) object {
	o := object{"NetworkInterfaceId": i.ID, "SubnetId": s.ID, "SourceDestCheck": !i.NoSourceDestCheck, "InterfaceType": "interface", "Status": "in-use"}
	o.set("Description", i.Description).set("InterfaceType", i.Kind).set("AvailabilityZone", s.Zone)
	if i.Name != "" {
		o["TagSet"] = []object{{"Key": "Name", "Value": i.Name}}
	}
	if i.DenyInternetGateway {
		o["DenyAllIgwTraffic"] = true
	}
	groups := []object{}
	for _, g := range i.Groups {
		groups = append(groups, object{"GroupId": g})
	}
	o["Groups"] = groups
	if i.Detached {
		o["Status"] = "available"
	} else {
		o["Attachment"] = object{"Status": "attached", "DeviceIndex": i.DeviceIndex}.set("InstanceId", i.Instance)
	}
	if i.Unknown != "" {
		o["Status"] = "unknown"
		if i.Detached {
			o["Attachment"] = object{"Status": "detached"}
		}
	}
	if t := trackingObject(i.Timeouts); len(t) > 0 {
		o["ConnectionTrackingConfiguration"] = t
	}
	addressObjects(o, i)
	return o
}

func trackingObject(t vpc.Timeouts) object {
	o := object{}
	for key, d := range map[string]time.Duration{"TcpEstablishedTimeout": t.TCPEstablished, "UdpStreamTimeout": t.UDPStream, "UdpTimeout": t.UDP} {
		if d != 0 {
			o[key] = int(d / time.Second)
		}
	}
	return o
}

// addressObjects writes the private addresses, the first IPv4 one as primary,
// and the delegated prefixes.
func addressObjects(o object, i *vpc.Interface) {
	private, six := []object{}, []object{}
	for _, a := range i.Addresses {
		if a.IP.Is6() {
			six = append(six, object{"Ipv6Address": a.IP.String()})
			continue
		}
		p := object{"PrivateIpAddress": a.IP.String(), "Primary": len(private) == 0}
		if a.Public.IsValid() {
			p["Association"] = associationObject(a)
		}
		if len(private) == 0 {
			o["PrivateIpAddress"] = a.IP.String()
			if a.Public.IsValid() {
				o["Association"] = associationObject(a)
			}
		}
		private = append(private, p)
	}
	o["PrivateIpAddresses"], o["Ipv6Addresses"] = private, six
	prefixes := func(key, inner string, six bool) {
		list := []object{}
		for _, p := range i.Prefixes {
			if is6(p) == six {
				list = append(list, object{inner: p.Masked().String()})
			}
		}
		if len(list) > 0 {
			o[key] = list
		}
	}
	prefixes("Ipv4Prefixes", "Ipv4Prefix", false)
	prefixes("Ipv6Prefixes", "Ipv6Prefix", true)
}

func associationObject(a vpc.Address) object {
	if a.Elastic {
		return object{"PublicIp": a.Public.String(), "AllocationId": allocation(a.Public), "AssociationId": "eipassoc-" + hyphens(a.Public)}
	}
	return object{"PublicIp": a.Public.String(), "IpOwnerId": "amazon"}
}

func allocation(ip netip.Addr) string { return "eipalloc-" + hyphens(ip) }

func hyphens(ip netip.Addr) string {
	return strings.NewReplacer(".", "-", ":", "-").Replace(ip.String())
}

func instanceObject(v *vpc.VPC, i *vpc.Instance) object {
	state := object{"Code": 16, "Name": "running"}
	switch i.State {
	case vpc.Stopped:
		state = object{"Code": 80, "Name": "stopped"}
	case vpc.Terminated:
		state = object{"Code": 48, "Name": "terminated"}
	}
	o := object{"InstanceId": i.ID, "VpcId": v.ID, "State": state}.named(i.Name)
	interfaces := []object{}
	for _, s := range v.Subnets {
		for _, e := range s.Interfaces {
			if e.Instance != i.ID {
				continue
			}
			listed := interfaceObject(s, e)
			listed["VpcId"] = v.ID
			delete(listed, "AvailabilityZone")
			delete(listed, "TagSet")
			interfaces = append(interfaces, listed)
			o["MetadataOptions"] = metadataObject(e.Metadata)
			if len(interfaces) == 1 {
				o["SubnetId"] = s.ID
				o["PrivateIpAddress"] = listed["PrivateIpAddress"]
			}
		}
	}
	o["NetworkInterfaces"] = interfaces
	return o
}

func metadataObject(m vpc.Metadata) object {
	o := object{"HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled", "HttpPutResponseHopLimit": max(1, m.HopLimit)}
	if m.Disabled {
		o["HttpEndpoint"] = "disabled"
	}
	if m.IPv6 {
		o["HttpProtocolIpv6"] = "enabled"
	}
	return o
}

// gateway lists a gateway of a VPC.
func (l listing) gateway(v *vpc.VPC, g *vpc.Gateway) {
	attachments := []object{{"State": "attached", "VpcId": v.ID}}
	inside := object{"VpcId": v.ID}.set("State", g.State).named(g.Name)
	switch g.Kind {
	case routing.EgressOnlyGateway:
		if g.State != "" {
			attachments[0]["State"] = g.State
		}
		l.add(v.Region, "EgressOnlyInternetGateways", object{"EgressOnlyInternetGatewayId": g.ID, "Attachments": attachments}.named(g.Name))
	case routing.VPNGateway:
		l.add(v.Region, "VpnGateways", object{"VpnGatewayId": g.ID, "VpcAttachments": attachments}.set("State", g.State).named(g.Name))
		l.vpn(v.Region, g)
	case routing.CarrierGateway:
		l.add(v.Region, "CarrierGateways", inside.set("CarrierGatewayId", g.ID))
	case routing.NATGateway:
		l.add(v.Region, "NatGateways", natObject(inside, g))
	case routing.GatewayEndpoint, routing.GWLBEndpoint, routing.InterfaceEndpoint, routing.UnknownTarget:
		inside["VpcEndpointType"] = map[routing.TargetKind]string{
			routing.GatewayEndpoint: "Gateway", routing.GWLBEndpoint: "GatewayLoadBalancer", routing.InterfaceEndpoint: "Interface", routing.UnknownTarget: "unknown",
		}[g.Kind]
		l.add(v.Region, "VpcEndpoints", endpointObject(inside, g))
	}
}

func natObject(o object, g *vpc.Gateway) object {
	o["ConnectivityType"] = "public"
	if g.Private {
		o["ConnectivityType"] = "private"
	}
	addresses := []object{}
	for _, a := range g.Addresses {
		entry := object{}
		if a.IP.IsValid() {
			entry["PrivateIp"] = a.IP.String()
		}
		if a.Public.IsValid() {
			entry["PublicIp"], entry["AllocationId"] = a.Public.String(), allocation(a.Public)
		}
		if slices.Contains(g.Draining, a.IP) || slices.Contains(g.Draining, a.Public) {
			entry["Status"] = "disassociating"
		}
		addresses = append(addresses, entry.set("AvailabilityZone", a.Zone))
	}
	o["NatGatewayAddresses"] = addresses
	if g.Regional {
		o["AvailabilityMode"] = "regional"
	}
	return o.set("NatGatewayId", g.ID).set("SubnetId", g.Subnet).set("FailureCode", g.Failure).set("RouteTableId", g.RouteTable)
}

// join lists a gateway that joins VPCs.
func (l listing) join(n *vpc.Network, g *vpc.Gateway) {
	switch g.Kind {
	case routing.PeeringConnection:
		o := object{"VpcPeeringConnectionId": g.ID, "Status": object{"Code": g.State}}
		for k, key := range []string{"RequesterVpcInfo", "AccepterVpcInfo"} {
			if k < len(g.VPCs) {
				side := object{"VpcId": g.VPCs[k]}
				if slices.Contains(g.PeerDNS, g.VPCs[k]) {
					side["PeeringOptions"] = object{"AllowDnsResolutionFromRemoteVpc": true}
				}
				o[key] = side
			}
		}
		l.add("", "VpcPeeringConnections", o.named(g.Name))
	case routing.TransitGateway:
		l.transit(n, g)
	case routing.LocalGateway:
		l.add("", "LocalGateways", object{"LocalGatewayId": g.ID}.set("State", g.State).named(g.Name))
	}
}
