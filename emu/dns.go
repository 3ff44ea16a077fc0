package emu

import (
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/vpcemu/vpcemu/packet"
)

// The resolver of a VPC answers queries for what a description says has a name
// ([generation.names], in dnsnames.go), of type A, AAAA and PTR. A datagram without a
// query gets one without an answer.
//
//	found                         NOERROR, and records if it has some of the type
//	sure that there is none       NXDOMAIN
//	nobody knows                  SERVFAIL: the name is outside, or the description has gaps
const dnsService = "dns"

const (
	dnsTTL      = 60   // seconds, of records
	dnsUDP      = 512  // bytes, of answers to who does not say how much it takes (RFC 1035 section 4.2.1)
	dnsUDPLimit = 4096 // to who does (RFC 6891)
)

// answerDNS puts the answer to a query into the packet that goes back. A query over TCP
// must come in one segment, as resolvers send it: the service keeps no connections.
func (w *walk) answerDNS(s *packet.Spec) {
	query := w.pkt.Payload()
	if w.pkt.Flow.Proto == packet.UDP {
		s.Payload = w.dns(query, dnsUDP)
		return
	}
	if len(query) < 2 || int(binary.BigEndian.Uint16(query)) != len(query)-2 {
		return
	}
	if answer := w.dns(query[2:], packetRoom); answer != nil {
		s.Flags |= packet.PSH
		s.Payload = append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
	}
}

// packetRoom is how much of an answer fits into a segment of an interface.
const packetRoom = InterfaceMTU - 128

// dns is the answer to a query, nil to what is none. One that is longer than limit, or than
// the query says it may be, is cut short.
func (w *walk) dns(query []byte, limit int) []byte {
	var p dnsmessage.Parser
	asked, err := p.Start(query)
	if err != nil || asked.Response {
		return nil
	}
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: asked.ID, Response: true, OpCode: asked.OpCode,
		RecursionDesired: asked.RecursionDesired, RecursionAvailable: true}}
	answer.Questions, err = p.AllQuestions()
	switch {
	case err != nil || len(answer.Questions) != 1:
		answer.RCode, answer.Questions = dnsmessage.RCodeFormatError, nil
	case asked.OpCode != 0:
		answer.RCode = dnsmessage.RCodeNotImplemented
	case answer.Questions[0].Class != dnsmessage.ClassINET:
		answer.RCode = dnsmessage.RCodeRefused
	default:
		answer.Answers, answer.RCode = w.records(answer.Questions[0])
		if size, ok := extended(&p); ok {
			limit = max(limit, min(size, dnsUDPLimit))
			answer.Additionals = []dnsmessage.Resource{extension()}
		}
	}
	b, err := answer.Pack()
	if err == nil && len(b) > limit {
		answer.Truncated, answer.Answers = true, nil
		b, err = answer.Pack()
	}
	if err != nil {
		return nil
	}
	return b
}

// extended is the size of the answers that a query takes, if it says so (RFC 6891).
func extended(p *dnsmessage.Parser) (size int, ok bool) {
	if p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return 0, false
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return 0, false
		}
		if h.Type == dnsmessage.TypeOPT {
			return int(h.Class), true
		}
		if p.SkipAdditional() != nil {
			return 0, false
		}
	}
}

func extension() dnsmessage.Resource {
	r := dnsmessage.Resource{Body: &dnsmessage.OPTResource{}}
	_ = r.Header.SetEDNS0(dnsUDPLimit, dnsmessage.RCodeSuccess, false) // fails for other codes only
	return r
}

// records answer a question.
func (w *walk) records(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	found, code := w.names(name)
	addrs := found.addrs
	if q.Type == dnsmessage.TypeAAAA {
		addrs = w.from.Subnet.Desc.AAAA(addrs) // NAT-40
	}
	var all []dnsmessage.Resource
	add := func(body dnsmessage.ResourceBody) {
		all = append(all, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: dnsTTL}, Body: body})
	}
	for _, a := range addrs {
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			add(&dnsmessage.AResource{A: a.As4()})
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			add(&dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	if host, err := dnsmessage.NewName(found.host + "."); q.Type == dnsmessage.TypePTR && found.host != "" && err == nil {
		add(&dnsmessage.PTRResource{PTR: host})
	}
	return slices.Clip(all), code
}
