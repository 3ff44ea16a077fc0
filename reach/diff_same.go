package reach

import (
	"reflect"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// sameness is in what two networks are the same, so that it need not be compared.
type sameness struct {
	// ways are the same: everything but the rules of filters and who has which group.
	ways bool
	// atEnds says that changed filters matter to packets from and to those ends alone that
	// have them: no subnet's ACL has changed, and no group of a gateway or middlebox.
	atEnds bool
	// groups and acls are those that changed, by VPC and name or ID.
	groups, acls map[string]bool
	// named are all names and IDs that each network has, and names the name of each ID.
	named [2]map[string]bool
	names [2]map[string]string
}

func newSameness(before, after *vpc.Network) *sameness {
	s := &sameness{groups: make(map[string]bool), acls: make(map[string]bool)}
	for k, n := range [...]*vpc.Network{before, after} {
		s.named[k], s.names[k] = make(map[string]bool), make(map[string]string)
		s.collectNames(reflect.ValueOf(n), k)
	}
	if s.ways = equal(reflect.ValueOf(before), reflect.ValueOf(after), true); !s.ways {
		return s
	}
	s.filters(before, after)
	s.atEnds = s.changedAtEnds(before, after)
	return s
}

// filters finds the groups and ACLs that changed. Who is in a group matters to packets from
// and to those who came or went alone, and these are touched themselves.
func (s *sameness) filters(before, after *vpc.Network) {
	for k, v := range before.VPCs {
		w := after.VPCs[k]
		for i, g := range v.SecurityGroups {
			h := w.SecurityGroups[i]
			if !equal(reflect.ValueOf(g), reflect.ValueOf(h), false) {
				s.groups[v.ID+" "+g.ID], s.groups[v.ID+" "+g.Name] = true, true
			}
		}
		for i, a := range v.NetworkACLs {
			if !equal(reflect.ValueOf(a), reflect.ValueOf(w.NetworkACLs[i]), false) {
				s.acls[v.ID+" "+a.ID], s.acls[v.ID+" "+a.Name] = true, true
			}
		}
	}
}

// changedAtEnds reports whether nothing but ordinary ends has filters that changed.
func (s *sameness) changedAtEnds(before, after *vpc.Network) bool {
	for k, v := range before.VPCs {
		for i, sub := range v.Subnets {
			if s.acl(v, sub) { // gateways may stand in it, or begin their way in it
				return false
			}
			for j, e := range sub.Interfaces {
				ordinary := (e.Kind == "" || e.Kind == "interface") && !e.NoSourceDestCheck
				f := after.VPCs[k].Subnets[i].Interfaces[j]
				if !ordinary && (s.grouped(v, e) || !slices.Equal(e.Groups, f.Groups)) {
					return false
				}
			}
		}
	}
	return true
}

// grouped reports whether an interface has a group that changed.
func (s *sameness) grouped(v *vpc.VPC, i *vpc.Interface) bool {
	groups := i.Groups
	if len(groups) == 0 {
		groups = []string{v.DefaultSecurityGroup}
	}
	return slices.ContainsFunc(groups, func(g string) bool { return s.groups[v.ID+" "+g] })
}

// acl reports whether a subnet has an ACL that changed.
func (s *sameness) acl(v *vpc.VPC, sub *vpc.Subnet) bool {
	name := sub.NetworkACL
	if name == "" {
		name = v.DefaultNetworkACL
	}
	return s.acls[v.ID+" "+name]
}

// touched reports whether filters of an end may have changed.
func (s *sameness) touched(before, after *emu.End) bool {
	if !s.ways || !s.atEnds || before.Interface == nil || after.Interface == nil {
		return false // everything is compared anyway, or it has none
	}
	return !slices.Equal(before.Interface.Groups, after.Interface.Groups) || s.grouped(before.VPC, before.Interface)
}

// skips reports whether ends of these kinds need no comparison unless one was touched: of a
// load balancer the targets' filters count too.
func (s *sameness) skips(src, dst emu.EndKind) bool {
	return s.ways && s.atEnds && dst != emu.BalancerEnd && src != emu.BalancerEnd
}

// equal compares two descriptions but for origins, remarks and what authors expect; if
// ways alone are asked about, but for what filters say and which groups interfaces have.
func equal(a, b reflect.Value, ways bool) bool {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem(), ways)
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return false
		}
		for k := range a.Len() {
			if !equal(a.Index(k), b.Index(k), ways) {
				return false
			}
		}
		return true
	case reflect.Struct:
		exported := false
		for k := range a.NumField() {
			f := a.Type().Field(k)
			exported = exported || f.IsExported()
			if f.IsExported() && !leftOut(a.Type(), f.Name, ways) && !equal(a.Field(k), b.Field(k), ways) {
				return false
			}
		}
		return exported || reflect.DeepEqual(a.Interface(), b.Interface()) // an address
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// leftOut reports whether a field is left out of a comparison.
func leftOut(t reflect.Type, field string, ways bool) bool {
	switch field {
	case "Origin", "Expect":
		return true
	case "Description":
		return t != reflect.TypeFor[vpc.Interface]() // of which AWS's say what it is
	case "Ingress", "Egress":
		return ways && (t == reflect.TypeFor[vpc.SecurityGroup]() || t == reflect.TypeFor[vpc.NetworkACL]())
	case "Groups":
		return ways && t == reflect.TypeFor[vpc.Interface]()
	}
	return false
}

// collectNames adds all texts of a description, and so all names and IDs.
func (s *sameness) collectNames(v reflect.Value, k int) {
	switch v.Kind() {
	case reflect.String:
		s.named[k][v.String()] = true
	case reflect.Pointer:
		if !v.IsNil() {
			s.collectNames(v.Elem(), k)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.collectNames(v.Index(i), k)
		}
	case reflect.Struct:
		if id, name := v.FieldByName("ID"), v.FieldByName("Name"); id.IsValid() && name.IsValid() && id.Kind() == reflect.String {
			s.names[k][id.String()] = name.String()
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				s.collectNames(v.Field(i), k)
			}
		}
	}
}

// component reports whether a component of the old network is one of the new one, both by
// their IDs: it has the same ID; or what the one is called the other is; or neither network
// knows what the other calls it.
func (s *sameness) component(old, now string) bool {
	_, kept := s.names[1][old]
	_, had := s.names[0][now]
	name, other := s.names[0][old], s.names[1][now]
	switch {
	case old == now:
		return true
	case kept || had: // by its ID it is something else there
		return false
	case old == other, name == now, name != "" && name == other:
		return true
	}
	return !s.named[1][old] && !s.named[0][now]
}
