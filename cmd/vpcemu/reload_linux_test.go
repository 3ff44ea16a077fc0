package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/emu/tap"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestQuestions: what is asked after a change, each once, and what of it is left out of a
// large network.
func TestQuestions(t *testing.T) {
	hosts := func(n int) (list []*tap.Host) {
		for k := range n {
			list = append(list, &tap.Host{Name: fmt.Sprint("h", k)})
		}
		return list
	}
	flows := []tap.Flow{{Host: "h0", Peer: "h1", Service: "tcp/80"}, {Host: "h0", Address: "192.0.2.1", Service: "tcp/80"}, {Host: "h1", Peer: "h0", Service: "udp/53"}}
	var n vpc.Network
	n.Expect = []vpc.Expectation{{Source: "h1", Destination: "h0", Service: "tcp/22"}}
	for _, c := range []struct {
		name  string
		hosts int
		asked int
		left  []string
	}{
		{"nobody", 0, 4, nil},
		{"between two hosts, three services", 2, 3*2 + 1, nil},
		{"as many as there may be", 41, 3*41*40 + 1, nil},
		{"more than that", 42, mostQuestions, []string{"udp/53"}},
		{"many more", 100, mostQuestions, []string{"tcp/22", "tcp/80", "udp/53"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, left := questions(hosts(c.hosts), flows, &n, &n)
			assert.Len(t, list, c.asked)
			assert.Equal(t, c.left, left)
			assert.Equal(t, question{"h1", "h0", "tcp/22"}, list[0])
			seen := make(map[question]bool)
			for _, q := range list {
				assert.False(t, seen[q], q)
				seen[q] = true
			}
		})
	}
	assert.Equal(t, "what that opened or closed: 5000 questions were asked, not all about a, b, c, d, e and 2 more", leftText([]string{"a", "b", "c", "d", "e", "f", "g"}))
	assert.Contains(t, leftText([]string{"a", "b"}), "not all about a, b")
}
