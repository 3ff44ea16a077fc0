//go:build linux

package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/packet"
)

// sentinel tells when the kernel has nothing more to do. On one processor packets wait in one queue, at each wire anew, so that one
// that goes through more wires than any other comes out last. This one goes to and fro between two namespaces.
//
//	guest ═ a ─── b
type sentinel struct {
	a, b *namespace
	fd   int
	sent uint32
}

// wires is how many a sentinel passes: twice as many as the longest way through a network, that of an answer through all translations
// of a packet that circled for as long as its TTL was.
const wires = 200

// processors are those that this process may use.
var processors = func() (all []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return []int{0}
	}
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	return all
}()

// newSentinel also binds the thread, which the caller has locked, to a processor.
func newSentinel(processor int) (s *sentinel, err error) {
	var set unix.CPUSet
	set.Set(processor)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("affinity: %w", err)
	}
	s = &sentinel{fd: -1}
	if err := s.build(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *sentinel) build() (err error) {
	if s.b, err = newNamespace(); err != nil {
		return err
	}
	if s.a, err = newNamespace(); err != nil {
		return err
	}
	if s.fd, err = s.a.tun("guest"); err != nil {
		return err
	}
	if err := wire(s.a, "wire", s.b, "wire"); err != nil {
		return err
	}
	back := netlink.NewRule()
	back.Mark, back.Table, back.Family = 1, inward, netlink.FAMILY_V4
	if err := errors.Join(s.a.route(main, everything[0], "wire"), s.a.route(inward, everything[0], "guest"), s.b.route(main, everything[0], "wire"), s.a.net.RuleAdd(back)); err != nil {
		return err
	}
	last := part{load(expr.PayloadBaseNetworkHeader, 8, 1), &expr.Cmp{Op: expr.CmpOpLte, Register: 1, Data: []byte{2}}}
	s.a.rules("sentinel").at("turn", nftables.ChainHookPrerouting, beforeRoute, nftables.ChainTypeFilter).rule(last, mark(1))
	return errors.Join(s.a.flush(), s.a.ready("guest"), s.a.ready("wire"), s.b.ready("wire"))
}

func (s *sentinel) Close() error {
	var all []error
	if s.fd >= 0 {
		all = append(all, unix.Close(s.fd))
	}
	for _, ns := range []*namespace{s.a, s.b} {
		if ns != nil {
			all = append(all, ns.Close())
		}
	}
	return errors.Join(all...)
}

// wait returns when all that was sent before has come to its end.
func (s *sentinel) wait() error {
	s.sent++
	p := packet.Spec{Flow: packet.MustParseFlow("udp 10.0.0.1:1 > 10.0.0.2:2"), TTL: wires + 2, Payload: binary.BigEndian.AppendUint32(nil, s.sent)}
	if _, err := unix.Write(s.fd, p.Bytes()); err != nil {
		return fmt.Errorf("sentinel: %w", err)
	}
	b := make([]byte, 256)
	for {
		n, err := unix.Read(s.fd, b)
		switch {
		case err == nil && n == 32 && binary.BigEndian.Uint32(b[28:]) == s.sent:
			return nil
		case err != nil && err != unix.EAGAIN && err != unix.EINTR:
			return fmt.Errorf("sentinel: %w", err)
		case err == unix.EAGAIN:
			ready, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, int(patience/time.Millisecond))
			if ready == 0 && err == nil {
				return fmt.Errorf("the kernel has not come to an end in %v", patience)
			}
		}
	}
}

// patience is far more than it takes.
const patience = 20 * time.Second
