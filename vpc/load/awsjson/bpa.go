package awsjson

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// blockOptions takes in describe-vpc-block-public-access-options: one object for
// an account and a Region.
func (l *loader) blockOptions(v value) error {
	var j struct {
		AwsAccountID                                                                     text
		AwsRegion, State, InternetGatewayBlockMode, ManagedBy, ExclusionsAllowed, Reason string
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	mode := slices.Index(vpc.BlockModes(), j.InternetGatewayBlockMode)
	if mode < 0 {
		return fmt.Errorf("InternetGatewayBlockMode %q is not known", j.InternetGatewayBlockMode)
	}
	b := l.blockSettings(cmp.Or(string(j.AwsAccountID), v.doc.account), cmp.Or(j.AwsRegion, v.doc.region), v)
	if err := l.claim("Block Public Access options", "AwsRegion", b.Account+"/"+b.Region, v); err != nil {
		return err
	}
	b.Mode, b.Origin = vpc.BlockMode(mode), v.origin()
	return nil
}

// blockSettings are those of an account and a Region.
func (l *loader) blockSettings(account, region string, v value) *vpc.BlockPublicAccess {
	for _, b := range l.net.BlockPublicAccess {
		if b.Account == account && b.Region == region {
			return b
		}
	}
	b := &vpc.BlockPublicAccess{Account: account, Region: region, Origin: v.origin()}
	l.net.BlockPublicAccess = append(l.net.BlockPublicAccess, b)
	return b
}

// blockExclusion takes in one element of describe-vpc-block-public-access-exclusions.
func (l *loader) blockExclusion(v value) error {
	var j struct{ ExclusionID, ResourceArn, State, InternetGatewayExclusionMode, Reason string }
	if err := l.element(v, &j, "Block Public Access exclusion", "ExclusionId", &j.ExclusionID); err != nil {
		return err
	}
	if strings.HasPrefix(j.State, "delete") || strings.HasPrefix(j.State, "disable") || j.State == "create-failed" {
		l.report.Note(report.Ignored, v.origin(), "exclusion "+j.ExclusionID, "is in state %s", j.State)
		return errNoted
	}
	if !slices.Contains([]string{"allow-bidirectional", "allow-egress"}, j.InternetGatewayExclusionMode) {
		return fmt.Errorf("InternetGatewayExclusionMode %q is not known", j.InternetGatewayExclusionMode)
	}
	arn := strings.SplitN(j.ResourceArn, ":", 6)
	if len(arn) < 6 || !strings.Contains(arn[5], "/") {
		return fmt.Errorf("ResourceArn %q is not that of a VPC or a subnet", j.ResourceArn)
	}
	b := l.blockSettings(cmp.Or(arn[4], v.doc.account), cmp.Or(arn[3], v.doc.region), v)
	_, resource, _ := strings.Cut(arn[5], "/")
	b.Exclusions = append(b.Exclusions, vpc.BlockExclusion{
		Resource: resource, EgressOnly: j.InternetGatewayExclusionMode == "allow-egress", Origin: v.origin(),
	})
	return nil
}

// noteBlockOptions notes that the snapshot does not say what is blocked, once for each
// account and Region with gateways that it could block: it is taken to be nothing,
// AWS's default. Where there are exclusions, something is, and it is not known what.
func (l *loader) noteBlockOptions() {
	noted := make(map[string]bool)
	for _, n := range l.net.VPCs {
		where := n.Account + "/" + n.Region
		if origin, ok := outlet(n); ok && l.net.BlockAssumed(n) && !noted[where] {
			noted[where] = true
			l.report.Note(report.Missing, origin, "Block Public Access options", "are not in the snapshot: taken as off")
		}
	}
	for _, b := range l.net.BlockPublicAccess {
		options, ok := l.seen["Block Public Access options "+b.Account+"/"+b.Region]
		if ok && b.Mode != vpc.BlockOff && !l.lists("VpcBlockPublicAccessExclusions", b.Region, options.doc) {
			b.Unknown = "the exclusions are not in the snapshot"
			l.report.Note(report.Missing, b.Origin, "Block Public Access exclusions", "are not in the snapshot: what passes gateways is unknown")
		}
		if !ok {
			b.Unknown = "the options are not in the snapshot, though there are exclusions"
			l.report.Note(report.Missing, b.Origin, "Block Public Access options",
				"are not in the snapshot, though there are exclusions: what passes gateways elsewhere is unknown")
		}
	}
}

// outlet is where a gateway of the VPC was written that Block Public Access can block.
func outlet(n *vpc.VPC) (origin string, ok bool) {
	if n.InternetGateway != nil {
		return n.InternetGateway.Origin, true
	}
	for _, g := range n.Gateways {
		if g.Kind == routing.EgressOnlyGateway {
			return g.Origin, true
		}
	}
	return "", false
}

// blockPublicAccess writes the options, which are an object and no list, and the
// exclusions.
func (l listing) blockPublicAccess(n *vpc.Network, files map[string][]byte) {
	for _, b := range n.BlockPublicAccess {
		unknown := b.Unknown != ""
		if unknown && (b.Mode == vpc.BlockOff || len(b.Exclusions) > 0) { // no options is what makes it so
			l.blockExclusions(b)
			continue
		}
		options := object{"InternetGatewayBlockMode": b.Mode.String(), "State": "update-complete", "ManagedBy": "account", "ExclusionsAllowed": "allowed"}
		options.set("AwsAccountId", b.Account).set("AwsRegion", b.Region)
		name := strings.TrimSuffix("VpcBlockPublicAccessOptions-"+fileName(b.Account), "-")
		files[path.Join("aws_configs", b.Region, name+".json")] = encode(object{"VpcBlockPublicAccessOptions": options})
		l.blockExclusions(b)
		if b.Mode != vpc.BlockOff && !unknown { // no exclusions would make it so
			l.atLeast(b.Region, "VpcBlockPublicAccessExclusions")
		}
	}
}

func (l listing) blockExclusions(b *vpc.BlockPublicAccess) {
	for _, e := range b.Exclusions {
		kind := "vpc"
		if strings.HasPrefix(e.Resource, "subnet-") {
			kind = "subnet"
		}
		l.add(b.Region, "VpcBlockPublicAccessExclusions", object{
			"ExclusionId": "vpcbpa-exclude-" + e.Resource, "State": "create-complete", "InternetGatewayExclusionMode": e.Mode(),
			"ResourceArn": fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", b.Region, b.Account, kind, e.Resource),
		})
	}
}

// blockPublicAccess gives exclusions the new IDs of what they name.
func (x *rewriter) blockPublicAccess() {
	for _, b := range x.n.BlockPublicAccess {
		for k := range b.Exclusions {
			e := &b.Exclusions[k]
			switch v, s := x.n.Excluded(e); {
			case s != nil:
				e.Resource = x.ids[s]
			case v != nil:
				e.Resource = x.ids[v]
			}
		}
	}
	slices.SortStableFunc(x.n.BlockPublicAccess, func(a, b *vpc.BlockPublicAccess) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Account, b.Account))
	})
}
