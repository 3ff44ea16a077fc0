package bench

import (
	"fmt"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Tiers is a network of interfaces in classes that nothing tells apart: VPCs of ten tiers
// each, every tier with a subnet and a security group that lets the tier before it in, the
// first one the internet. A transit gateway joins the VPCs.
func Tiers(interfaces, classes int) *vpc.Network {
	var n vpc.Network
	vpcs := max(classes/10, 1)
	tgw := &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw", Name: "tgw", Transit: new(vpc.Transit)}
	for k := range vpcs {
		base := fmt.Sprintf("10.%d", k)
		v := n.AddVPC(fmt.Sprintf("vpc-%d", k), base+".0.0/16")
		tgw.Transit.Attachments = append(tgw.Transit.Attachments, &vpc.TransitAttachment{ID: "to-" + v.ID, VPC: v.ID})
		v.AddInternetGateway(fmt.Sprintf("igw-%d", k))
		v.AddRouteTable("public").AddRoute("0.0.0.0/0", fmt.Sprintf("igw-%d", k))
		v.AddRouteTable("private").AddRoute("10.0.0.0/8", "tgw")
		for t := range classes / vpcs {
			tier := fmt.Sprintf("tier-%d-%d", k, t)
			g := v.AddSecurityGroup(tier).AllowOut("all", "0.0.0.0/0")
			s := v.AddSubnet("subnet-"+tier, fmt.Sprintf("%s.%d.0/20", base, 16*t)).InZone("a")
			if t == 0 {
				g.AllowIn("tcp/443", "0.0.0.0/0")
				s.UseRouteTable("public")
			} else {
				g.AllowIn(fmt.Sprintf("tcp/%d", 8000+t), fmt.Sprintf("tier-%d-%d", k, t-1)).AllowIn("tcp/22", base+".16.0/20")
				s.UseRouteTable("private")
			}
			for i := range interfaces / classes {
				added := s.AddInterface(fmt.Sprintf("%s-%d", tier, i), "", tier)
				if t == 0 {
					added.Addresses = append(added.Addresses, vpc.Address{AutoPublic: true})
				}
			}
		}
	}
	n.Gateways = append(n.Gateways, tgw)
	return &n
}
