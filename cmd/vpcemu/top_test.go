package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/tap"
)

// someLook is a look at a network with a few conversations and drops.
func someLook(flows int) tap.Look {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.Local)
	l := tap.Look{Time: at, Drops: []tap.Drop{
		{Host: "app-1", Source: "10.0.2.4", Destination: "10.0.3.10:22", Service: "tcp/22", Packets: 3, Bytes: 180, Reason: "NACL_INGRESS",
			Detail: "db-only: rule * denies all", Origin: "three-tier.yaml:30", Last: at},
		{Host: "web-1", Source: "10.0.1.4", Destination: "10.0.2.4", Service: "icmp", Packets: 12, Bytes: 1008, Reason: "SG_INGRESS",
			Detail: "app-1: no rule of app matches icmp from 10.0.1.4", Origin: "three-tier.yaml:38", Last: at},
	}}
	for k := range flows {
		l.Flows = append(l.Flows, tap.Flow{Host: "web-1", Peer: "app-1", Source: fmt.Sprintf("10.0.1.4:%d", 40000+k), Destination: "10.0.2.4:8080",
			Service: "tcp/8080", Packets: uint64(1200 - k), Bytes: uint64(1_500_000_000 >> k), Rate: float64(int64(943_000_000) >> k), State: "established", Last: at})
	}
	return l
}

// TestTopScreen: the live view at fixed sizes.
func TestTopScreen(t *testing.T) {
	for _, c := range []struct {
		name          string
		board         board
		width, height int
	}{
		{"usual", board{look: someLook(3)}, 110, 24},
		{"many", board{look: someLook(30)}, 110, 24},
		{"scrolled", board{look: someLook(30), skip: 10}, 110, 24},
		{"scrolled-too-far", board{look: someLook(30), skip: 100}, 110, 24},
		{"drops-first", board{look: someLook(30), dropsFirst: true}, 110, 24},
		{"narrow", board{look: someLook(3)}, 60, 16},
		{"nothing", board{look: someLook(0)}, 80, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.board.name = "three-tier"
			got := c.board.screen(plain, c.width, c.height)
			lines := strings.Split(got, "\n")
			assert.Len(t, lines, c.height)
			for _, line := range lines {
				assert.LessOrEqual(t, len([]rune(line)), c.width, line)
			}
			golden(t, filepath.Join("testdata/top", c.name+".txt"), got+"\n")
		})
	}
	for height := range 12 { // no size makes it fall over
		(&board{look: someLook(5)}).screen(plain, 10, height)
	}
}

// golden compares with a file; go test -update writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestAmount(t *testing.T) {
	for n, want := range map[float64]string{0: "", 1: "1 B", 999: "999 B", 1000: "1.0 kB", 1_500_000: "1.5 MB", 2e9: "2.0 GB", 3e12: "3.0 TB"} {
		assert.Equal(t, want, amount(n, "B"))
	}
}
