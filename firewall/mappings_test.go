package firewall

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

const (
	mappedTCP   = int64(350 * time.Second)
	mappedOther = int64(120 * time.Second)
)

func newMappings(t *FlowTable) *Mappings {
	return t.NewMappings(0, time.Duration(mappedTCP), time.Duration(mappedOther))
}

// twinMappings is [Mappings] as a list.
type twinMappings struct{ list []*twinMapping }

type twinMapping struct {
	in, out packet.Flow
	last    int64
}

func (m *twinMapping) over(now int64) bool {
	if m.in.Proto == packet.TCP {
		return now-m.last >= mappedTCP
	}
	return now-m.last >= mappedOther
}

func (m *twinMapping) use(now int64) { m.last = max(m.last, now) }

func (t *twinMappings) look(now int64, is func(*twinMapping) bool) *twinMapping {
	t.list = slices.DeleteFunc(t.list, func(m *twinMapping) bool { return m.over(now) })
	if i := slices.IndexFunc(t.list, is); i >= 0 {
		return t.list[i]
	}
	return nil
}

func (t *twinMappings) in(f packet.Flow, now int64) *twinMapping {
	return t.look(now, func(m *twinMapping) bool { return m.in == f })
}

func (t *twinMappings) out(f packet.Flow, now int64) *twinMapping {
	return t.look(now, func(m *twinMapping) bool { return m.out == f })
}

// port is NAT-12 without a table.
func (t *twinMappings) port(in, out packet.Flow, now int64) packet.Flow {
	for at := int(in.Hash() % 64512); ; at = (at + 3575) % 64512 {
		if out.SrcPort = uint16(1024 + at); t.out(out, now) == nil {
			return out
		}
	}
}

var mappedAddrs = [][2]string{{"10.0.1.5", "203.0.113.5"}, {"10.0.1.6", "203.0.113.5"}, {"10.0.1.5", "203.0.113.6"}, {"10.0.0.220", "203.0.113.5"}, {"2001:db8::5", "64:ff9b::cb00:7105"}}

func randomMapped(r *rand.Rand) packet.Flow {
	f := packet.Flow{Proto: []packet.Proto{packet.TCP, packet.UDP, packet.ICMP}[r.IntN(3)], SrcPort: uint16(1024 + r.IntN(4))}
	a := mappedAddrs[r.IntN(len(mappedAddrs))]
	f.Src, f.Dst = netip.MustParseAddr(a[0]), netip.MustParseAddr(a[1])
	if f.Proto.HasPorts() {
		f.DstPort = uint16(443 + r.IntN(2))
	}
	return f
}

// outsideOfMapped is the other side of a flow at a NAT gateway, but for the port.
func outsideOfMapped(f packet.Flow) packet.Flow {
	f.Src = netip.MustParseAddr("10.0.0.220")
	if !f.Dst.Is4() {
		f.Dst = netip.MustParseAddr("203.0.113.5")
	}
	return f
}

// TestMappings_Twin plays random flows, answers, ends and jumps of the clock, also back (NAT-7, NAT-12, NAT-13, NAT-20, ELB-29). Two
// gateways and a tracker share a small table, so that places are used again and again.
func TestMappings_Twin(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		var table FlowTable
		fast := [2]*Mappings{newMappings(&table), newMappings(&table)}
		var slow [2]twinMappings
		tracker := table.NewTracker(Timeouts{}, nil)
		now := int64(0)
		for step := range 4000 {
			if now += r.Int64N(mappedTCP / 25); r.IntN(200) == 0 {
				tracker.Expire(now) // what has idled out is gone on both sides before the clock goes back
				slow[0].in(packet.Flow{}, now)
				slow[1].in(packet.Flow{}, now)
				now -= r.Int64N(mappedTCP)
			}
			which := r.IntN(2)
			fast, slow := fast[which], &slow[which]
			f := randomMapped(r)
			out := outsideOfMapped(f)
			var got, want string
			switch what := r.IntN(20); {
			case what < 7:
				if len(slow.list) > 0 && r.IntN(4) > 0 {
					f = slow.list[r.IntN(len(slow.list))].out.Reverse()
				}
				have, ok := fast.Answer(f, now)
				got, want = fmt.Sprint(have.Flow, ok), fmt.Sprint(packet.Flow{}, false)
				if m := slow.out(f.Reverse(), now); m != nil {
					m.use(now)
					want = fmt.Sprint(m.in.Reverse(), true)
				}
			case what < 12:
				have, ok := fast.Find(f, now)
				got, want = fmt.Sprint(have.Flow, ok), fmt.Sprint(packet.Flow{}, false)
				if m := slow.in(f, now); m != nil {
					m.use(now)
					want = fmt.Sprint(m.out, true)
				}
			case what < 16:
				have, ok := fast.Allot(f, out, now)
				m := slow.in(f, now)
				if m == nil {
					m = &twinMapping{in: f, out: slow.port(f, out, now)}
					slow.list = append(slow.list, m)
					m.last = now
				}
				m.use(now)
				got, want = fmt.Sprint(have.Flow, ok), fmt.Sprint(m.out, true)
			case what < 18: // as it is, so that the ports of others may be in the way
				ok := fast.Join(f, out, now)
				m := slow.in(f, now)
				switch {
				case m != nil:
					m.use(now)
				case slow.out(out, now) == nil:
					m = &twinMapping{f, out, now}
					slow.list = append(slow.list, m)
				}
				got, want = fmt.Sprint(ok), fmt.Sprint(m != nil && m.out == out)
			case what < 19:
				fast.Forget(f)
				slow.list = slices.DeleteFunc(slow.list, func(m *twinMapping) bool { return m.in == f })
			case r.IntN(60) == 0:
				fast.Flush()
				slow.list = nil
				if len(fast.counts.list) != 0 {
					t.Fatal("counts of mappings that are gone")
				}
			default:
				tracker.Expire(now)
			}
			if got != want {
				t.Fatalf("seed %d, step %d, %s at %d: got %s, want %s", seed, step, f, now, got, want)
			}
			checkCounts(t, fast, slow, now)
		}
		tracker.Expire(now + 2*mappedTCP) // the clock has been back
		tracker.Expire(now + 2*mappedTCP) // the other records
		if n := table.Records(); n != 0 {
			t.Fatalf("seed %d: %d records left in the end", seed, n)
		}
	}
}

// checkCounts: the count is that of the mappings, and of what is left of ended ones.
func checkCounts(t *testing.T, fast *Mappings, slow *twinMappings, now int64) {
	t.Helper()
	slow.in(packet.Flow{}, now)
	want := map[flowKey]int{}
	for _, m := range slow.list {
		k := fast.outside.key(m.out)
		want[k.destination()]++
	}
	for d, n := range want {
		if got, _ := fast.counts.of(&d); got < n {
			t.Fatalf("%d mappings counted of %d", got, n)
		}
	}
}

func toward(port int) packet.Flow {
	return packet.Flow{Proto: packet.TCP, Src: netip.AddrFrom4([4]byte{10, 0, byte(1 + port>>15), 1}), Dst: netip.MustParseAddr("203.0.113.5"), SrcPort: uint16(port%32768 + 1), DstPort: 443}
}

// TestNAT8_NAT11_NAT12_LIM24_LIM25_LIM26_Capacity: 55,000 connections for each address and destination and the same ports in every run;
// other destinations have theirs, and old connections go on.
func TestNAT8_NAT11_NAT12_LIM24_LIM25_LIM26_Capacity(t *testing.T) {
	const most = 55_000
	var table, other FlowTable
	m, again := newMappings(&table), newMappings(&other)
	seen := map[uint16]bool{}
	for k := range most {
		got, ok := m.Allot(toward(k), outsideOfMapped(toward(k)), 0)
		if !ok || got.Flow.SrcPort < 1024 || seen[got.Flow.SrcPort] {
			t.Fatalf("connection %d: %s %v", k, got.Flow, ok)
		}
		seen[got.Flow.SrcPort] = true
		if same, _ := again.Allot(toward(k), outsideOfMapped(toward(k)), 0); same.Flow != got.Flow {
			t.Fatalf("connection %d: %s in another run", k, same.Flow)
		}
	}
	more := toward(most)
	allot := func(f packet.Flow, now int64) bool {
		_, ok := m.Allot(f, outsideOfMapped(f), now)
		return ok
	}
	if allot(more, 0) || allot(more, mappedTCP-1) {
		t.Error("one too many")
	}
	if !allot(toward(7), mappedTCP-1) {
		t.Error("a connection that stands has its port")
	}
	elsewhere := more
	elsewhere.DstPort = 444
	if !allot(elsewhere, 0) {
		t.Error("another destination has ports of its own")
	}
	for k := range most {
		if k != 4321 && k != 7 {
			m.Find(toward(k), mappedTCP-1)
		}
	}
	if !allot(more, mappedTCP) {
		t.Error("the only one that has idled out gives its port back")
	}
	if allot(toward(most+1), mappedTCP) {
		t.Error("and only one")
	}
	m.Forget(toward(99))
	if allot(toward(most+1), 2*mappedTCP-2); !allot(toward(most+1), 2*mappedTCP-1) {
		t.Error("ended connections give theirs back, as far as anybody knows by then")
	}
}

// TestMappings_ClockBack: mappings that were made after the clock went back idle out earlier than was thought.
func TestMappings_ClockBack(t *testing.T) {
	var table FlowTable
	m := newMappings(&table)
	late := 10 * mappedTCP
	for k := range mostMappings {
		m.Allot(toward(k), outsideOfMapped(toward(k)), late)
	}
	if _, ok := m.Allot(toward(mostMappings), outsideOfMapped(toward(mostMappings)), late); ok {
		t.Fatal("one too many")
	}
	m.Forget(toward(5))
	m.counts.less(ptr(m.outside.key(outsideOfMapped(toward(5))))) // its port has come back
	early := toward(mostMappings + 1)
	m.counts.more(ptr(m.outside.key(outsideOfMapped(early))), mappedTCP)
	if _, quiet := m.counts.of(ptr(m.outside.key(outsideOfMapped(early)))); quiet != mappedTCP {
		t.Errorf("quiet until %d, want %d", quiet, mappedTCP)
	}
}

func ptr(k flowKey) *flowKey { return &k }

// TestMappings_FullTable: a new mapping is refused, but takes the place of a flow that is not established; what stands goes on.
func TestMappings_FullTable(t *testing.T) {
	table := FlowTable{most: 8}
	m, memory := newMappings(&table), table.NewMemory(0, time.Hour, time.Hour)
	var have []packet.Flow
	refused := 0
	for k := range 1000 {
		if _, ok := m.Allot(toward(k), outsideOfMapped(toward(k)), 0); ok {
			have = append(have, toward(k))
		} else {
			refused++
		}
	}
	if n := table.Records(); n != 2*len(have) || n < 64*8*8/10 || n > 64*8 || refused == 0 {
		t.Fatalf("%d mappings, %d refused, %d records in places for %d", len(have), refused, n, 64*8)
	}
	for k := range 1000 {
		memory.Enter(toward(k), 0, 0)
	}
	if memory.Enter(toward(1000), 0, 0) || table.Records() != 64*8 {
		t.Fatalf("a flow remembered in a full table")
	}
	tracker := table.NewTracker(Timeouts{}, nil)
	if tracker.Add(Egress, mustParse(packet.Spec{Flow: toward(0), Flags: packet.SYN}), toward(0), 0) {
		t.Error("a tracked flow took a place")
	}
	for _, f := range have {
		got, ok := m.Find(f, 0)
		if back, known := m.Answer(got.Flow.Reverse(), 0); !ok || !known || back.Flow != f.Reverse() {
			t.Fatalf("%s does not stand any more", f)
		}
	}
	m.Flush()
	tracker.Expire(0)
	for k := range 1000 { // half-open connections in all places that are left
		tracker.Add(Egress, mustParse(packet.Spec{Flow: toward(k), Flags: packet.SYN}), toward(k), 0)
	}
	if _, ok := m.Allot(toward(0), outsideOfMapped(toward(0)), 0); !ok {
		t.Error("half-open connections are in the way of a mapping")
	}
}

// TestMappings_BoundedMemory: mappings that idle out make room for new ones without anybody asking.
func TestMappings_BoundedMemory(t *testing.T) {
	var table FlowTable
	m := newMappings(&table)
	const alive = 2000
	for k := range 40 * alive {
		f := toward(k)
		if _, ok := m.Allot(f, outsideOfMapped(f), int64(k)*mappedTCP/alive); !ok {
			t.Fatalf("connection %d refused", k)
		}
	}
	if n := table.Records(); n > 2*alive*2 {
		t.Errorf("%d records for %d mappings", n, alive)
	}
}

// TestMappings_LeftBehind: a mapping ends also while somebody has the shard of its outside record.
func TestMappings_LeftBehind(t *testing.T) {
	in := toward(1)
	for what, then := range map[string]func(m *Mappings, was packet.Flow) bool{
		"an answer": func(m *Mappings, was packet.Flow) bool {
			_, ok := m.Answer(was.Reverse(), 1)
			return !ok
		},
		"the same flow": func(m *Mappings, was packet.Flow) bool {
			got, ok := m.Allot(in, outsideOfMapped(in), 1)
			return ok && got.Flow == was
		},
		"another flow":        func(m *Mappings, was packet.Flow) bool { return m.Join(toward(2), was, 1) },
		"whoever looks at it": func(m *Mappings, _ packet.Flow) bool { m.inside.tracker.Expire(1); return true },
		"nobody":              func(*Mappings, packet.Flow) bool { return true },
	} {
		var table FlowTable
		m := newMappings(&table)
		was, _ := m.Allot(in, outsideOfMapped(in), 0)
		k := m.outside.key(was.Flow)
		s := table.shardOf(m.outside.hash(&k))
		if s == table.shardOf(m.inside.hash(ptr(m.inside.key(in)))) {
			t.Fatal("the test wants a flow with its records in two shards")
		}
		s.mu.Lock()
		m.Forget(in)
		s.mu.Unlock()
		if !then(m, was.Flow) {
			t.Errorf("%s finds it in the way", what)
		}
		m.inside.tracker.Expire(1)
		want := map[string]int{"the same flow": 1, "another flow": 1}[what]
		if n, _ := m.counts.of(&k); n != want || table.Records() != 2*want {
			t.Errorf("%s: %d mappings counted and %d records, want %d and %d", what, n, table.Records(), want, 2*want)
		}
	}
}

// TestMappings_ShortCuts: a mapping is as old as the packets that went past it.
func TestMappings_ShortCuts(t *testing.T) {
	var table FlowTable
	m, passive := newMappings(&table), table.Passive()
	f := toward(1)
	mapping, _ := m.Allot(f, outsideOfMapped(f), 0)
	sender := passive.Pass(f, 0)
	table.Join(sender, []Tracked{mapping.Entry}, 1, 9)
	b := packet.Spec{Flow: f, Flags: packet.ACK}.Bytes()
	plain, _ := packet.ParsePlain(b)
	at := int64(0)
	for ; at < 2*mappedTCP; at += FastIdle {
		var l Look
		l.Begin(passive, &plain, b)
		if action, ok := l.Fast(1, at, FastIdleTCP); !ok || action != 9 {
			t.Fatalf("no short cut at %d", at)
		}
		l.Pass(at)
	}
	at -= FastIdle
	if _, ok := m.Answer(mapping.Flow.Reverse(), at+mappedTCP-1); !ok {
		t.Error("the mapping ended although packets passed")
	}
	if _, ok := m.Find(f, at+2*mappedTCP-1); ok {
		t.Error("it never ends")
	}
}

// TestMappings_AnotherWay: a packet that comes by where a short cut began, and then goes another way, is none of the mapping's.
func TestMappings_AnotherWay(t *testing.T) {
	var table FlowTable
	m, passive := newMappings(&table), table.Passive()
	f := toward(1)
	mapping, _ := m.Allot(f, outsideOfMapped(f), 0)
	table.Join(passive.Pass(f, 0), []Tracked{mapping.Entry}, 1, 9)
	sender := passive.Pass(f, FastIdle)
	table.Join(sender, nil, 2, 9)
	if _, ok := m.Find(f, mappedTCP); ok {
		t.Error("it kept the mapping alive")
	}
}

// TestMemory: flows with values, also of IPv6, until they idle out.
func TestMemory(t *testing.T) {
	var table FlowTable
	m := table.NewMemory(0, time.Duration(mappedTCP), time.Duration(mappedOther))
	tcp, udp := packet.MustParseFlow("tcp [2001:db8::1]:40000 > [2001:db8::2]:443"), packet.MustParseFlow("udp 10.0.1.5:40000 > 10.0.1.6:53")
	check := func(f packet.Flow, now int64, value uint32, known bool) {
		t.Helper()
		if got, ok := m.Find(f, now); got != value || ok != known {
			t.Errorf("%s: got %d %t, want %d %t", f, got, ok, value, known)
		}
	}
	check(tcp, 0, 0, false)
	if !m.Enter(tcp, MaxFlows-1, 0) || !m.Enter(udp, 0, 0) {
		t.Fatal("not remembered")
	}
	check(tcp, mappedTCP-1, MaxFlows-1, true)
	check(tcp.Reverse(), mappedTCP-1, 0, false)
	check(udp, mappedOther, 0, false)
	m.Enter(tcp, 3, 0) // earlier than the last
	check(tcp, 2*mappedTCP-2, 3, true)
	m.Forget(tcp)
	check(tcp, mappedTCP, 0, false)
	m.Enter(tcp, 3, 0)
	m.Flush()
	check(tcp, 0, 0, false)
	m.Enter(tcp, 4, 0)
	check(tcp, 0, 4, true)
}

// TestMappings_ZeroValue: nothing is known, and nothing is taken.
func TestMappings_ZeroValue(t *testing.T) {
	var m Mappings
	var memory Memory
	f := toward(0)
	_, found := m.Find(f, 0)
	_, answered := m.Answer(f, 0)
	_, allotted := m.Allot(f, f, 0)
	_, remembered := memory.Find(f, 0)
	m.Forget(f)
	m.Flush()
	memory.Forget(f)
	memory.Flush()
	if found || answered || allotted || remembered || m.Join(f, f, 0) || memory.Enter(f, 0, 0) {
		t.Error("the zero value lets a flow pass")
	}
}

// TestMappings_Concurrent is for the race detector. Whatever happens meanwhile, nobody gets another flow's mapping.
func TestMappings_Concurrent(t *testing.T) {
	table := FlowTable{most: 12}
	gateways := [2]*Mappings{newMappings(&table), newMappings(&table)}
	tracker := table.NewTracker(Timeouts{}, nil)
	var all sync.WaitGroup
	for g := range 6 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 3))
			m := gateways[g%2]
			for i := range 3000 {
				now := int64(i) * int64(time.Second)
				f := toward(r.IntN(150))
				f.DstPort += uint16(r.IntN(3))
				switch got, ok := m.Allot(f, outsideOfMapped(f), now); {
				case !ok:
				case got.Flow.Dst != f.Dst || got.Flow.DstPort != f.DstPort || got.Flow.Src != outsideOfMapped(f).Src:
					t.Errorf("%s became %s", f, got.Flow)
				default:
					back, ok := m.Answer(got.Flow.Reverse(), now)
					if ok && (back.Flow.Src != f.Dst || back.Flow.SrcPort != f.DstPort || back.Flow.Dst.As4()[0] != 10 || back.Flow.DstPort > 150) {
						t.Errorf("%s was answered by %s", f, back.Flow)
					}
					table.Join(tracker.Pass(f, now), []Tracked{got.Entry}, 1, 1)
				}
				switch i % 300 {
				case 50, 150:
					m.Forget(f)
				case 100:
					tracker.Expire(now)
				case 200:
					m.Flush()
				}
			}
		})
	}
	all.Wait()
}

// TestMappings_AllocateNothing: once there is room in the table, but for an index that is made anew in a while.
func TestMappings_AllocateNothing(t *testing.T) {
	var table FlowTable
	m := newMappings(&table)
	k, now := 0, int64(0)
	each := func() {
		for range 3000 {
			f := toward(k % 30000)
			k++
			now += mappedTCP / 10000
			if _, ok := m.Allot(f, outsideOfMapped(f), now); !ok {
				t.Fatal("refused")
			}
		}
	}
	for range 20 {
		each()
	}
	if n := testing.AllocsPerRun(20, each); n > 10 {
		t.Errorf("%v allocations in 3,000 mappings", n)
	}
}
