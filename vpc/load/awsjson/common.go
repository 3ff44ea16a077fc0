package awsjson

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// errNoted is what a handler answers that has left an element out and said why.
var errNoted = errors.New("noted")

// plural is "Vpcs: 3 elements".
func plural(count int, key string) string { return fmt.Sprintf("%s: %d elements", key, count) }

// idOf is the ID of an element that was not taken in, for messages: the string
// whose key is that of the listing with Id at its end, else the first whose key
// ends in Id, Arn or the like.
func (l *loader) idOf(v value) string {
	fields, _ := v.object()
	best := ""
	for _, f := range fields {
		if f.kind() != "a string" || f.name == "OwnerId" || strings.EqualFold(f.name, "VpcId") && v.path != "Vpcs[]" {
			continue
		}
		text := strings.Trim(string(f.raw), `"`)
		if strings.EqualFold(f.name, strings.TrimSuffix(v.path, "s[]")+"Id") {
			return text
		}
		for _, suffix := range []string{"Id", "Arn", "Identifier", "Name"} {
			if best == "" && strings.HasSuffix(f.name, suffix) {
				best = text
			}
		}
	}
	return best
}

// claim remembers a resource by its kind and ID, so that it is taken only once.
// The second time it answers errNoted.
func (l *loader) claim(kind, key, id string, v value) error {
	if id == "" {
		return fmt.Errorf("has no %s", key)
	}
	first, taken := l.seen[kind+" "+id]
	if !taken {
		l.seen[kind+" "+id] = v
		return nil
	}
	if first.same(v) {
		l.report.Note(report.Ignored, v.origin(), kind+" "+id, "says the same as %s", first.origin())
	} else {
		l.report.Note(report.Skipped, v.origin(), kind+" "+id, "differs from %s, which counts", first.origin())
	}
	return errNoted
}

// element decodes a thing that has an ID, and claims it. Decoding puts the ID where id points.
func (l *loader) element(v value, into any, kind, key string, id *string) error {
	if err := l.decode(v, into); err != nil {
		return err
	}
	return l.claim(kind, key, *id, v)
}

// vpcOf finds a VPC, or makes one of which nothing is known.
func (l *loader) vpcOf(id string, v value) (*vpc.VPC, error) {
	if id == "" {
		return nil, errors.New("has no VpcId")
	}
	if n := l.vpcs[id]; n != nil {
		return n, nil
	}
	n := &vpc.VPC{ID: id, Account: v.doc.account, Region: v.doc.region, Partial: true, Origin: v.origin()}
	l.vpcs[id], l.stubs[n], l.told[n] = n, true, v.doc
	l.net.VPCs = append(l.net.VPCs, n)
	l.report.Note(report.Missing, v.origin(), "vpc "+id, "is named here, and no Vpcs describe it")
	return n, nil
}

// settle fills in the account and the region of a VPC from what lies in it.
func settle(n *vpc.VPC, owner text, zone string, v value) {
	if n.Account == "" {
		n.Account = string(owner)
	}
	if n.Region == "" {
		n.Region = v.doc.region
	}
	if n.Region == "" {
		n.Region = regionName.FindString(zone)
	}
}

// prefix reads a CIDR and clears its host bits (VPC-2).
func prefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not a CIDR block", s)
	}
	if p.Addr().Is4In6() || p.Addr().Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is not a CIDR block of AWS", s)
	}
	return p.Masked(), nil
}

// address reads an IP address.
func address(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address", s)
	}
	return a.Unmap(), nil
}

// join adds a clause to an Unknown text.
func join(text *string, clause string, args ...any) {
	clause = fmt.Sprintf(clause, args...)
	if *text != "" {
		clause = *text + "; " + clause
	}
	*text = clause
}
