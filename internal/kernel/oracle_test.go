//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/vpc"
)

// oracle is a network made of Linux.
//
//	guest ═ interface ─── router of ─── core of ─── …
//	guest ═ interface ──╱ the subnet  ╲ the VPC
//	        NAT gateway ╱      ╲       ╲── internet gateway ─── internet ═ everybody
//	                            ╲── another subnet, past its route table, where a route names a station there
//	                             ╲── an attachment's subnet ─── transit gateway, which has a table for each of these
//
// A single line is a wire between two namespaces, a double one a TUN device. Each interface and NAT gateway has a namespace, with
// connections of its own (SG-47), each subnet has one, where its route table and ACL are, and each gateway has one.
type oracle struct {
	n        *vpc.Network
	stations []*station
	spaces   []*namespace
	homes    map[*vpc.Subnet]*namespace
	laid     map[*vpc.Subnet]map[any]string // links, by where they lead
	cores    map[*vpc.VPC]*namespace
	igws     map[*vpc.VPC]*namespace // and egress-only ones
	transits []*namespace
	exits    map[*vpc.Subnet]string // of transit gateways
	internet *namespace
	peers    map[string]*vpc.VPC // whose packets come by a link into the core of another
	ends     []*end
	settled  *sentinel
	links    int
	timed    []timed
}

// end is where packets are put in and come out.
type end struct {
	name string
	at   *station // nil: the internet
	fd   int
}

// newOracle builds a network, which is complete: its addresses are assigned.
func newOracle(n *vpc.Network, s *sentinel) (o *oracle, err error) {
	o = &oracle{n: n, stations: stations(n), settled: s, homes: make(map[*vpc.Subnet]*namespace), laid: make(map[*vpc.Subnet]map[any]string),
		cores: make(map[*vpc.VPC]*namespace), igws: make(map[*vpc.VPC]*namespace), peers: make(map[string]*vpc.VPC), exits: make(map[*vpc.Subnet]string)}
	if err := o.build(); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	// What the kernel had to say before the rules were there ends now.
	_, err = o.send("internet")
	return o, err
}

// Close removes all of it.
func (o *oracle) Close() error {
	var all []error
	for _, e := range o.ends {
		all = append(all, unix.Close(e.fd))
	}
	for _, ns := range o.spaces {
		all = append(all, ns.Close())
	}
	return errors.Join(all...)
}

func (o *oracle) space() (*namespace, error) {
	ns, err := newNamespace()
	if ns != nil {
		o.spaces = append(o.spaces, ns)
	}
	return ns, err
}

// end opens a TUN device in a namespace.
func (o *oracle) end(ns *namespace, name string, at *station) error {
	fd, err := ns.tun("guest")
	if fd >= 0 {
		o.ends = append(o.ends, &end{name, at, fd})
	}
	return err
}

// link is a name that no other link has.
func (o *oracle) link(kind string) string {
	o.links++
	return fmt.Sprint(kind, o.links)
}

func (o *oracle) build() (err error) {
	for _, p := range o.stations {
		if p.s == nil {
			return fmt.Errorf("%w: %s is in no subnet", errRefused, p.name())
		}
	}
	if o.internet, err = o.space(); err != nil {
		return err
	}
	if err := o.end(o.internet, "internet", nil); err != nil {
		return err
	}
	steps := []func() error{o.makeVPCs, o.makeStations, o.makeTransit, o.makeRoutes, o.makeInternet, o.makeEdges, o.makeRules, o.ready}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// makeVPCs makes the namespaces of subnets and of what a VPC has one of.
func (o *oracle) makeVPCs() (err error) {
	for _, v := range o.n.VPCs {
		if o.cores[v], err = o.space(); err != nil {
			return err
		}
		if v.InternetGateway != nil || egressOnly(v) != nil {
			if o.igws[v], err = o.space(); err != nil {
				return err
			}
			if err := wire(o.igws[v], "core", o.cores[v], "igw"); err != nil {
				return err
			}
		}
		for _, s := range v.Subnets {
			if o.homes[s], err = o.space(); err != nil {
				return err
			}
			if err := o.homes[s].localLast(); err != nil {
				return err
			}
			name := o.link("sub")
			if err := wire(o.homes[s], "core", o.cores[v], name); err != nil {
				return err
			}
			for _, p := range v.CIDRs {
				if err := o.homes[s].route(router, p, "core"); err != nil {
					return err
				}
			}
			if err := o.homes[s].routerRule(); err != nil {
				return err
			}
			for _, p := range s.CIDRs {
				if err := o.cores[v].route(main, p, name); err != nil {
					return err
				}
				if err := o.homes[s].local(p.Addr().Next()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// makeStations puts interfaces and NAT gateways into their subnets.
func (o *oracle) makeStations() (err error) {
	for _, p := range o.stations {
		if p.ns, err = o.space(); err != nil {
			return err
		}
		if p.i != nil {
			if err := o.end(p.ns, p.name(), p); err != nil {
				return err
			}
		}
		p.link = o.link("eni")
		home := o.homes[p.s]
		if err := wire(p.ns, "wire", home, p.link); err != nil {
			return err
		}
		if err := p.reach(); err != nil {
			return err
		}
		if !p.up() {
			continue
		}
		for _, a := range p.own() {
			if err := home.route(main, a, p.link); err != nil {
				return err
			}
		}
		if err := home.rule(p.link, subnet); err != nil {
			return err
		}
		if p.nat != nil {
			if err := o.returnMessages(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// reach says where packets go in the namespace of a station: from the guest to the subnet and back, or, at a gateway, back whence they came.
func (p *station) reach() error {
	for _, all := range everything {
		if p.i == nil {
			if err := p.ns.routeMTU(main, all, "wire", 8500); err != nil { // NAT-31
				return err
			}
			continue
		}
		if err := p.ns.route(main, all, "wire"); err != nil {
			return err
		}
		if err := p.ns.route(inward, all, "guest"); err != nil {
			return err
		}
	}
	if p.i == nil {
		if err := p.ns.set(natTimes); err != nil {
			return err
		}
		return p.ns.foreign(p.nat.Addresses[0].IP)
	}
	if err := p.ns.set(interfaceTimes(p.i.Timeouts.OrDefault())); err != nil {
		return err
	}
	return p.ns.rule("wire", inward)
}

// makeInternet joins the internet gateways.
func (o *oracle) makeInternet() error {
	for _, all := range everything {
		if err := o.internet.route(main, all, "guest"); err != nil {
			return err
		}
	}
	for _, v := range o.n.VPCs {
		igw, link := o.igws[v], ""
		if igw != nil {
			link = o.link("igw")
			if err := wire(o.internet, link, igw, "internet"); err != nil {
				return err
			}
			for _, all := range everything {
				if err := errors.Join(igw.route(outward, all, "internet"), igw.route(main, all, "core")); err != nil {
					return err
				}
			}
		}
		for _, p := range o.stations {
			for _, a := range p.addresses() {
				if p.v == v && a.Public.IsValid() {
					if err := o.internet.route(main, host(a.Public), link); err != nil { // ORDER-16
						return err
					}
				}
			}
		}
		for _, c := range v.CIDRs {
			if !c.Addr().Is4() && !within(c.Addr(), bogons) {
				if err := o.internet.route(main, c, link); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (o *oracle) makeRules() error {
	for _, p := range o.stations {
		if p.i == nil {
			o.natRules(p) // counts down the TTL (NAT-33)
			continue
		}
		p.ns.sameTTL()
		o.messageRules(p)
		o.interfaceRules(p)
	}
	for _, v := range o.n.VPCs {
		for _, s := range v.Subnets {
			o.homes[s].sameTTL()
			o.aclRules(o.homes[s], v, s)
			o.loopRules(o.homes[s], v, s)
		}
		o.cores[v].sameTTL()
		o.coreRules(v)
		if igw := o.igws[v]; igw != nil {
			igw.sameTTL()
			o.internetGatewayRules(igw, v)
			if egressOnly(v) != nil {
				o.egressOnlyRules(igw)
			}
		}
	}
	for _, ns := range o.transits {
		o.transitRules(ns)
	}
	o.internetRules()
	return o.commit()
}

// commit hands all rules that were added to the kernel, whose time for that goes by with waiting.
func (o *oracle) commit() error {
	results := make([]error, len(o.spaces))
	var all sync.WaitGroup
	for k, ns := range o.spaces {
		all.Go(func() { results[k] = ns.flush() })
	}
	all.Wait()
	return errors.Join(results...)
}

// rewrite makes all anew that follows from the groups, network ACLs and routes of a VPC, which has got others; what is tracked stays
// (SG-27, ACL-19, RT-53).
func (o *oracle) rewrite(v *vpc.VPC) error {
	before := o.links
	for _, s := range v.Subnets {
		if err := errors.Join(o.homes[s].empty(subnet), o.homes[s].empty(entering), o.routeSubnet(v, s)); err != nil {
			return err
		}
		o.homes[s].forget("acl")
		o.aclRules(o.homes[s], v, s)
	}
	for _, p := range o.stations {
		if p.v == v && p.i != nil {
			p.ns.forget("interface")
			o.interfaceRules(p)
		}
	}
	if igw := o.igws[v]; igw != nil {
		igw.forget("igw")
		o.internetGatewayRules(igw, v)
	}
	for _, w := range o.n.VPCs { // to which new wires may lead
		o.cores[w].forget("core")
		o.coreRules(w)
	}
	if err := o.commit(); err != nil || o.links == before {
		return err
	}
	return o.ready()
}

// ready waits for the links, which the kernel puts into use at a time of its own.
func (o *oracle) ready() error {
	for _, ns := range o.spaces {
		for name := range ns.links {
			if err := ns.ready(name); err != nil {
				return err
			}
		}
	}
	return nil
}
