package main

// label is the name, with the ID if that is something else.
func (i identity) label() string {
	if i.Name == "" || i.Name == i.ID {
		return i.ID
	}
	return i.Name + " (" + i.ID + ")"
}

// names gives people the names of the things that a view refers to by ID.
type names map[string]string

// names collects them.
func (v *view) names() names {
	all := make(names)
	collect(all, v.Subnets)
	collect(all, v.Interfaces)
	collect(all, v.RouteTables)
	collect(all, v.SecurityGroups)
	collect(all, v.NetworkACLs)
	collect(all, v.Gateways)
	collect(all, v.TransitAttachments)
	collect(all, v.TransitTables)
	collect(all, v.LoadBalancers)
	collect(all, v.TargetGroups)
	return all
}

// collect adds the names of some. What has no name, or shares its ID with something
// of another name in another VPC, keeps the ID.
func collect[E interface{ self() identity }](all names, some []E) {
	for _, e := range some {
		i := e.self()
		if known, ok := all[i.ID]; ok && known != i.Name {
			i.Name = ""
		}
		all[i.ID] = i.Name
	}
}

// self is what is common to everything in a view.
func (i identity) self() identity { return i }

// of is the name of what has an ID.
func (n names) of(id string) string {
	if name := n[id]; name != "" {
		return name
	}
	return id
}

// list is the names of several.
func (n names) list(ids []string) string {
	named := make([]string, len(ids))
	for i, id := range ids {
		named[i] = n.of(id)
	}
	return words(named)
}
