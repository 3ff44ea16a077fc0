package packet

import (
	"bytes"
	"testing"
)

// FuzzParse feeds Parse what a hostile host might send and checks what must hold of every packet it accepts.
func FuzzParse(f *testing.F) {
	f.Add([]byte{})                                                                                                       // nothing at all
	f.Add(tcp4)                                                                                                           // the plain case
	f.Add(append(append([]byte{}, udp4...), 0, 0, 0))                                                                     // Ethernet padding
	f.Add(tcp4[:33])                                                                                                      // truncated inside the TCP header
	f.Add(edit(tcp4, 0, 0x4f))                                                                                            // IHL lies: header beyond the packet
	f.Add(edit(tcp4, 2, 0xff, 0xff))                                                                                      // total length lies
	f.Add(edit(tcp4, 32, 0xf0))                                                                                           // TCP data offset lies
	f.Add(edit(udp4, 26, 0, 0))                                                                                           // UDP without checksum
	f.Add(edit(udp4, 26, 0xff, 0xff))                                                                                     // UDP with the checksum that means 0
	f.Add(options4(148, 4, 0, 0, 7, 3, 4))                                                                                // options, copied and not copied
	f.Add(options4(7, 0, 0, 0))                                                                                           // an option of length 0 loops naive walkers
	f.Add(options4(131, 7, 4, 10, 0, 0, 1))                                                                               // source route
	f.Add(fragment4(TCP, 8, false, "12345678"))                                                                           // RFC 1858: overwrites TCP flags
	f.Add(fragment4(UDP, 65528, false, "12345678"))                                                                       // ping of death
	f.Add(fragment4(UDP, 16, true, "0123456789abcdef"))                                                                   // middle fragment
	f.Add(Spec{Flow: MustParseFlow("tcp 10.0.0.1:1 > 10.0.0.2:2"), Flags: SYN, TCPOptions: []byte{1, 2, 4, 255}}.Bytes()) // MSS at an odd byte
	f.Add(Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2")}.Bytes())                                                  // all-zero ICMP, checksum 0xffff
	f.Add(edit(ping4, 20, 0, 0, 0, 0, 0, 0))                                                                              // all-zero ICMP, checksum 0: looks good, is not
	f.Add(errorAbout(tcp4))                                                                                               // ICMP error, whole packet quoted
	f.Add(errorAbout(tcp4[:28]))                                                                                          // ICMP error, 8 bytes quoted
	f.Add(errorAbout(edit(tcp4, 0, 0x4f)))                                                                                // quoted IHL lies
	f.Add(errorAbout(errorAbout(udp4)))                                                                                   // an error about an error
	f.Add(errorAbout(tcp6))                                                                                               // the same for IPv6
	f.Add(errorAbout(chain6(60, repeat(destinationThenDest, 9))))                                                         // quoted extension header chain
	f.Add(tcp6[:59])                                                                                                      // IPv6 truncated
	f.Add(ping6)                                                                                                          // ICMPv6 with pseudo header
	f.Add(chain6(60, repeat(destinationThenDest, 100)))                                                                   // endless chain of extension headers
	f.Add(chain6(60, "\x3c\xff\x00\x00\x00\x00\x00\x00"))                                                                 // extension header length lies
	f.Add(chain6(44, atomicThenTCP, headerOfTCP))                                                                         // atomic fragment
	f.Add(chain6(44, fragThenFrag, fragThenFrag, atomicThenTCP))                                                          // fragment headers inside each other
	f.Add(chain6(51, authThenTCP, headerOfTCP))                                                                           // AH counts in units of 4
	f.Add(chain6(0, "\x06\x00\xc2\x04\x00\x01\x00\x00", headerOfTCP))                                                     // jumbogram
	f.Add(chain6(43, routing2Done, headerOfTCP))                                                                          // routing header, arrived

	f.Fuzz(func(t *testing.T, b []byte) {
		input := b
		b = bytes.Clone(b) // the fuzzer wants its bytes back unchanged
		var p Packet
		if err := p.Parse(b); err != nil {
			if !knownErrors[err] || p.Bytes() != nil {
				t.Fatalf("%v leaves %v", err, p.Flow)
			}
			return
		}
		if !bytes.Equal(b, input) || !bytes.HasPrefix(b, p.Bytes()) {
			t.Fatal("Parse changed the bytes or points elsewhere")
		}
		checkReuse(t, b, &p)
		checkAnswers(t, &p)
		checkPieces(t, &p)
		checkRewrites(t, &p)
	})
}

var knownErrors = map[error]bool{
	ErrTruncated: true, ErrVersion: true, ErrHeaderLength: true, ErrTotalLength: true, ErrChecksum: true,
	ErrSourceRoute: true, ErrExtensions: true, ErrJumbogram: true, ErrFragment: true, ErrTinyFragment: true,
}

// checkReuse: what a view held before does not show.
func checkReuse(t *testing.T, b []byte, p *Packet) {
	for _, before := range [][]byte{tcp4, ping6, fragment4(UDP, 16, true, "12345678"), chain6(44, atomicThenTCP, headerOfTCP)} {
		var q Packet
		if q.Parse(before) != nil || q.Parse(b) != nil || q.Flow != p.Flow || q.Flags != p.Flags || q.ICMPType != p.ICMPType ||
			q.ICMPCode != p.ICMPCode || q.FragID != p.FragID || q.FragOffset != p.FragOffset || q.MoreFragments != p.MoreFragments ||
			q.Version != p.Version || q.l4 != p.l4 || q.payload != p.payload || q.l4sum != p.l4sum {
			t.Fatalf("a used view parses differently: %+v, %+v", q, *p)
		}
	}
}

// checkAnswers: an answer is a valid packet to the sender, itself not answered, and about p.
func checkAnswers(t *testing.T, p *Packet) {
	router, _ := otherAddrs(p)
	for _, b := range [][]byte{AppendTooBig(nil, router, p, 1280), AppendTimeExceeded(nil, router, p), AppendReset(nil, p)} {
		if len(b) == 0 {
			continue
		}
		var a Packet
		if err := a.Parse(b); err != nil || !a.ChecksumOK() || a.Flow.Dst != p.Flow.Src {
			t.Fatalf("bad answer: %v %v", a.Flow, err)
		}
		if f, ok := a.EmbeddedFlow(); ok && f != p.Flow {
			t.Fatalf("%v is answered by an error about %v", p.Flow, f)
		}
		if a.IsICMPError() && len(AppendTooBig(nil, router, &a, 1280)) > 0 || len(AppendReset(nil, &a)) > 0 {
			t.Fatal("the answer is answered")
		}
	}
}

// checkPieces: fragments fit, and together have the data of p.
func checkPieces(t *testing.T, p *Packet) {
	if p.Version != 4 {
		return
	}
	var data []byte
	Fragment(p, 128, func(b []byte) {
		var q Packet
		if err := q.Parse(b); err != nil || len(b) > 128 || int(q.FragOffset) != int(p.FragOffset)+len(data) {
			t.Fatalf("bad fragment at %d of %d bytes: %v", q.FragOffset, len(b), err)
		}
		data = append(data, b[q.l4:]...)
	})
	if !bytes.Equal(data, p.b[p.l4:]) {
		t.Fatal("fragments lost data")
	}
}

// checkRewrites: rewriting makes no good checksum bad and no bad one good, touches no length, and shows in the fields.
func checkRewrites(t *testing.T, p *Packet) {
	ok, size := p.ChecksumOK(), p.Len()
	zero := len(bytes.Trim(p.b[p.l4:], "\x00")) == 0 // its only valid checksum is 0xffff; with 0, any change mends it
	a, b := otherAddrs(p)
	p.SetSrc(a)
	p.SetDst(b)
	p.SetSrcPort(1024)
	p.SetDstPort(1025)
	p.SetTTL(9)
	p.ClampMSS(100)
	if _, quotes := p.EmbeddedFlow(); quotes {
		p.SetEmbeddedSrc(b)
		p.SetEmbeddedDst(a)
		p.SetEmbeddedSrcPort(1026)
		p.SetEmbeddedDstPort(1027)
		if f, _ := p.EmbeddedFlow(); f.Src != b || f.Dst != a || f.Proto.HasPorts() && (f.SrcPort != 1026 || f.DstPort != 1027) {
			t.Fatalf("the quote became %v", f)
		}
	}
	if p.ChecksumOK() != ok && !zero {
		t.Fatalf("checksum good before: %v, after: %v", ok, !ok)
	}
	var q Packet
	if err := q.Parse(p.Bytes()); err != nil || q.Flow != p.Flow || q.TTL() != 9 || q.Len() != size {
		t.Fatalf("fields and bytes disagree: %v %v %v", p.Flow, q.Flow, err)
	}
}
