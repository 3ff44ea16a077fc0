package replay_test

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/packet"
)

// TestCaptureAndFlowLogsAgree: the capture that is written and the flow logs of the same
// run have the same packets and bytes of every flow, direction and action at every
// interface. The capture is the slow twin: it is counted packet by packet.
func TestCaptureAndFlowLogsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := office()
		n.VPC("prod").AddFlowLog("all").Format = "${interface-id} ${flow-direction} ${pkt-srcaddr} ${pkt-dstaddr} ${srcport} ${dstport} ${protocol} ${action} ${packets} ${bytes}"
		acl := n.VPC("prod").AddNetworkACL("data")
		acl.AllowIn(100, "tcp/0-5999", "10.0.0.0/16").AllowIn(110, "icmp", "10.0.0.0/16").AllowOut(100, "tcp/1024-65535", "10.0.2.0/24")
		n.VPC("prod").Subnet("data").NetworkACL = "data"

		var pcap, lines bytes.Buffer
		w := capture.NewWriter(&pcap, capture.Filter{})
		logs := flowlog.New(flowlog.Config{Writer: flowlog.To(&lines), FlowsOnly: true})
		r, err := replay.New(n, replay.Options{
			Map:      map[netip.Addr]string{addr("192.168.1.10"): "app-1", addr("192.168.1.20"): "db-1", addr("192.168.1.30"): "web-1", addr("192.168.1.1"): "internet"},
			Observer: emu.Observer{Flow: logs.Flow}.And(w.Observer()),
		})
		require.NoError(t, err)
		logs.Attach(r.Emulator())
		for k := range rapid.IntRange(1, 30).Draw(t, "packets") {
			b := drawPacket(t).Bytes()
			r.Send(&capture.Packet{Number: k + 1, Time: time.Unix(1_700_000_000, int64(k)), Link: capture.Raw, Data: b, Length: len(b)})
		}
		require.NoError(t, logs.Flush(r.Now().Add(time.Minute)))
		require.NoError(t, w.Close())

		logged := strings.Split(strings.TrimSpace(lines.String()), "\n")
		if lines.Len() == 0 {
			logged = nil
		}
		slices.Sort(logged)
		assert.Equal(t, logged, counted(t, &pcap))
	})
}

// drawPacket draws a captured packet between few hosts and ports, so that there are
// answers, refused ones too.
func drawPacket(t *rapid.T) packet.Spec {
	hosts := rapid.SampledFrom([]string{"192.168.1.10", "192.168.1.20", "192.168.1.30", "192.168.1.1"})
	ports := rapid.SampledFrom([]uint16{443, 5432, 6000, 40000})
	s := packet.Spec{
		Flow: packet.Flow{
			Src: addr(hosts.Draw(t, "src")), Dst: addr(hosts.Draw(t, "dst")), SrcPort: ports.Draw(t, "sport"), DstPort: ports.Draw(t, "dport"),
			Proto: rapid.SampledFrom([]packet.Proto{packet.TCP, packet.UDP, packet.ICMP}).Draw(t, "proto"),
		},
		Payload: make([]byte, rapid.IntRange(0, 40).Draw(t, "payload")),
	}
	switch s.Flow.Proto {
	case packet.TCP:
		s.Flags = rapid.SampledFrom([]packet.TCPFlags{syn, synack, ack, packet.RST, packet.FIN | ack}).Draw(t, "flags")
	case packet.ICMP:
		s.ICMPType = rapid.SampledFrom([]uint8{packet.ICMPEchoRequest, packet.ICMPEchoReply}).Draw(t, "type")
		s.Flow.DstPort = 0
	}
	return s
}

// counted are the lines that a capture says there should be.
func counted(t require.TestingT, pcap io.Reader) []string {
	type sum struct{ packets, bytes int }
	sums := make(map[string]sum)
	c, err := capture.NewReader(pcap)
	require.NoError(t, err)
	for {
		p, err := c.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		name, refused := strings.CutSuffix(p.InterfaceName, " (dropped)")
		direction, action, ok := recorded(p.Way(), refused, p.Comment())
		if !ok || name == "internet" {
			continue
		}
		var pkt packet.Packet
		require.NoError(t, pkt.Parse(p.Data))
		f := pkt.Flow
		if !f.Proto.HasPorts() {
			f.SrcPort = 0
		}
		k := fmt.Sprintf("%s %s %s %s %d %d %d %s", name, direction, f.Src, f.Dst, f.SrcPort, f.DstPort, f.Proto, action)
		sums[k] = sum{sums[k].packets + 1, sums[k].bytes + len(p.Data)}
	}
	var lines []string
	for k, s := range sums {
		lines = append(lines, fmt.Sprintf("%s %d %d", k, s.packets, s.bytes))
	}
	slices.Sort(lines)
	return lines
}

// recorded is which record flow logs have of a packet of the capture, if any: of what
// filters accept or reject, and of nothing else.
func recorded(way capture.Way, dropped bool, comment string) (direction, action string, ok bool) {
	reason, _, _ := strings.Cut(strings.TrimPrefix(comment, "dropped, "), ":")
	switch {
	case dropped:
		return "ingress", "REJECT", reason == "SG_INGRESS" || reason == "NACL_INGRESS"
	case way == capture.Inbound:
		return "ingress", "ACCEPT", true
	case reason == "SG_EGRESS" || reason == "NACL_EGRESS":
		return "egress", "REJECT", true
	case reason == "SRC_DST_CHECK" || reason == "L2_UNSUPPORTED":
		return "", "", false
	}
	return "egress", "ACCEPT", true
}
