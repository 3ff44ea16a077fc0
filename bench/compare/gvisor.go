package main

import (
	"encoding/binary"
	"fmt"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"github.com/vpcemu/vpcemu/packet"
)

// gvisor is a netstack that forwards between two interfaces, with connection tracking if it has rules.
type gvisor struct {
	rules   int
	stack   *stack.Stack
	in, out *counter
	packets [][]byte
	next    int
}

const (
	clientNIC tcpip.NICID = 1
	serverNIC tcpip.NICID = 2
)

// counter is an interface that counts what arrives there and keeps nothing.
type counter struct {
	*channel.Endpoint
	arrived int
}

func (c *counter) WritePackets(list stack.PacketBufferList) (int, tcpip.Error) {
	c.arrived += list.Len()
	return list.Len(), nil
}

func newGvisor(packets [][]byte, rules int) (*gvisor, error) {
	p := &gvisor{rules: rules, packets: packets}
	return p, p.start()
}

func (p *gvisor) start() error {
	p.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	p.in, p.out = &counter{Endpoint: channel.New(1, 1500, "")}, &counter{Endpoint: channel.New(1, 1500, "")}
	if err := p.attach(clientNIC, p.in, client.As4()); err != nil {
		return err
	}
	if err := p.attach(serverNIC, p.out, server.As4()); err != nil {
		return err
	}
	if err := p.stack.SetForwardingDefaultAndAllNICs(ipv4.ProtocolNumber, true); err != nil {
		return fmt.Errorf("gVisor: %s", err)
	}
	p.stack.SetRouteTable([]tcpip.Route{
		{Destination: subnet(client.As4()), NIC: clientNIC},
		{Destination: subnet(server.As4()), NIC: serverNIC},
	})
	if p.rules > 0 {
		p.stack.IPTables().ReplaceTable(stack.FilterID, forwardTable(p.rules), false)
	}
	return nil
}

// attach gives the stack an interface, and the first address of the neighbour's subnet on it.
func (p *gvisor) attach(id tcpip.NICID, c *counter, neighbour [4]byte) error {
	if err := p.stack.CreateNIC(id, c); err != nil {
		return fmt.Errorf("gVisor: %s", err)
	}
	neighbour[3] = 1
	own := tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(neighbour), PrefixLen: 24}
	err := p.stack.AddProtocolAddress(id, tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: own}, stack.AddressProperties{})
	if err != nil {
		return fmt.Errorf("gVisor: %s", err)
	}
	return nil
}

// subnet is the /24 of an address.
func subnet(a [4]byte) tcpip.Subnet {
	a[3] = 0
	return tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(a), PrefixLen: 24}.Subnet()
}

// forwardTable allows the ports of ruleList. There is no match for the state of a connection, so the rules are tried on each packet.
func forwardTable(n int) stack.Table {
	accept := &stack.AcceptTarget{NetworkProtocol: header.IPv4ProtocolNumber}
	drop := &stack.DropTarget{NetworkProtocol: header.IPv4ProtocolNumber}
	t := stack.Table{Rules: []stack.Rule{{Filter: stack.EmptyFilter4(), Target: accept}, {Filter: stack.EmptyFilter4(), Target: accept}}}
	t.BuiltinChains = [stack.NumHooks]int{stack.Prerouting: stack.HookUnset, stack.Input: 0, stack.Output: 1, stack.Forward: 2, stack.Postrouting: stack.HookUnset}
	allow := func(from, mask [4]byte, m ports) {
		f := stack.EmptyFilter4()
		f.Protocol, f.CheckProtocol, f.Src, f.SrcMask = header.TCPProtocolNumber, true, tcpip.AddrFrom4(from), tcpip.AddrFrom4(mask)
		t.Rules = append(t.Rules, stack.Rule{Filter: f, Matchers: []stack.Matcher{m}, Target: accept})
	}
	for _, r := range ruleList(n) {
		allow([4]byte{10}, [4]byte{255}, ports(r))
	}
	allow(server.As4(), [4]byte{255, 255, 255, 255}, ports{0, 65535}) // answers
	t.Underflows = t.BuiltinChains
	t.Underflows[stack.Forward] = len(t.Rules)
	t.Rules = append(t.Rules, stack.Rule{Filter: stack.EmptyFilter4(), Target: drop})
	return t
}

// ports matches TCP destination ports, as iptables' -m tcp --dport does.
type ports portRange

func (m ports) Match(_ stack.Hook, pkt *stack.PacketBuffer, _, _ string) (matches, hotdrop bool) {
	h := pkt.TransportHeader().Slice()
	if len(h) < 4 {
		return false, true
	}
	port := binary.BigEndian.Uint16(h[2:])
	return m.first <= port && port <= m.last, false
}

// establish opens the flows.
func (p *gvisor) establish(flows []packet.Flow) error {
	var b []byte
	for _, f := range flows {
		for _, s := range handshake(f) {
			b = s.spec.Append(b[:0])
			if s.answer {
				p.out.inject(b)
			} else {
				p.in.inject(b)
			}
		}
	}
	return all(p.in.arrived+p.out.arrived, len(handshake(flows[0]))*len(flows))
}

// inject lets a packet come in here.
func (c *counter) inject(b []byte) {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b)})
	c.InjectInbound(header.IPv4ProtocolNumber, pkt)
	pkt.DecRef()
}

func (p *gvisor) Name() string {
	if p.rules == 0 {
		return "gVisor netstack, forwarding only"
	}
	return fmt.Sprintf("gVisor netstack, conntrack + %d rules", p.rules)
}

func (p *gvisor) Close() error {
	p.stack.Close()
	p.stack.Wait()
	return nil
}

func (p *gvisor) Run(n int) error {
	p.out.arrived = 0
	for range n {
		p.in.inject(p.packets[p.next])
		if p.next++; p.next == len(p.packets) {
			p.next = 0
		}
	}
	return all(p.out.arrived, n)
}

// newFlowGvisor starts every run with a stack that knows no flow.
type newFlowGvisor struct{ *gvisor }

func (p *newFlowGvisor) Reset() error {
	if err := p.Close(); err != nil {
		return err
	}
	return p.start()
}
