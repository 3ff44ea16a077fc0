package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// equalCost is where a route leads; if several are as good the flow decides
// (TGW-31).
func (w *walk) equalCost(t plan.Target) *plan.Attachment {
	best, most := t.Attachment, uint64(0)
	if len(t.Equal) == 0 {
		return best
	}
	if w.alike != nil {
		if k := w.alike.choices.choose(best, w.flow, len(t.Equal)+1); k > 0 {
			best = t.Equal[k-1]
		}
		return best
	}
	flow, _ := w.asked()
	most = flowHash(flow, best.Desc.ID)
	for _, a := range t.Equal {
		if h := flowHash(flow, a.Desc.ID); h > most {
			best, most = a, h
		}
	}
	return best
}

// byFlow is one of several interfaces. The flow decides: the same one for both its
// directions, and for errors about it, and as long as that interface is there
// whatever becomes of the others. AWS does not say how it chooses.
func (w *walk) byFlow(list []*plan.Interface) *plan.Interface {
	if w.alike != nil {
		return list[w.alike.choices.choose(list[0], w.flow, len(list))]
	}
	flow, _ := w.asked()
	var best *plan.Interface
	most := uint64(0)
	for _, i := range list {
		if h := flowHash(flow, i.Subnet.Desc.ID); best == nil || h > most {
			best, most = i, h
		}
	}
	return best
}

// flowHash is FNV-1a over a flow, in whichever direction, and a name.
func flowHash(f packet.Flow, name string) uint64 {
	low, high := f.Src, f.Dst
	if high.Less(low) {
		low, high = high, low
	}
	ports := [2]uint16{min(f.SrcPort, f.DstPort), max(f.SrcPort, f.DstPort)}
	h := uint64(14695981039346656037)
	mix := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	for _, a := range [2]netip.Addr{low, high} {
		for _, b := range a.As16() {
			mix(b)
		}
	}
	for _, p := range ports {
		mix(byte(p >> 8))
		mix(byte(p))
	}
	mix(byte(f.Proto))
	for k := range len(name) {
		mix(name[k])
	}
	h ^= h >> 32 // the last bytes must reach all bits: the largest hash wins
	h *= 0x9E3779B97F4A7C15
	return h ^ h>>29
}
