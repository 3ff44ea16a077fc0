package replay_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/packet"
)

// FuzzSend: whatever is in three packets of a capture, each is counted once, and what is
// in one does not stop the next.
func FuzzSend(f *testing.F) {
	raw := func(s packet.Spec) []byte { return s.Bytes() }
	syn4 := raw(spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn))
	f.Add(uint16(101), syn4, raw(spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", synack)), syn4)                                                                       // a flow and its answer
	f.Add(uint16(101), raw(spec("udp 192.168.1.10:5000 > 192.168.1.1:6000", 0)), raw(unreachable("udp 192.168.1.10:5000 > 192.168.1.1:6000")), syn4)                      // an ICMP error through NAT
	f.Add(uint16(101), raw(spec("tcp [2001:db8:7::8]:4000 > [64:ff9b::808:808]:443", syn)), raw(spec("tcp [64:ff9b::808:808]:443 > [2001:db8:7::8]:4000", synack)), syn4) // NAT64
	f.Add(uint16(1), append([]byte("mmmmmmmmmmmm\x81\x00\x00\x07\x08\x00"), syn4...), []byte{}, []byte("mmmmmmmmmmmm\x08\x06"))                                           // VLAN, nothing, ARP
	f.Add(uint16(113), append([]byte("cccccccccccccc\x08\x00"), syn4...), syn4, syn4)                                                                                     // cooked
	n := office()
	n.VPC("prod").RouteTable("private").AddRoute("64:ff9b::/96", "nat")
	f.Fuzz(func(t *testing.T, link uint16, a, b, c []byte) {
		r, err := replay.New(n, replay.Options{Map: map[netip.Addr]string{
			addr("192.168.1.10"): "app-1", addr("192.168.1.20"): "db-1", addr("192.168.1.1"): "internet", addr("2001:db8:7::8"): "app-1",
		}})
		require.NoError(t, err)
		for k, data := range [][]byte{a, b, c} {
			data = append([]byte(nil), data...)
			r.Send(&capture.Packet{Number: k + 1, Time: time.Unix(1000, int64(k)), Link: capture.LinkType(link), Data: data, Length: len(data) + k})
		}
		report := r.Report()
		assert.Equal(t, 3, report.Read)
		assert.Equal(t, 3, report.Packets()+report.Unused)
	})
}
