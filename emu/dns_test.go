package emu_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// namesNetwork has something of all that has a name: "prod" with both DNS attributes, which
// "peer" lets see its private addresses, and "far" in another Region with neither.
func namesNetwork() *vpc.Network {
	var n vpc.Network
	v := open(n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56"))
	v.DNSHostnames = true
	v.AddInternetGateway("igw-1")
	web := v.AddSubnet("web", "10.0.1.0/24", "2001:db8:1::/64")
	web.AddInterface("web-1", "10.0.1.10", "open").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1::10").AddAddress("10.0.1.11")
	web.AddInterface("web-2", "10.0.1.12", "open")
	v.AddInstance("i-0abc")
	second, first := web.AddInterface("eni-2", "10.0.1.22", "open"), web.AddInterface("eni-1", "10.0.1.21", "open")
	first.Instance, second.Instance, second.DeviceIndex = "i-0abc", "i-0abc", 1
	made := v.AddSubnet("made", "10.0.2.0/24", "2001:db8:1:2::/64")
	made.DNS64 = true
	made.AddInterface("made-1", "10.0.2.10", "open")
	v.Gateways = append(v.Gateways,
		&vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "vpce-1", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.30")}, {IP: netip.MustParseAddr("10.0.2.30")}},
			Endpoint: &vpc.Endpoint{Service: "com.amazonaws.us-east-1.ecr.api", Subnets: []string{"web", "made"}}},
		&vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "vpce-2", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.2.31")}},
			Endpoint: &vpc.Endpoint{Service: "com.amazonaws.vpce.us-east-1.vpce-svc-1", Subnets: []string{"made"}}})
	node := func(private, public string) vpc.LoadBalancerNode {
		a := vpc.Address{IP: netip.MustParseAddr(private)}
		if public != "" {
			a.Public = netip.MustParseAddr(public)
		}
		return vpc.LoadBalancerNode{Subnet: "web", Addresses: []vpc.Address{a}}
	}
	v.LoadBalancers = append(v.LoadBalancers,
		&vpc.LoadBalancer{ID: "arn-1", Name: "Front", Nodes: []vpc.LoadBalancerNode{node("10.0.1.40", "198.51.100.40")}},
		&vpc.LoadBalancer{ID: "arn-2", Name: "front-1", Internal: true, Nodes: []vpc.LoadBalancerNode{node("10.0.1.41", "")}},
		&vpc.LoadBalancer{ID: "arn-3", Name: "app", Internal: true, Kind: vpc.ApplicationLoadBalancer, Nodes: []vpc.LoadBalancerNode{node("10.0.1.42", "")}})

	peer := open(n.AddVPC("peer", "10.1.0.0/16"))
	peer.DNSHostnames = true
	peer.AddInternetGateway("igw-2")
	peer.AddSubnet("peer", "10.1.1.0/24").AddInterface("peer-1", "10.1.1.10", "open").AddPublicIP("198.51.100.20")
	n.AddPeering("pcx-1", "prod", "peer").PeerDNS = []string{"peer"}

	far := open(n.AddVPC("far", "10.0.0.0/16"))
	far.Region = "eu-west-1"
	far.AddInternetGateway("igw-3")
	far.AddSubnet("far", "10.0.1.0/24").AddInterface("far-1", "10.0.1.10", "open").AddPublicIP("198.51.100.30")
	far.Gateways = append(far.Gateways, &vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "vpce-3", Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"far"}}})

	gaps := open(n.AddVPC("gaps", "10.3.0.0/16"))
	gaps.Partial = true
	gaps.AddSubnet("gaps", "10.3.1.0/24").AddInterface("gaps-1", "10.3.1.10", "open")
	return &n
}

// outside is what Options.Names knows.
func outside(name string) []netip.Addr {
	switch name {
	case "example.com":
		return []netip.Addr{netip.MustParseAddr("203.0.113.80")}
	case "six.example.com":
		return []netip.Addr{netip.MustParseAddr("203.0.113.80"), netip.MustParseAddr("2001:db8:ffff::80")}
	}
	return nil
}

func TestResolver(t *testing.T) {
	for _, c := range []struct {
		name, from, question, want string
	}{
		{"the private name of an address", "web-1", "A ip-10-0-1-12.ec2.internal", "10.0.1.12"},
		{"in capitals", "web-1", "A IP-10-0-1-12.EC2.Internal", "10.0.1.12"},
		{"of a secondary address", "web-2", "A ip-10-0-1-11.ec2.internal", "10.0.1.11"},
		{"of an address that nobody has", "web-1", "A ip-10-0-1-13.ec2.internal", "NXDOMAIN"},
		{"of an address in another VPC", "web-1", "A ip-10-1-1-10.ec2.internal", "NXDOMAIN"},
		{"it has no IPv6 address", "web-1", "AAAA ip-10-0-1-12.ec2.internal", ""},
		{"of an address with dots", "web-1", "A ip-10.0.1.12.ec2.internal", "NXDOMAIN"},
		{"in the domain of another Region", "web-1", "A ip-10-0-1-12.eu-west-1.compute.internal", "SERVFAIL"},
		{"in another Region", "far-1", "A ip-10-0-1-10.eu-west-1.compute.internal", "10.0.1.10"},
		{"in another Region, of nobody", "far-1", "A ip-10-0-1-12.eu-west-1.compute.internal", "NXDOMAIN"},

		{"a resource name", "web-2", "A web-1.ec2.internal", "10.0.1.10"},
		{"a resource name, IPv6", "web-2", "AAAA web-1.ec2.internal", "2001:db8:1::10"},
		{"of an instance, its primary interface", "web-2", "A i-0abc.ec2.internal", "10.0.1.21"},
		{"of an interface of an instance", "web-2", "A eni-2.ec2.internal", "NXDOMAIN"},
		{"of nobody", "web-2", "A web-3.ec2.internal", "NXDOMAIN"},
		{"of an interface in another VPC", "web-2", "A peer-1.ec2.internal", "NXDOMAIN"},
		{"of an endpoint's interface", "web-2", "A vpce-1-web.ec2.internal", "NXDOMAIN"},
		{"of nothing at all", "web-2", "A .ec2.internal", "FORMERR"},

		{"an address", "web-1", "PTR 12.1.0.10.in-addr.arpa", "ip-10-0-1-12.ec2.internal"},
		{"an address that nobody has", "web-1", "PTR 13.1.0.10.in-addr.arpa", "NXDOMAIN"},
		{"an address outside", "web-1", "PTR 13.1.0.11.in-addr.arpa", "SERVFAIL"},
		{"an IPv6 address", "web-2", "PTR " + reverse6("2001:db8:1::10"), "web-1.ec2.internal"},
		{"an IPv6 address that nobody has", "web-2", "PTR " + reverse6("2001:db8:1::11"), "NXDOMAIN"},
		{"an address, the type of another record", "web-1", "A 12.1.0.10.in-addr.arpa", ""},

		{"a public name, in its VPC", "web-2", "A ec2-198-51-100-10.compute-1.amazonaws.com", "10.0.1.10"},
		{"over peering with the option", "web-2", "A ec2-198-51-100-20.compute-1.amazonaws.com", "10.1.1.10"},
		{"over peering without it", "peer-1", "A ec2-198-51-100-10.compute-1.amazonaws.com", "198.51.100.10"},
		{"in a VPC without host names", "far-1", "A ec2-198-51-100-30.eu-west-1.compute.amazonaws.com", "198.51.100.30"},
		{"under the name of another Region", "web-2", "A ec2-198-51-100-10.eu-west-1.compute.amazonaws.com", "SERVFAIL"},
		{"of an address that nobody has", "web-2", "A ec2-198-51-100-11.compute-1.amazonaws.com", "SERVFAIL"},

		{"private DNS of an endpoint", "web-1", "A api.ecr.us-east-1.amazonaws.com", "10.0.1.30 10.0.2.30"},
		{"of a service that has none", "web-1", "A sqs.us-east-1.amazonaws.com", "SERVFAIL"},
		{"in another VPC", "peer-1", "A api.ecr.us-east-1.amazonaws.com", "SERVFAIL"},
		{"in a VPC without host names", "far-1", "A sqs.eu-west-1.amazonaws.com", "SERVFAIL"},

		{"a Network Load Balancer", "web-1", "A front-0123456789abcdef.elb.us-east-1.amazonaws.com", "198.51.100.40"},
		{"without its number", "peer-1", "A front.elb.us-east-1.amazonaws.com", "198.51.100.40"},
		{"an exact name goes before a number", "web-1", "A front-1.elb.us-east-1.amazonaws.com", "10.0.1.41"},
		{"with what is no number", "web-1", "A front-x.elb.us-east-1.amazonaws.com", "SERVFAIL"},
		{"in another Region", "web-1", "A front.elb.eu-west-1.amazonaws.com", "SERVFAIL"},
		{"an internal Application Load Balancer", "web-1", "A internal-app-123.us-east-1.elb.amazonaws.com", "10.0.1.42"},
		{"without internal", "web-1", "A app-123.us-east-1.elb.amazonaws.com", "SERVFAIL"},
		{"under the name of the other kind", "web-1", "A internal-app.elb.us-east-1.amazonaws.com", "SERVFAIL"},

		{"DNS64 makes an IPv6 address", "made-1", "AAAA example.com", "64:ff9b::cb00:7150"},
		{"DNS64 of a private name", "made-1", "AAAA web-2.ec2.internal", "64:ff9b::a00:10c"},
		{"DNS64 where there is one", "made-1", "AAAA six.example.com", "2001:db8:ffff::80"},
		{"a subnet without DNS64", "web-1", "AAAA example.com", ""},

		{"a name outside", "web-1", "A example.com", "203.0.113.80"},
		{"a name that is not known", "web-1", "A example.org", "SERVFAIL"},
		{"another type", "web-1", "TXT web-2.ec2.internal", ""},

		{"a listing with gaps, found", "gaps-1", "A ip-10-3-1-10.ec2.internal", "10.3.1.10"},
		{"with gaps, perhaps not listed", "gaps-1", "A ip-10-3-1-11.ec2.internal", "SERVFAIL"},
		{"with gaps, resource names may be off", "gaps-1", "A gaps-1.ec2.internal", "SERVFAIL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, namesNetwork(), emu.Options{Names: outside})
			udp, tcp := resolve(t, e, c.from, c.question, packet.UDP), resolve(t, e, c.from, c.question, packet.TCP)
			assert.Equal(t, c.want, udp)
			assert.Equal(t, udp, tcp, "over TCP")
		})
	}
}

// resolve asks the resolver of who has an interface, and writes the answer down.
func resolve(t testing.TB, e *emu.Emulator, from, question string, proto packet.Proto) string {
	kind, name, _ := strings.Cut(question, " ")
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 7, RecursionDesired: true}}
	if q, err := dnsmessage.NewName(name + "."); assert.NoError(t, err) {
		types := map[string]dnsmessage.Type{"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "PTR": dnsmessage.TypePTR, "TXT": dnsmessage.TypeTXT}
		m.Questions = []dnsmessage.Question{{Name: q, Type: types[kind], Class: dnsmessage.ClassINET}}
	}
	query, err := m.Pack()
	if err != nil { // what no resolver would send
		m.Questions = nil
		query, err = m.Pack()
	}
	require.NoError(t, err)
	answer := exchange(t, e, from, query, proto)
	require.Equal(t, m.ID, answer.ID)
	require.True(t, answer.Response)
	switch answer.RCode {
	case dnsmessage.RCodeNameError:
		return "NXDOMAIN"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL"
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	}
	require.Equal(t, m.Questions, answer.Questions)
	var all []string
	for _, r := range answer.Answers {
		require.Equal(t, m.Questions[0].Name, r.Header.Name)
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			all = append(all, netip.AddrFrom4(b.A).String())
		case *dnsmessage.AAAAResource:
			all = append(all, netip.AddrFrom16(b.AAAA).String())
		case *dnsmessage.PTRResource:
			all = append(all, strings.TrimSuffix(b.PTR.String(), "."))
		}
	}
	return strings.Join(all, " ")
}

// exchange sends a query in a packet and reads the answer out of the one that comes back.
func exchange(t testing.TB, e *emu.Emulator, from string, query []byte, proto packet.Proto) (m dnsmessage.Message) {
	t.Helper()
	p := portOf(t, e, from)
	flow := packet.MustParseFlow("udp " + p.Interface().Addresses[0].IP.String() + ":40000 > 169.254.169.253:53")
	s := packet.Spec{Flow: flow, Payload: query}
	if proto == packet.TCP {
		s.Flow.Proto, s.Flags, s.Seq, s.Ack = packet.TCP, packet.ACK, 100, 200
		s.Payload = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	in := arrived(t, p)
	require.Equal(t, emu.Result{Fate: emu.Delivered, At: "dns"}, p.Send(s.Bytes()))
	require.Len(t, *in, 1)
	payload := (*in)[0].Payload()
	if proto == packet.TCP {
		seq, ack := (*in)[0].TCPSeq()
		assert.Equal(t, []uint32{200, 100 + uint32(len(s.Payload))}, []uint32{seq, ack})
		require.Greater(t, len(payload), 2)
		assert.Equal(t, packet.PSH|packet.ACK, (*in)[0].Flags)
		require.Equal(t, len(payload)-2, int(binary.BigEndian.Uint16(payload)))
		payload = payload[2:]
	}
	require.NoError(t, m.Unpack(payload))
	return m
}

// TestResolverOfWhatDoesNotWork: names go and change with what they belong to.
func TestResolverOfWhatDoesNotWork(t *testing.T) {
	const peer, endpoint = "A ec2-198-51-100-20.compute-1.amazonaws.com", "A api.ecr.us-east-1.amazonaws.com"
	for _, c := range []struct {
		name, question, before, after string
		edit                          func(n *vpc.Network, v *vpc.VPC)
	}{
		{"peering that is not accepted", peer, "10.1.1.10", "198.51.100.20", func(n *vpc.Network, _ *vpc.VPC) { n.Gateways[0].State = "pending-acceptance" }},
		{"peering without the option", peer, "10.1.1.10", "198.51.100.20", func(n *vpc.Network, _ *vpc.VPC) { n.Gateways[0].PeerDNS = nil }},
		{"an endpoint that is not there yet", endpoint, "10.0.1.30 10.0.2.30", "SERVFAIL", func(_ *vpc.Network, v *vpc.VPC) { v.Gateways[0].State = "pending" }},
		{"an endpoint of another service", "A ecs-a.us-east-1.amazonaws.com", "SERVFAIL", "10.0.1.30 10.0.2.30", func(_ *vpc.Network, v *vpc.VPC) {
			v.Gateways[0].Endpoint.Service = "com.amazonaws.us-east-1.ecs-agent"
		}},
		{"interfaces that are not listed", "A ip-10-0-1-13.ec2.internal", "NXDOMAIN", "SERVFAIL", func(_ *vpc.Network, v *vpc.VPC) { v.Unlisted = "no listing of them" }},
		{"a load balancer with IPv6", "AAAA front.elb.us-east-1.amazonaws.com", "", "2001:db8:1::40", func(_ *vpc.Network, v *vpc.VPC) {
			node := &v.LoadBalancers[0].Nodes[0]
			node.Addresses = append(node.Addresses, vpc.Address{IP: netip.MustParseAddr("2001:db8:1::40")})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := namesNetwork()
			assert.Equal(t, c.before, resolve(t, newEmulator(t, n, emu.Options{}), "web-1", c.question, packet.UDP))
			c.edit(n, n.VPC("prod"))
			assert.Equal(t, c.after, resolve(t, newEmulator(t, n, emu.Options{}), "web-1", c.question, packet.UDP))
		})
	}
}

func reverse6(address string) string {
	var name []string
	b := netip.MustParseAddr(address).As16()
	for k := 15; k >= 0; k-- {
		name = append(name, fmt.Sprintf("%x.%x", b[k]&15, b[k]>>4))
	}
	return strings.Join(name, ".") + ".ip6.arpa"
}

// TestResolverCutsShort: an answer that is longer than 512 bytes, or than the query says it
// may be, is asked for over TCP.
func TestResolverCutsShort(t *testing.T) {
	many := func(name string) (addrs []netip.Addr) {
		if name == "one.example.com" {
			return outside("example.com")
		}
		for k := range byte(100) {
			addrs = append(addrs, netip.AddrFrom4([4]byte{203, 0, 113, k}))
		}
		return addrs
	}
	for _, c := range []struct {
		name, asks string
		size       int // that the query takes, 0 if it does not say
		proto      packet.Proto
		want       int
	}{
		{"says nothing", "many", 0, packet.UDP, 0},
		{"takes too little", "many", 1232, packet.UDP, 0},
		{"takes less than it must", "one", 10, packet.UDP, 1},
		{"takes enough", "many", 4096, packet.UDP, 100},
		{"over TCP", "many", 0, packet.TCP, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, namesNetwork(), emu.Options{Names: many})
			m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(c.asks + ".example.com."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
			if c.size > 0 {
				r := dnsmessage.Resource{Body: &dnsmessage.OPTResource{}}
				require.NoError(t, r.Header.SetEDNS0(c.size, 0, false))
				m.Additionals = append(m.Additionals, r)
			}
			query, err := m.Pack()
			require.NoError(t, err)
			answer := exchange(t, e, "web-1", query, c.proto)
			assert.Len(t, answer.Answers, c.want)
			assert.Equal(t, c.want == 0, answer.Truncated)
			assert.Equal(t, c.size > 0, len(answer.Additionals) == 1)
		})
	}
}

// TestResolverOfWhatIsNoQuery: it is answered as other packets are, with nothing.
func TestResolverOfWhatIsNoQuery(t *testing.T) {
	response := dnsmessage.Message{Header: dnsmessage.Header{Response: true}}
	b, err := response.Pack()
	require.NoError(t, err)
	for _, c := range []struct {
		name    string
		payload []byte
	}{
		{"nothing", nil}, {"half a header", []byte{1, 2, 3}}, {"a response", b},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := portOf(t, newEmulator(t, namesNetwork(), emu.Options{}), "web-1")
			in := arrived(t, p)
			p.Send(packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 10.0.0.2:53"), Payload: c.payload}.Bytes())
			require.Len(t, *in, 1)
			assert.Empty(t, (*in)[0].Payload())
		})
	}
}

// TestResolverSeesChanges: names are those of the network as it stands.
func TestResolverSeesChanges(t *testing.T) {
	e := newEmulator(t, namesNetwork(), emu.Options{})
	assert.Equal(t, "NXDOMAIN", resolve(t, e, "web-1", "A web-3.ec2.internal", packet.UDP))
	require.NoError(t, e.AddInterface("web", &vpc.Interface{ID: "web-3", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.13")}}}))
	assert.Equal(t, "10.0.1.13", resolve(t, e, "web-1", "A web-3.ec2.internal", packet.UDP))
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.VPC("prod").DNSHostnames = false; return nil }))
	assert.Equal(t, "198.51.100.10", resolve(t, e, "web-1", "A ec2-198-51-100-10.compute-1.amazonaws.com", packet.UDP))
}

func FuzzResolver(f *testing.F) {
	f.Add([]byte{})
	q := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("web-1.ec2.internal."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	b, err := q.Pack()
	require.NoError(f, err)
	f.Add(b) // a good query
	b = append([]byte(nil), b...)
	b[5] = 2
	f.Add(b) // that promises a question more
	e := newEmulator(f, namesNetwork(), emu.Options{})
	p := portOf(f, e, "web-1")
	f.Fuzz(func(t *testing.T, query []byte) {
		p.Receive(func(b []byte) {
			var pkt packet.Packet
			var m dnsmessage.Message
			require.NoError(t, pkt.Parse(b))
			if len(pkt.Payload()) > 0 {
				require.NoError(t, m.Unpack(pkt.Payload()))
				require.True(t, m.Response)
			}
		})
		p.Send(packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 10.0.0.2:53"), Payload: query}.Bytes())
	})
}
