package tap

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// The resolver knows the names that AWS gives to addresses of the network, as Amazon's
// DNS resolver does, and no others: what public names stand for the description does
// not say, so those are answered with SERVFAIL, never with "no such name".

// DNS, as far as it is needed (RFC 1035).
const (
	dnsHeader = 12
	dnsA      = 1
	dnsPTR    = 12
	dnsClass  = 1
	dnsTTL    = 60 // seconds

	dnsOK       = 0
	dnsFormat   = 1
	dnsFailed   = 2
	dnsNoName   = 3
	dnsNotKnown = 4
)

// dnsReply is the answer to a query; nil if it is none.
func dnsReply(query []byte, g *guest) []byte {
	if len(query) < dnsHeader || query[2]&0x80 != 0 {
		return nil
	}
	name, end, ok := dnsName(query)
	reply := append([]byte(nil), query[:dnsHeader]...)
	reply[2], reply[3] = 0x80|query[2]&0x79, 0x80 // an answer; recursion is to be had
	clear(reply[4:])
	switch {
	case query[2]&0x78 != 0:
		reply[3] |= dnsNotKnown
		return reply
	case !ok || len(query) < end+4 || binary.BigEndian.Uint16(query[4:]) != 1:
		reply[3] |= dnsFormat
		return reply
	}
	reply[5] = 1
	reply = append(reply, query[dnsHeader:end+4]...)
	kind, class := binary.BigEndian.Uint16(query[end:]), binary.BigEndian.Uint16(query[end+2:])
	addr, target, code := lookup(strings.ToLower(name), g)
	if class != dnsClass {
		code = dnsFailed
	}
	reply[3] |= code
	var data []byte
	switch {
	case code != dnsOK:
	case kind == dnsA && addr.Is4():
		data = addr.AsSlice()
	case kind == dnsPTR && target != "":
		for label := range strings.SplitSeq(target, ".") {
			data = append(append(data, byte(len(label))), label...)
		}
		data = append(data, 0)
	}
	if data == nil {
		return reply // the name is there and has nothing of the kind
	}
	reply[7] = 1
	reply = append(reply, 0xc0, dnsHeader) // the name of the question
	reply = binary.BigEndian.AppendUint16(reply, kind)
	reply = binary.BigEndian.AppendUint16(reply, dnsClass)
	reply = binary.BigEndian.AppendUint32(reply, dnsTTL)
	reply = binary.BigEndian.AppendUint16(reply, uint16(len(data)))
	return append(reply, data...)
}

// dnsName reads the name of the question, and where it ends.
func dnsName(query []byte) (name string, end int, ok bool) {
	var labels []string
	for at := dnsHeader; at < len(query); {
		n := int(query[at])
		at++
		switch {
		case n == 0:
			return strings.Join(labels, "."), at, true
		case n > 63 || at+n > len(query):
			return "", 0, false
		}
		labels = append(labels, string(query[at:at+n]))
		at += n
	}
	return "", 0, false
}

// lookup is what a name stands for: an address, or the name of one.
func lookup(name string, g *guest) (addr netip.Addr, target string, code byte) {
	host, domain, _ := strings.Cut(name, ".")
	switch {
	case domain == privateDomain(g.vpc) && strings.HasPrefix(host, "ip-"):
		a, err := netip.ParseAddr(strings.ReplaceAll(host[3:], "-", "."))
		if err == nil && a.Is4() && inside(g.vpc, a) {
			return a, "", dnsOK
		}
		return netip.Addr{}, "", dnsNoName
	case domain == publicDomain(g.vpc) && strings.HasPrefix(host, "ec2-"):
		a, err := netip.ParseAddr(strings.ReplaceAll(host[4:], "-", "."))
		if err != nil || !a.Is4() {
			return netip.Addr{}, "", dnsNoName
		}
		if private := privateOf(g.vpc, a); private.IsValid() && g.vpc.DNSHostnames {
			return private, "", dnsOK
		}
		return a, "", dnsOK
	case strings.HasSuffix(name, ".in-addr.arpa"):
		return reverse(strings.TrimSuffix(name, ".in-addr.arpa"), g.vpc)
	}
	return netip.Addr{}, "", dnsFailed
}

// reverse is the name of an address, whose bytes stand in the name in reverse order.
func reverse(name string, v *vpc.VPC) (addr netip.Addr, target string, code byte) {
	p := strings.Split(name, ".")
	if len(p) != 4 {
		return netip.Addr{}, "", dnsNoName
	}
	a, err := netip.ParseAddr(p[3] + "." + p[2] + "." + p[1] + "." + p[0])
	switch {
	case err != nil:
		return netip.Addr{}, "", dnsNoName
	case !inside(v, a):
		return netip.Addr{}, "", dnsFailed
	}
	return netip.Addr{}, privateName(a) + "." + privateDomain(v), dnsOK
}

// inside reports whether an address is in a range of the VPC.
func inside(v *vpc.VPC, a netip.Addr) bool {
	for _, c := range v.CIDRs {
		if c.Contains(a) {
			return true
		}
	}
	return false
}

// privateOf is the private address that a public one is mapped to in a VPC.
func privateOf(v *vpc.VPC, public netip.Addr) netip.Addr {
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			for _, a := range i.Addresses {
				if a.Public == public {
					return a.IP
				}
			}
		}
	}
	return netip.Addr{}
}
