package awsjson

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

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
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if err := l.claim("Block Public Access exclusion", "ExclusionId", j.ExclusionID, v); err != nil {
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

// noteBlockOptions notes that the snapshot does not say what is blocked, if it has
// exclusions, or gateways at all: it is taken to be nothing, AWS's default.
func (l *loader) noteBlockOptions() {
	for _, n := range l.net.VPCs {
		if len(l.net.BlockPublicAccess) == 0 && n.InternetGateway != nil {
			l.report.Note(report.Missing, n.InternetGateway.Origin, "Block Public Access options", "are not in the snapshot: taken as off")
			return
		}
	}
	for _, b := range l.net.BlockPublicAccess {
		if _, ok := l.seen["Block Public Access options "+b.Account+"/"+b.Region]; !ok {
			l.report.Note(report.Missing, b.Origin, "Block Public Access options", "are not in the snapshot, though there are exclusions: taken as off")
		}
	}
}

// blockPublicAccess writes the options, which are an object and no list, and the
// exclusions.
func (l listing) blockPublicAccess(n *vpc.Network, files map[string][]byte) {
	for _, b := range n.BlockPublicAccess {
		options := object{"InternetGatewayBlockMode": b.Mode.String(), "State": "update-complete", "ManagedBy": "account", "ExclusionsAllowed": "allowed"}
		options.set("AwsAccountId", b.Account).set("AwsRegion", b.Region)
		name := strings.TrimSuffix("VpcBlockPublicAccessOptions-"+fileName(b.Account), "-")
		files[path.Join("aws_configs", b.Region, name+".json")] = encode(object{"VpcBlockPublicAccessOptions": options})
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
