package conformance

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// add is those edits that put something into a network, which can be what YAML
// has no words for:
//
//	edit add-ingress GROUP SERVICE PEER
//	edit add-egress GROUP SERVICE PEER
//	edit add-acl-in ACL NUMBER allow|deny SERVICE CIDR
//	edit add-acl-out ACL NUMBER allow|deny SERVICE CIDR
//	edit add-flow-log VPC NAME
//	edit remove-flow-log VPC NAME
//	edit set-groups INTERFACE GROUP…
//	edit add-internet-gateway VPC NAME
//
// A service of three numbers, 6:80:90, is protocol, from and to as in the EC2 API.
func add(n *vpc.Network, args []string) error {
	name, rest := args[1], args[2:]
	switch args[0] {
	case "add-ingress":
		g := n.SecurityGroup(name)
		if raw, ok := rawService(rest[0]); ok {
			g.Ingress = append(g.Ingress, firewall.Rule{Service: raw, Peer: vpc.ParsePeer(rest[1])})
			return nil
		}
		g.AllowIn(rest[0], rest[1])
	case "add-egress":
		n.SecurityGroup(name).AllowOut(rest[0], rest[1])
	case "add-acl-in", "add-acl-out":
		return addEntry(n.NetworkACL(name), args[0], rest)
	case "add-flow-log":
		n.VPC(name).AddFlowLog(rest[0])
	case "remove-flow-log":
		n.VPC(name).RemoveFlowLog(rest[0])
	case "set-groups":
		n.Interface(name).Groups = rest
	case "add-internet-gateway":
		n.VPC(name).AddInternetGateway(rest[0])
	default:
		return fmt.Errorf("cannot %s", strings.Join(args, " "))
	}
	return nil
}

func addEntry(a *vpc.NetworkACL, where string, args []string) error {
	number, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if raw, ok := rawService(args[2]); ok {
		a.Ingress = append(a.Ingress, firewall.Entry{Number: number, Service: raw, CIDR: netip.MustParsePrefix(args[3])})
		return nil
	}
	map[string]func(number int, service, cidr string) *vpc.NetworkACL{
		"add-acl-in allow": a.AllowIn, "add-acl-in deny": a.DenyIn, "add-acl-out allow": a.AllowOut, "add-acl-out deny": a.DenyOut,
	}[where+" "+args[1]](number, args[2], args[3])
	return nil
}

// rawService reads "6:80:90".
func rawService(s string) (firewall.Service, bool) {
	var v firewall.Service
	n, err := fmt.Sscanf(s, "%d:%d:%d", &v.Protocol, &v.From, &v.To)
	return v, n == 3 && err == nil
}
