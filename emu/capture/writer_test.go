package capture_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// shop is a client and a database that only takes tcp/5432, in subnets of their own.
func shop() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddSecurityGroup("app").AllowAllOut()
	v.AddSecurityGroup("db").AllowIn("tcp/5432", "app").Origin = "net.yaml:7"
	v.AddSubnet("apps", "10.0.1.0/24").AddInterface("app-1", "10.0.1.10", "app").Origin = "net.yaml:5"
	v.AddSubnet("data", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")
	return &n
}

const begin = 1_700_000_000_123_456_789 // ns

// run is an emulator whose packets go to a capture.
type run struct {
	*emu.Emulator
	clock emu.Clock
	out   bytes.Buffer
	w     *capture.Writer
}

func newRun(t testing.TB, n *vpc.Network, f capture.Filter) *run {
	t.Helper()
	r := new(run)
	r.clock.Advance(begin)
	r.w = capture.NewWriter(&r.out, f)
	var err error
	r.Emulator, err = emu.New(n, emu.Options{Now: r.clock.Now, Observer: r.w.Observer()})
	require.NoError(t, err)
	return r
}

func (r *run) port(t testing.TB, name string) *emu.Port {
	p, err := r.Port(name)
	require.NoError(t, err)
	return p
}

func (r *run) send(t testing.TB, from, flow string) {
	r.port(t, from).Send(packet.Spec{Flow: packet.MustParseFlow(flow), Flags: packet.SYN}.Bytes())
	r.clock.Advance(time.Microsecond + 1)
}

// written is the capture as our reader sees it, one line for each packet.
func (r *run) written(t testing.TB) []string {
	t.Helper()
	require.NoError(t, r.w.Close())
	return read(t, r.out.Bytes())
}

func read(t testing.TB, b []byte) []string {
	t.Helper()
	c, err := capture.NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	lines := []string{}
	for {
		p, err := c.Next()
		if err == io.EOF {
			return lines
		}
		require.NoError(t, err)
		var pkt packet.Packet
		ip, err := p.IP()
		require.NoError(t, err)
		require.NoError(t, pkt.Parse(ip))
		lines = append(lines, fmt.Sprintf("+%d %s | %s | %s", p.Time.UnixNano()-begin, p.InterfaceName, pkt.Flow, p.Comment()))
	}
}

// twoPackets sends one packet that arrives and one that does not.
func twoPackets(t testing.TB, f capture.Filter) *run {
	r := newRun(t, shop(), f)
	r.send(t, "app-1", "tcp 10.0.1.10:40000 > 10.0.2.20:5432")
	r.send(t, "app-1", "tcp 10.0.1.10:40001 > 10.0.2.20:22")
	return r
}

const refusal = "dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10 (net.yaml:7)"

func TestWriter(t *testing.T) {
	assert.Equal(t, []string{
		"+0 app-1 | tcp 10.0.1.10:40000 > 10.0.2.20:5432 | delivered to db-1",
		"+0 db-1 | tcp 10.0.1.10:40000 > 10.0.2.20:5432 | delivered to db-1",
		"+1001 app-1 | tcp 10.0.1.10:40001 > 10.0.2.20:22 | " + refusal,
		"+1001 db-1 (dropped) | tcp 10.0.1.10:40001 > 10.0.2.20:22 | " + refusal,
	}, twoPackets(t, capture.Filter{}).written(t))
}

func TestFilter(t *testing.T) {
	sent, got, toSSH, atDB := "+0 app-1 |", "+0 db-1 |", "+1001 app-1 |", "+1001 db-1 (dropped) |"
	for _, c := range []struct {
		name   string
		filter capture.Filter
		want   []string
	}{
		{"everything", capture.Filter{}, []string{sent, got, toSSH, atDB}},
		{"an interface", capture.Filter{Interfaces: []string{"db-1"}}, []string{got, atDB}},
		{"either interface", capture.Filter{Interfaces: []string{"db-1", "app-1"}}, []string{sent, got, toSSH, atDB}},
		{"none such", capture.Filter{Interfaces: []string{"db-2"}}, []string{}},
		{"a subnet", capture.Filter{Subnets: []string{"apps"}}, []string{sent, toSSH}},
		{"sent", capture.Filter{Views: []capture.View{capture.Sent}}, []string{sent, toSSH}},
		{"delivered", capture.Filter{Views: []capture.View{capture.Delivered}}, []string{got}},
		{"dropped", capture.Filter{Views: []capture.View{capture.Dropped}}, []string{atDB}},
		{"a reason", capture.Filter{Reasons: []emu.Reason{emu.SGIngress}}, []string{toSSH, atDB}},
		{"another reason", capture.Filter{Reasons: []emu.Reason{emu.NACLIngress}}, []string{}},
		{"no reason", capture.Filter{Reasons: []emu.Reason{emu.None}}, []string{sent, got}},
		{"a stage", capture.Filter{Stages: []emu.Stage{emu.SGIn}}, []string{toSSH, atDB}},
		{"an interface and a reason", capture.Filter{Interfaces: []string{"app-1"}, Reasons: []emu.Reason{emu.SGIngress}}, []string{toSSH}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := twoPackets(t, c.filter).written(t)
			require.Len(t, lines, len(c.want), "%v", lines)
			for i := range c.want {
				assert.Equal(t, c.want[i], lines[i][:len(c.want[i])])
			}
		})
	}
}

// TestWriter_Nested: an answer that is sent while the request is being delivered stands
// behind it, although it ends first.
func TestWriter_Nested(t *testing.T) {
	r := newRun(t, shop(), capture.Filter{})
	db := r.port(t, "db-1")
	db.Receive(func([]byte) {
		db.Send(packet.Spec{Flow: packet.MustParseFlow("tcp 10.0.2.20:5432 > 10.0.1.10:40000"), Flags: packet.SYN | packet.ACK}.Bytes())
	})
	r.send(t, "app-1", "tcp 10.0.1.10:40000 > 10.0.2.20:5432")
	assert.Equal(t, []string{
		"+0 app-1 | tcp 10.0.1.10:40000 > 10.0.2.20:5432 | delivered to db-1",
		"+0 db-1 | tcp 10.0.1.10:40000 > 10.0.2.20:5432 | delivered to db-1",
		"+0 db-1 | tcp 10.0.2.20:5432 > 10.0.1.10:40000 | delivered to app-1",
		"+0 app-1 | tcp 10.0.2.20:5432 > 10.0.1.10:40000 | delivered to app-1",
	}, r.written(t))
}

// TestWriter_KeepsTheBytes: what receivers do to a packet does not show in the capture,
// although they have its bytes.
func TestWriter_KeepsTheBytes(t *testing.T) {
	r := newRun(t, shop(), capture.Filter{})
	r.port(t, "db-1").Receive(func(b []byte) { clear(b) })
	r.send(t, "app-1", "tcp 10.0.1.10:40000 > 10.0.2.20:5432")
	assert.Len(t, r.written(t), 2)
}

// TestWriter_Dropped: a packet stands a third time in the file only if it was dropped
// elsewhere than at its sender.
func TestWriter_Dropped(t *testing.T) {
	r := newRun(t, shop(), capture.Filter{})
	r.send(t, "app-1", "tcp 10.9.9.9:40000 > 10.0.2.20:5432")
	assert.Equal(t, []string{"+0 app-1 | tcp 10.9.9.9:40000 > 10.0.2.20:5432 | " +
		"dropped, SRC_DST_CHECK: eni app-1, source check: 10.9.9.9 is not an address of it (net.yaml:5)"}, r.written(t))
}

// TestWriter_Hairpin: what comes back to its sender, and is dropped there, stands in the
// file as it was sent and as it came back.
func TestWriter_Hairpin(t *testing.T) {
	n := shop()
	v := n.VPC("prod")
	v.AddInternetGateway("igw")
	v.Subnet("apps").UseRouteTable("out").Interfaces[0].AddPublicIP("198.51.100.10")
	v.AddRouteTable("out").AddRoute("0.0.0.0/0", "igw")
	r := newRun(t, n, capture.Filter{})
	r.send(t, "app-1", "tcp 10.0.1.10:40000 > 198.51.100.10:80")
	lines := r.written(t)
	require.Len(t, lines, 2, "%v", lines)
	assert.Contains(t, lines[0], "+0 app-1 | tcp 10.0.1.10:40000 > 198.51.100.10:80 | dropped, SG_INGRESS: ")
	assert.Contains(t, lines[1], "+0 app-1 (dropped) | tcp 198.51.100.10:40000 > 10.0.1.10:80 | dropped, SG_INGRESS: ")
}

func TestWriter_Concurrent(t *testing.T) {
	r := newRun(t, shop(), capture.Filter{})
	app, db := r.port(t, "app-1"), r.port(t, "db-1")
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for n := range 100 {
				f := packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:5432")
				f.SrcPort += uint16(k*1000 + n)
				app.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes())
				db.Send(packet.Spec{Flow: f.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
			}
		})
	}
	wg.Go(func() {
		for range 100 {
			assert.NoError(t, r.w.Flush())
		}
	})
	wg.Wait()
	lines := r.written(t)
	assert.Len(t, lines, 4*100*4)
	for _, l := range lines {
		assert.Contains(t, l, "| delivered to ")
	}
}

// TestWriter_Trace: the packets of a trace, as far as they really get.
func TestWriter_Trace(t *testing.T) {
	e, err := emu.New(shop(), emu.Options{Now: func() time.Time { return time.Unix(0, begin) }})
	require.NoError(t, err)
	trace := func(service string) []string {
		tr, err := e.Trace(emu.Query{Source: "app-1", Destination: "db-1", Service: firewall.MustParseService(service)})
		require.NoError(t, err)
		var out bytes.Buffer
		w := capture.NewWriter(&out, capture.Filter{})
		w.Trace(tr)
		require.NoError(t, w.Close())
		return read(t, out.Bytes())
	}
	const at = "+0 "
	assert.Equal(t, []string{
		at + "app-1 | tcp 10.0.1.10:49152 > 10.0.2.20:5432 | delivered to db-1",
		at + "db-1 | tcp 10.0.1.10:49152 > 10.0.2.20:5432 | delivered to db-1",
		at + "db-1 | tcp 10.0.2.20:5432 > 10.0.1.10:49152 | delivered to app-1",
		at + "app-1 | tcp 10.0.2.20:5432 > 10.0.1.10:49152 | delivered to app-1",
	}, trace("tcp/5432"))
	assert.Equal(t, []string{
		at + "app-1 | tcp 10.0.1.10:49152 > 10.0.2.20:22 | " + refusal,
		at + "db-1 (dropped) | tcp 10.0.1.10:49152 > 10.0.2.20:22 | " + refusal,
	}, trace("tcp/22"))
}

// TestWriter_Gopacket: gopacket reads the file as we meant it.
func TestWriter_Gopacket(t *testing.T) {
	r := twoPackets(t, capture.Filter{})
	require.NoError(t, r.w.Close())
	g, err := pcapgo.NewNgReader(bytes.NewReader(r.out.Bytes()), pcapgo.DefaultNgReaderOptions)
	require.NoError(t, err)
	assert.Equal(t, layers.LinkTypeRaw, g.LinkType())
	assert.Equal(t, "vpcemu", g.SectionInfo().Application)
	b, info, err := g.ReadPacketData()
	require.NoError(t, err)
	assert.Equal(t, time.Unix(0, begin).UTC(), info.Timestamp)
	p := gopacket.NewPacket(b, g.LinkType(), gopacket.Default)
	tcp, _ := p.TransportLayer().(*layers.TCP)
	require.NotNil(t, tcp)
	assert.Equal(t, layers.TCPPort(5432), tcp.DstPort)
	for range 3 {
		_, _, err := g.ReadPacketData()
		require.NoError(t, err)
	}
	_, _, err = g.ReadPacketData()
	assert.Equal(t, io.EOF, err)
	iface, err := g.Interface(1)
	require.NoError(t, err)
	assert.Equal(t, "db-1", iface.Name)
	assert.Equal(t, "subnet data, VPC prod", iface.Description)
	assert.Equal(t, pcapgo.NgResolution(9), iface.TimestampResolution)
}

// growing is a file that somebody reads while it is written.
type growing struct {
	testing.TB
	bytes.Buffer
	writes int
}

func (g *growing) Write(b []byte) (int, error) {
	n, err := g.Buffer.Write(b)
	g.writes++
	read(g, g.Bytes()) // fails in the middle of a block
	return n, err
}

// TestWriter_WholeBlocks: whoever reads the file while it grows, or when nobody writes it
// any more, sees whole packets; after a Flush all that have ended.
func TestWriter_WholeBlocks(t *testing.T) {
	file := &growing{TB: t}
	w := capture.NewWriter(file, capture.Filter{})
	e, err := emu.New(shop(), emu.Options{Observer: w.Observer()})
	require.NoError(t, err)
	app, err := e.Port("app-1")
	require.NoError(t, err)
	f := packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:5432")
	for range 300 {
		app.Send(packet.Spec{Flow: f, Flags: packet.SYN, Payload: make([]byte, 999)}.Bytes())
		f.SrcPort++
	}
	assert.Greater(t, file.writes, 5, "what has filled the buffer")
	assert.Less(t, len(read(t, file.Bytes())), 600)
	require.NoError(t, w.Flush())
	assert.Len(t, read(t, file.Bytes()), 600)
}

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriter_FirstError(t *testing.T) {
	w := capture.NewWriter(brokenDisk{}, capture.Filter{})
	assert.EqualError(t, w.Flush(), "disk full")
	assert.EqualError(t, w.Close(), "disk full")
}

func TestViewText(t *testing.T) {
	for _, name := range []string{"sent", "delivered", "dropped"} {
		var v capture.View
		require.NoError(t, v.UnmarshalText([]byte(name)))
		assert.Equal(t, name, v.String())
	}
	assert.EqualError(t, new(capture.View).UnmarshalText([]byte("seen")), `"seen" is no view of a packet`)
}

// BenchmarkWriter is a packet that is sent and delivered, with and without a capture.
func BenchmarkWriter(b *testing.B) {
	for _, size := range []int{64, 1400} {
		for _, captured := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/pcap=%v", size, captured), func(b *testing.B) {
				o := emu.Options{NoShortCuts: true}
				if captured {
					o.Observer = capture.NewWriter(io.Discard, capture.Filter{}).Observer()
				}
				e, err := emu.New(shop(), o)
				require.NoError(b, err)
				app, err := e.Port("app-1")
				require.NoError(b, err)
				one := packet.Spec{Flow: packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:5432"), Flags: packet.ACK, Payload: make([]byte, size-40)}.Bytes()
				work := make([]byte, len(one))
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					copy(work, one)
					app.Send(work)
				}
			})
		}
	}
}
