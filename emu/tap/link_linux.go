package tap

import (
	"errors"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// link is the near side of a TAP device: what is written to it its guest receives.
type link struct {
	file *os.File
	raw  syscall.RawConn
	mtu  int
	done chan struct{} // closed when nothing is read any more
}

// batch is how many frames are read before they are carried on, if so many wait.
const batch = 32

// open makes the device in this thread's namespace. It is gone when it is closed.
func (l *link) open(name string, mac MAC, mtu int) error {
	t := &netlink.Tuntap{
		LinkAttrs: netlink.LinkAttrs{Name: name, TxQLen: 1000}, Mode: netlink.TUNTAP_MODE_TAP,
		Flags: netlink.TUNTAP_NO_PI | netlink.TUNTAP_ONE_QUEUE, Queues: 1, NonPersist: true,
	}
	if err := netlink.LinkAdd(t); err != nil {
		return err
	}
	l.file, l.mtu = t.Fds[0], mtu
	var err error
	if l.raw, err = l.file.SyscallConn(); err == nil {
		err = errors.Join(netlink.LinkSetHardwareAddr(t, mac[:]), netlink.LinkSetMTU(t, mtu))
	}
	if err != nil {
		l.file.Close()
	}
	return err
}

// carry hands over what the guest sends until the device is closed.
func (l *link) carry(take func([]frame)) {
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		buffer := make([]byte, batch*(frameHeader+l.mtu))
		frames := make([]frame, 0, batch)
		for {
			var err error
			if frames, err = l.read(buffer, frames[:0]); err != nil {
				return
			}
			take(frames)
		}
	}()
}

// close takes the device away and waits until what it has read is carried.
func (l *link) close() {
	if l.file != nil {
		l.file.Close()
	}
	if l.done != nil {
		<-l.done
	}
}

// read reads frames until none waits or there is no more room, at least one.
func (l *link) read(buffer []byte, frames []frame) ([]frame, error) {
	size := frameHeader + l.mtu
	var failed error
	err := l.raw.Read(func(fd uintptr) bool {
		for len(frames) < cap(frames) {
			room := buffer[len(frames)*size:][:size:size]
			n, err := unix.Read(int(fd), room)
			switch {
			case err == unix.EINTR:
			case err == unix.EAGAIN:
				return len(frames) > 0
			case err != nil:
				failed = err
				return true
			case n >= frameHeader:
				frames = append(frames, room[:n])
			}
		}
		return true
	})
	if len(frames) > 0 {
		return frames, nil
	}
	return nil, errors.Join(err, failed)
}

// write writes one frame, in pieces. A guest that is gone, or does not keep up, loses
// it.
func (l *link) write(pieces ...[]byte) {
	_ = l.raw.Write(func(fd uintptr) bool {
		_, _ = unix.Writev(int(fd), pieces)
		return true
	})
}
