package netstack

import (
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// queue is packets that wait for a goroutine. It owns those that it holds.
//
//	put, which refuses when it is full ──▶ ┌──────────────┐
//	push, which waits for half of it   ──▶ │ limit packets│ ──▶ take, all at once
//	await, before something is put         └──────────────┘
type queue struct {
	limit int // packets

	mu      sync.Mutex
	some    sync.Cond // there are packets, or it is closed
	room    sync.Cond // it is at most half full, or it is closed
	packets []*stack.PacketBuffer
	closed  bool
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit}
	q.some.L, q.room.L = &q.mu, &q.mu
	return q
}

// put adds a packet unless the queue is full or closed. It waits for nothing.
func (q *queue) put(p *stack.PacketBuffer) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.packets) >= q.limit {
		return false
	}
	q.packets = append(q.packets, p)
	q.some.Signal()
	return true
}

// push waits until the queue is at most half full and adds packets, which are less than
// half of it; false if it is closed. It must not be called with a lock that who takes
// needs.
func (q *queue) push(packets []*stack.PacketBuffer) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.waitForRoom() {
		return false
	}
	q.packets = append(q.packets, packets...)
	q.some.Signal()
	return true
}

// await waits until the queue is at most half full; false if it is closed.
func (q *queue) await() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waitForRoom()
}

func (q *queue) waitForRoom() bool {
	for !q.closed && len(q.packets) > q.limit/2 {
		q.room.Wait()
	}
	return !q.closed
}

// take waits for packets and returns all of them; none if the queue is closed and
// empty. It takes the memory of a list that it returned earlier for the next ones.
func (q *queue) take(old []*stack.PacketBuffer) []*stack.PacketBuffer {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && len(q.packets) == 0 {
		q.some.Wait()
	}
	taken := q.packets
	q.packets = old[:0]
	q.room.Broadcast()
	return taken
}

// close lets no more packets in.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.some.Broadcast()
	q.room.Broadcast()
}
