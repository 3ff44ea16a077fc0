package conformance

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
)

// inputs is the folder of other projects' snapshots and of what those projects
// say about them. It is not part of this one.
func inputs(t *testing.T) string {
	dir := filepath.Join("..", "..", "..", "shared", "inputs")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the snapshots of other projects are not here (%s)", dir)
	}
	return dir
}

// foreignTrace is one answer of another tool.
type foreignTrace struct {
	ID, Snapshot string
	Source       string `json:"src"`
	SourceKind   string `json:"src_kind"`
	SourceIP     string `json:"src_ip"`
	Destination  string `json:"dst_ip"`
	Number       int    `json:"protocol_number"`
	SourcePort   int    `json:"src_port"`
	Port         int    `json:"dst_port"`
	Reachable    bool   // one way
	DeniedAt     string `json:"denied_at"`
	Hops         []string
}

// query asks the same of us.
func (f *foreignTrace) query() emu.Query {
	q := emu.Query{Source: f.Source, Destination: f.Destination, OneWay: true, SourcePort: uint16(f.SourcePort),
		Service: firewall.Service{Protocol: f.Number, From: f.Port, To: f.Port}}
	switch f.SourceKind {
	case "internet":
		q.Source = "internet:" + f.SourceIP
	case "on-prem":
		q.Source = "onprem:" + f.SourceIP
	case "subnet-router", "vpc-router":
		q.Source = f.SourceIP
	}
	return q
}

// components are the instances and gateways among the hops. The rest are nodes of
// the other tool's own model: routers for subnets, VPCs and the internet, and the
// routers of customers.
func (f *foreignTrace) components() []string {
	return slices.DeleteFunc(slices.Clone(f.Hops), func(hop string) bool {
		kind, _, _ := strings.Cut(hop, "-")
		return !slices.Contains([]string{"i", "igw", "tgw", "vgw"}, kind)
	})
}

// passed are the same components of our answer, up to what drops the packet.
// Peering connections are left out: the other tool draws them as a line.
func passed(n *vpc.Network, leg *emu.Leg) []string {
	passed := []string{}
	for _, s := range leg.Steps {
		id := s.Component
		if s.Kind == "eni" {
			id = n.Interface(id).Instance
		}
		if slices.Contains([]string{"eni", "igw", "tgw", "vgw"}, s.Kind) && !slices.Contains(passed, id) {
			passed = append(passed, id)
		}
		if s.Verdict == emu.Drop {
			break
		}
	}
	return passed
}

// given is what a snapshot leaves out and AWS has.
type given func(*vpc.Network)

// defaultACLs: the snapshot has no ACLs; what is created with a VPC lets all pass
// (ACL-8).
func defaultACLs(n *vpc.Network) {
	for _, v := range n.VPCs {
		v.AddNetworkACL("default").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0")
		for _, s := range v.Subnets {
			s.NetworkACL = "default"
		}
	}
}

// announced says what on-premises announces by BGP: that stands in the
// configurations of its routers and in no listing of AWS (VPN-3, DX-1).
func announced(cidr string) given {
	return func(n *vpc.Network) {
		for _, v := range n.VPCs {
			for _, g := range v.Gateways {
				if g.VPN == nil {
					continue
				}
				for _, l := range slices.Concat(g.VPN.Connections, g.VPN.Interfaces) {
					l.Prefixes, l.Unknown = []vpc.Announcement{{Prefix: netip.MustParsePrefix(cidr)}}, ""
				}
			}
		}
	}
}

// secondAddress: the other tool lets its subnet router send from an address that
// no interface has. AWS stops that at the interface (ENI-1); here an interface has
// the address, and what comes after is asked.
func secondAddress(n *vpc.Network) {
	i := n.Interface("eni-00064850627e198ee")
	i.Addresses = append(i.Addresses, vpc.Address{IP: netip.MustParseAddr("10.0.0.92")})
}

// ours is what is not as the other tool has it, and why.
var ours = map[string]struct {
	given      given
	answer     emu.Answer
	components []string // nil for theirs
	differs    string   // why the answer or the components are others than theirs
}{
	"subnet-03":                        {differs: "starts at a router, from 0.0.0.0: no packet in AWS has that source (ENI-1)"},
	"public-subnet-03":                 {components: []string{}},
	"public-subnet-04":                 {components: []string{}, differs: "goes from one internet host to another and never meets AWS: an internet gateway takes its VPC's addresses only (IGW-9)"},
	"public-subnet-06":                 {given: secondAddress, components: []string{"i-06669a407b2ef3ae5", "igw-0a409e562d251f766"}},
	"vpc-peering-multi-account-01":     {given: defaultACLs, answer: emu.Reachable},
	"vpc-peering-multi-account-02":     {given: defaultACLs, answer: emu.Reachable},
	"transit-gateway-multi-account-01": {given: defaultACLs, answer: emu.Reachable},
	"transit-gateway-multi-account-02": {given: defaultACLs, answer: emu.Reachable},
	"vpn-gateway-04":                   {given: announced("0.0.0.0/0"), answer: emu.Uncertain, differs: "leaves AWS through the gateway (VPN-3); theirs ends at the customer's router, which has no route, and no listing of AWS has that"},
	"vpn-gateway-05":                   {given: announced("0.0.0.0/0"), answer: emu.Uncertain, differs: "leaves AWS through the gateway (VPN-3); theirs ends at the customer's router, which has no route, and no listing of AWS has that"},
	"vpn-gateway-06":                   {answer: emu.Uncertain, components: []string{}, differs: "the outside address of a tunnel takes IKE and ESP; theirs takes all, and no rule says what it does with others"},
	"direct-connect-private-vif-02":    {given: announced("10.20.0.0/16"), answer: emu.Reachable},
}

// TestSnapshotsOfOthers asks the questions that another project asks of its own
// snapshots: the answers agree, and so do the components passed, but for what the
// table of ours says.
func TestSnapshotsOfOthers(t *testing.T) {
	dir := inputs(t)
	data, err := os.ReadFile(filepath.Join(dir, "aws-snapshots", "expected-traces.json"))
	require.NoError(t, err)
	var traces []foreignTrace
	require.NoError(t, json.Unmarshal(data, &traces))
	assert.Len(t, traces, 23)
	for _, f := range traces {
		t.Run(f.ID, func(t *testing.T) {
			n, _, err := awsjson.Load(filepath.Join(dir, f.Snapshot))
			require.NoError(t, err)
			f.ask(t, n)
		})
	}
}

func (f *foreignTrace) ask(t *testing.T, n *vpc.Network) {
	own := ours[f.ID]
	want, components := own.answer, own.components
	if f.Reachable && own.differs == "" {
		want = emu.Reachable
	}
	if components == nil {
		components = f.components()
	}
	if own.given != nil {
		own.given(n)
	}
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	trace, err := e.Trace(f.query())
	if f.SourceIP == "0.0.0.0" {
		require.ErrorContains(t, err, "0.0.0.0", own.differs)
		return
	}
	require.NoError(t, err)
	require.Equal(t, want, trace.Verdict, "%s", trace)
	require.Equal(t, components, passed(n, trace.Request), "%s", trace)
	f.insightsAgree(t, e.Network(), trace, components)
	other := emu.Blocked
	if f.Reachable {
		other = emu.Reachable
	}
	require.Equal(t, own.differs != "", want != other, "a difference has its reason, and only a difference")
	switch f.DeniedAt {
	case "sg":
		require.Equal(t, "SG_INGRESS", trace.Blockers[0].Reason, "%s", trace)
	case "igw-no-public-ip":
		require.Equal(t, "IGW_NO_PUBLIC_IP", trace.Blockers[0].Reason, "%s", trace)
	}
}
