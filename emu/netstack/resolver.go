package netstack

import (
	"context"
	"errors"
	"net"
)

// Where the resolver of a VPC is for hosts that have an IPv4 address, and for
// others (LNK-2).
const (
	resolver4 = "169.254.169.253:53"
	resolver6 = "[fd00:ec2::253]:53"
)

var errNoResolver = errors.New("there is no resolver outside a VPC: dial an address, or set Host.Resolver")

// resolver asks the VPC's resolver, in packets.
func (h *Host) resolver() *net.Resolver {
	at := resolver6
	for _, a := range h.Addresses() {
		if a.Is4() {
			at = resolver4
		}
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		if h.anywhere {
			return nil, errNoResolver
		}
		return h.DialContext(ctx, network, at)
	}}
}
