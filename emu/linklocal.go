package emu

import (
	"net/netip"
	"sync"

	"github.com/vpcemu/vpcemu/packet"
)

// localService is something that the fabric answers, for the interface that asks and
// nobody else (LNK-1 to LNK-10).
type localService struct {
	name     string
	addr     netip.Addr // the zero Addr: base+2 of the VPC's primary CIDR
	port     uint16
	tcp, udp bool
	off      func(*walk) Reason // why it does not answer, None if it does; nil: it always does
}

const metadataService = "imds"

var localServices = [...]localService{
	{metadataService, netip.MustParseAddr("169.254.169.254"), 80, true, false, metadataOff},
	{metadataService, netip.MustParseAddr("fd00:ec2::254"), 80, true, false, metadata6Off},
	{dnsService, netip.Addr{}, 53, true, true, dnsOff},
	{dnsService, netip.MustParseAddr("169.254.169.253"), 53, true, true, dnsOff},
	{dnsService, netip.MustParseAddr("fd00:ec2::253"), 53, true, true, dnsOff},
	{"time", netip.MustParseAddr("169.254.169.123"), 123, false, true, nil},
	{"time", netip.MustParseAddr("fd00:ec2::123"), 123, false, true, nil},
	{"kms", netip.MustParseAddr("169.254.169.250"), 1688, true, false, nil},
	{"kms", netip.MustParseAddr("169.254.169.251"), 1688, true, false, nil},
	{"ecs-credentials", netip.MustParseAddr("169.254.170.2"), 80, true, false, noContainer},
	{"eks-credentials", netip.MustParseAddr("169.254.170.23"), 80, true, false, noContainer},
}

func reservedIf(off bool) Reason {
	if off {
		return ReservedRange
	}
	return None
}

func metadataOff(w *walk) Reason { return reservedIf(w.from.Desc.Metadata.Disabled) } // LNK-14
func metadata6Off(w *walk) Reason {
	return reservedIf(w.from.Desc.Metadata.Disabled || !w.from.Desc.Metadata.IPv6)
}
func noContainer(w *walk) Reason { return reservedIf(!w.from.Desc.Metadata.Credentials) } // LNK-7

// dnsOff: without DNS support the resolver answers at none of its addresses
// (LNK-5).
func dnsOff(w *walk) Reason {
	if w.vpc.Desc.DisableDNS {
		return NoSuchAddress
	}
	return None
}

// takes reports whether the service is what a packet is for.
func (s *localService) takes(w *walk) bool {
	f, addr := w.flow, s.addr
	if !addr.IsValid() {
		addr = w.vpc.Resolver
	}
	return w.is(f.Dst, addr) && (s.tcp && f.Proto == packet.TCP || s.udp && f.Proto == packet.UDP) && w.toPort(s.port)
}

var (
	linkLocal4 = netip.MustParsePrefix("169.254.0.0/16")
	linkLocal6 = netip.MustParsePrefix("fe80::/10")
	reserved6  = netip.MustParsePrefix("fd00:ec2::/32")
)

// linkLocal hands packets for the fabric's services over to them, past security
// groups, network ACLs and route tables (LNK-8, ORDER-35), and drops what else
// has a reserved destination (LNK-11, RT-30, SUB-12).
func linkLocal(w *walk) verdict {
	dst := w.flow.Dst
	reserved := w.fabricOwn(dst)
	switch {
	case isRouter(w, dst):
		w.say("the router is no host")
		return dropped(NoSuchAddress)
	case !reserved && !w.is(dst, w.vpc.Resolver):
		return passed
	}
	for i := range localServices {
		if s := &localServices[i]; s.takes(w) {
			return w.ask(s)
		}
	}
	if !reserved {
		return passed // base+2 is an ordinary address for all but DNS
	}
	w.say("no service answers there")
	return dropped(ReservedRange)
}

// ask hands a packet to a service, if it is there for the sender.
func (w *walk) ask(s *localService) verdict {
	if s.off != nil {
		if r := s.off(w); r != None {
			w.sayName(s.name, "is switched off")
			return dropped(r)
		}
	}
	if !w.owns(w.from, w.flow.Src) {
		w.sayAddr(w.flow.Src, "is not an address of it, and services answer nobody else")
		return dropped(ReservedRange) // LNK-10
	}
	return w.take(s.name)
}

// take counts the packet against the interface's allowance and ends it at the
// service, which answers (LNK-15). Those of a trace are the first.
func (w *walk) take(name string) verdict {
	if w.tracer == nil && !w.state(w.from).linkLocal.take(w.now) {
		return dropped(LinkLocalPPS)
	}
	w.serve(name)
	w.answerService(name)
	return ended
}

// serve ends the packet at a service of the fabric.
func (w *walk) serve(name string) {
	w.sayName(name, "answers")
	w.result = Result{Fate: Delivered, At: name}
}

// linkLocalPPS is how many packets a second an interface may send to link-local
// services (LIM-43).
const linkLocalPPS = 1024

// allowance counts an interface's packets to link-local services, second by
// second of the emulator's clock.
type allowance struct {
	mu     sync.Mutex
	second int64
	used   int
}

func (a *allowance) take(now int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second := now / 1e9; second != a.second {
		a.second, a.used = second, 0
	}
	if a.used >= linkLocalPPS {
		return false
	}
	a.used++
	return true
}
