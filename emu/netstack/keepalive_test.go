package netstack_test

import (
	"errors"
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
	"github.com/vpcemu/vpcemu/vpc"
)

// keepAlive are the methods of net.TCPConn that connections have too.
type keepAlive interface {
	SetKeepAlive(bool) error
	SetKeepAlivePeriod(time.Duration) error
	SetKeepAliveConfig(net.KeepAliveConfig) error
}

var _ keepAlive = (*net.TCPConn)(nil)

// TestKeepAlive: connections that say nothing ask as those of package net do, and are broken if
// nothing answers.
func TestKeepAlive(t *testing.T) {
	usual := seconds(15, 15, 15, 15, 15, 15, 15, 15, 15, 15)
	for _, c := range []struct {
		name   string
		set    func(keepAlive) error
		pauses []time.Duration // before each question; after the last it is broken
	}{
		{"as it is dialled", func(keepAlive) error { return nil }, usual},
		{"a longer period", func(k keepAlive) error { return k.SetKeepAlivePeriod(40 * time.Second) }, append(seconds(40), usual[1:]...)},
		{"a period of zero, after another", func(k keepAlive) error {
			return errors.Join(k.SetKeepAlivePeriod(40*time.Second), k.SetKeepAlivePeriod(0))
		}, usual},
		{"a negative period changes nothing", func(k keepAlive) error {
			return errors.Join(k.SetKeepAlivePeriod(40*time.Second), k.SetKeepAlivePeriod(-1))
		}, append(seconds(40), usual[1:]...)},
		{"a period of a part of a second", func(k keepAlive) error { return k.SetKeepAlivePeriod(1100 * time.Millisecond) }, append(seconds(2), usual[1:]...)},
		{"a period, off", func(k keepAlive) error {
			return errors.Join(k.SetKeepAlive(false), k.SetKeepAlivePeriod(5*time.Second))
		}, nil},
		{"a config", func(k keepAlive) error {
			return k.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 7 * time.Second, Count: 2})
		}, seconds(5, 7, 7)},
		{"a config of zeros, after others", func(k keepAlive) error {
			return errors.Join(k.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 7 * time.Second, Count: 2}),
				k.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}))
		}, usual},
		{"what is negative stays", func(k keepAlive) error {
			return k.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: 1})
		}, seconds(15, 15)},
		{"off", func(k keepAlive) error { return k.SetKeepAlive(false) }, nil},
		{"off and on again", func(k keepAlive) error { return errors.Join(k.SetKeepAlive(false), k.SetKeepAlive(true)) }, usual},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := faketime.NewManualClock()
			e := newEmulator(t, sample(), emu.Options{Now: clock.Now})
			web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{Clock: clock}), hostAt(t, e.Emulator, "db-1", netstack.Options{Clock: clock})
			l := listen(t, db, "tcp", ":80")
			conn, err := web.Dial("tcp", "10.0.2.20:80")
			require.NoError(t, err)
			s, err := l.Accept()
			require.NoError(t, err)
			require.NoError(t, s.(keepAlive).SetKeepAlive(false))
			require.NoError(t, c.set(conn.(keepAlive)))
			e.wait(2, to(packet.TCP, 80)) // SYN, and the ACK behind it
			require.NoError(t, e.Update(func(n *vpc.Network) error {
				n.VPC("prod").AddNetworkACL("shut")
				n.VPC("prod").Subnet("db").NetworkACL = "shut"
				return nil
			}))
			for k, pause := range c.pauses {
				clock.Advance(pause - 1)
				require.Equal(t, k, e.dropped(emu.NACLIngress), "early")
				if clock.Advance(1); k < len(c.pauses)-1 {
					e.wait(k+1, func(ev event) bool { return ev.Result.Reason == emu.NACLIngress })
				}
			}
			if c.pauses == nil {
				clock.Advance(time.Hour)
				require.NoError(t, conn.(keepAlive).SetKeepAlive(false), "it is still there")
				return
			}
			_, err = conn.Read(make([]byte, 1))
			assert.ErrorIs(t, err, syscall.ETIMEDOUT)
			assert.ErrorIs(t, conn.(keepAlive).SetKeepAlive(true), syscall.ENOTCONN)
			require.NoError(t, conn.Close())
			assert.ErrorIs(t, conn.(keepAlive).SetKeepAlive(true), net.ErrClosed)
		})
	}
}

func seconds(all ...int) (d []time.Duration) {
	for _, n := range all {
		d = append(d, time.Duration(n)*time.Second)
	}
	return d
}
