package plan

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

func network() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddRouteTable("t").AddRoute("0.0.0.0/0", "igw")
	v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0")
	v.AddSecurityGroup("a").AllowIn("tcp/80", "b")
	v.AddSecurityGroup("b").AllowOut("all", "0.0.0.0/0")
	s := v.AddSubnet("s", "10.0.1.0/24").UseRouteTable("t").UseNetworkACL("acl")
	s.AddInterface("i", "10.0.1.10", "a")
	s.AddInterface("j", "10.0.1.11", "b")
	return &n
}

func compile(t *testing.T, n *vpc.Network, prev *Plan) *Plan {
	t.Helper()
	require.NoError(t, n.Validate())
	require.NoError(t, n.Assign())
	return Compile(n, prev)
}

func (p *Plan) group(v *VPC, id string) *Group { return p.members[v.Number].group(v, id) }

func TestCompileReusesWhatDidNotChange(t *testing.T) {
	first := compile(t, network(), nil)
	changed := network()
	changed.SecurityGroup("b").AllowOut("tcp/80", "10.0.0.0/8")
	second := compile(t, changed, first)

	was, is := first.VPCs[0], second.VPCs[0]
	assert.Same(t, first.group(was, "a").In, second.group(is, "a").In, "an unchanged group")
	assert.NotSame(t, first.group(was, "b").Out, second.group(is, "b").Out, "a changed group")
	assert.Same(t, was.Subnets[0].Routes.FIB, is.Subnets[0].Routes.FIB, "an unchanged route table")
	assert.Same(t, first.ACL(was.Subnets[0]).In, second.ACL(is.Subnets[0]).In, "an unchanged ACL")
	assert.Equal(t, first.Epoch+1, second.Epoch)
}

func TestGroupAddedUnderANameThatARuleWaitedFor(t *testing.T) {
	n := network()
	n.VPCs[0].Partial = true
	n.SecurityGroup("a").AllowIn("tcp/443", "late")
	first := compile(t, n, nil)
	later := n.Clone()
	later.VPCs[0].AddSecurityGroup("late")
	second := compile(t, later, first)
	assert.NotSame(t, first.group(first.VPCs[0], "a").In, second.group(second.VPCs[0], "a").In, "the rule means something now")
}

func TestSlotsStay(t *testing.T) {
	first := compile(t, network(), nil)
	changed := network()
	s := changed.Subnet("s")
	s.Interfaces = s.Interfaces[1:]
	s.AddInterface("k", "", "b")
	second := compile(t, changed, first)
	slots := func(p *Plan) map[string]int {
		m := make(map[string]int)
		for i := range p.Interfaces() {
			m[i.Desc.ID] = i.Slot
		}
		return m
	}
	assert.Equal(t, map[string]int{"i": 0, "j": 1}, slots(first))
	assert.Equal(t, 2, second.Slots)
	assert.Equal(t, map[string]int{"j": 1, "k": 0}, slots(second), "a new interface gets the place of one that has gone")
}

func TestTargets(t *testing.T) {
	target := func(edit func(*vpc.Network)) Target {
		n := network()
		edit(n)
		p := compile(t, n, nil)
		table := p.VPCs[0].Subnets[0].Routes
		e, ok := table.FIB.Lookup(netip.MustParseAddr("203.0.113.1"))
		require.True(t, ok)
		_, got := table.Target(e.Route)
		return got
	}
	route := func(to string) func(*vpc.Network) {
		return func(n *vpc.Network) {
			n.VPCs[0].AddInternetGateway("g")
			n.RouteTable("t").Routes = nil
			n.RouteTable("t").AddRoute("0.0.0.0/0", to)
		}
	}
	assert.True(t, target(func(*vpc.Network) {}).Blackhole, "RT-32: no internet gateway attached")
	assert.Equal(t, Target{Kind: routing.InternetGateway, ID: "g"}, target(route("igw")))
	assert.Equal(t, "j", target(route("j")).Interface.Desc.ID)
	assert.True(t, target(route("blackhole")).Blackhole)
	detached := target(func(n *vpc.Network) { route("j")(n); n.Interface("j").Detached = true })
	assert.True(t, detached.Blackhole, "RT-37: detached")
	nat := target(func(n *vpc.Network) {
		n.VPCs[0].Gateways = append(n.VPCs[0].Gateways, &vpc.Gateway{Kind: routing.NATGateway, ID: "nat-1"})
		route("nat-1")(n)
	})
	assert.NotEmpty(t, nat.Unknown, "a gateway that is not modelled")
	assert.False(t, nat.Blackhole)
}
