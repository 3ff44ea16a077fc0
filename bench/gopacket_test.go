package bench

import (
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/packet"
)

// TestGopacketReadsOurPackets is a second opinion on the bytes: what package
// packet builds and rewrites, another project's decoder must read the same way.
func TestGopacketReadsOurPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addr := func(name string) netip.Addr {
			b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name)
			return netip.AddrFrom4([4]byte(b))
		}
		port := rapid.Uint16()
		f := packet.Flow{Src: addr("src"), Dst: addr("dst"), SrcPort: port.Draw(t, "sport"), DstPort: port.Draw(t, "dport"),
			Proto: rapid.SampledFrom([]packet.Proto{packet.TCP, packet.UDP}).Draw(t, "proto")}
		b := packet.Spec{Flow: f, Flags: packet.SYN, Payload: rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "payload")}.Bytes()

		var p packet.Packet
		require.NoError(t, p.Parse(b))
		p.SetSrc(addr("new src"))
		p.SetDstPort(port.Draw(t, "new dport"))
		requireSame(t, p.Flow, gopacket.NewPacket(b, layers.LayerTypeIPv4, gopacket.Default))
	})
}

func requireSame(t *rapid.T, f packet.Flow, decoded gopacket.Packet) {
	// What a payload on a well-known port is not (DHCP, DNS) is no matter here.
	require.NotNil(t, decoded.NetworkLayer())
	require.NotNil(t, decoded.TransportLayer())
	require.Equal(t, f.Src.AsSlice(), decoded.NetworkLayer().NetworkFlow().Src().Raw())
	require.Equal(t, f.Dst.AsSlice(), decoded.NetworkLayer().NetworkFlow().Dst().Raw())
	var sport, dport uint16
	switch l := decoded.TransportLayer().(type) {
	case *layers.TCP:
		sport, dport = uint16(l.SrcPort), uint16(l.DstPort)
	case *layers.UDP:
		sport, dport = uint16(l.SrcPort), uint16(l.DstPort)
	}
	require.Equal(t, f.SrcPort, sport)
	require.Equal(t, f.DstPort, dport)
}
