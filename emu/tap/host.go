package tap

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// Host is who has a namespace: an instance, an interface without one, the service of
// an interface endpoint, or a network beyond.
type Host struct {
	// Name is the shortest that means only it; Names are others.
	Name  string
	Names []string
	// Hostname is what the host calls itself.
	Hostname string
	// Resolver and Search go into its resolv.conf; the zero Addr: it has none.
	Resolver netip.Addr
	Search   string
	// Forwards says that it sends on what is not for it.
	Forwards bool
	Devices  []Device
}

// Device is an interface as its host sees it.
type Device struct {
	// Port is what [emu.Emulator.Port] calls it.
	Port string
	Name string // "eth0"
	MAC  MAC
	MTU  int // bytes
	// Addresses, the primary one first, each with the length of its subnet.
	Addresses []netip.Prefix
	// Routers are the gateways of its default routes.
	Routers []netip.Addr
	// Local are ranges of which the host has every address.
	Local []netip.Prefix
	// Near is what it has a route to, nil for everything.
	Near []netip.Prefix
	// Router is the MAC address of the subnet's router.
	Router MAC
	// Beyond says that it is no interface of the network, and has no neighbours.
	Beyond bool
}

// Routers of networks beyond, which are in no range of theirs.
var (
	beyondRouter4 = netip.MustParseAddr("169.254.1.1")
	router6       = netip.MustParseAddr("fe80:ec2::1") // SUB-9
)

// guest kinds are the types of interfaces with a guest behind them; others belong to
// gateways.
var guestKinds = []string{"", "interface", "efa", "efa-only", "trunk", "branch", endpointKind}

const endpointKind = "vpc_endpoint"

// hostsOf lists who has a namespace, by name.
func hostsOf(e *emu.Emulator) []*Host {
	n := e.Network()
	var hosts []*Host
	for _, v := range n.VPCs {
		hosts = append(hosts, guests(v)...)
	}
	for _, f := range e.Far() {
		hosts = append(hosts, beyond(f))
	}
	name(hosts)
	return hosts
}

// guests are the hosts of one VPC.
func guests(v *vpc.VPC) []*Host {
	var hosts []*Host
	byID := make(map[string]*Host)
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			id, label, there := owner(v, i)
			if !there {
				continue
			}
			h := byID[id]
			if h == nil {
				h = &Host{Name: label, Names: []string{id, v.Name + "/" + label, v.ID + "/" + label, v.ID + "/" + id}}
				byID[id] = h
				hosts = append(hosts, h)
			}
			d := deviceOf(v, s, i)
			d.Name = "eth" + strconv.Itoa(i.DeviceIndex)
			h.Devices = append(h.Devices, d)
			h.Forwards = h.Forwards || i.NoSourceDestCheck
		}
	}
	for _, h := range hosts {
		h.settle(v)
	}
	return hosts
}

// owner is whose interface it is, by ID and by name; false if nobody's who runs.
func owner(v *vpc.VPC, i *vpc.Interface) (id, label string, there bool) {
	if i.Detached || !slices.Contains(guestKinds, i.Kind) {
		return "", "", false
	}
	if i.Kind == endpointKind {
		for _, g := range v.Gateways {
			if g.Endpoint != nil && slices.Contains(g.Endpoint.Interfaces, i.ID) {
				return g.ID, cmp.Or(g.Name, g.ID), true
			}
		}
	}
	if o := v.Instance(i.Instance); o != nil && i.Instance != "" {
		return o.ID, cmp.Or(o.Name, o.ID), o.State == vpc.Running
	}
	return cmp.Or(i.Instance, i.ID), cmp.Or(i.Instance, i.Name, i.ID), true
}

// deviceOf is an interface of a subnet.
func deviceOf(v *vpc.VPC, s *vpc.Subnet, i *vpc.Interface) Device {
	d := Device{Port: v.ID + "/" + i.ID, MAC: macOf(v.ID, i.ID), Router: macOf(v.ID, s.ID, "router"), MTU: emu.InterfaceMTU}
	for _, a := range i.Addresses {
		for _, c := range s.CIDRs {
			if c.Contains(a.IP) {
				d.Addresses = append(d.Addresses, netip.PrefixFrom(a.IP, c.Bits()))
			}
		}
	}
	for _, c := range s.CIDRs {
		if c.Addr().Is4() {
			d.Routers = append(d.Routers, c.Masked().Addr().Next())
		}
	}
	if slices.ContainsFunc(d.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
		d.Routers = append(d.Routers, router6)
	}
	d.Local = i.Prefixes
	return d
}

// settle puts the devices in order and says what follows from the primary one.
func (h *Host) settle(v *vpc.VPC) {
	slices.SortStableFunc(h.Devices, func(a, b Device) int { return strings.Compare(a.Name, b.Name) })
	for k := range h.Devices {
		if k > 0 && h.Devices[k].Name == h.Devices[k-1].Name { // endpoints number none
			h.Devices[k].Name = "eth" + strconv.Itoa(k)
		}
	}
	h.Search = v.PrivateDomain()
	for _, p := range h.Devices[0].Addresses {
		if a := p.Addr(); a.Is4() {
			h.Hostname, _, _ = strings.Cut(v.PrivateName(a), ".")
			h.Resolver = v.ResolverFor(a)
			return
		}
	}
	h.Hostname, h.Resolver = h.Name, vpc.Resolver6
}

// beyond is the host that stands for a network beyond this one.
func beyond(f emu.Far) *Host {
	d := Device{Port: f.Name, Name: "eth0", MAC: macOf(f.Name), Router: macOf(f.Name, "router"), MTU: emu.InternetMTU, Local: f.Prefixes, Beyond: true}
	for _, a := range f.Hosts {
		d.Addresses = append(d.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	d.Routers = []netip.Addr{beyondRouter4, router6}
	if f.Name == "internet" {
		d.Local = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
		d.Near = append([]netip.Prefix{}, f.Near...) // not nil, which would be everything
	}
	return &Host{Name: f.Name, Hostname: strings.NewReplacer(":", "-", "/", "-").Replace(f.Name), Devices: []Device{d}}
}

// name gives each host the shortest name that means only it: its own, that with its
// VPC before it, or an ID. Instances of one group often have the same name.
func name(hosts []*Host) {
	called := make(map[string]int) // by how many hosts
	for _, h := range hosts {
		for n := range h.calls() {
			called[n]++
		}
	}
	for _, h := range hosts {
		if len(h.Names) == 0 || called[h.Name] == 1 {
			continue
		}
		for _, k := range []int{1, 0, 2, 3} {
			if h.Name = h.Names[k]; called[h.Name] == 1 {
				break
			}
		}
	}
	slices.SortStableFunc(hosts, func(a, b *Host) int { return strings.Compare(a.Name, b.Name) })
}

// calls are all that the host is called.
func (h *Host) calls() map[string]bool {
	all := map[string]bool{h.Name: true}
	for _, n := range h.Names {
		all[n] = true
	}
	return all
}

// answersFor reports whether the router answers for an address: its own, and the ones
// that every subnet reserves behind it (SUB-5, SUB-9).
func (d *Device) answersFor(a netip.Addr) bool {
	if a == router6 {
		return true
	}
	for _, p := range d.Addresses {
		base := p.Masked().Addr()
		for range 3 {
			if base = base.Next(); p.Contains(a) && a == base {
				return true
			}
		}
	}
	return false
}

// beside reports whether an address is in a subnet of the device.
func (d *Device) beside(a netip.Addr) bool {
	return slices.ContainsFunc(d.Addresses, func(p netip.Prefix) bool { return p.Contains(a) })
}
