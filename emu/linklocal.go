package emu

import (
	"net/netip"
	"sync"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// service is something that the fabric answers on a link-local address, for the
// interface that asks and nobody else (LNK-1 to LNK-10).
type service struct {
	name string
	addr netip.Addr
	port uint16
	tcp  bool
	udp  bool
	off  func(*vpc.Interface) bool // nil: always there
}

var services = [...]service{
	{"imds", netip.MustParseAddr("169.254.169.254"), 80, true, false, noMetadata},
	{"imds", netip.MustParseAddr("fd00:ec2::254"), 80, true, false, noMetadata6},
	{"dns", netip.MustParseAddr("169.254.169.253"), 53, true, true, nil},
	{"dns", netip.MustParseAddr("fd00:ec2::253"), 53, true, true, nil},
	{"time", netip.MustParseAddr("169.254.169.123"), 123, false, true, nil},
	{"time", netip.MustParseAddr("fd00:ec2::123"), 123, false, true, nil},
	{"kms", netip.MustParseAddr("169.254.169.250"), 1688, true, false, nil},
	{"kms", netip.MustParseAddr("169.254.169.251"), 1688, true, false, nil},
	{"ecs-credentials", netip.MustParseAddr("169.254.170.2"), 80, true, false, noContainer},
	{"eks-credentials", netip.MustParseAddr("169.254.170.23"), 80, true, false, noContainer},
}

func noMetadata(i *vpc.Interface) bool  { return i.Metadata.Disabled }
func noMetadata6(i *vpc.Interface) bool { return i.Metadata.Disabled || !i.Metadata.IPv6 }
func noContainer(i *vpc.Interface) bool { return !i.Metadata.Credentials }

// answers reports whether the service takes packets of the flow.
func (s *service) answers(f packet.Flow) bool {
	return f.DstPort == s.port && (s.tcp && f.Proto == packet.TCP || s.udp && f.Proto == packet.UDP)
}

var (
	linkLocal4  = netip.MustParsePrefix("169.254.0.0/16")
	linkLocal6  = netip.MustParsePrefix("fe80::/10")
	reserved6   = netip.MustParsePrefix("fd00:ec2::/32")
	resolver4   = netip.MustParseAddr("169.254.169.253")
	resolver6   = netip.MustParseAddr("fd00:ec2::253")
	dnsResolver = service{name: "dns", port: 53, tcp: true, udp: true}
)

// linkLocal hands packets for link-local services over to them, past security
// groups, network ACLs and route tables (LNK-8, ORDER-35), and drops what else
// has a reserved destination (LNK-11, RT-30).
func linkLocal(w *walk) verdict {
	dst := w.flow.Dst
	if dst == w.vpc.Resolver {
		switch {
		case !dnsResolver.answers(w.flow):
			return passed
		case w.vpc.Desc.DisableDNS:
			w.say("DNS support is off")
			return dropped(NoSuchAddress) // LNK-5
		}
		return w.take("dns")
	}
	if !linkLocal4.Contains(dst) && !linkLocal6.Contains(dst) && !reserved6.Contains(dst) {
		return passed
	}
	if w.vpc.Desc.DisableDNS && (dst == resolver4 || dst == resolver6) {
		w.say("DNS support is off")
		return dropped(NoSuchAddress) // LNK-5
	}
	if !w.from.Owns(w.flow.Src) {
		w.sayAddr(w.flow.Src, "is not an address of it, and services answer nobody else")
		return dropped(ReservedRange) // LNK-10
	}
	for i := range services {
		s := &services[i]
		if s.addr == dst && s.answers(w.flow) && (s.off == nil || !s.off(w.from.Desc)) {
			return w.take(s.name)
		}
	}
	w.say("no service answers there")
	return dropped(ReservedRange)
}

// take counts the packet against the interface's allowance and ends it at the
// service (LNK-15).
func (w *walk) take(name string) verdict {
	if !w.state(w.from).linkLocal.take(w.now) {
		return dropped(LinkLocalPPS)
	}
	w.serve(name)
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
