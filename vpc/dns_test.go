package vpc

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	a := netip.MustParseAddr("198.51.100.7")
	for _, c := range []struct {
		name, region                string
		regionName, private, public string
	}{
		{"no Region", "", "us-east-1", "ip-198-51-100-7.ec2.internal", "ec2-198-51-100-7.compute-1.amazonaws.com"},
		{"the oldest", "us-east-1", "us-east-1", "ip-198-51-100-7.ec2.internal", "ec2-198-51-100-7.compute-1.amazonaws.com"},
		{"another", "eu-west-1", "eu-west-1", "ip-198-51-100-7.eu-west-1.compute.internal", "ec2-198-51-100-7.eu-west-1.compute.amazonaws.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &VPC{Region: c.region}
			assert.Equal(t, c.regionName, v.RegionName())
			assert.Equal(t, c.private, v.PrivateName(a))
			assert.Equal(t, c.public, v.PublicName(a))
			for _, name := range []string{c.private, c.public} {
				got, ok := AddrInName(name)
				assert.True(t, ok)
				assert.Equal(t, a, got)
			}
		})
	}
	for _, name := range []string{"", "ip-", "ip-10-0-1.ec2.internal", "10-0-1-5.ec2.internal", "ip-10.0.1.5.ec2.internal", "ip-10-0-1-256.ec2.internal", "web-1.ec2.internal"} {
		_, ok := AddrInName(name)
		assert.False(t, ok, name)
	}
}

func TestResolver(t *testing.T) {
	four, six := netip.MustParseAddr("10.0.1.4"), netip.MustParseAddr("2001:db8::4")
	for _, c := range []struct {
		name           string
		cidrs          []netip.Prefix
		base, to4, to6 string
	}{
		{"base+2", prefixes("10.0.0.0/16"), "10.0.0.2", "10.0.0.2", "fd00:ec2::253"},
		{"of the primary range (LNK-4)", prefixes("2001:db8::/56", "10.1.0.0/16", "10.0.0.0/16"), "10.1.0.2", "10.1.0.2", "fd00:ec2::253"},
		{"of the range, not of the address before it", prefixes("10.0.7.7/16"), "10.0.0.2", "10.0.0.2", "fd00:ec2::253"},
		{"no IPv4", prefixes("2001:db8::/56"), "invalid IP", "fd00:ec2::253", "fd00:ec2::253"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &VPC{CIDRs: c.cidrs}
			assert.Equal(t, c.base, v.Resolver().String())
			assert.Equal(t, c.to4, v.ResolverFor(four).String())
			assert.Equal(t, c.to6, v.ResolverFor(six).String())
		})
	}
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, s := range texts {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}
