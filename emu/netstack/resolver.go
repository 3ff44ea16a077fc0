package netstack

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
)

var errNoResolver = errors.New("there is no resolver outside a VPC: dial an address, or set Host.Resolver")

// resolverAt is where the host's resolver is: by its first IPv4 address, if it has one. It is
// empty outside a VPC.
func resolverAt(port *emu.Port, addresses []netip.Addr) string {
	var host netip.Addr
	if k := slices.IndexFunc(addresses, netip.Addr.Is4); k >= 0 {
		host = addresses[k]
	}
	if r := port.Resolver(host); r.IsValid() {
		return netip.AddrPortFrom(r, 53).String()
	}
	return ""
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
		said.Server = h.asks
	}
	return &said
}

// resolver asks the VPC's resolver, in packets.
func (h *Host) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		if h.asks == "" {
			return nil, errNoResolver
		}
		return h.DialContext(ctx, network, h.asks)
	}}
}
