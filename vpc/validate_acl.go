package vpc

import "github.com/vpcemu/vpcemu/firewall"

// acls checks the network ACLs of one VPC.
func (c *checker) acls(v *VPC) {
	sc := c.ix.scopes[v]
	for _, a := range v.NetworkACLs {
		s := aclSubject(a)
		spoilt := c.kept(s, a.problems)
		c.add(s, sc.acls.check(a.ID, a))
		c.entries(s, "ingress", a.Ingress, spoilt)
		c.entries(s, "egress", a.Egress, spoilt)
	}
}

func aclSubject(a *NetworkACL) subject {
	return subject{element: a, kind: "network ACL", name: a.ID, origin: a.Origin}
}

// entries checks one direction of a network ACL. A spoilt ACL has entries that
// could not be read.
func (c *checker) entries(s subject, direction string, entries []firewall.Entry, spoilt bool) {
	taken := make(map[int]int, len(entries))
	for k := range entries {
		e := &entries[k]
		if e.Unknown != "" {
			continue
		}
		about := s.part(e, e.Origin)
		about.direction, about.line = direction, k+1
		if !e.CIDR.IsValid() && spoilt {
			continue
		}
		if c.add(about, noCIDR(e), malformedNumber(e), malformedAction(e), malformedService(e.Service, "ACL-14", "ACL-15")) {
			continue
		}
		if first, ok := taken[e.Number]; ok {
			c.add(about, wrong(CodeEntryExists, "the number %d is taken by %s rule %d (ACL-17)", e.Number, direction, first+1))
			continue
		}
		taken[e.Number] = k
	}
}

func noCIDR(e *firewall.Entry) *mistake {
	if !e.CIDR.IsValid() {
		return wrong(CodeMissing, "has no CIDR block, which is all an entry can name (ACL-12)")
	}
	return nil
}

func malformedNumber(e *firewall.Entry) *mistake {
	if !inRange(e.Number, 1, 32766) {
		return wrong(CodeInvalidValue, "its number %d is not 1 to 32766 (ACL-7)", e.Number)
	}
	return nil
}

func malformedAction(e *firewall.Entry) *mistake {
	if e.Action > firewall.Allow {
		return wrong(CodeInvalidValue, "its action is %d: want Allow or Deny (ERR-5)", e.Action)
	}
	return nil
}
