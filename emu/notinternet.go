package emu

import (
	"net/netip"
	"slices"
)

// notInternet are the ranges that do not exist on the internet: RFC 1918, RFC
// 6598 and the bogons of IGW-12. The TEST-NETs are left out on purpose, so that
// tests have addresses that belong to nobody.
var notInternet = [...]netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"), netip.MustParsePrefix("::/127"),
	netip.MustParsePrefix("::ffff:0:0/96"),
}

// NotInternet are the ranges that do not exist on the internet (RFC 1918, RFC 6598, and the
// bogons of IGW-12), whatever a network has.
func NotInternet() []netip.Prefix { return slices.Clone(notInternet[:]) }

// isPrivate reports whether an address cannot be that of an internet host.
func isPrivate(a netip.Addr) bool {
	for i := range notInternet {
		if notInternet[i].Contains(a) {
			return true
		}
	}
	return false
}
