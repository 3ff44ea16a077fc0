package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// What AWS's Reachability Analyzer has answered, and what ours is to the same question.
// Its guide and its command line's manual have one network with three answers.

// guide is that network, as far as the answers show it.
func guide() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("vpc-f1663d98ad28331c7", "10.0.0.0/16")
	v.Account, v.Region = "123456789012", "us-east-1"
	v.AddInternetGateway("igw-0797cccdc9d73b0e5")
	v.AddInstance("i-0495d385ad28331c7")
	s := v.AddSubnet("subnet-004ff41eccb4d1194", "10.0.2.0/24")
	s.RouteTable, s.NetworkACL = "rtb-0d49a54c0a8c0bd9b", "acl-04fbcfb79260f6c5b"
	v.AddRouteTable(s.RouteTable).AddRoute("0.0.0.0/0", "igw-0797cccdc9d73b0e5")
	v.AddNetworkACL(s.NetworkACL).AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0")
	s.AddInterface("eni-0a25edef15a6cc08c", "10.0.2.87", "sg-02f0d35a850ba727f").AttachTo("i-0495d385ad28331c7").AddPublicIP("34.230.71.227")
	v.AddSecurityGroup("sg-02f0d35a850ba727f").AllowIn("tcp/22", "0.0.0.0/0")
	return &n
}

// analysis asks the guide's question: from the internet to its instance.
func analysis(t *testing.T, n *vpc.Network, service string) insights.NetworkInsightsAnalysis {
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	trace, err := e.Trace(emu.Query{Source: "internet", Destination: "i-0495d385ad28331c7", Service: firewall.MustParseService(service)})
	require.NoError(t, err)
	return insights.Of(e.Network(), trace).NetworkInsightsAnalyses[0]
}

// theirs are the components of AWS's answer to tcp/22 in the guide, each in one line as
// line writes it. Its headers have all packets that there are: * is all ports, or all
// addresses of the internet.
var theirs = map[string][]string{
	"forward": {
		"1 igw-0797cccdc9d73b0e5 vpc-f1663d98ad28331c7 in[6 *:* > 34.230.71.227/32:22] out[ : > 10.0.2.87/32:]",
		"2 acl-04fbcfb79260f6c5b 100 allow all 0.0.0.0/0 false",
		"3 sg-02f0d35a850ba727f ingress tcp 22-22 0.0.0.0/0",
		"4 eni-0a25edef15a6cc08c of i-0495d385ad28331c7 subnet-004ff41eccb4d1194 vpc-f1663d98ad28331c7",
		"5 i-0626d4edd54f1286d in[6 *:* > 10.0.4.120/32:22]",
	},
	"return": {
		"1 i-0626d4edd54f1286d out[6 10.0.2.87/32:22 > *:*]",
		"2 eni-0a25edef15a6cc08c of i-0495d385ad28331c7 subnet-004ff41eccb4d1194 vpc-f1663d98ad28331c7",
		"3 sg-02f0d35a850ba727f",
		"4 acl-0a8e20a0a9f144d36 100 allow all 0.0.0.0/0 true",
		"5 rtb-0d49a54c0a8c0bd9b 0.0.0.0/0 igw-0797cccdc9d73b0e5 createroute active",
		"6 igw-0797cccdc9d73b0e5 vpc-f1663d98ad28331c7 out[6 34.230.71.227/32:22 > *:*]",
	},
}

// differs has the words of theirs that are others in ours, and why.
var differs = []struct{ theirs, ours, why string }{
	{"i-0626d4edd54f1286d", "i-0495d385ad28331c7", "the guide's slip: the interface is attached to the other one, and an interface is on one instance at a time (ENI-10)"},
	{"10.0.4.120/32", "10.0.2.87/32", "the guide's slip: nothing changes the address between gateway and instance (IGW-9)"},
	{"acl-0a8e20a0a9f144d36", "acl-04fbcfb79260f6c5b", "the guide's slip: a subnet has one network ACL (ACL-1)"},
}

func TestInsightsOfGuide(t *testing.T) {
	got := analysis(t, guide(), "tcp/22")
	require.NotNil(t, got.NetworkPathFound)
	assert.True(t, *got.NetworkPathFound)
	assert.Equal(t, "succeeded", got.Status)
	assert.Empty(t, got.Explanations)
	all := strings.Join(slices.Concat(theirs["forward"], theirs["return"]), "\n")
	for _, d := range differs {
		require.Contains(t, all, d.theirs, d.why)
	}
	ours := map[string][]string{"forward": lines(got.ForwardPathComponents), "return": lines(got.ReturnPathComponents)}
	for way, want := range theirs {
		want = slices.Clone(want)
		for i := range want {
			for _, d := range differs {
				want[i] = strings.ReplaceAll(want[i], d.theirs, d.ours)
			}
		}
		assert.Equal(t, want, ours[way], way)
	}
	for _, c := range slices.Concat(got.ForwardPathComponents, got.ReturnPathComponents) {
		assert.Regexp(t, `^arn:aws:ec2:us-east-1:123456789012:[a-z-]+/`+regexp.QuoteMeta(c.Component.Id)+`$`, c.Component.Arn)
	}
}

func lines(components []insights.PathComponent) (list []string) {
	for i := range components {
		list = append(list, line(&components[i]))
	}
	return list
}

// line is a component with all it has.
func line(c *insights.PathComponent) string {
	words := []string{fmt.Sprint(c.SequenceNumber), c.Component.Id}
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if r := c.AclRule; r != nil {
		add("%d %s %s %s %t", r.RuleNumber, r.RuleAction, r.Protocol, r.Cidr, r.Egress)
	}
	if r := c.SecurityGroupRule; r != nil {
		add("%s %s %d-%d %s", r.Direction, r.Protocol, r.PortRange.From, r.PortRange.To, r.Cidr)
	}
	if r := c.RouteTableRoute; r != nil {
		add("%s %s %s %s", r.DestinationCidr, r.GatewayId, r.Origin, r.State)
	}
	if c.AttachedTo != nil {
		add("of %s", c.AttachedTo.Id)
	}
	for _, of := range []*insights.AnalysisComponent{c.Subnet, c.Vpc} {
		if of != nil {
			add("%s", of.Id)
		}
	}
	for _, h := range []struct {
		name string
		*insights.AnalysisPacketHeader
	}{{"in", c.InboundHeader}, {"out", c.OutboundHeader}} {
		if h.AnalysisPacketHeader != nil {
			add("%s[%s %s:%s > %s:%s]", h.name, h.Protocol, strings.Join(h.SourceAddresses, ","), ports(h.SourcePortRanges), strings.Join(h.DestinationAddresses, ","), ports(h.DestinationPortRanges))
		}
	}
	return strings.NewReplacer("203.0.113.7/32", "*", "49152", "*").Replace(strings.Join(words, " "))
}

func ports(ranges []insights.PortRange) string {
	if len(ranges) == 0 {
		return ""
	}
	return fmt.Sprint(ranges[0].From)
}

// strictly reads an answer of AWS and refuses what ours would not have.
func strictly(t *testing.T, data []byte, into any, but ...string) {
	for _, name := range but { // AWS's numbers for its own answers
		data = regexp.MustCompile(`\s*"`+name+`": "[^"]*",`).ReplaceAll(data, nil)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into))
}

// The manual of the command line has the same network without a rule for the packet.
func TestInsightsOfManual(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(inputs(t), "aws-cli-examples", "describe-network-insights-analyses.1.json"))
	require.NoError(t, err)
	var aws insights.Analyses
	strictly(t, data, &aws, "NetworkInsightsAnalysisId", "NetworkInsightsAnalysisArn", "NetworkInsightsPathId", "StartDate")
	n := guide()
	n.VPCs[0].SecurityGroups[0].Ingress = nil
	got := analysis(t, n, "tcp/22")
	assert.Equal(t, []string{
		"1 igw-0797cccdc9d73b0e5 vpc-f1663d98ad28331c7 in[6 *:* > 34.230.71.227/32:22] out[ : > 10.0.2.87/32:]",
		"2 acl-04fbcfb79260f6c5b 100 allow all 0.0.0.0/0 false",
		"3 sg-02f0d35a850ba727f",
	}, lines(got.ForwardPathComponents), "the manual's answer, of 2021, has none where there is no path; the guide's, of 2025, has those up to what blocks")
	assert.Equal(t, aws.NetworkInsightsAnalyses[0].Explanations, got.ForwardPathComponents[2].Explanations)
	got.ForwardPathComponents = nil
	assert.Equal(t, aws.NetworkInsightsAnalyses, []insights.NetworkInsightsAnalysis{got}, "all but that")
}

// insightsAgree holds the answer in AWS's words against another tool's: whether there is
// a path, what it passes, and for which reason there is none.
func (f *foreignTrace) insightsAgree(t *testing.T, n *vpc.Network, trace *emu.Trace, components []string) {
	all := insights.Of(n, trace)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	strictly(t, text, new(insights.Analyses))
	got := all.NetworkInsightsAnalyses[0]
	if trace.Verdict == emu.Uncertain {
		assert.Equal(t, "failed", got.Status)
		assert.Nil(t, got.NetworkPathFound)
		assert.NotEmpty(t, got.StatusMessage)
		return
	}
	assert.Equal(t, trace.Verdict == emu.Reachable, *got.NetworkPathFound)
	assert.Equal(t, trace.Verdict == emu.Blocked, len(got.Explanations) > 0)
	passed := []string{}
	for i, c := range got.ForwardPathComponents {
		assert.Equal(t, i+1, c.SequenceNumber)
		kind, _, _ := strings.Cut(c.Component.Id, "-")
		id := c.Component.Id
		if c.AttachedTo != nil {
			kind, id = "i", c.AttachedTo.Id
		}
		if slices.Contains([]string{"i", "igw", "tgw", "vgw"}, kind) && !slices.Contains(passed, id) {
			passed = append(passed, id)
		}
	}
	if f.DeniedAt == "sg" && len(components) > 0 { // the path ends at the group, in front of the interface
		last := got.ForwardPathComponents[len(got.ForwardPathComponents)-1]
		assert.Equal(t, "ENI_SG_RULES_MISMATCH", last.Explanations[0].ExplanationCode)
		id := last.Explanations[0].NetworkInterface.Id
		passed = append(passed, n.Interface(id).Instance)
	}
	assert.Equal(t, components, passed, "%s", text)
	var codes []string
	for _, e := range got.Explanations {
		codes = append(codes, e.ExplanationCode)
	}
	want, listed := codesOf[f.ID]
	require.Equal(t, *got.NetworkPathFound, !listed)
	assert.Equal(t, want, codes, "%s", trace)
}

// codesOf are the codes for what has no path. The other tool has no codes: they are
// AWS's for what it says, by the rule that they stand for.
var codesOf = map[string][]string{
	"subnet-01":                      {"ENI_SG_RULES_MISMATCH"},                  // theirs: denied in (SG-7)
	"subnet-02":                      {"NO_POSSIBLE_DESTINATION"},                // nobody has the address (SUB-14); theirs: null-routed
	"public-subnet-01":               {"ENI_SG_RULES_MISMATCH"},                  // theirs: denied in (SG-7)
	"public-subnet-02":               {"IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"}, // nobody has the public address (IGW-9); theirs: null-routed
	"public-subnet-06":               {"IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"},   // theirs: no public address (IGW-4)
	"vpn-gateway-01":                 {"ENI_SG_RULES_MISMATCH"},                  // theirs: denied in (SG-7)
	"vpn-gateway-02":                 {"VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"}, // nobody has the address (VPN-6); theirs: no neighbour
	"vpn-gateway-03":                 {"VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"}, // likewise; theirs: null-routed
	"transit-gateway-multi-table-01": {"ENI_SG_RULES_MISMATCH"},                  // theirs: denied in (SG-7)
	"transit-gateway-multi-table-02": {"ENI_SG_RULES_MISMATCH"},                  // theirs: denied in (SG-7)
	// All that is in the way, the Analyzer's first thing first: nothing private comes in
	// from the internet (IGW-12, IGW-9), and then the group.
	"public-subnet-03": {"IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "ENI_SG_RULES_MISMATCH"},
	"public-subnet-04": {"IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"},
}

// The rule book has the code of each reason.
func TestCodesOfRuleBook(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(inputs(t), "..", "semantics.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(data), "| vpcemu reason | meaning | Reachability Analyzer code (ra) |\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 3 || strings.HasPrefix(cells[0], "---") {
			continue
		}
		names, codes := strings.Split(cells[0], " / "), strings.Split(cells[2], ", ")
		for i, name := range names {
			if prefix, _, _ := strings.Cut(names[0], "_"); i > 0 && !strings.Contains(name, "_") {
				name = prefix + "_" + name
			}
			var r emu.Reason
			if !assert.NoError(t, r.UnmarshalText([]byte(name))) {
				continue
			}
			rows++
			if codes[0] == "none" {
				assert.Empty(t, r.Code(), name)
				continue
			}
			assert.Contains(t, codes, r.Code(), name)
		}
	}
	assert.Greater(t, rows, 40)
}
