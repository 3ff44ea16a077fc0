package firewall

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// benchPacket is what filters look at.
type benchPacket struct {
	header Header
	remote netip.Addr
	groups []GroupID
}

// benchNames knows every group "g1", "g2", … and prefix lists "pl-0", "pl-1", … of 20 entries each.
type benchNames struct{}

func (benchNames) Group(name string) (id GroupID, described bool) {
	number, _ := strings.CutPrefix(name, "g")
	n, err := strconv.Atoi(number)
	return GroupID(n), err == nil
}

func (benchNames) PrefixList(name string) (entries []netip.Prefix, known bool) {
	number, _ := strings.CutPrefix(name, "pl-")
	n, err := strconv.Atoi(number)
	for i := range 20 {
		entries = append(entries, netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(20 + n>>8), byte(n), byte(i * 12), 0}), 24))
	}
	return entries, err == nil
}

// benchShapes make the rule number i of a set.
var benchShapes = []struct {
	name string
	rule func(r *rand.Rand, i int) Rule
}{
	{"ports", func(_ *rand.Rand, i int) Rule { return testRule(fmt.Sprintf("tcp/%d 10.0.0.0/8", 1000+i)) }},
	{"cidrs", func(_ *rand.Rand, i int) Rule { return testRule(fmt.Sprintf("tcp/443 10.%d.%d.0/24", i>>8, i&255)) }},
	{"groups", func(_ *rand.Rand, i int) Rule { return testRule(fmt.Sprintf("tcp/443 g%d", i+1)) }},
	{"lists", func(_ *rand.Rand, i int) Rule { return testRule(fmt.Sprintf("tcp/443 pl-%d", i)) }},
	{"ipv6", func(_ *rand.Rand, i int) Rule { return testRule(fmt.Sprintf("tcp/443 2001:db8:%x::/48", i)) }},
	{"mixed", mixedRule},
}

// mixedRule is a rule as they are met: few services, and groups, CIDRs of every size and some prefix lists.
func mixedRule(r *rand.Rand, _ int) Rule {
	services := []string{"tcp/22", "tcp/80", "tcp/443", "tcp/443", "tcp/3306", "tcp/5432", "tcp/6379", "tcp/8080-8090", "tcp/9092-9098",
		"tcp/30000-32767", "tcp/1024-65535", "udp/53", "udp/123", "icmp/8", "icmp", "tcp", "all"}
	service := services[r.IntN(len(services))]
	if r.IntN(3) == 0 {
		service = fmt.Sprintf("tcp/%d", 1024+r.IntN(8000))
	}
	peer := fmt.Sprintf("g%d", 1+r.IntN(300))
	switch n := r.IntN(10); {
	case n < 5:
		peer = fmt.Sprintf("10.%d.%d.%d/%d", r.IntN(32), r.IntN(256), r.IntN(256), 16+r.IntN(17))
	case n < 6:
		peer = fmt.Sprintf("pl-%d", r.IntN(10))
	}
	return testRule(service + " " + peer)
}

// benchRules are sets of n rules in all.
func benchRules(n, sets int, rule func(r *rand.Rand, i int) Rule) [][]Rule {
	r := rand.New(rand.NewPCG(1, 2))
	rules := make([][]Rule, sets)
	for i := range n {
		rules[i*sets/n] = append(rules[i*sets/n], rule(r, i))
	}
	return rules
}

// matching is a packet that a rule allows.
func matching(r *rand.Rand, rule *Rule) benchPacket {
	p := benchPacket{remote: netip.AddrFrom4([4]byte{10, 200, byte(r.Uint32()), byte(r.Uint32())})}
	for range 1 + r.IntN(4) {
		p.groups = append(p.groups, GroupID(1000+r.IntN(1000)))
	}
	rule.Service.eachSpan(func(c class, k keys) {
		if c == classOther {
			return
		}
		key := k.first + uint16(r.IntN(int(k.last-k.first)+1))
		p.header = Header{Proto: [...]uint8{protoTCP, protoUDP, protoICMP, protoICMPv6}[c]}
		if c <= classUDP {
			p.header.Port = key
		} else {
			p.header.ICMPType, p.header.ICMPCode = uint8(key>>8), uint8(key)
		}
	})
	prefix := rule.Peer.Prefix
	if id, ok := (benchNames{}).Group(rule.Peer.Group); ok {
		p.groups[r.IntN(len(p.groups))] = id
		return p
	}
	if rule.Peer.PrefixList != "" {
		list, _ := benchNames{}.PrefixList(rule.Peer.PrefixList)
		prefix = list[r.IntN(len(list))]
	}
	b := prefix.Masked().Addr().AsSlice()
	for bit := prefix.Bits(); bit < 8*len(b); bit++ {
		b[bit/8] |= byte(r.IntN(2)) << (7 - bit%8)
	}
	p.remote, _ = netip.AddrFromSlice(b)
	return p
}

// benchPackets are many, so that the branch predictor does not learn them, but not more than the cache holds.
func benchPackets(rules []Rule, hit string) []benchPacket {
	r := rand.New(rand.NewPCG(3, 4))
	packets := make([]benchPacket, 1<<12)
	for i := range packets {
		n := r.IntN(len(rules))
		switch hit {
		case "first":
			n = 0
		case "last":
			n = len(rules) - 1
		}
		p := matching(r, &rules[n])
		if hit == "miss" {
			b := p.remote.AsSlice()
			b[0], p.groups = 172, []GroupID{1000, 1001}
			p.remote, _ = netip.AddrFromSlice(b)
		}
		packets[i] = p
	}
	return packets
}

var benchHits = []string{"first", "last", "miss", "any"}

// eachDecideBench yields sets of rules and packets that are for the first of them, for the last, for none or for any.
func eachDecideBench(sizes []int, yield func(name string, sets [][]Rule, packets []benchPacket)) {
	for _, rules := range sizes {
		for _, shape := range benchShapes {
			sets := benchRules(rules, 1, shape.rule)
			for _, hit := range benchHits {
				yield(fmt.Sprintf("rules=%d/shape=%s/hit=%s", rules, shape.name, hit), sets, benchPackets(sets[0], hit))
			}
		}
	}
	sets := benchRules(960, 16, mixedRule)
	for _, hit := range benchHits {
		yield("rules=960/shape=16sets/hit="+hit, sets, benchPackets(sets[map[string]int{"last": 15, "any": 7}[hit]], hit))
	}
}

func compileSets(sets [][]Rule) (compiled []*RuleSet) {
	for _, rules := range sets {
		compiled = append(compiled, CompileRules(rules, benchNames{}))
	}
	return compiled
}

func TestDecide_ZeroAlloc(t *testing.T) {
	eachDecideBench([]int{8, 100}, func(name string, sets [][]Rule, packets []benchPacket) {
		f := NewFilter(compileSets(sets)...)
		n := testing.AllocsPerRun(10, func() {
			for i := range packets[:20] {
				f.Decide(packets[i].header, packets[i].remote, packets[i].groups)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	eachDecideBench([]int{1, 8, 60, 300, 1000}, func(name string, sets [][]Rule, packets []benchPacket) {
		f := NewFilter(compileSets(sets)...)
		var twin linearFilter
		for _, rules := range sets {
			twin = append(twin, compileLinear(rules, benchNames{}))
		}
		benchDecide(b, "impl=ours/"+name, packets, func(p *benchPacket) Verdict { return f.Decide(p.header, p.remote, p.groups).Verdict })
		benchDecide(b, "impl=linear/"+name, packets, func(p *benchPacket) Verdict { return twin.decide(p.header, p.remote, p.groups).Verdict })
	})
}

// benchEntries are entries for CIDRs, and the rules they were made of.
func benchEntries(n int, rule func(r *rand.Rand, i int) Rule) (rules []Rule, entries []Entry) {
	r := rand.New(rand.NewPCG(5, 6))
	for len(rules) < n {
		if rule := rule(r, len(rules)); rule.Peer.Prefix.IsValid() {
			rules = append(rules, rule)
			entries = append(entries, Entry{Number: len(rules), Action: Action(len(rules) % 2), Service: rule.Service, CIDR: rule.Peer.Prefix})
		}
	}
	return rules, entries
}

func BenchmarkACL(b *testing.B) {
	for _, n := range []int{1, 20, 40, 1000} {
		for _, shape := range benchShapes {
			if shape.name == "groups" || shape.name == "lists" {
				continue
			}
			rules, entries := benchEntries(n, shape.rule)
			a, twin := CompileACL(entries), compileLinearACL(entries)
			for _, hit := range benchHits {
				packets := benchPackets(rules, hit)
				name := fmt.Sprintf("entries=%d/shape=%s/hit=%s", n, shape.name, hit)
				benchDecide(b, "impl=ours/"+name, packets, func(p *benchPacket) Verdict { return a.Decide(p.header, p.remote).Verdict })
				benchDecide(b, "impl=linear/"+name, packets, func(p *benchPacket) Verdict { return twin.decide(p.header, p.remote).Verdict })
			}
		}
	}
}

func benchDecide(b *testing.B, name string, packets []benchPacket, decide func(*benchPacket) Verdict) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			decide(&packets[i])
			i = (i + 1) % len(packets)
		}
	})
}

// BenchmarkCompileRules also reports what the compiled rules take, in B/rule.
func BenchmarkCompileRules(b *testing.B) {
	for _, n := range []int{1, 8, 60, 300, 1000} {
		for _, shape := range benchShapes {
			rules := benchRules(n, 1, shape.rule)[0]
			b.Run(fmt.Sprintf("impl=ours/rules=%d/shape=%s", n, shape.name), func(b *testing.B) {
				benchCompile(b, n, func() any { return CompileRules(rules, benchNames{}) })
			})
			b.Run(fmt.Sprintf("impl=linear/rules=%d/shape=%s", n, shape.name), func(b *testing.B) {
				benchCompile(b, n, func() any { return compileLinear(rules, benchNames{}) })
			})
		}
	}
}

func benchCompile(b *testing.B, rules int, compile func() any) {
	for b.Loop() {
		compile()
	}
	b.StopTimer()
	kept := make([]any, 100)
	before := heapInUse()
	for i := range kept {
		kept[i] = compile()
	}
	b.ReportMetric(float64(heapInUse()-before)/float64(len(kept)*rules), "B/rule")
	runtime.KeepAlive(kept)
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
