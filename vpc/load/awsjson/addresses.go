package awsjson

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// address takes in one element of describe-addresses: an Elastic IP. Interfaces
// list the addresses they have, so this only adds what they leave out.
func (l *loader) address(v value) error {
	var j struct {
		PublicIP, PrivateIPAddress, NetworkInterfaceID, InstanceID, AllocationID, AssociationID string
		Domain, CarrierIP, CustomerOwnedIP                                                      string
		NetworkInterfaceOwnerID                                                                 text
		Tags                                                                                    nameTag
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	what := "address " + j.PublicIP
	public, err := address(j.PublicIP)
	if err != nil {
		return fmt.Errorf("PublicIp %w", err)
	}
	switch {
	case j.NetworkInterfaceID == "" && j.InstanceID == "":
		l.report.Note(report.Ignored, v.origin(), what, "is associated with nothing")
		return errNoted
	case j.NetworkInterfaceID == "":
		l.report.Note(report.Ignored, v.origin(), what, "belongs to instance %s of EC2-Classic", j.InstanceID)
		return errNoted
	}
	i := l.interfaces[j.NetworkInterfaceID]
	if i == nil && l.ofGateway(public) {
		return nil
	}
	if i == nil {
		l.unownedAddress(public)
		l.report.Note(report.Missing, v.origin(), what, "belongs to network interface %s, which nothing describes", j.NetworkInterfaceID)
		return errNoted
	}
	if err := associate(i, j.PrivateIPAddress, public); err != nil {
		l.unownedAddress(public)
		return err
	}
	return nil
}

// associate maps an Elastic IP to a private address of an interface.
func associate(i *vpc.Interface, privateIP string, public netip.Addr) error {
	private, err := address(privateIP)
	if err != nil {
		return fmt.Errorf("PrivateIpAddress %w", err)
	}
	a := publicOf(i, private)
	switch {
	case a == nil:
		return fmt.Errorf("interface %s has no address %s", i.ID, private)
	case a.Public.IsValid() && a.Public != public:
		return fmt.Errorf("interface %s lists %s for %s, which counts", i.ID, a.Public, private)
	}
	a.Public, a.Elastic = public, true
	return nil
}
