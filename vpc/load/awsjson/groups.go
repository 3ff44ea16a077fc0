package awsjson

import (
	"errors"
	"fmt"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// groupIn is a security group and whether its listing had rules.
type groupIn struct {
	*vpc.SecurityGroup
	vpc *vpc.VPC
}

type groupJSON struct {
	GroupID, GroupName, VpcID, Description string
	OwnerID                                text
	Tags                                   nameTag
	IpPermissions, IpPermissionsEgress     list
}

// securityGroup takes in one element of describe-security-groups.
func (l *loader) securityGroup(v value) error {
	var j groupJSON
	if err := l.element(v, &j, "security group", "GroupId", &j.GroupID); err != nil {
		return err
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	settle(in, j.OwnerID, "", v)
	g := &vpc.SecurityGroup{ID: j.GroupID, Name: string(j.Tags), Description: j.Description, Origin: v.origin()}
	if g.Name == "" && j.GroupName != g.ID {
		g.Name = j.GroupName
	}
	l.groupNames[g] = j.GroupName
	if j.GroupName == "default" {
		in.DefaultSecurityGroup = g.ID
	}
	loose := l.rules[g.ID]
	delete(l.rules, g.ID)
	g.Ingress = l.permissions(v.get("IpPermissions"), g.ID, loose, false)
	g.Egress = l.permissions(v.get("IpPermissionsEgress"), g.ID, loose, true)
	in.SecurityGroups = append(in.SecurityGroups, g)
	l.groups[g.ID] = groupIn{g, in}
	return nil
}

// permissions reads one direction of a group. Without a listing the rules of
// describe-security-group-rules stand in; without those the rules are unknown.
func (l *loader) permissions(perms value, group string, loose []looseRule, egress bool) []firewall.Rule {
	if !perms.isNull() {
		rules := l.listed(perms, group)
		nameRules(rules, loose, egress)
		return rules
	}
	if len(loose) > 0 {
		return rulesOf(loose, egress)
	}
	return []firewall.Rule{l.unknownRule(firewall.Rule{Service: firewall.All, Origin: perms.origin()}, "security group "+group, "its rules (%s) are not in the snapshot", perms.path)}
}

func (l *loader) listed(perms value, group string) []firewall.Rule {
	items, err := perms.list()
	if err != nil {
		return []firewall.Rule{l.unknownRule(firewall.Rule{Service: firewall.All, Origin: perms.origin()}, "security group "+group, "%s %v", perms.path, err)}
	}
	var rules []firewall.Rule
	for i, item := range items {
		rules = append(rules, l.permission(item, fmt.Sprintf("security group %s, %s %d", group, perms.path, i+1))...)
	}
	return rules
}

// unknownRule marks a rule that could not be understood, and notes why.
func (l *loader) unknownRule(r firewall.Rule, what, why string, args ...any) firewall.Rule {
	r.Unknown = fmt.Sprintf(why, args...)
	l.report.Note(report.Skipped, r.Origin, what, "%s: the rule is unknown", r.Unknown)
	return r
}

// permissionJSON is a set of peers that may use one service.
type permissionJSON struct {
	IpProtocol                                            text
	FromPort, ToPort                                      *int
	IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs list
}

// permission makes one rule for every peer of a permission.
func (l *loader) permission(v value, what string) []firewall.Rule {
	base := firewall.Rule{Service: firewall.All, Origin: v.origin()}
	var j permissionJSON
	if err := l.decode(v, &j); err != nil {
		return []firewall.Rule{l.unknownRule(base, what, "%v", err)}
	}
	service, err := serviceOf(string(j.IpProtocol), j.FromPort, j.ToPort)
	base.Service = service
	if err != nil {
		base.Unknown = err.Error()
		l.report.Note(report.Skipped, base.Origin, what, "%s: the rule is unknown", err)
	}
	var rules []firewall.Rule
	for _, key := range []string{"IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"} {
		peers, err := v.get(key).list()
		if err != nil {
			rules = append(rules, l.unknownRule(base, what, "%s %v", key, err))
		}
		for _, p := range peers {
			rules = append(rules, l.peerRule(base, p, what))
		}
	}
	switch {
	case len(rules) > 0:
	case base.Unknown != "":
		rules = append(rules, base)
	default:
		rules = append(rules, l.unknownRule(base, what, "names no peer"))
	}
	return rules
}

// peerJSON is any of the four kinds of peers.
type peerJSON struct {
	CidrIP, CidrIpv6, PrefixListID, GroupID, GroupName string
	VpcID, VpcPeeringConnectionID, PeeringStatus       string
	Description                                        text
	UserID                                             text
}

func (l *loader) peerRule(r firewall.Rule, v value, what string) firewall.Rule {
	r.Origin = v.origin()
	var j peerJSON
	if err := l.decode(v, &j); err != nil {
		return l.unknownRule(r, what, "%v", err)
	}
	r.Description = string(j.Description)
	peer, err := j.peer()
	if err != nil {
		return l.unknownRule(r, what, "%v", err)
	}
	r.Peer, r.Stale = peer, j.PeeringStatus == "deleted"
	return r
}

func (j peerJSON) peer() (firewall.Peer, error) {
	switch {
	case j.CidrIP != "" || j.CidrIpv6 != "":
		p, err := prefix(j.CidrIP + j.CidrIpv6)
		return firewall.Peer{Prefix: p}, err
	case j.PrefixListID != "":
		return firewall.Peer{PrefixList: j.PrefixListID}, nil
	case j.GroupID != "":
		return firewall.Peer{Group: j.GroupID}, nil
	case j.GroupName != "":
		return firewall.Peer{Group: j.GroupName}, nil
	}
	return firewall.Peer{}, errors.New("names no peer")
}

// serviceOf reads IpProtocol, FromPort and ToPort of a security group rule. With
// an error comes the widest service that may be meant.
func serviceOf(protocol string, from, to *int) (firewall.Service, error) {
	widest, err := protocolOf(protocol)
	if err != nil {
		return firewall.All, err
	}
	s := widest
	switch {
	case s.HasPorts():
		if from == nil || to == nil {
			return widest, fmt.Errorf("IpProtocol %s has no port range", protocol)
		}
		if s.From, s.To = *from, *to; s.From < 0 || s.To > 65535 || s.From > s.To {
			return widest, fmt.Errorf("%d to %d is not a range of ports (SG-10)", *from, *to)
		}
	case s.IsICMP():
		if from == nil && to == nil && s == anyICMPv6 {
			return s, nil // all types (SG-12)
		}
		if from == nil || to == nil {
			return widest, errors.New("an ICMP rule without type and code")
		}
		if s.From, s.To = *from, *to; !icmpValues(s.From, s.To) {
			return widest, fmt.Errorf("%d, %d is not an ICMP type and code (SG-11)", *from, *to)
		}
	}
	return s, nil
}

var anyICMPv6 = firewall.MustParseService("icmpv6")

// icmpValues checks a type and a code, where -1 means any (SG-11).
func icmpValues(typ, code int) bool {
	return typ >= -1 && typ <= 255 && code >= -1 && code <= 255 && (typ >= 0 || code < 0)
}

// protocolOf reads a protocol by AWS's name or by its number: it is the widest
// service of it.
func protocolOf(s string) (firewall.Service, error) {
	switch s {
	case "":
		return firewall.All, errors.New("names no protocol")
	case "-1", "all":
		return firewall.All, nil
	case "tcp", "udp", "icmp", "icmpv6":
		return firewall.MustParseService(s), nil
	}
	widest, err := firewall.ParseService("ip/" + s)
	if err != nil {
		return firewall.All, fmt.Errorf("%q is not a protocol", s)
	}
	return widest, nil
}
