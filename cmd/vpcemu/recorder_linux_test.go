package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// shown is a packet as tshark shows it.
type shown struct {
	iface, way, flow, flags, comment string
	length                           int
}

func (s shown) String() string { return s.iface + " | " + s.flow + " | " + s.flags + " | " + s.comment }

// Ways and flags in the words of tshark.
const (
	inbound, outbound = "0x00000001", "0x00000002"
	syn               = "0x0002"
)

// tshark reads the TCP packets of a capture, which must be whole.
func tshark(t *testing.T, file string) (list []shown) {
	t.Helper()
	c := exec.Command("tshark", "-n", "-r", file, "-Y", "tcp", "-T", "fields", "-E", "separator=|", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction",
		"-e", "ip.src", "-e", "ip.dst", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "ip.proto", "-e", "tcp.flags", "-e", "ip.len", "-e", "frame.comment")
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C")
	var mistakes strings.Builder
	c.Stderr = &mistakes
	b, err := c.Output()
	require.NoError(t, err, "%s", mistakes.String())
	assert.NotContains(t, mistakes.String(), "cut short")
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		require.Len(t, f, 10, line)
		length, err := strconv.Atoi(f[8])
		require.NoError(t, err, line)
		list = append(list, shown{f[0], f[1], strings.Join(f[2:7], " "), f[7], f[9], length})
	}
	return list
}

// total is how much a flow has at an interface.
type total struct{ packets, bytes int }

// counted are the totals of the lines that flow logs must have of a capture: by interface,
// flow and action. What a filter of the sender drops is rejected there, what one of the
// receiver drops is accepted at the sender. Interfaces of gateways are left out.
func counted(list []shown) map[string]total {
	sums := make(map[string]total)
	add := func(s shown, action string) {
		key := strings.TrimSuffix(s.iface, " (dropped)") + " " + s.flow + " " + action
		sums[key] = total{sums[key].packets + 1, sums[key].bytes + s.length}
	}
	for _, s := range list {
		switch {
		case !strings.Contains(" web-1 app-1 db-1 db-2 ", " "+strings.TrimSuffix(s.iface, " (dropped)")+" "):
		case strings.HasSuffix(s.iface, " (dropped)"):
			add(s, "REJECT")
		case s.way == outbound && (strings.Contains(s.comment, ", SG_EGRESS: ") || strings.Contains(s.comment, ", NACL_EGRESS: ")):
			add(s, "REJECT")
		default:
			add(s, "ACCEPT")
		}
	}
	return sums
}

// logged are the totals of lines in the default format, as [counted] makes them.
func logged(t *testing.T, file string) map[string]total {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	require.Equal(t, "# version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status", lines[0])
	sums := make(map[string]total)
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		require.Len(t, f, 14, line)
		if !strings.Contains(" web-1 app-1 db-1 db-2 ", " "+f[2]+" ") || f[7] != "6" {
			continue
		}
		packets, err := strconv.Atoi(f[8])
		require.NoError(t, err, line)
		size, err := strconv.Atoi(f[9])
		require.NoError(t, err, line)
		key := strings.Join(f[2:8], " ") + " " + f[12]
		sums[key] = total{sums[key].packets + packets, sums[key].bytes + size}
	}
	return sums
}

// TestUpRecords: the capture and the flow logs of real programs have what passed and what
// was blocked, with the reason, and they agree.
func TestUpRecords(t *testing.T) {
	needs(t, "curl", "python3", "tshark")
	folder := t.TempDir()
	pcap, logs := filepath.Join(folder, "out.pcapng"), filepath.Join(folder, "flows.log")
	l := bring(t, "testdata/up/recorded.yaml", "--pcap", pcap, "--flow-logs", logs)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "page"), make([]byte, 200_000), 0o600))
	l.serve("internet", "0050", "python3 -m http.server 80 -d "+folder)
	l.serve("db-2", "1538", "python3 -m http.server 5432 -d "+folder)
	for _, c := range []struct {
		name, host, url string
		status          int
	}{
		{"through the NAT gateway", "app-1", "http://203.0.113.7", 0},
		{"through the peering", "app-1", "http://10.1.1.4:5432", 0},
		{"no rule of the group", "web-1", "http://10.0.2.4:8081", blocked},
		{"no rule of the ACL", "web-1", "http://10.0.3.10:5432", blocked},
	} {
		status, out := l.run(c.host, "curl -sm "+map[int]string{0: "10", blocked: "2"}[c.status]+" -o /dev/null "+c.url)
		require.Equal(t, c.status, status, "%s: %s", c.name, out)
	}
	status, out := l.run("app-1", "for k in 1 2 3 4; do curl -sm 10 -o /dev/null http://203.0.113.7/page & curl -sm 10 -o /dev/null http://10.1.1.4:5432/page & done; wait")
	require.Equal(t, 0, status, "%s", out)
	before := len(tshark(t, pcap)) // the file can be read while the network is up
	assert.Contains(t, l.down(), "net is down")
	assert.Equal(t, 0, l.up.ProcessState.ExitCode(), "%s", l.out)
	list := tshark(t, pcap)
	assert.GreaterOrEqual(t, len(list), before)

	const group = "dropped, SG_INGRESS: eni app-1, sg ingress: no rule of app matches tcp/8081 from 10.0.1.4 ("
	const acl = "dropped, NACL_INGRESS: acl db-only, nacl ingress: rule * denies all ("
	for _, c := range []struct {
		name, iface, way, from, to, comment string
		flags                               string
	}{
		{"sent to the internet", "app-1", outbound, "10.0.2.4", "203.0.113.7 80", "left through igw-prod", syn},
		{"the same, behind NAT", "internet", inbound, "203.0.113.10", "203.0.113.7 80", "delivered to internet", syn},
		{"the answer, before NAT", "internet", outbound, "203.0.113.7 80", "203.0.113.10", "delivered to app-1", "0x0012"},
		{"the answer", "app-1", inbound, "203.0.113.7 80", "10.0.2.4", "delivered to app-1", "0x0012"},
		{"sent to the peer", "app-1", outbound, "10.0.2.4", "10.1.1.4 5432", "delivered to db-2", syn},
		{"the peer gets it", "db-2", inbound, "10.0.2.4", "10.1.1.4 5432", "delivered to db-2", syn},
		{"the peer answers", "db-2", outbound, "10.1.1.4 5432", "10.0.2.4", "delivered to app-1", "0x0012"},
		{"blocked by a group, as sent", "web-1", outbound, "10.0.1.4", "10.0.2.4 8081", group, syn},
		{"blocked by a group, where", "app-1 (dropped)", "", "10.0.1.4", "10.0.2.4 8081", group, syn},
		{"blocked by an ACL, as sent", "web-1", outbound, "10.0.1.4", "10.0.3.10 5432", acl, syn},
		{"blocked by an ACL, where", "db-1 (dropped)", "", "10.0.1.4", "10.0.3.10 5432", acl, syn},
	} {
		found := 0
		for _, s := range list {
			from, to := endsOf(s.flow)
			if s.iface == c.iface && s.way == c.way && strings.HasPrefix(from+" ", c.from+" ") && strings.HasPrefix(to+" ", c.to+" ") && s.flags == c.flags {
				assert.Truef(t, strings.HasPrefix(s.comment, c.comment), "%s: %s", c.name, s)
				found++
			}
		}
		assert.NotZerof(t, found, "%s:\n%s", c.name, lines(list))
	}
	for _, s := range list {
		if s.iface == "app-1" && s.way == inbound {
			assert.NotContains(t, s.flow, " 8081 ", "nobody has got what was blocked")
		}
		assert.False(t, s.iface == "db-1", "%s", s)
	}
	want := counted(list)
	assert.GreaterOrEqual(t, len(want), 5*2+5*4+2*2) // both ways at one host, at two; refusals at two
	assert.Equal(t, want, logged(t, logs))
}

// endsOf are those of a flow: addresses and ports.
func endsOf(flow string) (from, to string) {
	f := strings.Fields(flow)
	return f[0] + " " + f[2], f[1] + " " + f[3]
}

func lines(list []shown) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// TestUpRecords_Dies: after a kill -9 the capture is whole, and has what was flushed; the
// next network up does not touch it unless it is told to.
func TestUpRecords_Dies(t *testing.T) {
	needs(t, "curl", "tshark")
	pcap := filepath.Join(t.TempDir(), "out.pcapng")
	l := bring(t, "testdata/up/recorded.yaml", "--pcap", pcap, "--pcap-only", "SG_INGRESS")
	status, out := l.run("web-1", "curl -sm 1 http://10.0.2.4:8081")
	require.Equal(t, blocked, status, "%s", out)
	l.wait("the packet to be in the file", func() bool {
		b, err := os.ReadFile(pcap)
		return err == nil && bytes.Contains(b, []byte("app-1 (dropped)"))
	})

	again, err := exec.Command("vpcemu", "up", l.file, "--pcap", pcap).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(again), "net is up already")
	require.NoError(t, l.up.Process.Signal(syscall.SIGKILL))
	l.ended()
	list := tshark(t, pcap)
	assert.GreaterOrEqual(t, len(list), 2)
	for _, s := range list {
		assert.Contains(t, s.comment, "dropped, SG_INGRESS: ")
	}
}

// TestUpRecords_FIFO: who waits for somebody to read the capture can be told to end, and so can
// who writes to nobody any more.
func TestUpRecords_FIFO(t *testing.T) {
	needs(t, "ping")
	l := &lab{t: t, dir: filepath.Join(t.TempDir(), "run")}
	t.Setenv("RUNTIME_DIRECTORY", l.dir)
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	start := func() {
		l.out = new(log)
		l.up = exec.Command("vpcemu", "up", "testdata/up/net.yaml", "--pcap", fifo)
		l.up.Stdout, l.up.Stderr = l.out, l.out
		require.NoError(t, l.up.Start())
	}
	t.Cleanup(func() {
		_ = l.up.Process.Kill()
		_ = l.up.Wait()
	})
	start()
	l.wait("it to have begun", func() bool { _, err := os.Stat(filepath.Join(l.dir, "net", "state.json")); return err == nil })
	require.NoError(t, l.up.Process.Signal(syscall.SIGINT))
	l.ended()
	assert.Equal(t, 0, l.up.ProcessState.ExitCode())
	assert.Empty(t, l.out.String())
	assert.NoDirExists(t, l.dir)

	start()
	reader, err := os.Open(fifo) // waits for who writes
	require.NoError(t, err)
	l.wait("the network to be up", func() bool { return strings.Contains(l.out.String(), "Up: net") })
	require.NoError(t, reader.Close())
	status, out := l.run("web-1", "ping -c 50 -i 0.01 -W 15 -s 8000 10.0.2.4") // more than a pipe holds
	assert.Equal(t, 0, status, "%s", out)
	require.NoError(t, l.up.Process.Signal(syscall.SIGINT))
	l.ended()
	assert.Equal(t, 2, l.up.ProcessState.ExitCode())
	assert.Contains(t, l.out.String(), "vpcemu: --pcap "+fifo+": write "+fifo+": broken pipe\n")
	assert.NoDirExists(t, l.dir)
}

// TestUpRecords_Detached: the process that stays has the same flags.
func TestUpRecords_Detached(t *testing.T) {
	needs(t, "curl", "tshark")
	folder := t.TempDir()
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(folder, "run"))
	pcap, logs := filepath.Join(folder, "out.pcapng"), filepath.Join(folder, "flows.log")
	vpcemu := func(args ...string) string {
		b, _ := exec.Command("vpcemu", args...).CombinedOutput()
		return string(b)
	}
	assert.Contains(t, vpcemu("up", "-d", "testdata/up/recorded.yaml", "--name", "lab", "--pcap", pcap, "--pcap-only", "web-1,sent", "--flow-logs", logs), "lab is up")
	assert.Empty(t, vpcemu("exec", "web-1", "--", "curl", "-sm", "1", "http://10.0.2.4:8081"))
	assert.Contains(t, vpcemu("down"), "lab is down")
	list := tshark(t, pcap)
	assert.NotEmpty(t, list)
	for _, s := range list {
		assert.Equal(t, [2]string{"web-1", outbound}, [2]string{s.iface, s.way})
	}
	assert.NotEmpty(t, logged(t, logs))
	assert.Contains(t, vpcemu("up", "-d", "testdata/up/recorded.yaml", "--pcap", pcap, "--pcap-only", "nobody"), `--pcap-only: "nobody" is no view of a packet`)
	assert.Contains(t, vpcemu("down"), "networks are not up")
}

// pair is a network of two hosts in one group that takes tcp/80.
func pair() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("web").AllowIn("tcp/80", "10.0.0.0/16").AllowAllOut()
	s := v.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("client", "10.0.1.10", "web")
	s.AddInterface("server", "10.0.1.20", "web")
	return &n
}

// recorded is an emulator with a recorder that flushes when the test says so.
type recorded struct {
	*recorder
	*emu.Emulator
	clock      emu.Clock
	pcap, logs string
}

func newRecorded(t *testing.T, n *vpc.Network) *recorded {
	t.Helper()
	folder := t.TempDir()
	r := &recorded{pcap: filepath.Join(folder, "out.pcapng"), logs: filepath.Join(folder, "flows.log")}
	r.clock.Advance(1_700_000_040 * time.Second) // a whole minute
	var err error
	r.recorder, err = (&upFlags{pcap: pcapFlags{file: r.pcap}, logs: r.logs}).record("net.yaml", capture.Filter{})
	require.NoError(t, err)
	r.Emulator, err = emu.New(n, emu.Options{Now: r.clock.Now, Observer: r.observer()})
	require.NoError(t, err)
	r.recorder.logs.Attach(r.Emulator)
	return r
}

func (r *recorded) send(t *testing.T, flow string) {
	t.Helper()
	p, err := r.Port("client")
	require.NoError(t, err)
	p.Send(packet.Spec{Flow: packet.MustParseFlow(flow), Flags: packet.SYN}.Bytes())
}

// written is a file as it is now.
func written(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

// TestRecorder_Flush: packets are in the file at once, lines of flow logs once their minute
// is over, below their fields; the logs are those that the network has by then.
func TestRecorder_Flush(t *testing.T) {
	r := newRecorded(t, pair())
	r.send(t, "tcp 10.0.1.10:40000 > 10.0.1.20:80")
	require.NoError(t, r.flush(r.clock.Now()))
	assert.Contains(t, written(t, r.pcap), "delivered to server")
	assert.Empty(t, written(t, r.logs), "the minute is not over")

	r.clock.Advance(time.Minute)
	r.send(t, "tcp 10.0.1.10:40001 > 10.0.1.20:22")
	require.NoError(t, r.flush(r.clock.Now()))
	assert.Contains(t, written(t, r.pcap), "dropped, SG_INGRESS: ")
	standard := "# version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n" +
		"2 - client 10.0.1.10 10.0.1.20 40000 80 6 1 40 1700000040 1700000040 ACCEPT OK\n" +
		"2 - server 10.0.1.10 10.0.1.20 40000 80 6 1 40 1700000040 1700000040 ACCEPT OK\n"
	assert.Equal(t, standard, written(t, r.logs))

	require.NoError(t, r.Update(func(n *vpc.Network) error {
		n.VPC("v").AddFlowLog("rejects").Format = "${interface-id} ${action}"
		n.VPC("v").FlowLog("rejects").Traffic = "REJECT"
		n.VPC("v").AddFlowLog("ports").Format = "${interface-id} ${dstport}"
		return nil
	}))
	for range 2 {
		r.clock.Advance(time.Minute)
		require.NoError(t, r.flush(r.clock.Now()))
	}
	assert.Equal(t, standard+"# rejects: interface-id action\nserver REJECT\n# ports: interface-id dstport\nclient 22\nserver 22\n", written(t, r.logs))
	require.NoError(t, r.close())
}

// TestRecorder_Idle: without the flags the emulator has no observer, and so its short cuts.
func TestRecorder_Idle(t *testing.T) {
	r, err := new(upFlags).record("net.yaml", capture.Filter{})
	require.NoError(t, err)
	o := r.observer()
	assert.True(t, o.Packet == nil && o.Port == nil && o.Flow == nil && o.Update == nil)
	r.start(nil, nil)
	assert.NoError(t, r.close())
}

// TestRecorder_Fails: what cannot be written is told at once, and returned in the end.
func TestRecorder_Fails(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("NOT RUN: needs /dev/full")
	}
	for _, c := range []struct {
		name  string
		flags upFlags
		want  string
	}{
		{"the capture", upFlags{pcap: pcapFlags{file: "/dev/full"}}, "--pcap /dev/full: "},
		{"flow logs", upFlags{logs: "/dev/full"}, "--flow-logs /dev/full: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := c.flags.record("net.yaml", capture.Filter{})
			require.NoError(t, err)
			e, err := emu.New(pair(), emu.Options{Observer: r.observer()})
			require.NoError(t, err)
			p, err := e.Port("client")
			require.NoError(t, err)
			if r.logs != nil {
				r.logs.Attach(e)
			}
			p.Send(packet.Spec{Flow: packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.1.20:80"), Flags: packet.SYN}.Bytes())
			told := new(log)
			for k := range 3 {
				r.tick(time.Now().Add(time.Duration(k+1)*time.Minute), told)
			}
			assert.Equal(t, "vpcemu: "+c.want+"write /dev/full: no space left on device\n", told.String())
			assert.ErrorContains(t, r.close(), c.want)
		})
	}
}

// TestRecord_Refuses: files that are in use are not written over.
func TestRecord_Refuses(t *testing.T) {
	folder := t.TempDir()
	network, other := filepath.Join(folder, "net.yaml"), filepath.Join(folder, "other")
	require.NoError(t, os.WriteFile(network, []byte("vpcs: {}\n"), 0o600))
	for _, c := range []struct {
		name  string
		flags upFlags
		want  string
	}{
		{"the network as the capture", upFlags{pcap: pcapFlags{file: network}}, "--pcap " + network + ": the file is read or written already"},
		{"the network as flow logs", upFlags{logs: network}, "--flow-logs " + network + ": the file is read or written already"},
		{"the capture as flow logs", upFlags{pcap: pcapFlags{file: other}, logs: other}, "--flow-logs " + other + ": the file is read or written already"},
		{"a folder", upFlags{pcap: pcapFlags{file: folder}}, "--pcap: open " + folder + ": is a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.flags.record(network, capture.Filter{})
			assert.EqualError(t, err, c.want)
			assert.Equal(t, "vpcs: {}\n", written(t, network))
		})
	}
}
