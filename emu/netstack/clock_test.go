package netstack_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip/faketime"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
)

// TestBlockedDialTimesOut as it would in AWS: TCP asks again and again, for about two minutes,
// and then says so. By a clock that is told to move this takes no time.
func TestBlockedDialTimesOut(t *testing.T) {
	clock := faketime.NewManualClock()
	e := newEmulator(t, sample(), emu.Options{Now: clock.Now})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{Clock: clock})
	hostAt(t, e.Emulator, "db-1", netstack.Options{Clock: clock})
	start := clock.Now()
	done := make(chan error, 1)
	go func() { _, err := web.Dial("tcp", "10.0.2.20:81"); done <- err }()
	for asked, pause := 1, time.Second; asked <= 7; asked, pause = asked+1, 2*pause {
		e.wait(asked, to(packet.TCP, 81))
		select {
		case err := <-done:
			t.Fatalf("after %v: %v", clock.Now().Sub(start), err)
		default:
		}
		clock.Advance(pause)
	}
	err := comes(t, done)
	assert.ErrorIs(t, err, syscall.ETIMEDOUT)
	assert.EqualError(t, err, "dial tcp 10.0.2.20:81: connect: connection timed out")
	assert.Equal(t, 127*time.Second, clock.Now().Sub(start), "as Linux with tcp_syn_retries=6")
	assert.Equal(t, 7, e.dropped(emu.SGIngress))
}

// TestOneClockForAll: with the same clock in the emulator and in the hosts a tracked flow
// idles out (SG-37) under a connection that both ends still take for open; the server's late
// words are dropped (SG-43), until the client's next ones open a flow (SG-42).
func TestOneClockForAll(t *testing.T) {
	n := sample()
	n.VPC("prod").Subnet("db").Interface("db-1").Timeouts.TCPEstablished = time.Minute
	clock := faketime.NewManualClock()
	e := newEmulator(t, n, emu.Options{Now: clock.Now})
	web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{Clock: clock}), hostAt(t, e.Emulator, "db-1", netstack.Options{Clock: clock})
	l := listen(t, db, "tcp", ":80")
	c, err := web.Dial("tcp", "10.0.2.20:80")
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	for _, c := range []net.Conn{c, s} {
		require.NoError(t, c.(keepAlive).SetKeepAlive(false))
	}
	b := make([]byte, 10)
	_, err = s.Write([]byte("soon"))
	require.NoError(t, err)
	k, err := c.Read(b)
	require.NoError(t, err)
	require.Equal(t, "soon", string(b[:k]))
	// Of what TCP has not yet seen the acknowledgement it sends again while the clock moves, and
	// the answer to that keeps the flow alive: such words are heard, and more are said later.
	heard := make(chan struct{}, 1)
	go func() {
		for b := make([]byte, 10); ; {
			if _, err := c.Read(b); err != nil {
				return
			}
			select {
			case heard <- struct{}{}:
			default:
			}
		}
	}()
	lost := func(ev event) bool { return ev.Result.Reason == emu.SGEgress }
	for said := 0; e.count(lost) == 0; said++ {
		require.Less(t, said, 100, "the flow does not idle out")
		clock.Advance(2 * time.Minute)
		_, err = s.Write([]byte("late"))
		require.NoError(t, err)
		for waiting := true; waiting && e.count(lost) == 0; {
			select {
			case <-heard:
				waiting = false
			case <-e.news:
			case <-time.After(patience):
				t.Fatal("neither heard nor dropped")
			}
		}
	}

	_, err = c.Write([]byte("hello?"))
	require.NoError(t, err)
	k, err = s.Read(b)
	require.NoError(t, err)
	assert.Equal(t, "hello?", string(b[:k]))
}
