package vpc

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLoadBalancerMistakes: each beside a network without it.
func TestLoadBalancerMistakes(t *testing.T) {
	network := func() (*Network, *VPC, *LoadBalancer, *TargetGroup) {
		n := new(Network)
		v := n.AddVPC("v", "10.0.0.0/16")
		v.AddSecurityGroup("g")
		v.AddInstance("i")
		v.AddSubnet("a", "10.0.1.0/24").AddInterface("e", "10.0.1.5", "g").AttachTo("i")
		b := &LoadBalancer{ID: "lb", Groups: []string{"g"}, Nodes: []LoadBalancerNode{{Subnet: "a", Addresses: []Address{{IP: netip.MustParseAddr("10.0.1.9")}}}},
			Listeners: []Listener{{Protocol: "TCP", Port: 80, Forward: []Forward{{TargetGroup: "tg"}}}}}
		g := &TargetGroup{ID: "tg", Protocol: "TCP", Port: 80, Type: InstanceTargets, Targets: []LoadBalancerTarget{{ID: "i"}}}
		v.LoadBalancers, v.TargetGroups = []*LoadBalancer{b}, []*TargetGroup{g}
		return n, v, b, g
	}
	n, _, _, _ := network()
	require.NoError(t, n.Validate())
	for name, c := range map[string]struct {
		change func(v *VPC, b *LoadBalancer, g *TargetGroup)
		code   string
	}{
		"no such subnet": {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) { b.Nodes[0].Subnet = "b" }, CodeSubnetNotFound},
		"two nodes": {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) {
			b.Nodes = append(b.Nodes, LoadBalancerNode{Subnet: "a"})
		}, CodeInvalidValue},
		"outside the subnet": {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) {
			b.Nodes[0].Addresses[0].IP = netip.MustParseAddr("10.0.2.9")
		}, CodeInvalidValue},
		"an instance's address": {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) {
			b.Nodes[0].Addresses[0].IP = netip.MustParseAddr("10.0.1.5")
		}, CodeAddressInUse},
		"another's address": {func(v *VPC, b *LoadBalancer, _ *TargetGroup) {
			v.LoadBalancers = append(v.LoadBalancers, &LoadBalancer{ID: "other", Nodes: b.Nodes})
		}, CodeAddressInUse},
		"no such kind":  {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) { b.Kind = 9 }, CodeInvalidValue},
		"no such group": {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) { b.Groups[0] = "h" }, CodeGroupNotFound},
		"one port twice": {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) {
			b.Listeners = append(b.Listeners, Listener{Protocol: "TCP_UDP", Port: 80})
		}, CodeInvalidValue},
		"no such target group":  {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) { b.Listeners[0].Forward[0].TargetGroup = "x" }, CodeInvalidValue},
		"a weight":              {func(_ *VPC, b *LoadBalancer, _ *TargetGroup) { b.Listeners[0].Forward[0].Weight = 1000 }, CodeInvalidValue},
		"no port":               {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Port = 0 }, CodeMissing},
		"no such instance":      {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Targets[0].ID = "j" }, CodeInstanceNotFound},
		"no address":            {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Type = AddressTargets }, CodeInvalidValue},
		"no such state":         {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Targets[0].Health = "odd" }, CodeInvalidValue},
		"no such type":          {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Type = 9 }, CodeInvalidValue},
		"no such load balancer": {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Type, g.Targets[0].ID = BalancerTargets, "x" }, CodeInvalidValue},
		"an NLB behind another": {func(_ *VPC, _ *LoadBalancer, g *TargetGroup) { g.Type, g.Targets[0].ID = BalancerTargets, "lb" }, CodeInvalidValue},
	} {
		t.Run(name, func(t *testing.T) {
			n, v, b, g := network()
			c.change(v, b, g)
			var errs Errors
			require.True(t, errors.As(n.Validate(), &errs))
			require.NotEmpty(t, errs)
			assert.Equal(t, c.code, errs[0].Code)
		})
	}
}

// TestTargetOfOtherType: what is no address may be meant as another type.
func TestTargetOfOtherType(t *testing.T) {
	n := new(Network)
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddInstance("i")
	v.AddSubnet("a", "10.0.1.0/24").AddInterface("e", "10.0.1.5").AttachTo("i")
	v.LoadBalancers = []*LoadBalancer{{ID: "lb", Nodes: []LoadBalancerNode{{Subnet: "a", Addresses: []Address{{IP: netip.MustParseAddr("10.0.1.9")}}}}}}
	v.TargetGroups = []*TargetGroup{{ID: "tg", Protocol: "TCP", Port: 80, Targets: []LoadBalancerTarget{{}}}}
	for target, want := range map[string]string{
		"i":   `its target "i" is not an address: did you mean type: instance? (ERR-5)`,
		"e":   `its target "e" is not an address: did you mean type: instance? (ERR-5)`,
		"lb":  `its target "lb" is not an address: did you mean type: alb? (ERR-5)`,
		"odd": `its target "odd" is not an address (ERR-5)`,
	} {
		v.TargetGroups[0].Targets[0].ID = target
		assert.ErrorContains(t, n.Validate(), want)
	}
	v.TargetGroups[0].Targets[0].ID = "10.0.1.5"
	assert.NoError(t, n.Validate())
}
