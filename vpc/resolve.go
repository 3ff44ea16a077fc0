package vpc

import (
	"strings"

	"github.com/vpcemu/vpcemu/routing"
)

// Index finds the elements of a network by ID or name without searching. It is
// made once for many questions; changes of the network after that are not seen.
type Index struct {
	n           *Network
	vpcs        names[VPC]
	prefixLists names[PrefixList]
	gateways    names[Gateway]
	scopes      map[*VPC]*scope
}

// scope is what is looked up inside one VPC.
type scope struct {
	subnets    names[Subnet]
	tables     names[RouteTable]
	acls       names[NetworkACL]
	groups     names[SecurityGroup]
	instances  names[Instance]
	gateways   names[Gateway]
	interfaces names[Interface]
	attached   map[string]attachment // by instance ID
}

// attachment is the interfaces of an instance: the first one, and how many.
type attachment struct {
	first  *Interface
	subnet *Subnet
	count  int
}

// Index makes an index of the network as it is now.
func (n *Network) Index() *Index {
	ix := &Index{n: n, scopes: make(map[*VPC]*scope, len(n.VPCs))}
	ix.vpcs.addAll(n.VPCs, func(v *VPC) (string, string) { return v.ID, v.Name })
	ix.prefixLists.addAll(n.PrefixLists, func(l *PrefixList) (string, string) { return l.ID, l.Name })
	ix.gateways.addAll(n.Gateways, gatewayNames)
	for _, v := range n.VPCs {
		ix.scopes[v] = newScope(v)
	}
	return ix
}

func gatewayNames(g *Gateway) (id, name string) { return g.ID, g.Name }

func newScope(v *VPC) *scope {
	s := &scope{attached: make(map[string]attachment, len(v.Instances))}
	s.interfaces.grow(v.interfaceCount())
	s.subnets.addAll(v.Subnets, func(e *Subnet) (string, string) { return e.ID, e.Name })
	s.tables.addAll(v.RouteTables, func(e *RouteTable) (string, string) { return e.ID, e.Name })
	s.acls.addAll(v.NetworkACLs, func(e *NetworkACL) (string, string) { return e.ID, e.Name })
	s.groups.addAll(v.SecurityGroups, func(e *SecurityGroup) (string, string) { return e.ID, e.Name })
	s.instances.addAll(v.Instances, func(e *Instance) (string, string) { return e.ID, e.Name })
	s.gateways.addAll(v.Gateways, gatewayNames)
	for _, subnet := range v.Subnets {
		s.interfaces.addAll(subnet.Interfaces, func(e *Interface) (string, string) { return e.ID, e.Name })
		for _, i := range subnet.Interfaces {
			if i.Instance != "" && !i.Detached {
				s.attach(subnet, i)
			}
		}
	}
	return s
}

func (s *scope) attach(subnet *Subnet, i *Interface) {
	id := s.instanceID(i.Instance)
	a := s.attached[id]
	if a.count == 0 {
		a.first, a.subnet = i, subnet
	}
	a.count++
	s.attached[id] = a
}

func (v *VPC) interfaceCount() int {
	count := 0
	for _, s := range v.Subnets {
		count += len(s.Interfaces)
	}
	return count
}

// instanceID is the ID of an instance given by ID or name. An instance that is
// not described is known by what its interfaces call it.
func (s *scope) instanceID(name string) string {
	if i := s.instances.get(name); i != nil {
		return i.ID
	}
	return name
}

// VPC finds a VPC as [Network.VPC] does.
func (ix *Index) VPC(name string) *VPC { return ix.vpcs.get(name) }

// Group finds the security group that a rule of a VPC means by a name: one of
// the VPC itself, else of a VPC that a peering connection or a transit gateway
// joins to it (SG-20), else "vpc/name". It is nil if there is none, or several.
func (ix *Index) Group(v *VPC, name string) (*SecurityGroup, *VPC) {
	if g := ix.scopes[v].groups.get(name); g != nil {
		return g, v
	}
	if owner, rest, ok := strings.Cut(name, "/"); ok {
		if w := ix.vpcs.get(owner); w != nil {
			return ix.scopes[w].groups.get(rest), w
		}
	}
	var found *SecurityGroup
	var in *VPC
	for _, w := range ix.n.VPCs {
		g := ix.scopes[w].groups.get(name)
		if g == nil || w == v || !ix.joined(v, w) {
			continue
		}
		if found != nil {
			return nil, nil
		}
		found, in = g, w
	}
	return found, in
}

// joined reports whether one gateway joins the two VPCs.
func (ix *Index) joined(v, w *VPC) bool {
	for _, g := range ix.n.Gateways {
		if ix.joins(g, v) && ix.joins(g, w) {
			return true
		}
	}
	return false
}

func (ix *Index) joins(g *Gateway, v *VPC) bool {
	for _, name := range g.VPCs {
		if ix.vpcs.get(name) == v {
			return true
		}
	}
	if g.Transit == nil {
		return false
	}
	for _, a := range g.Transit.Attachments {
		if a.Kind == VPCAttachment && ix.vpcs.get(a.VPC) == v {
			return true
		}
	}
	return false
}

// Target says what the target of a route of the VPC is: names become a kind and
// an ID, an instance its only interface (RT-36). A kind that was guessed from
// the prefix of an ID gives way to what has that ID as its name. ok is false if
// nothing in the VPC, and no gateway of the network, is meant.
//
// A route to "the internet gateway" of a VPC without one is resolved: it is a
// blackhole (RT-32).
func (ix *Index) Target(v *VPC, t routing.Target) (_ routing.Target, ok bool) {
	switch t.Kind {
	case routing.Nowhere, routing.Local:
		return t, true
	case routing.InternetGateway:
		if t.ID == "" && v.InternetGateway != nil {
			t.ID = v.InternetGateway.ID
		}
		if t.ID == "" {
			return t, true
		}
	}
	for _, find := range ix.finders(t.Kind) {
		if found, ok := find(ix.scopes[v], v, t.ID); found.Kind != routing.Nowhere {
			return found, ok
		}
	}
	return t, opaque(t.Kind)
}

// finder looks a target up; it answers Nowhere if it knows nothing of the name.
type finder func(s *scope, v *VPC, name string) (_ routing.Target, ok bool)

// finders are in the order in which a name is looked up: as what its prefix says
// first, if it has one.
func (ix *Index) finders(k routing.TargetKind) []finder {
	switch k {
	case routing.Interface, routing.UnknownTarget:
		return []finder{interfaceTarget, instanceTarget, ix.gatewayTarget}
	case routing.Instance:
		return []finder{instanceTarget, interfaceTarget, ix.gatewayTarget}
	}
	return []finder{ix.gatewayTarget, interfaceTarget, instanceTarget}
}

// opaque kinds of targets are far sides that need no description (RT-41).
func opaque(k routing.TargetKind) bool {
	switch k {
	case routing.CarrierGateway, routing.LocalGateway, routing.CoreNetwork, routing.ODBNetwork:
		return true
	}
	return false
}

func interfaceTarget(s *scope, _ *VPC, name string) (routing.Target, bool) {
	if i := s.interfaces.get(name); i != nil {
		return routing.Target{Kind: routing.Interface, ID: i.ID}, true
	}
	return routing.Target{}, false
}

// instanceTarget finds the only interface of an instance; an instance with none
// or several is found, but stands for nothing.
func instanceTarget(s *scope, _ *VPC, name string) (routing.Target, bool) {
	id := s.instanceID(name)
	mine := s.attached[id]
	switch {
	case mine.count == 1:
		return routing.Target{Kind: routing.Interface, ID: mine.first.ID}, true
	case mine.count > 1 || s.instances.get(name) != nil:
		return routing.Target{Kind: routing.Instance, ID: id}, false
	}
	return routing.Target{}, false
}

func (ix *Index) gatewayTarget(s *scope, v *VPC, name string) (routing.Target, bool) {
	if g := v.InternetGateway; g != nil && name != "" && (g.ID == name || g.Name == name) {
		return routing.Target{Kind: routing.InternetGateway, ID: g.ID}, true
	}
	for _, known := range [...]names[Gateway]{s.gateways, ix.gateways} {
		if g := known.get(name); g != nil {
			return routing.Target{Kind: g.Kind, ID: g.ID}, true
		}
	}
	return routing.Target{}, false
}

// names finds elements by ID, else by a name that only one of them has, as find
// does without the search.
type names[T any] struct {
	ids   map[string]*T
	names map[string]*T // nil for a name of several
}

func (x *names[T]) addAll(list []*T, of func(*T) (id, name string)) {
	if x.ids == nil {
		x.grow(len(list))
	}
	for _, e := range list {
		id, name := of(e)
		if _, taken := x.ids[id]; !taken {
			x.ids[id] = e
		}
		if name == "" || name == id {
			continue // found by its ID
		}
		if _, taken := x.names[name]; taken {
			e = nil
		}
		x.names[name] = e
	}
}

func (x *names[T]) grow(size int) {
	x.ids, x.names = make(map[string]*T, size), make(map[string]*T)
}

// check says what is wrong with the ID of an element: it needs one of its own.
func (x *names[T]) check(id string, e *T) *mistake {
	switch {
	case id == "":
		return wrong(CodeMissing, "has no ID (ERR-4)")
	case x.ids[id] != e:
		return wrong(CodeInvalidValue, "there is another one with this ID (ERR-5)")
	}
	return nil
}

// get returns nil for the empty name, which refers to nothing.
func (x *names[T]) get(name string) *T {
	if name == "" {
		return nil
	}
	if e := x.ids[name]; e != nil {
		return e
	}
	return x.names[name]
}
