package awsjson

import (
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

func groupObject(v *vpc.VPC, g *vpc.SecurityGroup) object {
	o := object{"GroupId": g.ID, "GroupName": g.Name, "Description": g.Description}
	switch {
	case v.DefaultSecurityGroup == g.ID:
		o["GroupName"] = "default"
	case g.Name == "" || g.Name == "default":
		o["GroupName"] = g.ID
	}
	if g.Name != "" && (g.Name != o["GroupName"] || g.Name == g.ID) {
		o.named(g.Name)
	}
	o["IpPermissions"] = permissionObjects(v, g.Ingress)
	o["IpPermissionsEgress"] = permissionObjects(v, g.Egress)
	return o
}

// permissionObjects makes one permission of every rule. AWS would put rules for
// one service together; keeping them apart keeps their order.
func permissionObjects(v *vpc.VPC, rules []firewall.Rule) []object {
	list := []object{}
	for _, r := range rules {
		o := object{"IpProtocol": protocolName(r.Service), "IpRanges": []object{}, "Ipv6Ranges": []object{}, "PrefixListIds": []object{}, "UserIdGroupPairs": []object{}}
		if r.Unknown != "" {
			o["IpProtocol"] = "unknown"
		} else {
			ports(o, r.Service)
		}
		peer := object{}.set("Description", r.Description)
		switch {
		case r.Peer.Group != "":
			o["UserIdGroupPairs"] = []object{peer.set("GroupId", r.Peer.Group).set("UserId", v.Account).set("PeeringStatus", peeringStatus(r))}
		case r.Peer.PrefixList != "":
			o["PrefixListIds"] = []object{peer.set("PrefixListId", r.Peer.PrefixList)}
		case r.Peer.Prefix.IsValid() && is6(r.Peer.Prefix):
			o["Ipv6Ranges"] = []object{peer.set("CidrIpv6", r.Peer.Prefix.String())}
		case r.Peer.Prefix.IsValid():
			o["IpRanges"] = []object{peer.set("CidrIp", r.Peer.Prefix.String())}
		}
		list = append(list, o)
	}
	return list
}

// peeringStatus is what AWS says of a stale rule (SG-21).
func peeringStatus(r firewall.Rule) string {
	if r.Stale {
		return "deleted"
	}
	return ""
}

// ports writes FromPort and ToPort for the protocols that have them.
func ports(o object, s firewall.Service) {
	if s.HasPorts() || s.IsICMP() {
		o["FromPort"], o["ToPort"] = s.From, s.To
	}
}

// ruleIDs lists the rules that have an ID, which permissions cannot hold.
func (l listing) ruleIDs(v *vpc.VPC, g *vpc.SecurityGroup) {
	for _, egress := range []bool{false, true} {
		rules := g.Ingress
		if egress {
			rules = g.Egress
		}
		for _, r := range rules {
			if r.ID == "" {
				continue
			}
			o := object{"SecurityGroupRuleId": r.ID, "GroupId": g.ID, "IsEgress": egress, "IpProtocol": protocolName(r.Service)}
			ports(o, r.Service)
			switch {
			case r.Peer.Group != "":
				o["ReferencedGroupInfo"] = object{"GroupId": r.Peer.Group}.set("PeeringStatus", peeringStatus(r))
			case r.Peer.PrefixList != "":
				o["PrefixListId"] = r.Peer.PrefixList
			case is6(r.Peer.Prefix):
				o["CidrIpv6"] = r.Peer.Prefix.String()
			default:
				o["CidrIpv4"] = r.Peer.Prefix.String()
			}
			l.add(v.Region, "SecurityGroupRules", o.set("Description", r.Description))
		}
	}
}

// protocolName is how security groups write a protocol; network ACLs write its
// number.
func protocolName(s firewall.Service) string {
	if !s.HasPorts() && !s.IsICMP() {
		return strconv.Itoa(s.Protocol)
	}
	name, _, _ := strings.Cut(s.String(), "/")
	return name
}
