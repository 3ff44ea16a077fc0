package awsjson

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

type vpcJSON struct {
	VpcID, CidrBlock, State     string
	OwnerID                     text
	Tags                        nameTag
	CidrBlockAssociationSet     []associationJSON
	Ipv6CidrBlockAssociationSet []associationJSON
}

// associationJSON is a CIDR of a VPC or a subnet and whether it has it.
type associationJSON struct {
	CidrBlock, Ipv6CidrBlock           string
	CidrBlockState, Ipv6CidrBlockState struct{ State string }
}

// vpc takes in one element of describe-vpcs.
func (l *loader) vpc(v value) error {
	var j vpcJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	var cidrs []netip.Prefix
	if j.CidrBlock != "" {
		primary, err := prefix(j.CidrBlock)
		if err != nil {
			return err
		}
		cidrs = append(cidrs, primary)
	}
	more := append(l.associated(v, "vpc "+j.VpcID, j.CidrBlockAssociationSet), l.associated(v, "vpc "+j.VpcID, j.Ipv6CidrBlockAssociationSet)...)
	for _, p := range more {
		if !slices.Contains(cidrs, p) {
			cidrs = append(cidrs, p)
		}
	}
	if err := l.claim("vpc", "VpcId", j.VpcID, v); err != nil {
		return err
	}
	if j.State != "" && j.State != "available" {
		l.report.Note(report.Unmodelled, v.origin(), "vpc "+j.VpcID, "State %q: taken as available", j.State)
	}
	n := &vpc.VPC{ID: j.VpcID, Name: string(j.Tags), Account: v.doc.account, Region: v.doc.region, CIDRs: cidrs, Partial: true, Origin: v.origin()}
	if j.OwnerID != "" {
		n.Account = string(j.OwnerID) // folders may be called otherwise
	}
	l.vpcs[n.ID], l.told[n] = n, v.doc
	l.net.VPCs = append(l.net.VPCs, n)
	return nil
}

// associated is the CIDRs that an association set says are in use.
func (l *loader) associated(v value, what string, set []associationJSON) []netip.Prefix {
	var cidrs []netip.Prefix
	for _, a := range set {
		text, state := a.CidrBlock+a.Ipv6CidrBlock, a.CidrBlockState.State+a.Ipv6CidrBlockState.State
		p, err := prefix(text)
		switch {
		case err != nil:
			l.report.Note(report.Skipped, v.origin(), what, "CIDR %v", err)
		case state == "disassociated" || state == "disassociating" || state == "failed" || state == "failing":
			l.report.Note(report.Ignored, v.origin(), what+", CIDR "+text, "is %s", state)
		case state != "" && state != "associated" && state != "associating":
			l.report.Note(report.Unmodelled, v.origin(), what+", CIDR "+text, "State %q: taken as associated", state)
			cidrs = append(cidrs, p)
		default:
			cidrs = append(cidrs, p)
		}
	}
	return cidrs
}

// inferCIDRs gives VPCs that nothing describes their CIDRs, from the local routes
// of their tables or, without tables, from a peering connection. Subnets tell
// some CIDRs too, but not all of them, and a packet to one left out would seem
// to leave the VPC.
func (l *loader) inferCIDRs() {
	for _, n := range l.net.VPCs {
		if !l.stubs[n] {
			continue
		}
		for _, t := range n.RouteTables {
			for _, r := range t.Routes {
				if isLocal(r) && !slices.Contains(n.CIDRs, r.Destination) {
					n.CIDRs = append(n.CIDRs, r.Destination)
				}
			}
		}
		source := "the local routes of its tables"
		if len(n.CIDRs) == 0 {
			n.CIDRs, source = l.peerCIDRs[n.ID], "a peering connection"
		}
		if len(n.CIDRs) > 0 {
			l.report.Note(report.Missing, n.Origin, "vpc "+n.ID, "its CIDRs %v are taken from %s", n.CIDRs, source)
		}
	}
}

// vpcAttribute reads describe-vpc-attribute, whose answer is not a list but
// {"VpcId": …, "EnableDnsSupport": {"Value": …}}, or EnableDnsHostnames.
func (l *loader) vpcAttribute(root value) bool {
	key, into := "EnableDnsSupport", l.noDNS
	if !root.get("EnableDnsHostnames").isNull() {
		key, into = "EnableDnsHostnames", l.hostnames
	}
	id, dns := root.get("VpcId"), root.get(key)
	if id.isNull() || dns.isNull() {
		return false
	}
	var vpcID string
	var j struct{ Value *bool }
	if json.Unmarshal(id.raw, &vpcID) != nil || json.Unmarshal(dns.raw, &j) != nil || j.Value == nil {
		l.report.Note(report.Skipped, dns.origin(), key+" of vpc "+vpcID, "cannot be read: AWS's default is taken")
		return true
	}
	into[vpcID] = *j.Value == (key == "EnableDnsHostnames") // what differs from the default
	l.recognised = true
	l.report.Count("vpc attribute")
	return true
}

// settleAttributes hands the attributes of VPCs to them.
func (l *loader) settleAttributes() {
	attributes := maps.Clone(l.noDNS)
	maps.Copy(attributes, l.hostnames)
	for _, id := range sortedKeys(attributes) {
		if n := l.vpcs[id]; n != nil {
			n.DisableDNS, n.DNSHostnames = l.noDNS[id], l.hostnames[id]
			continue
		}
		l.report.Note(report.Missing, "", "vpc "+id, "has an attribute, and nothing else describes it")
	}
	l.noteDNS()
}

// noteDNS notes, once, that the snapshot does not say whether the resolvers of VPCs with
// subnets answer: AWS's default is taken, with which they do.
func (l *loader) noteDNS() {
	var of []string
	origin := ""
	for _, n := range l.net.VPCs {
		if _, told := l.noDNS[n.ID]; !told && len(n.Subnets) > 0 {
			of, origin = append(of, n.ID), cmp.Or(origin, n.Origin)
		}
	}
	if len(of) > 0 {
		l.report.Note(report.Missing, origin, "EnableDnsSupport", "of %s is not in the snapshot: taken as on", strings.Join(of, ", "))
	}
}
