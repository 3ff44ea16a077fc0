package classes

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

// TestClassifier_Cells: addresses are told apart by the prefixes that they are in, and by their IP
// version; how many there are of a cell, and in what order, does not matter.
func TestClassifier_Cells(t *testing.T) {
	c := Classifier{cells: cellsOf(map[netip.Prefix]bool{netip.MustParsePrefix("10.0.1.0/24"): true, netip.MustParsePrefix("64:ff9b::10.0.2.0/120"): true, netip.MustParsePrefix("2001:db8::/64"): true})}
	for _, e := range []struct {
		name string
		a, b []string
		same bool
	}{
		{"of one prefix", []string{"10.0.1.1"}, []string{"10.0.1.255"}, true},
		{"behind it", []string{"10.0.1.1"}, []string{"10.0.2.1"}, false},
		{"before it", []string{"10.0.1.1"}, []string{"10.0.0.255"}, false},
		{"of one prefix of NAT64", []string{"10.0.2.1"}, []string{"10.0.2.255"}, true},
		{"behind that", []string{"10.0.2.1"}, []string{"10.0.3.0"}, false},
		{"behind one of IPv6", []string{"2001:db8::1"}, []string{"2001:db8:0:1::1"}, false},
		{"of no prefix, of two IP versions", []string{"10.0.0.1"}, []string{"::1"}, false},
		{"in another order", []string{"10.0.1.1", "10.0.2.1"}, []string{"10.0.2.1", "10.0.1.1"}, true},
		{"more of one", []string{"10.0.1.1"}, []string{"10.0.1.1", "10.0.1.2"}, true},
		{"one more", []string{"10.0.1.1"}, []string{"10.0.1.1", "10.0.2.2"}, false},
	} {
		t.Run(e.name, func(t *testing.T) {
			cells := func(list []string) string {
				var i vpc.Interface
				for _, a := range list {
					i.Addresses = append(i.Addresses, vpc.Address{IP: netip.MustParseAddr(a)})
				}
				return c.Cells(&i)
			}
			require.Equal(t, e.same, cells(e.a) == cells(e.b))
		})
	}
}
