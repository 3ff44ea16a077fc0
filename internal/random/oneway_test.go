package random

import (
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
)

// oneWay is a trace of the request alone of a packet that has been traced, by names; false if
// there is none that means the packet, as for most hosts behind a gateway endpoint.
func oneWay(e *emu.Emulator, q ends, at space.Point, one *emu.Trace) (*emu.Trace, bool) {
	sent := one.Sent()
	host := func(name string, a netip.Addr) string {
		if name == Internet.Port || strings.HasPrefix(name, "onprem:") {
			return name + ":" + a.String()
		}
		return name
	}
	t, err := e.Trace(emu.Query{Source: host(q.Source, sent.Src), Destination: host(q.Destination, sent.Dst), Service: firewall.MustParseService(one.Service),
		SourcePort: uint16(at[space.SourcePorts].Lo), IPv6: q.IPv6, OneWay: true})
	return t, err == nil && t.Sent() == sent
}
