package tap

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
)

// TestConfigure_Forgets: a device loses the addresses, routes and rules that it should have
// no more, also if its guest has taken them away already.
func TestConfigure_Forgets(t *testing.T) {
	privileged(t)
	was := Device{Name: "eth1", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.1.4/24"), netip.MustParsePrefix("10.0.1.5/24")},
		Routers: []netip.Addr{netip.MustParseAddr("10.0.1.1")}, Local: []netip.Prefix{netip.MustParsePrefix("10.0.1.16/28")}}
	if hasIPv6() {
		was.Addresses = append(was.Addresses, netip.MustParsePrefix("2001:db8::4/64"))
		was.Routers = append(was.Routers, router6)
	}
	now := Device{Name: "eth1", Addresses: was.Addresses[:1], Routers: was.Routers[:1]}
	for _, c := range []struct {
		name  string
		guest func(link netlink.Link)
	}{
		{"all is there", func(netlink.Link) {}},
		{"a route is gone", func(link netlink.Link) {
			for _, r := range was.routes(link.Attrs().Index, 1) {
				assert.NoError(t, netlink.RouteDel(&r))
			}
		}},
		{"rules are gone", func(netlink.Link) {
			for _, r := range was.rules(1) {
				assert.NoError(t, netlink.RuleDel(r))
			}
		}},
		{"addresses are gone", func(link netlink.Link) {
			for _, a := range slices.Backward(was.Addresses) { // with the first of a subnet the others go
				assert.NoError(t, netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(a)}))
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ns, err := newNamespace()
			require.NoError(t, err)
			defer ns.Close()
			require.NoError(t, ns.Do(func() error {
				link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth1"}, PeerName: "far"}
				if err := netlink.LinkAdd(link); err != nil {
					return err
				}
				if err := was.configure(1, nil); err != nil {
					return err
				}
				c.guest(link)
				if err := now.configure(1, &was); err != nil {
					return err
				}
				addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
				assert.NoError(t, err)
				if assert.Len(t, addresses, 1) {
					assert.Equal(t, "10.0.1.4/24", addresses[0].IPNet.String())
				}
				rules, err := netlink.RuleListFiltered(netlink.FAMILY_ALL, &netlink.Rule{Table: firstTable + 1}, netlink.RT_FILTER_TABLE)
				assert.NoError(t, err)
				assert.Len(t, rules, 1)
				routes, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Table: firstTable + 1}, netlink.RT_FILTER_TABLE)
				assert.NoError(t, err)
				assert.Len(t, routes, 1)
				return nil
			}))
		})
	}
}
