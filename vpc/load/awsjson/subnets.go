package awsjson

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// subnetIn is a subnet and the VPC it lies in.
type subnetIn struct {
	*vpc.Subnet
	vpc *vpc.VPC
}

type subnetJSON struct {
	SubnetID, VpcID, CidrBlock, AvailabilityZone, State string
	OwnerID                                             text
	EnableDns64, MapPublicIpOnLaunch                    bool
	Tags                                                nameTag
	Ipv6CidrBlockAssociationSet                         []associationJSON
}

// subnet takes in one element of describe-subnets.
func (l *loader) subnet(v value) error {
	var j subnetJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	var cidrs []netip.Prefix
	if j.CidrBlock != "" {
		p, err := prefix(j.CidrBlock)
		if err != nil {
			return err
		}
		cidrs = append(cidrs, p)
	}
	for _, p := range l.associated(v, "subnet "+j.SubnetID, j.Ipv6CidrBlockAssociationSet) {
		if !slices.Contains(cidrs, p) {
			cidrs = append(cidrs, p)
		}
	}
	if err := l.claim("subnet", "SubnetId", j.SubnetID, v); err != nil {
		return err
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	if j.State != "" && j.State != "available" {
		l.report.Note(report.Unmodelled, v.origin(), "subnet "+j.SubnetID, "State %q: taken as available", j.State)
	}
	settle(in, j.OwnerID, j.AvailabilityZone, v)
	l.addSubnet(in, &vpc.Subnet{ID: j.SubnetID, Name: string(j.Tags), CIDRs: cidrs, Zone: j.AvailabilityZone, DNS64: j.EnableDns64, MapPublicIP: j.MapPublicIpOnLaunch, Origin: v.origin()})
	return nil
}

func (l *loader) addSubnet(in *vpc.VPC, s *vpc.Subnet) {
	in.Subnets = append(in.Subnets, s)
	l.subnets[s.ID] = subnetIn{s, in}
}

// subnetOf finds the subnet that an interface stands in, or makes one of which
// nothing is known.
func (l *loader) subnetOf(id, vpcID, zone string, v value) (subnetIn, error) {
	if s, ok := l.subnets[id]; ok {
		return s, nil
	}
	in, err := l.vpcOf(vpcID, v)
	if err != nil {
		return subnetIn{}, err
	}
	l.addSubnet(in, &vpc.Subnet{ID: id, Zone: zone, Origin: v.origin()})
	l.report.Note(report.Missing, v.origin(), "subnet "+id, "is named here, and no Subnets describe it")
	return l.subnets[id], nil
}
