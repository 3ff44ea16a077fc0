package vpc

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
)

// AllowIn adds an inbound rule. The service is written as for
// [firewall.ParseService]; the peer is a CIDR, an address, a prefix list (by its
// "pl-" ID) or a security group.
func (g *SecurityGroup) AllowIn(service, from string) *SecurityGroup {
	g.Ingress = append(g.Ingress, g.rule(service, from))
	return g
}

// AllowOut adds an outbound rule; see [SecurityGroup.AllowIn].
func (g *SecurityGroup) AllowOut(service, to string) *SecurityGroup {
	g.Egress = append(g.Egress, g.rule(service, to))
	return g
}

// AllowAllOut adds the outbound rules that a group has when AWS has just made
// it: all protocols to 0.0.0.0/0 and to ::/0 (SG-2).
func (g *SecurityGroup) AllowAllOut() *SecurityGroup {
	return g.AllowOut("all", "0.0.0.0/0").AllowOut("all", "::/0")
}

func (g *SecurityGroup) rule(service, peer string) firewall.Rule {
	r := firewall.Rule{Origin: caller(), Peer: ParsePeer(peer)}
	var err error
	if r.Service, err = firewall.ParseService(service); err != nil {
		g.fail(&Error{Code: CodeInvalidValue, Resource: "security group " + g.ID, Message: err.Error() + " (ERR-5)", Origin: r.Origin})
	}
	return r
}

// RemoveIn removes the inbound rules for a service and a peer.
func (g *SecurityGroup) RemoveIn(service, from string) *SecurityGroup {
	g.Ingress = g.remove(g.Ingress, service, from)
	return g
}

// RemoveOut removes the outbound rules for a service and a peer.
func (g *SecurityGroup) RemoveOut(service, to string) *SecurityGroup {
	g.Egress = g.remove(g.Egress, service, to)
	return g
}

func (g *SecurityGroup) remove(rules []firewall.Rule, service, peer string) []firewall.Rule {
	want := g.rule(service, peer)
	var kept []firewall.Rule
	for _, r := range rules {
		if r.Service.Plain() != want.Service || r.Peer != want.Peer {
			kept = append(kept, r)
		}
	}
	if len(kept) == len(rules) {
		g.fail(&Error{Code: CodeRuleNotFound, Resource: "security group " + g.ID, Message: fmt.Sprintf("has no rule %s, %s (SG-54)", service, peer), Origin: want.Origin})
	}
	return kept
}

// ParsePeer reads the far side of a rule: a CIDR or an address, a "pl-…" prefix
// list, else a security group.
func ParsePeer(s string) firewall.Peer {
	if p, err := netip.ParsePrefix(s); err == nil {
		return firewall.Peer{Prefix: p.Masked()}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return firewall.Peer{Prefix: netip.PrefixFrom(a, a.BitLen())}
	}
	if strings.HasPrefix(s, "pl-") {
		return firewall.Peer{PrefixList: s}
	}
	return firewall.Peer{Group: s}
}
