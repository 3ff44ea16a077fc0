package netstack

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Where the resolver of a VPC is for hosts that have an IPv4 address, and for
// others (LNK-2).
const (
	resolver4 = "169.254.169.253:53"
	resolver6 = "[fd00:ec2::253]:53"
)

var errNoResolver = errors.New("there is no resolver outside a VPC: dial an address, or set Host.Resolver")

// asks is where the resolver is that the host asks; empty outside a VPC.
func (h *Host) asks() string {
	switch {
	case h.anywhere:
		return ""
	case slices.ContainsFunc(h.Addresses(), netip.Addr.Is4):
		return resolver4
	}
	return resolver6
}

// LookupNetIP is the Resolver's, for a name as it is, without the machine's search domains.
// Unlike its own, the errors name the server that was asked.
func (h *Host) LookupNetIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	addrs, err := h.Resolver.LookupNetIP(ctx, network, strings.TrimSuffix(name, ".")+".")
	if err != nil {
		return nil, h.lookupError(name, err)
	}
	return addrs, nil
}

// lookupError is an error of the host's Resolver about a name. Package net names the machine's
// servers there, whichever were asked: of the VPC's resolver it is said here.
func (h *Host) lookupError(name string, err error) error {
	failed, ok := err.(*net.DNSError)
	if !ok || h.Resolver != h.vpc {
		return err
	}
	said := *failed // which others may be given too
	said.Name = name
	if said.Server != "" {
		said.Server = h.asks()
	}
	return &said
}

// resolver asks the VPC's resolver, in packets.
func (h *Host) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		at := h.asks()
		if at == "" {
			return nil, errNoResolver
		}
		return h.DialContext(ctx, network, at)
	}}
}
