package conformance

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// script runs the commands of one file.
type script struct {
	files    map[string][]byte
	clock    *emu.Clock
	em       *emu.Emulator
	opts     emu.Options
	received map[*emu.Port][][]byte // the packets that the last send brought, by port
	records  []emu.Record           // what flow logs would have of the last send
	logs     logbook                // what flow logs have of all sends
	claims   int
	port     uint16 // "$q": the source port of what reached the internet last
	last     uint16 // "$p": the source port of what arrived last, anywhere
}

// runScript runs a file; every failing line is one error of the test.
func runScript(t *testing.T, name string, data []byte) {
	t.Helper()
	ar := txtar.Parse(data)
	s := &script{files: make(map[string][]byte), clock: new(emu.Clock), received: make(map[*emu.Port][][]byte)}
	s.opts.Now = s.clock.Now
	s.opts.Observer.Flow = s.record
	for _, f := range ar.Files {
		s.files[f.Name] = f.Data
	}
	if s.files["network.yaml"] != nil {
		if err := s.load("network.yaml"); err != nil {
			t.Fatalf("%s: network.yaml: %v", name, err)
		}
	}
	for n, line := range strings.Split(string(ar.Comment), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.command(line); err != nil {
			t.Errorf("%s:%d: %s\n\t%v", name, n+1, line, err)
		}
	}
	if s.claims == 0 {
		t.Errorf("%s: claims nothing", name)
	}
}

// command runs one line: a verb, its words, and after ": " what is claimed.
func (s *script) command(line string) error {
	line = strings.ReplaceAll(line, "$q", strconv.Itoa(int(s.port)))
	line = strings.ReplaceAll(line, "$p", strconv.Itoa(int(s.last)))
	if edit, ok := strings.CutPrefix(line, "change "); ok {
		return s.change(edit)
	}
	call, want, claims := strings.Cut(line+" ", ": ")
	words := strings.Fields(call)
	wants := strings.Fields(want)
	if claims {
		s.claims++
	}
	switch verb, args := words[0], words[1:]; verb {
	case "network":
		return s.load(args[0])
	case "load":
		return sameError(s.check(args), wants)
	case "update":
		return sameError(s.update(args), wants)
	case "state":
		return s.state(args[0], wants)
	case "trace":
		return s.trace(args, wants)
	case "aaaa":
		return s.aaaa(args, wants)
	case "resolve":
		return s.resolve(args, wants)
	case "stages":
		return s.stages(args, wants)
	case "send":
		return s.send(args, wants)
	case "received":
		return s.arrived(args, wants)
	case "records":
		return s.recorded(args, wants)
	case "flow-logs":
		return s.flowLogs(args, wants)
	case "limits":
		return sameError(s.limits(args), wants)
	case "edit":
		return sameError(s.edit(args), wants)
	case "option":
		return s.option(args[0])
	case "repeat":
		return s.repeat(args[0], strings.TrimPrefix(line, verb+" "+args[0]+" "))
	case "wait":
		d, err := time.ParseDuration(args[0])
		s.clock.Advance(d)
		return err
	default:
		return fmt.Errorf("unknown command %q", verb)
	}
}

func same(got, want []string) error {
	if g, w := strings.Join(got, " "), strings.Join(want, " "); g != w {
		return fmt.Errorf("got:  %s\n\twant: %s", g, w)
	}
	return nil
}

func (s *script) parse(file string) (*vpc.Network, error) {
	data, ok := s.files[file]
	if !ok {
		return nil, fmt.Errorf("the script has no file %s", file)
	}
	// All have one name, so that lines which a change leaves alone keep their origin.
	n, _, err := yaml.Parse("network.yaml", expand(data))
	return n, err
}

func (s *script) load(file string) error {
	n, err := s.parse(file)
	if err != nil {
		return err
	}
	if s.em, err = emu.New(n, s.opts); err == nil {
		s.logs = newLogbook(s.em, s.clock.Now())
	}
	return err
}

// change goes on with network.yaml in which texts are replaced, "OLD => NEW" for each, and no flows.
func (s *script) change(edits string) error {
	text := string(s.files["network.yaml"])
	for _, edit := range strings.Split(edits, " && ") {
		before, after, _ := strings.Cut(edit, " => ")
		if !strings.Contains(text, before) {
			return fmt.Errorf("network.yaml has no %q", before)
		}
		text = strings.ReplaceAll(text, before, after)
	}
	s.files["changed.yaml"] = []byte(text)
	return s.load("changed.yaml")
}

// option sets an option of the emulators of the networks that follow.
func (s *script) option(name string) error {
	if name != "block-port-25" {
		return fmt.Errorf("unknown option %q", name)
	}
	s.opts.BlockPort25 = true
	return nil
}

// repeat runs a command several times.
func (s *script) repeat(times, line string) error {
	n, err := strconv.Atoi(times)
	for range n {
		if err = s.command(line); err != nil {
			return err
		}
	}
	return err
}

// check compiles a network without using it: "FILE [without KIND NAME]".
func (s *script) check(args []string) error {
	n, err := s.described(args)
	if err != nil {
		return err
	}
	_, err = emu.New(n, emu.Options{})
	return err
}

func (s *script) update(args []string) error {
	next, err := s.described(args)
	if err != nil {
		return err
	}
	return s.em.Update(func(n *vpc.Network) error { *n = *next; return nil })
}

// sameError compares an error with "ok", with "ERR InvalidVpc.Range", which all
// its mistakes must have as their code, or with "refused", which is a mistake in
// the file itself.
func sameError(err error, want []string) error {
	if len(want) == 1 && want[0] == "ok" {
		return err
	}
	var file yaml.Errors
	if len(want) == 1 && want[0] == "refused" && errors.As(err, &file) {
		return nil
	}
	if len(want) != 2 || want[0] != "ERR" {
		return fmt.Errorf("got: %v\n\twant: %q", err, want)
	}
	var all vpc.Errors
	var one *vpc.Error
	if !errors.As(err, &all) && errors.As(err, &one) {
		all = vpc.Errors{one}
	}
	other := slices.ContainsFunc(all, func(e *vpc.Error) bool { return e.Code != want[1] })
	if len(all) == 0 || other {
		return fmt.Errorf("got: %v", err)
	}
	return nil
}

// query reads "SRC DST SERVICE [oneway] [ipv6] [sport=N]".
func (s *script) query(args []string) (*emu.Trace, error) {
	svc, err := firewall.ParseService(args[2])
	if err != nil {
		return nil, err
	}
	q := emu.Query{Source: args[0], Destination: args[1], Service: svc}
	for _, opt := range args[3:] {
		switch key, value, _ := strings.Cut(opt, "="); key {
		case "oneway":
			q.OneWay = true
		case "ipv6":
			q.IPv6 = true
		case "sport":
			port, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				return nil, err
			}
			q.SourcePort = uint16(port)
		default:
			return nil, fmt.Errorf("unknown option %q", opt)
		}
	}
	return s.em.Trace(q)
}

// trace claims a verdict and, for blocked, exactly which reasons: those of the
// reply are written reply:REASON.
func (s *script) trace(args, want []string) error {
	t, err := s.query(args)
	if err != nil {
		return err
	}
	got := []string{t.Verdict.String()}
	for _, b := range t.Blockers {
		if b.Direction == "request" {
			got = append(got, b.Reason)
		} else {
			got = append(got, b.Direction+":"+b.Reason)
		}
	}
	if err := same(got, want); err != nil {
		return fmt.Errorf("%v\n%s", err, t)
	}
	return nil
}

// stages claims the whole list of stages of the request or, with a last word
// "reply", of the reply; after the word "ids" each with the resource it looked at.
func (s *script) stages(args, want []string) error {
	leg, ids := args[len(args)-1], slices.Contains(args, "ids")
	args = slices.DeleteFunc(args, func(a string) bool { return a == "ids" })
	t, err := s.query(args[:len(args)-1])
	if err != nil {
		return err
	}
	l := map[string]*emu.Leg{"request": t.Request, "reply": t.Reply}[leg]
	if l == nil {
		return fmt.Errorf("the trace has no %q\n%s", leg, t)
	}
	var got []string
	for _, step := range l.Steps {
		if ids {
			got = append(got, string(step.Stage)+"="+step.Component)
		} else {
			got = append(got, string(step.Stage))
		}
	}
	if err := same(got, want); err != nil {
		return fmt.Errorf("%v\n%s", err, t)
	}
	return nil
}

// send puts a packet into the network: "send PORT [via=PORT] FLOW… [OPTION…]". The option
// badsum damages the checksum of the IPv4 header, badtcp that of TCP over IPv4.
func (s *script) send(args, want []string) error {
	for _, name := range s.portNames() {
		if err := s.listen(name); err != nil {
			return err
		}
	}
	port, err := s.em.Port(args[0])
	if err != nil {
		return err
	}
	damaged, damagedTCP := slices.Contains(args, "badsum"), slices.Contains(args, "badtcp")
	args = slices.DeleteFunc(args, func(a string) bool { return a == "badsum" || a == "badtcp" })
	spec, via, err := s.spec(args[1:])
	if err != nil {
		return err
	}
	clear(s.received)
	s.records = nil
	var r emu.Result
	b := spec.Bytes()
	if damaged {
		b[10] ^= 0xff // of the IPv4 header's checksum
	}
	if damagedTCP {
		b[20+16] ^= 0xff // of that of TCP
	}
	if via != nil {
		r = port.SendVia(via, b)
	} else {
		r = port.Send(b)
	}
	got := []string{r.Fate.String()}
	if r.Fate == emu.Dropped {
		got = append(got, r.Reason.String())
	} else if r.At != "" {
		got = append(got, r.At)
	}
	return same(got, want)
}

// portNames are all the ports that a packet could arrive at.
func (s *script) portNames() []string {
	names := []string{"internet"}
	for _, v := range s.em.Network().VPCs {
		for _, g := range v.Gateways {
			if g.Kind == routing.VPNGateway && !g.Gone() {
				names = append(names, "onprem:"+v.ID+"/"+g.ID)
			}
		}
		for _, subnet := range v.Subnets {
			for _, i := range subnet.Interfaces {
				names = append(names, v.ID+"/"+i.ID)
			}
		}
	}
	return append(names, s.endpointPorts()...)
}

func (s *script) listen(name string) error {
	p, err := s.em.Port(name)
	if err != nil {
		return err
	}
	p.Receive(func(b []byte) {
		s.received[p] = append(s.received[p], slices.Clone(b))
		var pkt packet.Packet
		if pkt.Parse(b) != nil || pkt.Flow.SrcPort == 0 {
			return
		}
		if s.last = pkt.Flow.SrcPort; name == "internet" {
			s.port = s.last
		}
	})
	return nil
}

// record notes a line of a flow log.
func (s *script) record(r emu.Record) {
	s.records = append(s.records, r)
	s.logs.record(r)
}

// recorded claims the lines of flow logs: "egress app-1 ACCEPT, ingress db-1 REJECT";
// after the word "flows" each has its flow too.
func (s *script) recorded(args, want []string) error {
	var lines []string
	for _, r := range s.records {
		line := fmt.Sprintf("%s %s %s", r.Direction, r.Interface, map[bool]string{true: "ACCEPT", false: "REJECT"}[r.Accept])
		if slices.Contains(args, "flows") {
			line += " " + strings.ReplaceAll(r.Flow.String(), " ", "_")
		}
		lines = append(lines, line)
	}
	return same(strings.Fields(strings.Join(lines, ", ")), want)
}

// arrived claims the last packet that a port received: its flow and the fields
// that are named after the port.
func (s *script) arrived(args, want []string) error {
	p, err := s.em.Port(args[0])
	if err != nil {
		return err
	}
	all := s.received[p]
	if len(all) == 0 {
		return same(nil, want)
	}
	var last packet.Packet
	if err := last.Parse(all[len(all)-1]); err != nil {
		return err
	}
	got := strings.Fields(describe(&last))
	for _, f := range args[1:] {
		value, err := field(f, &last, len(all))
		if err != nil {
			return err
		}
		got = append(got, f+"="+value)
	}
	return same(got, want)
}

// field is one more thing about a packet that arrived.
func field(name string, p *packet.Packet, count int) (string, error) {
	switch name {
	case "ttl":
		return strconv.Itoa(int(p.TTL())), nil
	case "tos":
		return strconv.Itoa(int(p.TOS())), nil
	case "sport":
		return map[bool]string{true: "1024-65535", false: "0-1023"}[p.Flow.SrcPort >= 1024], nil
	case "len":
		return strconv.Itoa(p.Len()), nil
	case "count":
		return strconv.Itoa(count), nil
	case "sums":
		return map[bool]string{true: "good", false: "bad"}[p.ChecksumOK()], nil
	case "about":
		f, _ := p.EmbeddedFlow()
		return strings.ReplaceAll(f.String(), " ", "_"), nil
	case "mtu": // of an ICMP error that says "too big"
		if b := p.Bytes(); p.IsICMPError() && p.Version == 4 {
			return strconv.Itoa(int(binary.BigEndian.Uint16(b[26:]))), nil
		} else if p.IsICMPError() {
			return strconv.Itoa(int(binary.BigEndian.Uint32(b[44:]))), nil
		}
		return "", fmt.Errorf("no ICMP error: %s", p.Flow)
	case "mss":
		mss, _ := p.MSS()
		return strconv.Itoa(int(mss)), nil
	case "flags":
		return p.Flags.String(), nil
	case "seq":
		seq, ack := p.TCPSeq()
		return fmt.Sprintf("%d/%d", seq, ack), nil
	case "options": // of IPv4
		return fmt.Sprintf("%x", p.Bytes()[20:4*int(p.Bytes()[0]&15)]), nil
	}
	return "", fmt.Errorf("unknown field %q", name)
}

// describe is a packet as scripts write it: its flow and, for ICMP, its type and
// code.
func describe(p *packet.Packet) string {
	if p.Flow.Proto.IsICMP() {
		return fmt.Sprintf("%s type=%d/%d", p.Flow, p.ICMPType, p.ICMPCode)
	}
	return p.Flow.String()
}

var flags = map[rune]packet.TCPFlags{'S': packet.SYN, 'A': packet.ACK, 'F': packet.FIN, 'R': packet.RST}

// spec reads a flow and options: flags=SA, seq=N, ack=N, type=8/0, len=N (of the
// whole packet), df, ttl=N, tos=N, options=HEX, id=N, more, offset=N, about={flow}
// (the packet an ICMP error quotes), data=TEXT, mss=N (the MSS option of TCP).
func (s *script) spec(args []string) (spec packet.Spec, via *emu.Port, err error) {
	var flow []string
	size := 0
	for _, a := range args {
		key, value, isOption := strings.Cut(a, "=")
		if !isOption && key != "df" && key != "more" {
			flow = append(flow, a)
			continue
		}
		number, _ := strconv.Atoi(value)
		switch key {
		case "via":
			if via, err = s.em.Port(value); err != nil {
				return spec, nil, err
			}
		case "flags":
			for _, c := range value {
				spec.Flags |= flags[c]
			}
		case "type":
			typ, code, _ := strings.Cut(value, "/")
			t, _ := strconv.Atoi(typ)
			c, _ := strconv.Atoi(code)
			spec.ICMPType, spec.ICMPCode = uint8(t), uint8(c)
		case "len":
			size = number
		case "df":
			spec.DF = true
		case "ttl":
			spec.TTL = uint8(number)
		case "tos":
			spec.TOS = uint8(number)
		case "seq":
			spec.Seq = uint32(number)
		case "ack":
			spec.Ack = uint32(number)
		case "data":
			spec.Payload = []byte(strings.ReplaceAll(value, "_", " "))
		case "mss":
			spec.TCPOptions = []byte{2, 4, byte(number >> 8), byte(number)}
		case "options":
			if spec.Options, err = hex.DecodeString(value); err != nil {
				return spec, nil, err
			}
		case "id":
			spec.ID = uint32(number)
		case "more":
			spec.MoreFragments = true
		case "offset":
			spec.FragOffset = uint16(number)
		case "about":
			quoted, err := packet.ParseFlow(strings.ReplaceAll(value, "_", " "))
			if err != nil {
				return spec, nil, err
			}
			spec.Payload = packet.Spec{Flow: quoted, Flags: packet.ACK}.Bytes()
		default:
			return spec, nil, fmt.Errorf("unknown option %q", a)
		}
	}
	spec.Flow, err = packet.ParseFlow(strings.Join(flow, " "))
	if err == nil && size > 0 {
		spec.Payload = append(spec.Payload, make([]byte, size-len(spec.Bytes()))...)
	}
	return spec, via, err
}
