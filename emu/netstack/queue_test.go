package netstack

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// packets are some that go with the test, whoever has them then.
func packets(t *testing.T, n int) (all []*stack.PacketBuffer) {
	for range n {
		p := stack.NewPacketBuffer(stack.PacketBufferOptions{})
		t.Cleanup(p.DecRef)
		all = append(all, p)
	}
	return all
}

// TestWritePacketsSaysWhatItDidNotTake, so that TCP knows.
func TestWritePacketsSaysWhatItDidNotTake(t *testing.T) {
	l := newLink(nil, 1500, newPaths(tcpip.NewStdClock()), [2]int{2, 2})
	var list stack.PacketBufferList
	for _, p := range packets(t, 3) {
		list.PushBack(p.IncRef())
	}
	defer list.DecRef()
	n, err := l.WritePackets(list)
	assert.Equal(t, 2, n)
	assert.IsType(t, new(tcpip.ErrNoBufferSpace), err)
	assert.Equal(t, uint64(1), l.refused.Load())
	for _, p := range l.out.take(nil) {
		p.DecRef()
	}
}

func TestQueueRefuses(t *testing.T) {
	q, p := newQueue(4), packets(t, 5)
	for _, c := range []struct {
		name string
		want bool
	}{{"first", true}, {"second", true}, {"third", true}, {"the last that it holds", true}, {"one too many", false}} {
		assert.Equal(t, c.want, q.put(p[0]), c.name)
	}
	assert.Len(t, q.take(nil), 4)
	assert.True(t, q.put(p[0]), "there is room again")
	q.close()
	assert.False(t, q.put(p[0]), "it is closed")
	assert.False(t, q.push(p[:1]))
	assert.False(t, q.await())
	assert.Len(t, q.take(nil), 1, "what was there")
	assert.Empty(t, q.take(nil))
}

// TestQueueWaits: of many who push none is refused, and all get on, in order.
func TestQueueWaits(t *testing.T) {
	const each, pushers = 1000, 4
	q := newQueue(4)
	order := make(map[*stack.PacketBuffer]int)
	var all [pushers][]*stack.PacketBuffer
	for k := range all {
		all[k] = packets(t, each)
		for n, p := range all[k] {
			order[p] = n
		}
	}
	var done sync.WaitGroup
	for _, mine := range all {
		done.Go(func() {
			for n := range mine {
				assert.True(t, q.push(mine[n:n+1]))
			}
		})
	}
	got := make(map[*stack.PacketBuffer]bool)
	var list []*stack.PacketBuffer
	last := make(map[int]int)
	for len(got) < each*pushers {
		list = q.take(list)
		assert.LessOrEqual(t, len(list), 4)
		for _, p := range list {
			got[p] = true
			for k := range all {
				if n := order[p]; all[k][n] == p {
					assert.Equal(t, last[k], n)
					last[k]++
				}
			}
		}
	}
	done.Wait()
}

// TestQueueCloseWakes: who waits for room or for packets goes on when it is closed.
func TestQueueCloseWakes(t *testing.T) {
	full, empty := newQueue(2), newQueue(2)
	for range 2 {
		full.put(packets(t, 1)[0])
	}
	results := make(chan bool)
	go func() { results <- full.push(packets(t, 1)) }()
	go func() { results <- full.await() }()
	go func() { results <- len(empty.take(nil)) > 0 }()
	full.close()
	empty.close()
	for range 3 {
		assert.False(t, <-results)
	}
}
