package emu

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

func inSubnets(ids ...string) []*plan.Interface {
	var list []*plan.Interface
	for _, id := range ids {
		list = append(list, &plan.Interface{Subnet: &plan.Subnet{Desc: &vpc.Subnet{ID: id}}})
	}
	return list
}

// TestTGW18_TGW19_TGW21_ByFlow: both directions of a flow go through one interface,
// which another one's removal does not change; and flows spread over all of them.
func TestTGW18_TGW19_TGW21_ByFlow(t *testing.T) {
	list := inSubnets("ta", "tb", "tc")
	used := make(map[string]int)
	rapid.Check(t, func(rt *rapid.T) {
		port := func(name string) uint16 { return rapid.Uint16().Draw(rt, name) }
		host := func(name string) netip.Addr {
			return netip.AddrFrom4([4]byte{10, 1, 0, rapid.Byte().Draw(rt, name)})
		}
		f := packet.Flow{Src: host("src"), Dst: host("dst"), SrcPort: port("sport"), DstPort: port("dport"), Proto: packet.TCP}
		if rapid.Bool().Draw(rt, "echo") {
			f.Proto, f.DstPort = packet.ICMP, 0
		}
		there, back := &walk{flow: f}, &walk{flow: f.Reverse()}
		at := there.byFlow(list)
		used[at.Subnet.Desc.ID]++
		require.Same(rt, at, there.byFlow(list), "the same flow")
		require.Same(rt, at, back.byFlow(list), "its other direction")
		for k := range list {
			if list[k] != at {
				fewer := append(append([]*plan.Interface(nil), list[:k]...), list[k+1:]...)
				require.Same(rt, at, there.byFlow(fewer), "without another one")
			}
		}
	})
	assert.Len(t, used, 3, "%v", used)
}
