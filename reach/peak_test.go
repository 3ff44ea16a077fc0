package reach_test

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// peak reports the most bytes that stood on the heap while a function ran, as what it leaves
// to collect is part of what it costs.
func peak(b *testing.B, f func()) {
	runtime.GC()
	stop, done := make(chan bool), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var most uint64
		for tick := time.NewTicker(time.Millisecond); ; {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-stop:
				tick.Stop()
				done <- most
				return
			}
		}
	}()
	f()
	close(stop)
	b.ReportMetric(float64(<-done)/1e6, "peak-MB")
}
