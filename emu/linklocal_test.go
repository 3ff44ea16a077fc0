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

// TestServiceThatTakesPackets: what the rules let through to a service is offered to
// whoever plays it, and what that does not take is answered as ever.
func TestServiceThatTakesPackets(t *testing.T) {
	const content = "what only a service knows"
	n := twoTier()
	var asked []string
	n.VPC("prod").Subnet("web").Interface("web-1").Metadata.Disabled = true
	e := newEmulator(t, n, emu.Options{LinkLocal: func(from *emu.Port, service string, b []byte) bool {
		asked = append(asked, from.ID()+" "+service)
		if service != "dns" {
			return false
		}
		var p packet.Packet
		assert.NoError(t, p.Parse(b))
		from.Answer(packet.Spec{Flow: p.Flow.Reverse(), Payload: []byte(content)}.Bytes())
		return true
	}})
	host := portOf(t, e, "web-1")
	in := arrived(t, host)
	for _, c := range []struct {
		name, flow string
		asked      []string
		answer     string
		answers    int
	}{
		{"it takes it", "udp 10.0.1.10:5353 > 10.0.0.2:53", []string{"web-1 dns"}, content, 1},
		{"another service", "udp 10.0.1.10:123 > 169.254.169.123:123", []string{"web-1 time"}, "", 1},
		{"a service that is switched off", "tcp 10.0.1.10:4000 > 169.254.169.254:80", nil, "", 0},
		{"nobody's service", "udp 10.0.1.10:5353 > 169.254.169.99:53", nil, "", 0},
		{"from an address that is not its own", "udp 10.0.1.77:5353 > 10.0.0.2:53", nil, "", 0},
		{"a host of the network", "udp 10.0.1.10:5353 > 10.0.2.20:53", nil, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, *in = nil, nil
			host.Send(packet.Spec{Flow: packet.MustParseFlow(c.flow)}.Bytes())
			assert.Equal(t, c.asked, asked)
			if assert.Len(t, *in, c.answers) && c.answers > 0 {
				assert.Equal(t, c.answer, string((*in)[0].Payload()))
			}
		})
	}
}
