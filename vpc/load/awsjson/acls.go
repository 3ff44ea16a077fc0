package awsjson

import (
	"errors"
	"fmt"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// aclUse says that a subnet has a network ACL.
type aclUse struct {
	subnet, acl string
	origin      string
}

type aclJSON struct {
	NetworkAclID, VpcID   string
	OwnerID               text
	IsDefault             bool
	Associations, Entries list
	Tags                  nameTag
}

// networkACL takes in one element of describe-network-acls.
func (l *loader) networkACL(v value) error {
	var j aclJSON
	if err := l.element(v, &j, "network acl", "NetworkAclId", &j.NetworkAclID); err != nil {
		return err
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	settle(in, j.OwnerID, "", v)
	a := &vpc.NetworkACL{ID: j.NetworkAclID, Name: string(j.Tags), Origin: v.origin()}
	in.NetworkACLs = append(in.NetworkACLs, a)
	if j.IsDefault {
		in.DefaultNetworkACL = a.ID
	}
	l.aclAssociations(a, v.get("Associations"))
	entries := v.get("Entries")
	items, err := entries.list()
	if entries.isNull() {
		err = errors.New("is not in the snapshot")
	}
	if err != nil {
		//lint:ignore ST1005 the key is written as AWS writes it
		l.unknownEntry(a, entryJSON{}, firewall.Entry{Service: firewall.All, Origin: v.origin()}, fmt.Errorf("Entries %w", err))
	}
	for _, item := range items {
		l.entry(a, item)
	}
	return nil
}

func (l *loader) aclAssociations(a *vpc.NetworkACL, v value) {
	items, err := v.list()
	if err != nil {
		l.report.Note(report.Skipped, v.origin(), "network acl "+a.ID, "Associations %v", err)
	}
	for _, item := range items {
		var j struct{ SubnetID, NetworkAclID string }
		if err := l.decode(item, &j); err != nil || j.SubnetID == "" {
			l.report.Note(report.Skipped, item.origin(), "network acl "+a.ID+", association", "names no subnet")
			continue
		}
		l.acls = append(l.acls, aclUse{j.SubnetID, a.ID, item.origin()})
	}
}

type entryJSON struct {
	RuleNumber               *int
	Egress                   *bool
	RuleAction               string
	Protocol                 text
	CidrBlock, Ipv6CidrBlock string
	PortRange                *struct{ From, To *int }
	IcmpTypeCode             *struct{ Type, Code *int }
}

// entry takes in one rule of a network ACL.
func (l *loader) entry(a *vpc.NetworkACL, v value) {
	e := firewall.Entry{Service: firewall.All, Origin: v.origin()}
	var j entryJSON
	if err := l.decode(v, &j); err != nil {
		l.unknownEntry(a, entryJSON{}, e, err)
		return
	}
	if j.final() {
		return
	}
	var problems []error
	var err error
	if e.Service, err = j.service(); err != nil {
		problems = append(problems, err)
	}
	if e.CIDR, err = prefix(j.CidrBlock + j.Ipv6CidrBlock); err != nil {
		problems = append(problems, err)
	}
	switch j.RuleAction {
	case "allow":
		e.Action = firewall.Allow
	case "deny":
	default:
		problems = append(problems, fmt.Errorf("RuleAction %q is neither allow nor deny", j.RuleAction))
	}
	if j.Egress == nil {
		problems = append(problems, errors.New("does not say Egress"))
	}
	if j.RuleNumber == nil || *j.RuleNumber < 1 || *j.RuleNumber > 32766 {
		problems = append(problems, errors.New("RuleNumber is not 1 to 32766 (ACL-7)"))
		j.RuleNumber = nil
	}
	if len(problems) > 0 {
		l.unknownEntry(a, j, e, problems...)
		return
	}
	e.Number = *j.RuleNumber
	to := direction(a, *j.Egress)
	*to = append(*to, e)
}

// final reports whether the entry is the "*" rule at the end, which every ACL has
// (ACL-7).
func (j entryJSON) final() bool {
	return j.RuleNumber != nil && *j.RuleNumber > 32766 && j.RuleAction == "deny" && j.Protocol == "-1" &&
		(j.CidrBlock == "0.0.0.0/0" || j.Ipv6CidrBlock == "::/0") && j.Egress != nil
}

func direction(a *vpc.NetworkACL, egress bool) *[]firewall.Entry {
	if egress {
		return &a.Egress
	}
	return &a.Ingress
}

// unknownEntry keeps an entry that could not be understood, in both directions
// if it does not say which. One without a number may come before all others.
func (l *loader) unknownEntry(a *vpc.NetworkACL, j entryJSON, e firewall.Entry, problems ...error) {
	for _, p := range problems {
		join(&e.Unknown, "%v", p)
	}
	for _, egress := range []bool{false, true} {
		if j.Egress != nil && *j.Egress != egress {
			continue
		}
		to := direction(a, egress)
		e.Number = freeNumber(*to)
		if j.RuleNumber != nil {
			e.Number = *j.RuleNumber
		}
		*to = append(*to, e)
	}
	l.report.Note(report.Skipped, e.Origin, "network acl "+a.ID+", an entry", "%s: the entry is unknown", e.Unknown)
}

// freeNumber is the lowest number that no entry has.
func freeNumber(entries []firewall.Entry) int {
	taken := make(map[int]bool)
	for _, e := range entries {
		taken[e.Number] = true
	}
	n := 1
	for taken[n] {
		n++
	}
	return n
}

// service reads protocol, ports and ICMP type of an entry.
func (j entryJSON) service() (firewall.Service, error) {
	s, err := protocolOf(string(j.Protocol))
	if err != nil {
		return firewall.All, err
	}
	switch {
	case s.HasPorts() && j.PortRange != nil:
		return serviceOf(string(j.Protocol), j.PortRange.From, j.PortRange.To)
	case s.IsICMP() && j.IcmpTypeCode != nil:
		return serviceOf(string(j.Protocol), j.IcmpTypeCode.Type, j.IcmpTypeCode.Code)
	}
	return serviceOf(string(j.Protocol), nil, nil)
}
