package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
)

// Peers whose answers differ do not do the same job, and their times say nothing.

// longest is the slow way to the route with the longest prefix.
func longest(routes []netip.Prefix, a netip.Addr) int {
	best := -1
	for i, p := range routes {
		if p.Contains(a) && (best < 0 || p.Bits() > routes[best].Bits()) {
			best = i
		}
	}
	return best
}

func TestLongestPrefixMatchesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	all4, all6 := netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("2000::/3")
	for name, in := range map[string]lpmInput{
		"5 routes":    hits(vpcTable(5), 2048),
		"50 routes":   hits(vpcTable(50), 2048),
		"1000 routes": hits(vpcTable(1000), 2048),
		"IPv4":        hits(generate(2000, shares4, all4, 16, r), 2048),
		"IPv6":        hits(generate(2000, shares6, all6, 32, r), 2048),
	} {
		t.Run(name, func(t *testing.T) {
			misses := 0
			for i := range 1024 { // half of the addresses may be of no route at all
				all := all4
				if in.addrs[i].Is6() {
					all = all6
				}
				in.addrs[i] = within(all, r)
			}
			peers, err := lpmPeers(in)
			require.NoError(t, err)
			for i, a := range in.addrs {
				want := longest(in.routes, a)
				for _, p := range peers {
					require.Equal(t, want, p.(lpmPeer).find(i), "%s: %s", p.Name(), a)
				}
				if want < 0 {
					misses++
				}
			}
			if strings.HasPrefix(name, "IPv") {
				require.NotZero(t, misses)
			}
		})
	}
}

func TestReadTable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "table")
	require.NoError(t, os.WriteFile(file, []byte("10.0.0.1/8\n2001:db8::/32\n"), 0o600))
	table, err := readTable(file)
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}, table)
	require.NoError(t, os.WriteFile(file, []byte("10.0.0.0/8\n10.0.0.0\n"), 0o600))
	_, err = readTable(file)
	require.ErrorContains(t, err, "table:2: ")
}

func TestFiltersAgree(t *testing.T) {
	for _, rules := range []int{1, 60, 1000} {
		for _, kind := range []string{"mixed", "last"} {
			in := filterTraffic(rules, kind)
			peers := filterPeers(in)
			allowed := 0
			for i, s := range in.seen {
				want := peers[0].(filterPeer).allows(i)
				for _, p := range peers {
					require.Equal(t, want, p.(filterPeer).allows(i), "%s: %v", p.Name(), s)
				}
				if want {
					allowed++
				}
			}
			if kind == "last" {
				require.Equal(t, len(in.seen), allowed)
				continue
			}
			require.Greater(t, allowed, len(in.seen)/4)
			require.Less(t, allowed, len(in.seen)*3/4)
		}
	}
}

// TestPacketsArrive runs every forwarder. A Run is an error if a packet does not arrive.
func TestPacketsArrive(t *testing.T) {
	peers, err := forwardPeers(1000)
	require.NoError(t, err)
	runAll(t, peers)
	peers, err = newFlowPeers()
	require.NoError(t, err)
	runAll(t, peers)
}

func runAll(t *testing.T, peers []Peer) {
	t.Helper()
	for _, p := range peers {
		for _, n := range []int{1, 100, 1500} {
			_, err := clock(p, n)
			require.NoError(t, err, p.Name())
		}
		require.NoError(t, p.Close(), p.Name())
	}
}

// TestRulesDrop shows that the forwarders do judge: what no rule allows does not arrive.
func TestRulesDrop(t *testing.T) {
	f := bench.Flow(0)
	f.DstPort = forbidden
	packets := [][]byte{syn(f).Bytes()}
	ours, err := newEmulator(ways[0], packets)
	require.NoError(t, err)
	require.EqualError(t, ours.Run(1), "0 of 1 packets arrived")
	netstack, err := newGvisor(packets, rules)
	require.NoError(t, err)
	require.EqualError(t, netstack.Run(1), "0 of 1 packets arrived")
	require.NoError(t, netstack.Close())
}

func TestFormats(t *testing.T) {
	report := Report{Machine: bench.ThisMachine(), Rounds: 3}
	report.measure("filter", func() ([]Case, error) {
		cases, err := filterCases()
		return cases[:1], err
	}, 3)
	for name, write := range formats {
		var b strings.Builder
		require.NoError(t, write(&b, &report))
		require.Contains(t, b.String(), "linear scan", name)
		if name == "json" {
			require.True(t, json.Valid([]byte(b.String())))
		}
	}
}

func TestOnly(t *testing.T) {
	wanted, err := parseOnly("lpm,kernel")
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"lpm": true, "filter": false, "forward": false, "kernel": true}, wanted)
	_, err = parseOnly("lpm,kernal")
	require.EqualError(t, err, "-only kernal: there is no such family")
}
