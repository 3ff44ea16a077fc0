package bench

import (
	"runtime"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/plan"
)

// BytesPerFlow is what a flow along a path takes on the heap: its records at both ends
// and in a NAT gateway, their places in the index and short cuts in both directions.
func BytesPerFlow(path Path, flows int) (float64, error) {
	t := &Traffic{Path: path, Clock: new(emu.Clock)}
	if err := t.open(60, 0, t.Clock.Now); err != nil {
		return 0, err
	}
	before := heap()
	for i := range flows {
		if err := t.establish(t.Path.Flow(i)); err != nil {
			return 0, err
		}
	}
	each := float64(heap()-before) / float64(flows)
	runtime.KeepAlive(t)
	return each, nil
}

// BytesPerInterface is what the compiled form of a network takes on the heap, shared
// out to its interfaces.
func BytesPerInterface(s Size) (float64, error) {
	n := s.Network()
	if err := n.Validate(); err != nil {
		return 0, err
	}
	if err := n.Assign(); err != nil {
		return 0, err
	}
	before := heap()
	p := plan.Compile(n, nil)
	each := float64(heap()-before) / float64(s.Interfaces)
	runtime.KeepAlive(p)
	return each, nil
}

// heap is how many bytes live on the heap.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
