package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/packet"
)

// writeCapture is "capture FILE FORM LINES" of scripts: it makes a capture of the form
// pcap, pcapng, pcapng2 (with a section of version 2 at its end) or sll. A line is the time in seconds, a flow and, behind it, TCP flags (S,
// SA, A, R), "reply" (of ICMP), "arp", "cut" (in the headers), "snap" (behind them), "large" (20,000
// bytes) or "vxlan".
//
//	0.001 tcp 192.168.1.10:40000 > 192.168.1.20:5432 S
func writeCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture FILE pcap|pcapng|pcapng2|sll LINES")
	}
	b, err := captureOf(args[1], ts.ReadFile(args[2]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// captureOf makes a capture of lines.
func captureOf(form, text string) ([]byte, error) {
	if form == "pcapng2" {
		b, err := captureOf("pcapng", text)
		return append(b, "\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x02\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00"...), err
	}
	var out bytes.Buffer
	write, err := captureWriter(&out, form)
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var seconds float64
		if _, err := fmt.Sscan(lines.Text(), &seconds); err != nil {
			return nil, err
		}
		_, rest, _ := strings.Cut(lines.Text(), " ")
		b, cut, err := frameOf(form, rest)
		if err != nil {
			return nil, err
		}
		at := time.Unix(1_700_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
		if err := write(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(b) - cut, Length: len(b)}, b[:len(b)-cut]); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func captureWriter(out *bytes.Buffer, form string) (func(gopacket.CaptureInfo, []byte) error, error) {
	if form == "pcapng" {
		w, err := pcapgo.NewNgWriter(out, layers.LinkTypeEthernet)
		if err != nil {
			return nil, err
		}
		return func(i gopacket.CaptureInfo, b []byte) error { return errors.Join(w.WritePacket(i, b), w.Flush()) }, nil
	}
	w := pcapgo.NewWriter(out)
	link := layers.LinkTypeEthernet
	if form == "sll" {
		link = layers.LinkTypeLinuxSLL
	}
	return w.WritePacket, w.WriteFileHeader(65535, link)
}

// frameOf makes a frame of a line, and says how many bytes of it were not captured.
func frameOf(form, line string) (b []byte, cut int, err error) {
	flow, word, _ := strings.Cut(line, " | ")
	s := packet.Spec{Payload: []byte("data")}
	if s.Flow, err = packet.ParseFlow(flow); err != nil {
		return nil, 0, err
	}
	kind := uint16(0x0800)
	if s.Flow.Src.Is6() {
		kind = 0x86dd
	}
	s.Flags = map[string]packet.TCPFlags{"S": packet.SYN, "SA": packet.SYN | packet.ACK, "A": packet.ACK, "R": packet.RST}[word]
	if s.Flow.Proto == packet.ICMP && word != "reply" {
		s.ICMPType = packet.ICMPEchoRequest
	}
	switch word {
	case "arp":
		kind = 0x0806
	case "cut":
		cut = 10
	case "snap":
		cut = 3
	case "large":
		s.Flags, s.Payload = packet.ACK, make([]byte, 20_000)
	case "vxlan":
		s.Flags = packet.SYN
		inner := append(append([]byte("\x08\x00\x00\x00\x00\x00\x01\x00"), append(make([]byte, 12), 8, 0)...), s.Bytes()...)
		s = packet.Spec{Flow: packet.MustParseFlow("udp 10.0.2.4:65000 > 10.0.3.10:4789"), Payload: inner}
	}
	head := make([]byte, 12, 16)
	if form == "sll" {
		head = make([]byte, 14, 16)
	}
	head = append(head, byte(kind>>8), byte(kind))
	return append(head, s.Bytes()...), cut, nil
}

// handshake is a capture for the examples of the help.
func handshake(t *testing.T) []byte {
	b, err := captureOf("pcapng", `0 tcp 192.168.1.10:40000 > 192.168.1.20:5432 | S
0.001 tcp 192.168.1.20:5432 > 192.168.1.10:40000 | SA
0.002 tcp 192.168.1.10:40000 > 192.168.1.20:5432 | A
`)
	require.NoError(t, err)
	return b
}

func TestParseMap(t *testing.T) {
	for _, c := range []struct{ name, flag, want string }{
		{"no name", "192.168.1.10", `--map "192.168.1.10": want ADDRESS=NAME`},
		{"an empty name", "192.168.1.10=", `--map "192.168.1.10=": want ADDRESS=NAME`},
		{"no address", "app-1=192.168.1.10", `--map "app-1=192.168.1.10": want ADDRESS=NAME`},
		{"a zone", "fe80::1%eth0=app-1", `want ADDRESS=NAME`},
		{"two names", "10.0.0.1=b", "--map: 10.0.0.1 is both a and b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseMap(new(app).replayCommand(), []string{"10.0.0.1=a", c.flag})
			assert.ErrorContains(t, err, c.want)
		})
	}
	all, err := parseMap(new(app).replayCommand(), []string{"::ffff:10.0.0.1=a", "10.0.0.1=a", "2001:db8::1=internet:2001:db8::2"})
	require.NoError(t, err)
	assert.Len(t, all, 2)
}
