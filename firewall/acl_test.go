package firewall

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// testEntries reads "100 allow tcp/443 10.0.0.0/8, 200 deny all 0.0.0.0/0"; "?" and "_" are those of testRule.
func testEntries(s string) []Entry {
	var entries []Entry
	for line := range strings.SplitSeq(s, ", ") {
		if line == "" {
			continue
		}
		var e Entry
		var action, rest string
		if _, err := fmt.Sscanf(line, "%d %s", &e.Number, &action); err != nil {
			panic(err)
		}
		_, rest, _ = strings.Cut(line, action+" ")
		if action == "allow" {
			e.Action = Allow
		}
		r := testRule(rest)
		e.Service, e.CIDR, e.Unknown = r.Service, r.Peer.Prefix, r.Unknown
		entries = append(entries, e)
	}
	return entries
}

var aclCases = []struct {
	name, entries, header, remote, want string
}{
	{"ACL-6 the first match allows", "100 allow tcp/443 10.0.0.0/8, 200 deny tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", "allowed 0"},
	{"ACL-6 the first match denies", "100 deny tcp/443 10.0.0.0/8, 200 allow tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", "denied 0"},
	{"ACL-6 numbers count, not places", "200 allow tcp/443 10.0.0.0/8, 100 deny tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", "denied 1"},
	{"ACL-6 numbers are numbers", "1000 deny all 10.0.0.0/8, 200 allow all 10.0.0.0/8", "tcp/443", "10.0.0.1", "allowed 1"},
	{"ACL-6 a narrower entry that comes later", "100 allow all 0.0.0.0/0, 200 deny all 10.0.0.1/32", "tcp/443", "10.0.0.1", "allowed 0"},
	{"ACL-6 a narrower entry that comes first", "100 deny all 10.0.0.1/32, 200 allow all 0.0.0.0/0", "tcp/443", "10.0.0.1", "denied 0"},
	{"ACL-6 one address beside it", "100 deny all 10.0.0.1/32, 200 allow all 0.0.0.0/0", "tcp/443", "10.0.0.2", "allowed 1"},

	{"ACL-7 no entry matches", "100 allow tcp/443 10.0.0.0/8", "tcp/443", "11.0.0.1", "denied -1"},
	{"ACL-9 no entries", "", "tcp/443", "10.0.0.1", "denied -1"},
	{"ACL-8 allow all IPv4: IPv4", "100 allow all 0.0.0.0/0", "ip/50", "10.0.0.1", "allowed 0"},
	{"ACL-13 allow all IPv4: IPv6", "100 allow all 0.0.0.0/0", "ip/50", "2001:db8::1", "denied -1"},
	{"ACL-13 allow all IPv6: IPv6", "101 allow all ::/0", "ip/50", "2001:db8::1", "allowed 0"},
	{"ACL-13 allow all IPv6: IPv4", "101 allow all ::/0", "ip/50", "10.0.0.1", "denied -1"},

	{"ACL-11 first port", "100 allow tcp/1024-2000 10.0.0.0/8", "tcp/1024", "10.0.0.1", "allowed 0"},
	{"ACL-11 one port below", "100 allow tcp/1024-2000 10.0.0.0/8", "tcp/1023", "10.0.0.1", "denied -1"},
	{"ACL-11 last port", "100 allow tcp/1024-2000 10.0.0.0/8", "tcp/2000", "10.0.0.1", "allowed 0"},
	{"ACL-11 one port above", "100 allow tcp/1024-2000 10.0.0.0/8", "tcp/2001", "10.0.0.1", "denied -1"},
	{"ACL-16 ephemeral ports let the reply out", "100 allow tcp/1024-65535 10.0.0.0/8", "tcp/40000", "10.0.0.1", "allowed 0"},
	{"ACL-16 the service port does not", "100 allow tcp/443 10.0.0.0/8", "tcp/40000", "10.0.0.1", "denied -1"},
	{"ACL-14 a protocol by number", "100 allow ip/50 10.0.0.0/8", "ip/50", "10.0.0.1", "allowed 0"},
	{"ACL-14 another protocol", "100 allow ip/50 10.0.0.0/8", "ip/51", "10.0.0.1", "denied -1"},
	{"ACL-15 type and code", "100 allow icmp/3/4 10.0.0.0/8", "icmp/3/4", "10.0.0.1", "allowed 0"},
	{"ACL-15 another code", "100 allow icmp/3/4 10.0.0.0/8", "icmp/3/3", "10.0.0.1", "denied -1"},
	{"ACL-15 any code", "100 allow icmp/3 10.0.0.0/8", "icmp/3/3", "10.0.0.1", "allowed 0"},
	{"ACL-15 any type", "100 allow icmp 10.0.0.0/8", "icmp/8/0", "10.0.0.1", "allowed 0"},
	{"ACL-15 another ICMP", "100 allow icmp ::/0", "icmpv6/128/0", "2001:db8::1", "denied -1"},
	{"ACL-15 ICMPv6", "100 allow icmpv6 ::/0", "icmpv6/128/0", "2001:db8::1", "allowed 0"},

	{"not understood, and decides", "100 allow ?tcp/443 10.0.0.0/8, 200 deny all 0.0.0.0/0", "tcp/443", "10.0.0.1", "unknown 0"},
	{"not understood, but a lower number decides", "50 deny all 0.0.0.0/0, 100 allow ?tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", "denied 0"},
	{"not understood, another port", "100 allow ?tcp/443 10.0.0.0/8", "tcp/444", "10.0.0.1", "denied -1"},
	{"not understood, another address", "100 allow ?tcp/443 10.0.0.0/8", "tcp/443", "11.0.0.1", "denied -1"},
	{"not understood, addresses not known", "100 allow ?tcp/443 _", "tcp/443", "11.0.0.1", "unknown 0"},
	{"not understood, nothing known", "100 allow ?_ _", "ip/50", "2001:db8::1", "unknown 0"},
	{"understood, but for nobody", "100 allow all _", "ip/50", "10.0.0.1", "denied -1"},
}

func (d ACLDecision) testString() string { return fmt.Sprintf("%s %d", d.Verdict, d.Entry) }

func TestACL_Decide(t *testing.T) {
	for _, c := range aclCases {
		t.Run(c.name, func(t *testing.T) {
			got := CompileACL(testEntries(c.entries)).Decide(testHeader(c.header), netip.MustParseAddr(c.remote))
			if got.testString() != c.want {
				t.Errorf("%q, %s, %s: got %s, want %s", c.entries, c.header, c.remote, got.testString(), c.want)
			}
		})
	}
}

func TestACL_NilDenies(t *testing.T) {
	got := (*ACL)(nil).Decide(testHeader("tcp/443"), netip.MustParseAddr("10.0.0.1"))
	if want := (ACLDecision{Denied, FinalEntry}); got != want {
		t.Errorf("got %s, want %s", got.testString(), want.testString())
	}
}

// twinACL is [ACL.Decide] without sorting: of all entries that match, the one with the lowest number.
func twinACL(entries []Entry, h Header, remote netip.Addr) ACLDecision {
	best := -1
	for i, e := range entries {
		fits := e.CIDR.IsValid() && e.CIDR.Addr().Is4() == remote.Is4() && e.CIDR.Contains(remote) || !e.CIDR.IsValid() && e.Unknown != ""
		if fits && twinService(Rule{Service: e.Service, Unknown: e.Unknown}, h, remote.Is6()) && (best < 0 || e.Number < entries[best].Number) {
			best = i
		}
	}
	switch {
	case best < 0:
		return ACLDecision{Denied, -1}
	case entries[best].Unknown != "":
		return ACLDecision{Unknown, best}
	case entries[best].Action == Allow:
		return ACLDecision{Allowed, best}
	}
	return ACLDecision{Denied, best}
}

func TestACL_AgreesWithTwin(t *testing.T) {
	drawEntry := rapid.Custom(func(t *rapid.T) Entry {
		r := drawRule.Draw(t, "rule")
		action := Action(rapid.IntRange(0, 1).Draw(t, "action"))
		return Entry{Number: rapid.IntRange(1, 9).Draw(t, "number"), Action: action, Service: r.Service, CIDR: r.Peer.Prefix, Unknown: r.Unknown}
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(drawEntry, 0, 8).Draw(t, "entries")
		h, remote := drawHeader(t), netip.MustParseAddr(anyRemote.Draw(t, "remote"))
		got, want := CompileACL(entries).Decide(h, remote), twinACL(entries, h, remote)
		if got != want {
			t.Fatalf("%+v from %s: got %s, want %s", h, remote, got.testString(), want.testString())
		}
		checkExplainACL(t, entries, h, remote, got)
	})
}

// checkExplainACL checks that the misses are all entries with a lower number than the one that decides.
func checkExplainACL(t *rapid.T, entries []Entry, h Header, remote netip.Addr, d ACLDecision) {
	misses := ExplainACL(entries, h, remote)
	want := 0
	for i, e := range entries {
		before := d.Entry < 0 || e.Number < entries[d.Entry].Number || e.Number == entries[d.Entry].Number && i < d.Entry
		if before || d.Verdict == Unknown && i == d.Entry {
			want++
		}
	}
	if len(misses) != want {
		t.Fatalf("decided %s, but explained %v", d.testString(), misses)
	}
	if d.Verdict == Unknown && !strings.HasPrefix(misses[want-1].Why, "unknown: ") {
		t.Fatalf("decided %s, but explained %v", d.testString(), misses)
	}
}
