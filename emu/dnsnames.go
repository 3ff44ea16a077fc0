package emu

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// What has a name, for who asks in a VPC of us-east-1 / of another Region R.
//
//	ip-10-0-1-5.ec2.internal / .R.compute.internal       the private address, if an interface of the VPC has it
//	i-0123456789abcdef0.ec2.internal / …                 primary addresses of the instance, or of the interface that stands for itself
//	ec2-203-0-113-25.compute-1.amazonaws.com / .R.compute.amazonaws.com
//	                                                     in the VPC, and over peering that says so (PCX-14), the private address
//	sqs.R.amazonaws.com                                  the addresses of the VPC's interface endpoint (EP-19)
//	front-0123456789abcdef.elb.R.amazonaws.com           the nodes of a Network Load Balancer
//	front-123456789.R.elb.amazonaws.com                  of an Application Load Balancer; internal-front-… if it is internal
//	5.1.0.10.in-addr.arpa, ….ip6.arpa                    the first or, for IPv6, the second of these names
//
// Descriptions do not say whether a subnet has resource names on, whether an endpoint has
// private DNS on, and what AWS puts after a load balancer's name: resource names are answered
// for networks that are described as a whole, private DNS is on as in a new
// endpoint, and whatever hexadecimal number follows the name will do, or none.

// nameOf is what a name leads to.
type nameOf struct {
	addrs []netip.Addr
	host  string // the name of an address, without the dot at the end
}

const (
	nameFound  = dnsmessage.RCodeSuccess
	nameAbsent = dnsmessage.RCodeNameError
	nameUnsure = dnsmessage.RCodeServerFailure
)

// names finds what a name in lower case, without the dot at the end, leads to for who
// sent the packet.
func (w *walk) names(name string) (nameOf, dnsmessage.RCode) {
	if a, ok := reversed(name); ok && w.vpc.Contains(a) {
		return w.reverse(a)
	}
	if a, ok := vpc.AddrInName(name); ok && name == w.vpc.Desc.PrivateName(a) {
		return w.privateName(a)
	}
	if host, ok := strings.CutSuffix(name, "."+w.vpc.Desc.PrivateDomain()); ok {
		return w.resourceName(host)
	}
	for _, find := range []func(string) []netip.Addr{w.publicName, w.endpointName, w.balancerName, w.net.em.opts.Names} {
		if find == nil {
			continue
		}
		if addrs := find(name); len(addrs) > 0 {
			return nameOf{addrs: addrs}, nameFound
		}
	}
	return nameOf{}, nameUnsure
}

// absent is that nobody has a name of the VPC, if the description says so much.
func (w *walk) absent() dnsmessage.RCode {
	if w.vpc.Desc.Partial || w.vpc.Desc.Unlisted != "" {
		return nameUnsure
	}
	return nameAbsent
}

// privateName is the address of a private name, if an interface has it.
func (w *walk) privateName(a netip.Addr) (nameOf, dnsmessage.RCode) {
	if w.net.plan.Owner(w.vpc, a) == nil {
		return nameOf{}, w.absent()
	}
	return nameOf{addrs: []netip.Addr{a}}, nameFound
}

// resourceName finds a host by its resource name in the VPC's private domain.
func (w *walk) resourceName(host string) (nameOf, dnsmessage.RCode) {
	i := w.net.host(w.vpc, host)
	if i == nil || w.vpc.Desc.Partial {
		return nameOf{}, w.absent()
	}
	var n nameOf
	for _, four := range [...]bool{true, false} {
		k := slices.IndexFunc(i.Desc.Addresses, func(a vpc.Address) bool { return a.IP.Is4() == four })
		if k >= 0 {
			n.addrs = append(n.addrs, i.Desc.Addresses[k].IP)
		}
	}
	return n, nameFound
}

// resourceName is what the private domain calls a guest's interface: by its instance, or
// by itself; "" for the interfaces of gateways, endpoints and load balancers.
func resourceName(i *plan.Interface) string {
	switch {
	case i.Gateway != nil, i.Endpoint != nil, i.Balancer != nil:
		return ""
	case i.Instance != nil:
		return strings.ToLower(i.Instance.ID)
	}
	return strings.ToLower(i.Desc.ID)
}

// host is the primary interface of the host that has a resource name in a VPC.
func (g *generation) host(v *plan.VPC, name string) *plan.Interface {
	var primary *plan.Interface
	for i := range g.plan.Interfaces() {
		if i.VPC == v && name != "" && resourceName(i) == name && (primary == nil || i.Desc.DeviceIndex < primary.Desc.DeviceIndex) {
			primary = i
		}
	}
	return primary
}

// reverse finds the name of an address of the VPC.
func (w *walk) reverse(a netip.Addr) (nameOf, dnsmessage.RCode) {
	i := w.net.plan.Owner(w.vpc, a)
	switch {
	case i == nil:
		return nameOf{}, w.absent()
	case a.Is4():
		return nameOf{host: w.vpc.Desc.PrivateName(a)}, nameFound
	case resourceName(i) == "" || w.vpc.Desc.Partial:
		return nameOf{}, w.absent()
	}
	return nameOf{host: resourceName(i) + "." + w.vpc.Desc.PrivateDomain()}, nameFound
}

// publicName is the address behind the public name of an instance: the private one for
// who asks in its VPC, if that has DNS hostnames, or over a peering connection for which the
// VPC's owner has said so (PCX-14).
func (w *walk) publicName(name string) []netip.Addr {
	a, ok := vpc.AddrInName(name)
	b, known := w.net.plan.Public(a)
	switch {
	case !ok || !known || name != b.Interface.VPC.Desc.PublicName(a):
		return nil
	case b.Interface.VPC.Desc.DNSHostnames && (b.Interface.VPC == w.vpc || w.peerDNS(b.Interface.VPC)):
		return []netip.Addr{b.Private}
	}
	return []netip.Addr{a}
}

// peerDNS reports whether a peering connection lets the VPC see private addresses behind the
// public names of another.
func (w *walk) peerDNS(other *plan.VPC) bool {
	return slices.ContainsFunc(w.net.plan.Gateways, func(g *plan.Gateway) bool {
		return g.Desc.Kind == routing.PeeringConnection && g.Desc.Works() && g.Other(w.vpc) == other &&
			slices.ContainsFunc(g.Desc.PeerDNS, func(name string) bool { return name == other.Desc.ID || name == other.Desc.Name })
	})
}

// endpointName is the addresses of the interface endpoint of the VPC that has taken over the
// name of its service (EP-19).
func (w *walk) endpointName(name string) []netip.Addr {
	if !w.vpc.Desc.DNSHostnames {
		return nil
	}
	var addrs []netip.Addr
	for i := range w.net.plan.Interfaces() {
		g := i.Endpoint
		if i.VPC == w.vpc && g != nil && g.Desc.Kind == routing.InterfaceEndpoint && g.Desc.Works() && serviceHost(g.Desc.Endpoint, w.vpc.Desc.RegionName()) == name {
			for _, a := range i.Desc.Addresses {
				addrs = append(addrs, a.IP)
			}
		}
	}
	return addrs
}

// serviceHost is the name under which a service of AWS's is called in a Region: that of the
// endpoint service, back to front. Services of others have names that nothing here tells.
//
//	com.amazonaws.eu-west-1.ecr.api ─▶ api.ecr.eu-west-1.amazonaws.com
func serviceHost(e *vpc.Endpoint, region string) string {
	if e == nil || e.Service == "" || strings.Contains(e.Service, "vpce-svc") {
		return ""
	}
	service := e.Service
	if rest, ok := strings.CutPrefix(service, "com.amazonaws."); ok {
		region, service, _ = strings.Cut(rest, ".")
	}
	switch service {
	case "ecs-agent":
		service = "ecs-a"
	case "ecs-telemetry":
		service = "ecs-t"
	}
	labels := strings.Split(service, ".")
	slices.Reverse(labels)
	return strings.ToLower(strings.Join(labels, ".") + "." + region + ".amazonaws.com")
}

// balancerName is the addresses of the load balancer that a name belongs to: private ones
// of an internal balancer, public ones of another, wherever they are asked for.
func (w *walk) balancerName(name string) []netip.Addr {
	host, rest, _ := strings.Cut(name, ".")
	for _, numbered := range [...]bool{false, true} {
		for _, v := range w.net.plan.VPCs {
			for _, b := range v.Balancers {
				if balancerDomain(b) == rest && isBalancer(b.Desc, host, numbered) {
					return balancerAddresses(b)
				}
			}
		}
	}
	return nil
}

func balancerDomain(b *plan.LoadBalancer) string {
	if b.Desc.Kind == vpc.ApplicationLoadBalancer {
		return b.VPC.Desc.RegionName() + ".elb.amazonaws.com"
	}
	return "elb." + b.VPC.Desc.RegionName() + ".amazonaws.com"
}

// isBalancer reports whether the first label of a name is a load balancer's, with a
// number at its end or without.
func isBalancer(b *vpc.LoadBalancer, host string, numbered bool) bool {
	if b.Kind == vpc.ApplicationLoadBalancer && b.Internal {
		var internal bool
		if host, internal = strings.CutPrefix(host, "internal-"); !internal {
			return false
		}
	}
	if k := strings.LastIndexByte(host, '-'); numbered && k >= 0 && isHexadecimal(host[k+1:]) {
		host = host[:k]
	} else if numbered {
		return false
	}
	return host == strings.ToLower(cmp.Or(b.Name, b.ID))
}

func isHexadecimal(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdef") == "" }

func balancerAddresses(b *plan.LoadBalancer) []netip.Addr {
	var addrs []netip.Addr
	for _, node := range b.Nodes {
		for _, a := range node.Desc.Addresses {
			switch {
			case a.IP.Is6(), b.Desc.Internal:
				addrs = append(addrs, a.IP)
			case a.Public.IsValid():
				addrs = append(addrs, a.Public)
			}
		}
	}
	return addrs
}

// reversed reads 5.1.0.10.in-addr.arpa, and of IPv6 the 32 digits before ip6.arpa (RFC 3596
// section 2.5).
func reversed(name string) (netip.Addr, bool) {
	if four, ok := strings.CutSuffix(name, ".in-addr.arpa"); ok {
		parts := strings.Split(four, ".")
		slices.Reverse(parts)
		a, err := netip.ParseAddr(strings.Join(parts, "."))
		return a, err == nil && a.Is4()
	}
	six, ok := strings.CutSuffix(name, ".ip6.arpa")
	digits := strings.Split(six, ".")
	if !ok || len(digits) != 32 {
		return netip.Addr{}, false
	}
	var b [16]byte
	for k, d := range digits {
		n, err := strconv.ParseUint(d, 16, 4)
		if err != nil || len(d) != 1 {
			return netip.Addr{}, false
		}
		b[15-k/2] |= byte(n) << (4 * (k % 2))
	}
	return netip.AddrFrom16(b), true
}
