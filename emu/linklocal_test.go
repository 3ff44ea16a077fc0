package emu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// TestLNK12_ContainerBehindItsHost: a guest that routes for a container, and hides it
// behind its own address, counts the TTL down: with a hop limit of 1 the container
// gets all of the metadata service but the token.
func TestLNK12_ContainerBehindItsHost(t *testing.T) {
	const (
		token = "PUT /latest/api/token HTTP/1.1\r\n\r\n"
		page  = "GET /latest/meta-data/ HTTP/1.1\r\n\r\n"
	)
	for _, c := range []struct {
		name     string
		hopLimit int
		request  string
		gets     bool
	}{
		{"the token, by default", 0, token, false},
		{"the token, with hop limit 1", 1, token, false},
		{"the token, with hop limit 2", 2, token, true},
		{"a page, by default", 0, page, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := twoTier()
			n.VPC("prod").Subnet("web").Interface("web-1").Metadata.HopLimit = c.hopLimit
			host := portOf(t, newEmulator(t, n, emu.Options{}), "web-1")
			got := false
			host.Receive(func(b []byte) {
				var p packet.Packet
				assert.NoError(t, p.Parse(b))
				got = p.TTL() > 1 // else the guest drops it
			})
			r := host.Send(packet.Spec{Flow: packet.MustParseFlow("tcp 10.0.1.10:40000 > 169.254.169.254:80"), Flags: packet.ACK,
				Payload: []byte(c.request)}.Bytes())
			assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "imds"}, r)
			assert.Equal(t, c.gets, got)
		})
	}
}
