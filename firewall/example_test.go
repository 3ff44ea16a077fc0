package firewall_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// noNames is for rules that name neither groups nor prefix lists.
type noNames struct{}

func (noNames) Group(string) (firewall.GroupID, bool)    { return 0, false }
func (noNames) PrefixList(string) ([]netip.Prefix, bool) { return nil, false }

func Example() {
	rules := []firewall.Rule{
		{Service: firewall.MustParseService("tcp/443"), Peer: firewall.Peer{Prefix: netip.MustParsePrefix("10.0.0.0/8")}},
		{Service: firewall.MustParseService("icmp"), Peer: firewall.Peer{Prefix: netip.MustParsePrefix("0.0.0.0/0")}},
	}
	ingress := firewall.NewFilter(firewall.CompileRules(rules, noNames{}))

	https, ssh := firewall.Header{Proto: 6, Port: 443}, firewall.Header{Proto: 6, Port: 22}
	client := netip.MustParseAddr("10.0.1.10")
	fmt.Println(ingress.Decide(https, client, nil).Verdict)
	fmt.Println(ingress.Decide(ssh, client, nil).Verdict)
	for _, miss := range firewall.Explain(rules, noNames{}, ssh, client, nil) {
		fmt.Printf("  %s: %s\n", rules[miss.Rule].Service, miss.Why)
	}
	// Output:
	// allowed
	// denied
	//   tcp/443: port differs
	//   icmp: protocol differs
}

func ExampleACL() {
	inbound := firewall.CompileACL([]firewall.Entry{
		{Number: 200, Action: firewall.Allow, Service: firewall.All, CIDR: netip.MustParsePrefix("10.0.0.0/8")},
		{Number: 100, Action: firewall.Deny, Service: firewall.MustParseService("tcp/22"), CIDR: netip.MustParsePrefix("10.0.9.0/24")},
	})
	ssh := firewall.Header{Proto: 6, Port: 22}
	for _, source := range []string{"10.0.8.1", "10.0.9.1", "192.0.2.1"} {
		d := inbound.Decide(ssh, netip.MustParseAddr(source))
		fmt.Println(source, d.Verdict, d.Entry)
	}
	// Output:
	// 10.0.8.1 allowed 0
	// 10.0.9.1 denied 1
	// 192.0.2.1 denied -1
}

func ExampleTracker() {
	query := packet.MustParseFlow("udp 10.0.1.10:40000 > 10.0.2.20:53")
	var p packet.Packet
	if err := p.Parse(packet.Spec{Flow: query}.Bytes()); err != nil {
		panic(err)
	}

	var tracker firewall.Tracker
	tracker.Add(firewall.Egress, &p, query, 0)
	for _, now := range []time.Duration{time.Second, 2 * time.Minute} {
		fmt.Println(now, tracker.Lookup(firewall.Ingress, &p, query.Reverse(), int64(now)))
	}
	// Output:
	// 1s answered
	// 2m0s untracked
}
