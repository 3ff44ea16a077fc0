package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bgpFile is what -bgp says.
var bgpFile string

// bgpTable is a full table of the internet, and where it is from. Without -bgp it is the one that bart's tests use, which the module
// cache has; without that, a generated one.
func bgpTable() (table []netip.Prefix, from string, err error) {
	if bgpFile != "" {
		table, err = readTable(bgpFile)
		return table, bgpFile, err
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gaissmai/bart").Output()
	if err != nil {
		return generatedTable(), "generated, as there is no go command to ask for bart's", nil
	}
	table, err = readTable(filepath.Join(strings.TrimSpace(string(out)), "internal/tests/testdata/prefixes.txt.gz"))
	if errors.Is(err, os.ErrNotExist) {
		return generatedTable(), "generated, as bart's is not in the module cache", nil
	}
	return table, "the real one of bart's tests", err
}

// readTable reads one prefix a line.
func readTable(file string) ([]netip.Prefix, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r io.Reader = bytes.NewReader(b)
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		if r, err = gzip.NewReader(r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	var table []netip.Prefix
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p, err := netip.ParsePrefix(strings.TrimSpace(lines.Text()))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, len(table)+1, err)
		}
		table = append(table, p.Masked())
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return table, nil
}

// shares are how many routes in a thousand have each prefix length, about as the internet has them.
var (
	shares4 = map[int]int{12: 1, 13: 1, 14: 1, 15: 2, 16: 14, 17: 8, 18: 14, 19: 25, 20: 45, 21: 50, 22: 110, 23: 100, 24: 629}
	shares6 = map[int]int{28: 2, 29: 20, 32: 110, 33: 15, 34: 12, 36: 40, 38: 10, 40: 100, 42: 20, 44: 120, 45: 15, 46: 25, 47: 20, 48: 491}
)

// generatedTable has the size of a full table, and its prefix lengths. Routes crowd where others are, as in reality.
func generatedTable() []netip.Prefix {
	r := rand.New(rand.NewPCG(3, 3))
	v4 := generate(900_000, shares4, netip.MustParsePrefix("0.0.0.0/0"), 16, r)
	return append(v4, generate(160_000, shares6, netip.MustParsePrefix("2000::/3"), 32, r)...)
}

// generate draws three routes in four from the neighbourhood, of that many bits, of another.
func generate(n int, shares map[int]int, in netip.Prefix, neighbourhood int, r *rand.Rand) []netip.Prefix {
	var lengths []int
	for bits := range 129 {
		for range shares[bits] {
			lengths = append(lengths, bits)
		}
	}
	var table []netip.Prefix
	seen := make(map[netip.Prefix]bool)
	for len(table) < n {
		from := in
		if len(table) > 0 && r.IntN(4) > 0 {
			from, _ = table[r.IntN(len(table))].Addr().Prefix(neighbourhood)
		}
		p, _ := within(from, r).Prefix(lengths[r.IntN(len(lengths))])
		if !seen[p] {
			seen[p] = true
			table = append(table, p)
		}
	}
	return table
}
