package vpc

import (
	"github.com/vpcemu/vpcemu/firewall"
)

// malformedService checks the protocol and the ports of a rule. The rules named
// are those of security groups or of network ACLs, which say the same.
func malformedService(s firewall.Service, portRule, icmpRule string) *mistake {
	switch {
	case s.Protocol < firewall.AllProtocols || s.Protocol > 255:
		return wrong(CodeInvalidValue, "protocol %d is not 0 to 255, or -1 for all (ERR-5)", s.Protocol)
	case s.HasPorts():
		return malformedPorts(s, portRule)
	case s.IsICMP():
		return malformedICMP(s, icmpRule)
	}
	return nil
}

func malformedPorts(s firewall.Service, rule string) *mistake {
	switch {
	case !inRange(s.From, 0, 65535) || !inRange(s.To, 0, 65535):
		return wrong(CodeInvalidValue, "ports %d to %d are not 0 to 65535 (%s)", s.From, s.To, rule)
	case s.From > s.To:
		return wrong(CodeInvalidValue, "the port range %d to %d is reversed (%s)", s.From, s.To, rule)
	}
	return nil
}

func malformedICMP(s firewall.Service, rule string) *mistake {
	switch {
	case !inRange(s.From, -1, 255) || !inRange(s.To, -1, 255):
		return wrong(CodeInvalidValue, "ICMP type %d, code %d are not 0 to 255, or -1 for any (%s)", s.From, s.To, rule)
	case s.From == -1 && s.To != -1:
		return wrong(CodeInvalidValue, "ICMP code %d needs a type: any type goes with any code (%s)", s.To, rule)
	}
	return nil
}

func inRange(n, low, high int) bool { return low <= n && n <= high }
