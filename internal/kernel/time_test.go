//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/firewall"
)

// scale is how many seconds of the kernel stand for one of ours: what passes while a test runs is nothing.
const scale = 1000

// longest is all that fits the kernel's counter. No test waits for so long.
const longest = 2000 * time.Second

func seconds(d time.Duration) string { return strconv.Itoa(int(min(d, longest)/time.Second) * scale) }

// interfaceTimes are SG-37 to SG-41.
func interfaceTimes(t firewall.Timeouts) map[string]string {
	const minute = time.Minute
	return conntrack(map[string]time.Duration{
		"tcp_timeout_syn_sent": minute, "tcp_timeout_syn_recv": minute, "tcp_timeout_unacknowledged": minute,
		"tcp_timeout_established": t.TCPEstablished, "tcp_timeout_fin_wait": t.TCPEstablished, "tcp_timeout_close_wait": t.TCPEstablished,
		"tcp_timeout_last_ack": t.TCPEstablished, "tcp_timeout_max_retrans": t.TCPEstablished,
		"tcp_timeout_time_wait": 0, "tcp_timeout_close": 0,
		"udp_timeout": t.UDP, "udp_timeout_stream": t.UDPStream,
		"icmp_timeout": 30 * time.Second, "icmpv6_timeout": 30 * time.Second, "generic_timeout": 600 * time.Second,
	})
}

// natTimes are NAT-13 and NAT-14. A connection that began elsewhere is none (NAT-16).
var natTimes = func() map[string]string {
	all := make(map[string]time.Duration)
	for _, name := range []string{"tcp_timeout_syn_sent", "tcp_timeout_syn_recv", "tcp_timeout_unacknowledged", "tcp_timeout_established", "tcp_timeout_fin_wait",
		"tcp_timeout_close_wait", "tcp_timeout_last_ack", "tcp_timeout_max_retrans", "tcp_timeout_time_wait", "tcp_timeout_close", "udp_timeout", "udp_timeout_stream", "icmp_timeout"} {
		all[name] = 350 * time.Second
	}
	times := conntrack(all)
	times["netfilter/nf_conntrack_tcp_loose"] = "0"
	return times
}()

func conntrack(times map[string]time.Duration) map[string]string {
	all := make(map[string]string)
	for name, d := range times {
		all["netfilter/nf_conntrack_"+name] = seconds(d)
	}
	return all
}

// wait makes all that is remembered older.
func (o *oracle) wait(d time.Duration) error {
	for _, p := range o.stations {
		if err := p.ns.age(uint32(d/time.Second) * scale); err != nil {
			return err
		}
	}
	for _, t := range o.timed {
		if err := t.age(d * scale); err != nil {
			return err
		}
	}
	return o.commit()
}

// Messages and attributes of the kernel's nfnetlink_conntrack.h.
const (
	ctSubsystem            = 1 << 8
	ctNew, ctGet, ctDelete = ctSubsystem, ctSubsystem | 1, ctSubsystem | 2
	ctStats                = ctSubsystem | 5
	ctaStatsEntries        = 1
	ctaTupleOrig           = 1
	ctaTimeout             = 7
	ctaZone                = 18
)

func (ns *namespace) request(family uint8, message, flags int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(message, flags)
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: ns.filter}
	r.AddData(&nl.Nfgenmsg{NfgenFamily: family, Version: nl.NFNETLINK_V0})
	return r
}

// age takes from the time that each connection has left, and those that have none.
func (ns *namespace) age(by uint32) error {
	if n, err := ns.connections(); n == 0 || err != nil {
		return err // to list none takes long, for the kernel keeps those of all namespaces together
	}
	all, err := ns.request(unix.AF_UNSPEC, ctGet, unix.NLM_F_DUMP).Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return fmt.Errorf("connections: %w", err)
	}
	for _, message := range all {
		family := message[0]
		attributes, err := nl.ParseRouteAttr(message[nl.SizeofNfgenmsg:])
		if err != nil {
			return err
		}
		var id, zone []byte
		left := uint32(0)
		for _, a := range attributes {
			switch a.Attr.Type &^ nl.NLA_F_NESTED {
			case ctaTupleOrig:
				id = a.Value
			case ctaZone:
				zone = a.Value
			case ctaTimeout:
				left = binary.BigEndian.Uint32(a.Value)
			}
		}
		r := ns.request(family, ctDelete, unix.NLM_F_ACK)
		if left > by {
			r = ns.request(family, ctNew, unix.NLM_F_ACK)
			r.AddData(nl.NewRtAttr(ctaTimeout, binary.BigEndian.AppendUint32(nil, left-by)))
		}
		r.AddData(nl.NewRtAttr(ctaTupleOrig|int(nl.NLA_F_NESTED), id))
		if zone != nil {
			r.AddData(nl.NewRtAttr(ctaZone, zone))
		}
		if _, err := r.Execute(unix.NETLINK_NETFILTER, 0); err != nil && err != unix.ENOENT {
			return fmt.Errorf("connection: %w", err)
		}
	}
	return nil
}

// connections is how many the namespace has.
func (ns *namespace) connections() (uint32, error) {
	all, err := ns.request(unix.AF_UNSPEC, ctStats, unix.NLM_F_ACK).Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return 0, fmt.Errorf("connections: %w", err)
	}
	attributes, err := nl.ParseRouteAttr(all[0][nl.SizeofNfgenmsg:])
	if err != nil {
		return 0, err
	}
	for _, a := range attributes {
		if a.Attr.Type == ctaStatsEntries {
			return binary.BigEndian.Uint32(a.Value), nil
		}
	}
	return 0, fmt.Errorf("connections: the kernel does not count them")
}
