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

// names collects them. What has no name, or shares its ID with something of
// another name in another VPC, keeps the ID.
func (v *view) names() names {
	all := make(names)
	add := func(i identity) {
		if known, ok := all[i.ID]; ok && known != i.Name {
			i.Name = ""
		}
		all[i.ID] = i.Name
	}
	for _, e := range v.Subnets {
		add(e.identity)
	}
	for _, e := range v.Interfaces {
		add(e.identity)
	}
	for _, e := range v.RouteTables {
		add(e.identity)
	}
	for _, e := range v.SecurityGroups {
		add(e.identity)
	}
	for _, e := range v.NetworkACLs {
		add(e.identity)
	}
	for _, e := range v.Gateways {
		add(e.identity)
	}
	for _, e := range v.TransitAttachments {
		add(e.identity)
	}
	for _, e := range v.TransitTables {
		add(e.identity)
	}
	for _, e := range v.LoadBalancers {
		add(e.identity)
	}
	for _, e := range v.TargetGroups {
		add(e.identity)
	}
	return all
}

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
