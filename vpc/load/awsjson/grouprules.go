package awsjson

import (
	"fmt"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// looseRule is a rule of describe-security-group-rules.
type looseRule struct {
	firewall.Rule
	ingress, egress bool // both if the listing does not say
}

// securityGroupRule takes in one element of describe-security-group-rules. The
// group decides whether it needs it: see [loader.permissions].
func (l *loader) securityGroupRule(v value) error {
	var j struct {
		SecurityGroupRuleID, GroupID, CidrIpv4, CidrIpv6, PrefixListID string
		IsEgress                                                       *bool
		IpProtocol                                                     text
		FromPort, ToPort                                               *int
		Description                                                    text
		ReferencedGroupInfo                                            struct {
			GroupID, VpcID, VpcPeeringConnectionID, PeeringStatus string
			UserID                                                text
		}
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if j.GroupID == "" {
		return fmt.Errorf("has no GroupId")
	}
	if err := l.claim("security group rule", "SecurityGroupRuleId", j.SecurityGroupRuleID, v); err != nil {
		return err
	}
	r := looseRule{ingress: j.IsEgress == nil || !*j.IsEgress, egress: j.IsEgress == nil || *j.IsEgress}
	r.ID, r.Description, r.Origin = j.SecurityGroupRuleID, string(j.Description), v.origin()
	what := fmt.Sprintf("security group %s, rule %s", j.GroupID, r.ID)
	var err error
	r.Service, err = serviceOf(string(j.IpProtocol), j.FromPort, j.ToPort)
	peer := peerJSON{CidrIP: j.CidrIpv4, CidrIpv6: j.CidrIpv6, PrefixListID: j.PrefixListID, GroupID: j.ReferencedGroupInfo.GroupID}
	var peerErr error
	r.Peer, peerErr = peer.peer()
	r.Stale = j.ReferencedGroupInfo.PeeringStatus == "deleted"
	switch {
	case err != nil:
		r.Rule = l.unknownRule(r.Rule, what, "%v", err)
	case peerErr != nil:
		r.Rule = l.unknownRule(r.Rule, what, "%v", peerErr)
	case j.IsEgress == nil:
		r.Rule = l.unknownRule(r.Rule, what, "does not say IsEgress")
	}
	l.rules[j.GroupID] = append(l.rules[j.GroupID], r)
	return nil
}

// rulesOf are the rules of one direction.
func rulesOf(loose []looseRule, egress bool) []firewall.Rule {
	var rules []firewall.Rule
	for _, r := range loose {
		if r.egress == egress || r.ingress != egress {
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// nameRules gives listed rules the IDs of equal loose ones.
func nameRules(rules []firewall.Rule, loose []looseRule, egress bool) {
	for i := range rules {
		for _, r := range rulesOf(loose, egress) {
			if r.Unknown == "" && rules[i].Unknown == "" && r.Service == rules[i].Service && r.Peer == rules[i].Peer {
				rules[i].ID = r.ID
			}
		}
	}
}

// leftoverRules notes loose rules of groups that nothing describes.
func (l *loader) leftoverRules() {
	for _, id := range sortedKeys(l.rules) {
		rules := l.rules[id]
		l.report.Note(report.Skipped, rules[0].Origin, fmt.Sprintf("security group %s, %d rules", id, len(rules)),
			"no SecurityGroups describe the group, so its VPC is not known")
	}
}
