package firewall

import (
	"net/netip"
	"testing"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct{ name, rule, header, remote, want string }{
		{"matches", "tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", ""},
		{"protocol", "tcp/443 10.0.0.0/8", "udp/443", "10.0.0.1", "protocol differs"},
		{"SG-8 port", "tcp/443 10.0.0.0/8", "tcp/444", "10.0.0.1", "port differs"},
		{"SG-11 ICMP type", "icmp/8 10.0.0.0/8", "icmp/0/0", "10.0.0.1", "ICMP type differs"},
		{"SG-11 ICMP code", "icmp/3/4 10.0.0.0/8", "icmp/3/3", "10.0.0.1", "ICMP type differs"},
		{"SG-12 ICMP over IPv6", "icmp app", "icmp/8/0", "2001:db8::1", "address family differs"},
		{"SG-13 family", "tcp/443 0.0.0.0/0", "tcp/443", "2001:db8::1", "address family differs"},
		{"address", "tcp/443 10.0.0.0/8", "tcp/443", "11.0.0.1", "address differs"},
		{"SG-14 prefix list matches", "tcp/443 pl-offices", "tcp/443", "192.0.2.1", ""},
		{"SG-14 prefix list", "tcp/443 pl-offices", "tcp/443", "192.0.3.1", "address differs"},
		{"SG-15 group matches", "tcp/443 app", "tcp/443", "10.0.0.1", ""},
		{"SG-15 group", "tcp/443 db", "tcp/443", "10.0.0.1", "address differs"},
		{"port before address", "tcp/443 10.0.0.0/8", "tcp/444", "11.0.0.1", "port differs"},
		{"not understood", "?tcp/443 _", "tcp/443", "10.0.0.1", "unknown: a variable"},
		{"not understood, known part matches", "?tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", "unknown: a variable"},
		{"not understood, known part differs", "?tcp/443 10.0.0.0/8", "tcp/443", "11.0.0.1", "address differs"},
		{"not understood, nothing known", "?_ _", "ip/50", "10.0.0.1", "unknown: a variable"},
		{"group not described", "tcp/443 other", "tcp/443", "10.0.0.1", "unknown: who has group other"},
		{"group not described, another port", "tcp/443 other", "tcp/444", "10.0.0.1", "port differs"},
		{"prefix list known in part", "tcp/443 pl-partial", "tcp/443", "10.0.0.1", "unknown: what prefix list pl-partial holds"},
		{"prefix list known in part, known entry", "tcp/443 pl-partial", "tcp/443", "192.0.2.1", ""},
		{"for nobody", "tcp/443 _", "tcp/443", "10.0.0.1", "address differs"},
	} {
		got := ""
		misses := Explain(testRules(c.rule), testNames{}, testHeader(c.header), netip.MustParseAddr(c.remote), []GroupID{1, 2})
		if len(misses) > 0 {
			got = misses[0].Why
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExplain_SaysWhichRule(t *testing.T) {
	rules := testRules("tcp/22 10.0.0.0/8, tcp/443 10.0.0.0/8, tcp/443 app")
	got := Explain(rules, testNames{}, testHeader("tcp/443"), netip.MustParseAddr("10.0.0.1"), nil)
	want := []Miss{{0, "port differs"}, {2, "address differs"}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}
