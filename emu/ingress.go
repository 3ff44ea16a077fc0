package emu

import "github.com/vpcemu/vpcemu/firewall"

// owner finds the interface with the destination address, unless a route has
// named the interface already (RT-51, SUB-12, SUB-14).
func owner(w *walk) verdict {
	if w.to == nil {
		w.to = w.owner(w.vpc, w.flow.Dst)
	}
	if why := w.vpc.Unmodelled(w.flow.Dst); w.to == nil && why != "" {
		w.say(why)
		return undetermined
	}
	if w.to == nil {
		w.sayAddr(w.flow.Dst, "is no interface's address")
		return dropped(NoSuchAddress)
	}
	return passed
}

// receiverAttached: see senderAttached.
func receiverAttached(w *walk) verdict { return w.attached(w.to) }

// aclIn is the network ACL of the receiver's subnet; it sees only what comes
// from outside the subnet (ACL-3, ACL-25).
func aclIn(w *walk) verdict {
	if w.inside || w.to.Regional() { // which is in no subnet (NAT-44)
		return skipped
	}
	return w.filterSubnet(w.to.Subnet, firewall.Ingress, NACLIngress)
}

// destinationCheck is the destination half of the source/destination check
// (ENI-1, ENI-3).
func destinationCheck(w *walk) verdict {
	if w.to.Gateway != nil {
		return skipped
	}
	return w.ownAddress(w.to, w.flow.Dst)
}

// groupsIn is the receiver's security groups. Group references go by the
// interface that sent the packet, while it is still known (SG-15, SG-16, SG-23).
func groupsIn(w *walk) verdict {
	if w.to.Gateway != nil {
		return skipped // gateways have no security groups (SG-52)
	}
	var groups []firewall.GroupID
	if w.identity != nil {
		groups = w.identity.GroupIDs
	}
	return w.groups(w.to, firewall.Ingress, groups, SGIngress)
}

// deliver hands the packet over.
func deliver(w *walk) verdict {
	if w.to.Gateway != nil || w.to.Balancer != nil || w.to.Service() {
		return skipped // it goes through
	}
	w.result = Result{Fate: Delivered, At: w.to.Desc.ID}
	w.net.deliver(w)
	return ended
}
