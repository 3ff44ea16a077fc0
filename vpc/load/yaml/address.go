package yaml

import (
	"net/netip"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

const (
	wantIP     = "an IP address, or auto"
	wantPublic = "true or a public IPv4 address"
)

// fullAddressKeys are those of an address that needs more than its text.
var fullAddressKeys = keys[vpc.Address]{
	{"ip", func(d *decoder, n *node, a *vpc.Address) { a.IP = d.privateIP(n) }},
	{"public-ip", func(d *decoder, n *node, a *vpc.Address) { a.Public, a.AutoPublic = d.publicIP(n) }},
	{"auto-public", flag(true, func(a *vpc.Address) *bool { return &a.AutoPublic })},
	{"elastic", flag(true, func(a *vpc.Address) *bool { return &a.Elastic })},
	{"az", text("an Availability Zone", func(a *vpc.Address) *string { return &a.Zone })},
}

// addressKeys are the keys of what has addresses. The public ones belong to the
// first private address.
func addressKeys[T any](of func(*T) *[]vpc.Address) keys[T] {
	first := func(e *T) *vpc.Address {
		list := of(e)
		if len(*list) == 0 {
			*list = []vpc.Address{{}}
		}
		return &(*list)[0]
	}
	return keys[T]{
		{"ip", func(d *decoder, n *node, e *T) {
			d.items(n, func(n *node) { *of(e) = append(*of(e), d.address(n)) })
		}},
		{"public-ip", func(d *decoder, n *node, e *T) {
			a := first(e)
			a.Public, a.AutoPublic = d.publicIP(n)
		}},
		{"elastic-ip", func(d *decoder, n *node, e *T) {
			a := first(e)
			if a.AutoPublic || a.Public.IsValid() {
				d.errorf(n, "an elastic-ip beside a public-ip: want one of them")
			}
			a.Public, a.AutoPublic = d.publicIP(n)
			a.Elastic = a.AutoPublic || a.Public.IsValid()
		}},
	}
}

func (d *decoder) address(n *node) vpc.Address {
	var a vpc.Address
	if n.Kind == goyaml.MappingNode {
		read(d, n, "an address", fullAddressKeys, &a)
	} else {
		a.IP = d.privateIP(n)
	}
	return a
}

func (d *decoder) privateIP(n *node) netip.Addr {
	if follow(n).Value == "auto" {
		return netip.Addr{}
	}
	return d.addr(n, wantIP)
}

// publicIP reads true (any public address), false (none) or an address.
func (d *decoder) publicIP(n *node) (ip netip.Addr, auto bool) {
	switch follow(n).Value {
	case "true":
		return ip, true
	case "false":
		return ip, false
	}
	return d.addr(n, wantPublic), false
}
