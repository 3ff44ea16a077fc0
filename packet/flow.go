package packet

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Flow is the 5-tuple of a packet, comparable and fit for a map key.
//
// Only TCP and UDP have ports. For ICMP and ICMPv6 echo messages SrcPort is the identifier, in both directions; DstPort is 0.
type Flow struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
	Proto            Proto
}

// Reverse returns the flow of the answers to f. An echo identifier stays where it is.
func (f Flow) Reverse() Flow {
	f.Src, f.Dst = f.Dst, f.Src
	if f.Proto.HasPorts() {
		f.SrcPort, f.DstPort = f.DstPort, f.SrcPort
	}
	return f
}

// Hash is a number that is the same for the same flow in every run: FNV-1a over its bytes.
func (f Flow) Hash() uint32 {
	h := uint32(2166136261)
	add := func(b byte) { h = (h ^ uint32(b)) * 16777619 }
	for _, a := range [...]netip.Addr{f.Src, f.Dst} {
		for _, b := range a.As16() {
			add(b)
		}
	}
	for _, p := range [...]uint16{f.SrcPort, f.DstPort, uint16(f.Proto)} {
		add(byte(p >> 8))
		add(byte(p))
	}
	return h
}

// String returns f on one line, in a form that [ParseFlow] reads:
//
//	tcp 10.0.1.10:40000 > 10.0.2.20:5432
//	udp [2001:db8::1]:5353 > [2001:db8::2]:53
//	icmp 10.0.0.1 > 10.0.0.2 id 7
//	ip/50 10.0.0.1 > 10.0.0.2
func (f Flow) String() string {
	switch {
	case f.Proto.HasPorts():
		src, dst := netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.DstPort)
		return f.Proto.String() + " " + src.String() + " > " + dst.String()
	case f.Proto.IsICMP() && f.SrcPort != 0:
		return f.Proto.String() + " " + f.Src.String() + " > " + f.Dst.String() + " id " + strconv.Itoa(int(f.SrcPort))
	}
	return f.Proto.String() + " " + f.Src.String() + " > " + f.Dst.String()
}

// ParseFlow is the inverse of [Flow.String].
func ParseFlow(s string) (Flow, error) {
	f, err := parseFlow(strings.Fields(s))
	if err != nil {
		return Flow{}, fmt.Errorf("flow %q: %w", s, err)
	}
	return f, nil
}

// MustParseFlow is [ParseFlow] for constant strings; it panics when s is not a flow.
func MustParseFlow(s string) Flow {
	f, err := ParseFlow(s)
	if err != nil {
		panic(err)
	}
	return f
}

func parseFlow(words []string) (f Flow, err error) {
	if len(words) < 4 || words[2] != ">" {
		return f, fmt.Errorf(`want "protocol source > destination"`)
	}
	if f.Proto, err = ParseProto(words[0]); err != nil {
		return f, err
	}
	if f.Src, f.SrcPort, err = parseEnd(words[1], f.Proto); err != nil {
		return f, err
	}
	if f.Dst, f.DstPort, err = parseEnd(words[3], f.Proto); err != nil {
		return f, err
	}
	if f.Src.Is4() != f.Dst.Is4() {
		return f, fmt.Errorf("%s and %s are not of one IP version", f.Src, f.Dst)
	}
	return f, parseIdentifier(words[4:], &f)
}

// parseEnd reads "10.0.1.10:40000" or, for a protocol without ports, "10.0.1.10".
func parseEnd(s string, proto Proto) (netip.Addr, uint16, error) {
	var end netip.AddrPort
	var err error
	if proto.HasPorts() {
		end, err = netip.ParseAddrPort(s)
	} else {
		var a netip.Addr
		a, err = netip.ParseAddr(s)
		end = netip.AddrPortFrom(a, 0)
	}
	if err == nil && end.Addr().Zone() != "" {
		err = fmt.Errorf("%s: a packet carries no zone", s)
	}
	return end.Addr(), end.Port(), err
}

// parseIdentifier reads the optional "id 7" that ends an ICMP flow.
func parseIdentifier(words []string, f *Flow) error {
	if len(words) == 0 {
		return nil
	}
	if len(words) != 2 || words[0] != "id" || !f.Proto.IsICMP() {
		return fmt.Errorf("unexpected %q", strings.Join(words, " "))
	}
	id, err := strconv.ParseUint(words[1], 10, 16)
	if err != nil {
		return fmt.Errorf("identifier %q: want 0 to 65535", words[1])
	}
	f.SrcPort = uint16(id)
	return nil
}
