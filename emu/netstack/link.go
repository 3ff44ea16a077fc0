package netstack

import (
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"github.com/vpcemu/vpcemu/emu"
)

// link is what lies between a TCP/IP stack and a port. TCP/IP sends with locks held,
// and a port delivers on the goroutine of who sends, so two queues keep them apart:
//
//	TCP/IP ──WritePackets──▶ out ──▶ send ──Port.SendBatch──▶ the network
//	TCP/IP ◀──────receive─── in  ◀───────Port.ReceiveBatch──  the network, on the goroutine of who sends
//
// No packet is lost between them unnoticed. While in is more than half full who sends
// to it waits; they hold no lock, and receive never waits for a queue, so it gets
// on. While out is more than half full, sockets let no writer in; the other half is for what
// TCP sends by itself. If that is full too, TCP is told ([tcpip.ErrNoBufferSpace])
// and sends again later.
type link struct {
	port       *emu.Port
	mtu        atomic.Uint32
	in, out    *queue
	paths      *paths
	dispatcher atomic.Pointer[stack.NetworkDispatcher]
	refused    atomic.Uint64 // packets that found out full
	sender     sync.WaitGroup
	receiver   sync.WaitGroup
}

// How many packets wait at the most, each way. A TCP connection has up to 4 MiB under way,
// which are 3,000 packets of 1500 bytes.
var queueLimits = [2]int{8192, 2048} // out, in

// Packets are sent to the network by so many together, or so many bytes.
const (
	batch      = 32
	batchBytes = 128 << 10
)

var _ stack.LinkEndpoint = (*link)(nil)
var _ stack.GSOEndpoint = (*link)(nil)

func newLink(port *emu.Port, mtu int, paths *paths, limits [2]int) *link {
	l := &link{port: port, out: newQueue(limits[0]), in: newQueue(limits[1]), paths: paths}
	l.mtu.Store(uint32(mtu))
	return l
}

// links are those that carry packets, by the port that each has for itself.
var links sync.Map // of *emu.Port: *link

// start begins to carry packets, and reports whether the port was free. The stack must be
// attached.
func (l *link) start() bool {
	if _, taken := links.LoadOrStore(l.port, l); taken {
		return false
	}
	l.sender.Go(l.send)
	l.receiver.Go(l.receive)
	l.port.ReceiveBatch(l.arrive)
	return true
}

// deafen hands TCP/IP what has arrived, and nothing more. The port it leaves alone unless it
// has it.
func (l *link) deafen() {
	if has, _ := links.Load(l.port); has == l {
		l.port.Receive(nil)
	}
	l.in.close()
	l.receiver.Wait()
}

// stop sends what waits, ends the link's goroutines and frees the port.
func (l *link) stop() {
	l.out.close()
	l.sender.Wait()
	for _, p := range l.out.take(nil) { // of a link that was never started
		p.DecRef()
	}
	links.CompareAndDelete(l.port, l)
}

// WritePackets takes packets from TCP/IP, which holds locks.
func (l *link) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	n := 0
	for _, p := range packets.AsSlice() {
		if !l.out.put(p.IncRef()) {
			p.DecRef()
			l.refused.Add(1)
			return n, &tcpip.ErrNoBufferSpace{}
		}
		n++
	}
	return n, nil
}

// send puts packets into the network: copies, since it rewrites them and TCP may have to
// send them again.
func (l *link) send() {
	var waiting []*stack.PacketBuffer
	var bytes []byte
	var packets [][]byte
	for {
		waiting = l.out.take(waiting)
		if len(waiting) == 0 {
			return
		}
		for rest := waiting; len(rest) > 0; {
			var n int
			bytes, packets, n = l.gather(rest, bytes[:0], packets[:0])
			l.port.SendBatch(packets, nil)
			rest = rest[n:]
		}
	}
}

// gather copies the first packets of a list, in the form in which they are sent, and says of
// how many.
func (l *link) gather(list []*stack.PacketBuffer, bytes []byte, packets [][]byte) ([]byte, [][]byte, int) {
	var ends [batch]int
	n := 0
	for n < min(batch, len(list)) && len(bytes) < batchBytes {
		for _, part := range list[n].AsSlices() {
			bytes = append(bytes, part...)
		}
		list[n].DecRef()
		ends[n] = len(bytes)
		n++
	}
	start := 0
	for _, end := range ends[:n] {
		packets = l.paths.fit(packets, bytes[start:end:end])
		start = end
	}
	return bytes, packets, n
}

// arrive takes packets from the network, on the goroutine of who sends them.
func (l *link) arrive(packets [][]byte) {
	var arrived [batch]*stack.PacketBuffer
	for len(packets) > 0 {
		n := min(batch, len(packets))
		for i, b := range packets[:n] {
			l.paths.hear(b)
			arrived[i] = stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b)})
		}
		if !l.in.push(arrived[:n]) { // the host has been closed
			for _, p := range arrived[:n] {
				p.DecRef()
			}
		}
		packets = packets[n:]
	}
}

// receive hands packets to TCP/IP, which may send others at once.
func (l *link) receive() {
	var arrived []*stack.PacketBuffer
	for {
		arrived = l.in.take(arrived)
		if len(arrived) == 0 {
			return
		}
		for _, p := range arrived {
			l.deliver(p)
			p.DecRef()
		}
	}
}

func (l *link) deliver(p *stack.PacketBuffer) {
	d := l.dispatcher.Load()
	first, ok := p.Data().PullUp(1)
	if d == nil || !ok {
		return
	}
	switch first[0] >> 4 {
	case 4:
		(*d).DeliverNetworkPacket(ipv4.ProtocolNumber, p)
	case 6:
		(*d).DeliverNetworkPacket(ipv6.ProtocolNumber, p)
	}
}

// Attach tells the link who takes what arrives.
func (l *link) Attach(d stack.NetworkDispatcher) {
	if d == nil {
		l.dispatcher.Store(nil)
		return
	}
	l.dispatcher.Store(&d)
}

// What a link without Ethernet has to say about itself.

func (l *link) IsAttached() bool                                 { return l.dispatcher.Load() != nil }
func (l *link) MTU() uint32                                      { return l.mtu.Load() }
func (l *link) SetMTU(mtu uint32)                                { l.mtu.Store(mtu) }
func (l *link) SupportedGSO() stack.SupportedGSO                 { return stack.GVisorGSOSupported }
func (l *link) GSOMaxSize() uint32                               { return 1 << 16 }
func (l *link) Capabilities() (c stack.LinkEndpointCapabilities) { return c }
func (l *link) MaxHeaderLength() uint16                          { return 0 }
func (l *link) LinkAddress() (a tcpip.LinkAddress)               { return a }
func (l *link) SetLinkAddress(tcpip.LinkAddress)                 {}
func (l *link) ARPHardwareType() header.ARPHardwareType          { return header.ARPHardwareNone }
func (l *link) AddHeader(*stack.PacketBuffer)                    {}
func (l *link) ParseHeader(*stack.PacketBuffer) bool             { return true }
func (l *link) SetOnCloseAction(func())                          {}
func (l *link) Close()                                           {}
func (l *link) Wait()                                            {}
