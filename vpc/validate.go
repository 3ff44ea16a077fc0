package vpc

import (
	"errors"
	"fmt"
	"strings"
)

// Validate checks the network for what the EC2 API would refuse. What it returns
// holds an [Errors]: every mistake, with AWS's code and the rule it breaks, or
// nil. Quotas that AWS raises on request are not checked: see
// [Network.CheckLimits].
//
// Of each thing that a call would make (a subnet, a route, a rule, an address)
// the first mistake is reported, in the order of ERR-2: missing, malformed,
// unknown, in the wrong state, in conflict. What a [VPC.Partial] listing does
// not mention is no mistake, nor is what an element says it does not know.
func (n *Network) Validate() error {
	c := &checker{n: n, ix: n.Index()}
	c.network()
	for _, v := range n.VPCs {
		s := c.ix.scopes[v]
		c.vpc(v)
		c.subnets(v, s)
		c.routeTables(v, s)
		c.groups(v)
		c.acls(v)
		c.interfaces(v, s)
		c.loadBalancers(v)
		c.flowLogs(v)
	}
	c.publicAddresses()
	c.directConnect()
	c.blockPublicAccess()
	c.expectations()
	return c.errs.orNil()
}

// checker collects the mistakes of one network.
type checker struct {
	n    *Network
	ix   *Index
	igws map[string]*VPC // see igwOwner
	errs Errors

	counting bool // for Usage
	uses     []Use
}

// subject is what a check is about. The name of the resource is put together
// only if there is something to say about it.
type subject struct {
	element    any
	kind, name string // "subnet", "apps"
	line       int    // of a group or an ACL, from 1: see direction
	direction  string // "ingress" or "egress", if it is a line
	origin     string
}

// resource is "subnet apps" or "network ACL data ingress rule 2".
func (s subject) resource() string {
	r := s.kind
	if s.name != "" {
		r += " " + s.name
	}
	if s.line > 0 {
		r += fmt.Sprintf(" %s rule %d", s.direction, s.line)
	}
	return r
}

// part is one line of a subject that has an origin of its own: a route, a rule.
func (s subject) part(element any, origin string) subject {
	if origin != "" {
		s.origin = origin
	}
	s.element = element
	return s
}

// mistake is one finding: the code, and what was found and expected.
type mistake struct {
	code, message string
	count         *count // of a limit: see over
}

// wrong makes a mistake; what it says ends with the rule that is broken.
func wrong(code, format string, args ...any) *mistake {
	return &mistake{code: code, message: fmt.Sprintf(format, args...)}
}

// add keeps the first of several possible mistakes about a subject, and reports
// whether there was one. The callers list them in the order of ERR-2.
func (c *checker) add(s subject, mistakes ...*mistake) bool {
	for _, m := range mistakes {
		if m != nil && !c.within(s, m) {
			c.errs = append(c.errs, &Error{Code: m.code, Resource: s.resource(), Message: m.message, Origin: s.origin, Element: s.element})
			return true
		}
	}
	return false
}

// kept reports what the builder found wrong with an element, and whether there
// was anything: what is missing then is missing because it could not be read.
func (c *checker) kept(s subject, p problems) bool {
	for _, err := range p.errs {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Code: CodeInvalidValue, Resource: s.resource(), Message: err.Error(), Origin: s.origin}
		}
		if e.Element == nil {
			known := *e
			known.Element = s.element
			e = &known
		}
		c.errs = append(c.errs, e)
	}
	return len(p.errs) > 0
}

// network checks what the VPCs share.
func (c *checker) network() {
	c.kept(subject{element: c.n}, c.n.problems)
	for _, l := range c.n.PrefixLists {
		c.add(listSubject(l), c.ix.prefixLists.check(l.ID, l), tooManyEntries(l))
	}
	for _, g := range c.n.Gateways {
		c.add(gatewaySubject(g), c.ix.gateways.check(g.ID, g), gatewayKind(g), c.unknownVPC(g), c.activeOverlap(g), c.peerDNS(g))
	}
	c.gatewayPairs()
	c.transitGateways()
}

func listSubject(l *PrefixList) subject {
	return subject{element: l, kind: "prefix list", name: l.ID, origin: l.Origin}
}

func tooManyEntries(l *PrefixList) *mistake {
	if l.Unknown == "" && l.MaxEntries > 0 && len(l.Entries) > l.MaxEntries {
		return wrong(CodePrefixListEntries, "has %d entries, more than the %d it declares (LIM-11)", len(l.Entries), l.MaxEntries)
	}
	return nil
}

// unknownVPC checks what a gateway joins; a partial listing need not have it.
func (c *checker) unknownVPC(g *Gateway) *mistake {
	for _, v := range c.n.VPCs {
		if v.Partial {
			return nil
		}
	}
	for _, name := range g.VPCs {
		if c.ix.vpcs.get(name) == nil {
			return wrong(CodeVPCNotFound, "joins %s, and there is no such VPC (ERR-8)", name)
		}
	}
	return nil
}

// expectations checks the author's claims.
func (c *checker) expectations() {
	for k := range c.n.Expect {
		e := &c.n.Expect[k]
		s := subject{element: e, kind: "expectation", name: e.String(), origin: e.Origin}
		c.add(s, incompleteClaim(e), malformedClaim(e))
	}
}

func incompleteClaim(e *Expectation) *mistake {
	if strings.TrimSpace(e.Source) == "" || strings.TrimSpace(e.Destination) == "" || e.Want == "" {
		return wrong(CodeMissing, "needs a source, a destination and what to expect (ERR-4)")
	}
	return nil
}

func malformedClaim(e *Expectation) *mistake {
	switch e.Want {
	case "reachable", "blocked", "unknown":
	default:
		return wrong(CodeInvalidValue, "expects %q: want reachable, blocked or unknown (ERR-5)", e.Want)
	}
	if _, _, err := e.Services(); err != nil {
		return wrong(CodeInvalidValue, "%v (ERR-5)", err)
	}
	return nil
}
