package conformance

import (
	"fmt"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/vpcemu/vpcemu/packet"
)

// resolve claims what the resolver answers: "resolve FROM A|AAAA NAME: ADDRESS…", NXDOMAIN if
// the name does not exist, SERVFAIL if nobody knows.
func (s *script) resolve(args, want []string) error {
	port, err := s.em.Port(args[0])
	if err != nil {
		return err
	}
	name, err := dnsmessage.NewName(args[2] + ".")
	if err != nil {
		return err
	}
	kind := map[string]dnsmessage.Type{"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA}[args[1]]
	m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}}}
	query, err := m.Pack()
	if err != nil {
		return err
	}
	var answer packet.Packet
	port.Receive(func(b []byte) { err = answer.Parse(append([]byte(nil), b...)) })
	flow := packet.Flow{Proto: packet.UDP, Src: port.Interface().Addresses[0].IP, SrcPort: 40000, Dst: netip.MustParseAddr("169.254.169.253"), DstPort: 53}
	if flow.Src.Is6() {
		flow.Dst = netip.MustParseAddr("fd00:ec2::253")
	}
	r := port.Send(packet.Spec{Flow: flow, Payload: query}.Bytes())
	if err == nil {
		err = m.Unpack(answer.Payload())
	}
	if err != nil {
		return fmt.Errorf("%v: %w", r, err)
	}
	var got []string
	switch m.RCode {
	case dnsmessage.RCodeNameError:
		got = append(got, "NXDOMAIN")
	case dnsmessage.RCodeServerFailure:
		got = append(got, "SERVFAIL")
	}
	for _, a := range m.Answers {
		switch b := a.Body.(type) {
		case *dnsmessage.AResource:
			got = append(got, netip.AddrFrom4(b.A).String())
		case *dnsmessage.AAAAResource:
			got = append(got, netip.AddrFrom16(b.AAAA).String())
		}
	}
	return same(got, want)
}
