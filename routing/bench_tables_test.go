package routing

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
)

// hits are random addresses of random prefixes, a power of two of them: too many
// for the processor to learn by heart.
func hits(prefixes []netip.Prefix) []netip.Addr {
	r := rand.New(rand.NewPCG(3, 3))
	addrs := make([]netip.Addr, 1<<14)
	if len(prefixes) > 1<<14 {
		addrs = make([]netip.Addr, 1<<20)
	}
	for i := range addrs {
		addrs[i] = addrWithin(r, prefixes[r.IntN(len(prefixes))])
	}
	return addrs
}

func addrWithin(r *rand.Rand, p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] ^= byte(r.IntN(2)) << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// ranges are where the routes of VPCs' tables are, and how long they get.
var ranges = map[int][]struct {
	within  string
	longest int
}{
	4: {{"10.0.0.0/8", 28}, {"10.0.0.0/8", 24}, {"172.16.0.0/12", 28}, {"192.168.0.0/16", 28}, {"0.0.0.0/1", 24}, {"128.0.0.0/2", 24}},
	6: {{"2001:db8::/32", 56}, {"2001:db8::/32", 64}, {"2600:1f00::/24", 56}, {"2a05:d000::/24", 64}, {"2000::/3", 48}},
}

// vpcPrefixes are a default, a VPC's own range and others that are often near one another.
func vpcPrefixes(family, n int) []netip.Prefix {
	r := rand.New(rand.NewPCG(2, 2))
	prefixes := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("10.0.0.0/16")}
	if family == 6 {
		prefixes = []netip.Prefix{netip.MustParsePrefix("::/0"), netip.MustParsePrefix("2001:db8:0:100::/56")}
	}
	seen := map[netip.Prefix]bool{prefixes[0]: true, prefixes[1]: true}
	for len(prefixes) < n {
		in := ranges[family][r.IntN(len(ranges[family]))]
		within := netip.MustParsePrefix(in.within)
		shortest := max(16, within.Bits()+1)
		p := netip.PrefixFrom(addrWithin(r, within), shortest+r.IntN(in.longest-shortest+1)).Masked()
		if !seen[p] {
			seen[p] = true
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}

// bgpPrefixes are a full BGP table by family: that of the file if it is there, or
// else one made up with the same lengths.
var bgpPrefixes = sync.OnceValue(func() map[int][]netip.Prefix {
	const file = "../../shared/inputs/bgp/prefixes.txt.gz"
	tables, err := readPrefixes(file)
	if err != nil {
		fmt.Println("BGP tables: made up")
		return map[int][]netip.Prefix{4: madeUp(4, bgpLengths4), 6: madeUp(6, bgpLengths6)}
	}
	fmt.Println("BGP tables:", file)
	return tables
})

func readPrefixes(name string) (map[int][]netip.Prefix, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	tables := map[int][]netip.Prefix{}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		p, err := netip.ParsePrefix(strings.TrimSpace(lines.Text()))
		if err != nil {
			return nil, err
		}
		family := 6
		if p.Addr().Is4() {
			family = 4
		}
		tables[family] = append(tables[family], p)
	}
	return tables, lines.Err()
}

// How many thousand prefixes of each length the internet has.
var (
	bgpLengths4 = map[int]float64{12: .3, 13: .6, 14: 1.2, 15: 2.1, 16: 13.5, 17: 8.2, 18: 13.8, 19: 24.9, 20: 42.6, 21: 50.8, 22: 108.6, 23: 96.5, 24: 537.7, 32: .9}
	bgpLengths6 = map[int]float64{29: 4.4, 32: 22.5, 33: 2.9, 34: 2.6, 36: 6, 40: 13.4, 42: 2.3, 44: 14.4, 46: 3, 47: 3.2, 48: 75.5, 64: .2, 128: .1}
)

// madeUp are random prefixes; those of IPv6 crowd within few networks, as they do.
func madeUp(family int, lengths map[int]float64) []netip.Prefix {
	r := rand.New(rand.NewPCG(4, 4))
	within := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/2")}
	if family == 6 {
		within = within[:0]
		for range 2000 {
			within = append(within, netip.PrefixFrom(addrWithin(r, netip.MustParsePrefix("2000::/4")), 28))
		}
	}
	seen := map[netip.Prefix]bool{}
	var prefixes []netip.Prefix
	for bits := range 129 {
		for range int(lengths[bits] * 1000) {
			p := netip.PrefixFrom(addrWithin(r, within[r.IntN(len(within))]), bits).Masked()
			if !seen[p] {
				seen[p] = true
				prefixes = append(prefixes, p)
			}
		}
	}
	return prefixes
}
