package flowlog_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// site is a network of two hosts with flow logs, on a clock of its own.
type site struct {
	clock emu.Clock
	logs  *flowlog.Logs
	em    *emu.Emulator
	out   strings.Builder
}

// newSite has a log with the format in which lines are short.
func newSite(t *testing.T) *site {
	s := new(site)
	s.logs = flowlog.New(flowlog.Config{Writer: flowlog.To(&s.out)})
	var err error
	s.em, err = emu.New(twoHosts("${interface-id} ${action} ${packets} ${start} ${end} ${log-status}"),
		emu.Options{Now: s.clock.Now, Observer: emu.Observer{Flow: s.logs.Flow}})
	require.NoError(t, err)
	s.logs.Attach(s.em)
	require.NoError(t, s.logs.Flush(s.clock.Now()))
	return s
}

func twoHosts(format string) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("web").AllowIn("tcp/80", "10.0.0.0/16").AllowOut("tcp", "10.0.0.0/16")
	s := v.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("a", "10.0.1.10", "web")
	s.AddInterface("b", "10.0.1.20", "web")
	v.AddFlowLog("log").Format = format
	return &n
}

// send sends one segment from a to b.
func (s *site) send(t *testing.T, port int) {
	p, err := s.em.Port("a")
	require.NoError(t, err)
	f := packet.MustParseFlow(fmt.Sprintf("tcp 10.0.1.10:40000 > 10.0.1.20:%d", port))
	p.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes())
}

// written are the lines since the last call, of the windows that are over.
func (s *site) written(t *testing.T) []string {
	require.NoError(t, s.logs.Flush(s.clock.Now()))
	defer s.out.Reset()
	return strings.Split(strings.TrimSuffix(s.out.String(), "\n"), "\n")
}

// TestWindows: FLOW-4, FLOW-5, FLOW-26: windows are whole minutes of the emulator's
// clock, and written when they are over.
func TestWindows(t *testing.T) {
	s := newSite(t)
	s.clock.Advance(59 * time.Second)
	s.send(t, 80)
	assert.Equal(t, []string{""}, s.written(t), "the window is not over")
	s.clock.Advance(time.Second)
	s.send(t, 80)
	assert.Equal(t, []string{"a ACCEPT 1 59 59 OK", "b ACCEPT 1 59 59 OK"}, s.written(t))
	s.clock.Advance(30 * time.Second)
	s.send(t, 80)
	s.send(t, 22)
	s.clock.Advance(30 * time.Second)
	assert.Equal(t, []string{"a ACCEPT 2 60 90 OK", "b ACCEPT 2 60 90 OK", "a ACCEPT 1 90 90 OK", "b REJECT 1 90 90 OK"}, s.written(t))
	s.clock.Advance(time.Minute)
	assert.Equal(t, []string{"a - - 120 179 NODATA", "b - - 120 179 NODATA"}, s.written(t))
}

// TestSkip: FLOW-27: a window that lost records says so, beside those it has.
func TestSkip(t *testing.T) {
	s := newSite(t)
	s.send(t, 80)
	s.logs.Skip(s.clock.Now(), "v", "b")
	s.clock.Advance(time.Minute)
	assert.Equal(t, []string{"a ACCEPT 1 0 0 OK", "b ACCEPT 1 0 0 OK", "b - - 0 59 SKIPDATA"}, s.written(t))
}

// TestTheClockJumps: a jump over years costs no more than an hour does, and loses no
// record on either side of it.
func TestTheClockJumps(t *testing.T) {
	const years = 200 * 365 * 24 * time.Hour
	s := newSite(t)
	s.send(t, 80)
	s.clock.Advance(years)
	s.send(t, 80)
	s.clock.Advance(time.Minute)
	lines := s.written(t)
	at := int64(years / time.Second)
	require.Len(t, lines, 2+60*2+2, "one window, an hour without records, one window")
	assert.Equal(t, "a ACCEPT 1 0 0 OK", lines[0])
	assert.Equal(t, "a - - 60 119 NODATA", lines[2])
	assert.Equal(t, "b - - 3600 3659 NODATA", lines[121])
	assert.Equal(t, fmt.Sprintf("a ACCEPT 1 %d %d OK", at, at), lines[122])
	s.clock.Advance(60 * time.Minute)
	assert.Len(t, s.written(t), 120, "a whole hour has all its lines")
	s.clock.Advance(years / 4)
	assert.Len(t, s.written(t), 120, "and nothing else is left")
	s.clock.Advance(time.Minute)
	assert.Len(t, s.written(t), 2, "it goes on at the present")
}

// TestLateRecord: one of a window that was written already counts for the next.
func TestLateRecord(t *testing.T) {
	s := newSite(t)
	s.clock.Advance(time.Minute)
	assert.Equal(t, []string{"a - - 0 59 NODATA", "b - - 0 59 NODATA"}, s.written(t))
	late := emu.Record{Place: emu.Place{VPC: "v", Interface: "a"}, Time: time.Unix(30, 0), Accept: true}
	s.logs.Flow(late)
	s.clock.Advance(time.Minute)
	assert.Equal(t, []string{"a ACCEPT 1 30 30 OK", "b - - 60 119 NODATA"}, s.written(t))
}

// TestEverywhere: a network without flow logs has one in the default format, until it has
// one of its own.
func TestEverywhere(t *testing.T) {
	s := new(site)
	s.logs = flowlog.New(flowlog.Config{Writer: flowlog.To(&s.out), FlowsOnly: true, Everywhere: true})
	n := twoHosts("")
	n.AddVPC("w", "10.1.0.0/16")
	n.VPC("v").RemoveFlowLog("log")
	var err error
	s.em, err = emu.New(n, emu.Options{Now: s.clock.Now, Observer: emu.Observer{Flow: s.logs.Flow}})
	require.NoError(t, err)
	s.logs.Attach(s.em)
	s.send(t, 80)
	s.clock.Advance(time.Minute)
	assert.Equal(t, []string{"2 - a 10.0.1.10 10.0.1.20 40000 80 6 1 40 0 0 ACCEPT OK", "2 - b 10.0.1.10 10.0.1.20 40000 80 6 1 40 0 0 ACCEPT OK"}, s.written(t))
	require.NoError(t, s.em.Update(func(n *vpc.Network) error { n.VPC("w").AddFlowLog("own"); return nil }))
	s.send(t, 80)
	s.clock.Advance(time.Minute)
	assert.Equal(t, []string{""}, s.written(t), "the network's own covers the other VPC")
}

// TestErrors: what cannot be written is said, with the log's name, and not written
// again.
func TestErrors(t *testing.T) {
	require.ErrorContains(t, flowlog.New(flowlog.Config{}).Flush(time.Unix(0, 0)), "Attach")
	full := errors.New("disk full")
	logs := flowlog.New(flowlog.Config{Writer: flowlog.To(failing{full})})
	e, err := emu.New(twoHosts(""), emu.Options{})
	require.NoError(t, err)
	logs.Attach(e)
	require.NoError(t, logs.Flush(time.Unix(0, 0)))
	err = logs.Flush(time.Unix(60, 0))
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "flow log log")
	require.NoError(t, logs.Flush(time.Unix(61, 0)))
	silent := flowlog.New(flowlog.Config{})
	silent.Attach(e)
	require.NoError(t, silent.Flush(time.Unix(0, 0)))
	require.NoError(t, silent.Flush(time.Unix(60, 0)), "without a writer lines are dropped")
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

var _ io.Writer = failing{}

// record is one segment at an interface of a middlebox.
var record = emu.Record{
	Place:     emu.Place{Interface: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Instance: "i-1", Account: "123456789010", Region: "us-east-1", Zone: "use1-az1"},
	Time:      time.Unix(1418530010, 0),
	Direction: firewall.Egress,
	Accept:    true,
	Flow:      packet.MustParseFlow("tcp 10.0.9.9:20641 > 52.92.1.1:22"),
	Length:    40,
	Source:    netip.MustParseAddr("10.0.0.220"), Destination: netip.MustParseAddr("52.92.1.1"),
	Flags: packet.SYN | packet.ACK,
	Path:  8,
}

// fields are all the fields, by version, and what they say of the record above.
var fields = []struct {
	version int
	values  string
}{
	{2, "version=10 account-id=123456789010 interface-id=eni-1 srcaddr=10.0.0.220 dstaddr=52.92.1.1 srcport=20641 dstport=22 protocol=6 " +
		"packets=2 bytes=80 start=1418530010 end=1418530010 action=ACCEPT log-status=OK"},
	{3, "vpc-id=vpc-1 subnet-id=subnet-1 instance-id=i-1 tcp-flags=18 type=IPv4 pkt-srcaddr=10.0.9.9 pkt-dstaddr=52.92.1.1"},
	{4, "region=us-east-1 az-id=use1-az1 sublocation-type=- sublocation-id=-"},
	{5, "pkt-src-aws-service=- pkt-dst-aws-service=- flow-direction=egress traffic-path=8"},
	{7, "ecs-cluster-arn=- ecs-cluster-name=- ecs-container-instance-arn=- ecs-container-instance-id=- ecs-container-id=- " +
		"ecs-second-container-id=- ecs-service-name=- ecs-task-definition-arn=- ecs-task-arn=- ecs-task-id=-"},
	{8, "reject-reason=-"},
	{9, "resource-id=-"},
	{10, "encryption-status=-"},
}

// TestEveryField: FLOW-1, FLOW-30 to FLOW-33: a line read back by its format has the
// value of each field, alone and among all of them, in any order.
func TestEveryField(t *testing.T) {
	var form, want []string
	for _, v := range fields {
		for pair := range strings.FieldsSeq(v.values) {
			name, value, _ := strings.Cut(pair, "=")
			form, want = append([]string{"${" + name + "}"}, form...), append([]string{value}, want...)
			if name == "version" {
				value = "2"
			}
			lines, err := flowlog.Lines("${"+name+"}", []emu.Record{record, record})
			require.NoError(t, err)
			assert.Equal(t, []string{value}, lines, name)
			_, version, err := vpc.FlowFields("${" + name + "}")
			require.NoError(t, err)
			assert.Equal(t, v.version, version, name)
		}
	}
	lines, err := flowlog.Lines(strings.Join(form, " "), []emu.Record{record, record})
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Equal(t, want, strings.Fields(lines[0]))
}

// TestDefaultFormat: FLOW-1, field by field, of what was accepted and rejected.
func TestDefaultFormat(t *testing.T) {
	rejected := record
	rejected.Accept, rejected.Path = false, 0
	lines, err := flowlog.Lines("", []emu.Record{record, rejected, record})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"2 123456789010 eni-1 10.0.0.220 52.92.1.1 20641 22 6 2 80 1418530010 1418530010 ACCEPT OK",
		"2 123456789010 eni-1 10.0.0.220 52.92.1.1 20641 22 6 1 40 1418530010 1418530010 REJECT OK",
	}, lines)
	same, err := flowlog.Lines(vpc.DefaultFlowFormat, []emu.Record{record, rejected, record})
	require.NoError(t, err)
	assert.Equal(t, lines, same)
	for _, wrong := range []string{" ", "srcaddr", "${srcaddr", "${nothing}", "${srcaddr} ${srcaddr}", "${srcaddr}${dstaddr}", "${}"} {
		_, err := flowlog.Lines(wrong, nil)
		assert.Error(t, err, "%q", wrong)
	}
}

// FuzzLines: a format that is taken makes lines with one word for each field, and
// reads back as itself.
func FuzzLines(f *testing.F) {
	f.Add("")                                   // the default format
	f.Add("${srcaddr} ${dstaddr}")              // a custom one
	f.Add("  ${tcp-flags}\t${version}\n")       // any white space
	f.Add("${srcaddr} ${srcaddr}")              // twice the same
	f.Add("${srcaddr}${dstaddr}")               // no space between
	f.Add("$srcaddr {dstaddr} ${} ${ srcport}") // nearly fields
	f.Fuzz(func(t *testing.T, form string) {
		lines, err := flowlog.Lines(form, []emu.Record{record})
		names, _, formErr := vpc.FlowFields(form)
		require.Equal(t, formErr == nil, err == nil)
		if err != nil {
			return
		}
		require.Len(t, lines, 1)
		require.Len(t, strings.Split(lines[0], " "), len(names), "%q", lines[0])
		again, err := flowlog.Lines("${"+strings.Join(names, "} ${")+"}", []emu.Record{record})
		require.NoError(t, err)
		require.Equal(t, lines, again)
	})
}
