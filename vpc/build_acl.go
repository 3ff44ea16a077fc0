package vpc

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
)

// AllowIn adds an inbound entry that allows a service from a CIDR.
func (a *NetworkACL) AllowIn(number int, service, cidr string) *NetworkACL {
	a.Ingress = append(a.Ingress, a.entry(number, firewall.Allow, service, cidr))
	return a
}

// DenyIn adds an inbound entry that denies a service from a CIDR.
func (a *NetworkACL) DenyIn(number int, service, cidr string) *NetworkACL {
	a.Ingress = append(a.Ingress, a.entry(number, firewall.Deny, service, cidr))
	return a
}

// AllowOut adds an outbound entry that allows a service to a CIDR.
func (a *NetworkACL) AllowOut(number int, service, cidr string) *NetworkACL {
	a.Egress = append(a.Egress, a.entry(number, firewall.Allow, service, cidr))
	return a
}

// DenyOut adds an outbound entry that denies a service to a CIDR.
func (a *NetworkACL) DenyOut(number int, service, cidr string) *NetworkACL {
	a.Egress = append(a.Egress, a.entry(number, firewall.Deny, service, cidr))
	return a
}

func (a *NetworkACL) entry(number int, action firewall.Action, service, cidr string) firewall.Entry {
	e := firewall.Entry{Number: number, Action: action, Origin: caller()}
	svc, err := firewall.ParseService(service)
	if err != nil {
		a.fail(&Error{Code: CodeInvalidValue, Resource: "network ACL " + a.ID, Message: err.Error() + " (ERR-5)", Origin: e.Origin})
	}
	e.Service = svc
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		a.fail(&Error{Code: CodeInvalidValue, Resource: "network ACL " + a.ID, Origin: e.Origin,
			Message: fmt.Sprintf("%q is not a CIDR block, which is all an entry can name (ACL-12)", cidr)})
	}
	e.CIDR = prefix.Masked()
	return e
}
