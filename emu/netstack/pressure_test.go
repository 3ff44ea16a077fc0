package netstack_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
)

// datagramsEach is how many datagrams each socket sends: many times what the queues hold.
func datagramsEach() int {
	if raceEnabled {
		return 300 // gVisor takes a millisecond for each there
	}
	return 2000
}

// TestNothingIsLostOnTheWay: what several sockets send as fast as they can all comes to the
// other host; who writes waits. (There a socket that nobody reads lets datagrams fall, as
// everywhere.)
func TestNothingIsLostOnTheWay(t *testing.T) {
	for _, c := range []struct {
		name    string
		out, in int
	}{
		{"short queues", 16, 66},
		{"a short one out", 8, 2048},
		{"a short one in", 8192, 66},
		{"ordinary ones", 8192, 2048},
	} {
		t.Run(c.name, func(t *testing.T) {
			const writers = 4
			each := datagramsEach()
			e, err := emu.New(sample(), emu.Options{})
			require.NoError(t, err)
			o := netstack.WithQueues(c.out, c.in)
			web, db := hostAt(t, e, "web-1", o), hostAt(t, e, "db-1", o)
			sink, err := db.ListenPacket("udp", ":53")
			require.NoError(t, err)
			var done sync.WaitGroup
			for range writers {
				done.Go(func() {
					s, err := web.Dial("udp", "10.0.2.20:53")
					if !assert.NoError(t, err) {
						return
					}
					for range each {
						_, err := s.Write([]byte("x"))
						assert.NoError(t, err)
					}
				})
			}
			done.Wait()
			require.NoError(t, web.Close()) // which sends what waits
			require.NoError(t, db.Close())  // which takes what waits
			sink.Close()
			assert.Zero(t, web.Refused())
			sent := uint64(writers * each)
			assert.Equal(t, []uint64{sent, sent}, []uint64{web.Sent(), db.Received()})
		})
	}
}

// TestNobodyWaitsForEver: hosts with hardly any queues that all send to one another, to
// themselves through the internet gateway, and to ports whose refusals go back the same
// way, get on. TCP of which a packet found the queue full asks ever more rarely, and goes on after
// a while that is as long as it was full.
func TestNobodyWaitsForEver(t *testing.T) {
	const eventually = 2 * time.Minute
	n, each := sample(), datagramsEach()
	for _, group := range []string{"web", "db"} {
		n.SecurityGroup(group).AllowIn("all", "0.0.0.0/0")
	}
	n.SecurityGroup("db").AllowAllOut()
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	o := netstack.WithQueues(4, 66)
	web, db := hostAt(t, e, "web-1", o), hostAt(t, e, "db-1", o)
	go echo(listen(t, db, "tcp", ":80"))
	go echo(listen(t, web, "tcp", ":80"))
	var done sync.WaitGroup
	flood := func(h *netstack.Host, at string) {
		done.Go(func() {
			c, err := h.Dial("udp", at)
			if !assert.NoError(t, err) {
				return
			}
			for range each {
				c.Write([]byte("x")) // often: connection refused
			}
		})
	}
	talk := func(h *netstack.Host, at string) {
		done.Go(func() {
			c, err := h.DialContext(within(t, eventually), "tcp", at)
			for k := 0; k < 20 && err == nil; k++ {
				err = exchange(c, "hello", eventually)
			}
			assert.NoError(t, err)
		})
	}
	for range 2 {
		flood(web, "10.0.2.20:99")
		flood(db, "10.0.1.10:99")
		flood(web, "198.51.100.10:99") // itself
		talk(web, "10.0.2.20:80")
		talk(db, "10.0.1.10:80")
		talk(web, "198.51.100.10:80")
	}
	done.Wait()
}

// TestTCPSendsAgain what did not fit into the queue: nothing is missing in the end.
func TestTCPSendsAgain(t *testing.T) {
	e, err := emu.New(sample(), emu.Options{})
	require.NoError(t, err)
	o := netstack.WithQueues(4, 66)
	web, db := hostAt(t, e, "web-1", o), hostAt(t, e, "db-1", o)
	l := listen(t, db, "tcp", ":80")
	for web.Refused() == 0 {
		transfer(t, web, l, "10.0.2.20:80", 200_000)
	}
}
