package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// wire injects as a host at the far end of the cable does: sendmmsg on a packet socket. It is the way in where XDP is not.
type wire struct {
	ns       *namespace
	socket   int
	messages []message
	next     int
}

// message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

func newWire(ns *namespace) (injector, error) {
	protocol := 0 // receives nothing
	s, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, os.NewSyscallError("packet socket", err)
	}
	w := &wire{ns: ns, socket: s}
	if err := unix.Bind(s, &unix.SockaddrLinklayer{Ifindex: ns.wire.Attrs().Index}); err != nil {
		w.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	if err := unix.SetsockoptInt(s, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		w.Close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return w, nil
}

func (w *wire) how() string {
	return "AF_PACKET into a veth (CPU time lacks what ksoftirqd does: use -time wall)"
}

func (w *wire) load(packets [][]byte) error {
	w.messages, w.next = make([]message, len(packets)), 0
	frames := make([]byte, 0, len(packets)*(ethernetLen+len(packets[0])))
	for i, p := range packets {
		at := len(frames)
		frames = append(append(frames, ethernetHeader()...), p...)
		vec := &unix.Iovec{Base: &frames[at]}
		vec.SetLen(len(frames) - at)
		w.messages[i].header.Iov = vec
		w.messages[i].header.SetIovlen(1)
	}
	return nil
}

func (w *wire) send(n int) (arrived int, err error) {
	before, err := w.left()
	if err != nil {
		return 0, err
	}
	for sent := 0; sent < n; {
		batch := w.messages[w.next:min(w.next+min(n-sent, batchSize), len(w.messages))]
		done, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(w.socket), uintptr(unsafe.Pointer(&batch[0])), uintptr(len(batch)), 0, 0, 0)
		if errno != 0 && errno != unix.EINTR {
			return 0, os.NewSyscallError("sendmmsg", errno)
		}
		if errno == 0 {
			sent += int(done)
			w.next = (w.next + int(done)) % len(w.messages)
		}
	}
	// The kernel may still be busy with the last ones.
	for give := time.Now().Add(time.Second); ; runtime.Gosched() {
		after, err := w.left()
		if arrived = int(after - before); err != nil || arrived >= n || time.Now().After(give) {
			return arrived, err
		}
	}
}

// left is how many packets left the router.
func (w *wire) left() (uint64, error) {
	l, err := netlink.LinkByIndex(w.ns.out.Attrs().Index)
	if err != nil {
		return 0, err
	}
	if l.Attrs().Statistics == nil {
		return 0, fmt.Errorf("%s has no counters", l.Attrs().Name)
	}
	return l.Attrs().Statistics.TxPackets, nil
}

func (w *wire) Close() error { return unix.Close(w.socket) }
