package vpc

// Use is how much of one quota something has.
type Use struct {
	// Quota is what is counted, "security groups", and Rule the rule that limits it.
	Quota, Rule string
	// Resource is what has so many, by kind and ID: "VPC prod". Name is the ID alone.
	Resource, Name string
	Used, Limit    int
	// Code is what AWS answers when the limit is exceeded.
	Code   string
	Origin string
}

// Over reports whether the limit is exceeded.
func (u Use) Over() bool { return u.Used > u.Limit }

// Usage counts everything that has a limit, in the order of [Network.CheckLimits].
// What nobody has any of is there too, with Used 0.
func (n *Network) Usage(l Limits) []Use {
	c := &checker{n: n, ix: n.Index(), counting: true}
	c.limits(l)
	return c.uses
}

// count is a number held against its limit: a mistake only if it is over it.
type count struct {
	what, rule string
	n, limit   int
}

// within notes a count, and reports whether it is no mistake.
func (c *checker) within(s subject, m *mistake) bool {
	k := m.count
	if k == nil {
		return false
	}
	if c.counting {
		c.uses = append(c.uses, Use{
			Quota: k.what, Rule: k.rule, Resource: s.resource(), Name: s.name, Used: k.n, Limit: k.limit, Code: m.code, Origin: s.origin,
		})
	}
	return k.n <= k.limit
}
