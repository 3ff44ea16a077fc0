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
	done chan struct{} // closed when nothing is read any more
}

// batch is how many pieces are read before they are carried on, if so many wait.
const batch = 32

// readRoom is for the pieces of a batch.
const readRoom = 8 * pieceRoom

// open makes the device in this thread's namespace. It is gone when it is closed.
func (l *link) open(name string, mac MAC, mtu int) error {
	t := &netlink.Tuntap{
		LinkAttrs: netlink.LinkAttrs{Name: name, TxQLen: 1000}, Mode: netlink.TUNTAP_MODE_TAP,
		Flags: netlink.TUNTAP_NO_PI | netlink.TUNTAP_ONE_QUEUE | netlink.TUNTAP_VNET_HDR, Queues: 1, NonPersist: true,
	}
	if err := netlink.LinkAdd(t); err != nil {
		return err
	}
	l.file = t.Fds[0]
	var err error
	if l.raw, err = l.file.SyscallConn(); err == nil {
		err = errors.Join(l.offload(), netlink.LinkSetHardwareAddr(t, mac[:]), netlink.LinkSetMTU(t, mtu))
	}
	if err != nil {
		l.file.Close()
	}
	return err
}

// offload tells the guest's kernel what it may leave to us.
func (l *link) offload() (err error) {
	return errors.Join(l.raw.Control(func(fd uintptr) {
		err = unix.IoctlSetInt(int(fd), unix.TUNSETOFFLOAD, unix.TUN_F_CSUM|unix.TUN_F_TSO4|unix.TUN_F_TSO6|unix.TUN_F_TSO_ECN)
	}), err)
}

// carry hands over what the guest sends until the device is closed.
func (l *link) carry(take func([]frame)) {
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		buffer := make([]byte, readRoom)
		var pieces []piece
		var frames []frame
		var room []byte
		for {
			var err error
			if pieces, err = l.read(buffer, pieces[:0]); err != nil {
				return
			}
			frames, room = frames[:0], room[:0]
			for _, p := range pieces {
				frames, room = p.split(frames, room)
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

// read reads pieces until none waits or there is no more room, at least one.
func (l *link) read(buffer []byte, pieces []piece) ([]piece, error) {
	var failed error
	err := l.raw.Read(func(fd uintptr) bool {
		for len(pieces) < batch && len(buffer) >= pieceRoom {
			n, err := unix.Read(int(fd), buffer)
			switch {
			case err == unix.EINTR:
			case err == unix.EAGAIN:
				return len(pieces) > 0
			case err != nil:
				failed = err
				return true
			default:
				pieces = append(pieces, piece(buffer[:n:n]))
				buffer = buffer[n:]
			}
		}
		return true
	})
	if len(pieces) > 0 {
		return pieces, nil
	}
	return nil, errors.Join(err, failed)
}

// write writes one piece, in parts. A guest that is gone, or does not keep up, loses
// it.
func (l *link) write(parts ...[]byte) {
	_ = l.raw.Write(func(fd uintptr) bool {
		_, _ = unix.Writev(int(fd), parts)
		return true
	})
}

// wholeFrame is the offload header of a frame that is not to be cut.
var wholeFrame [offloadHeader]byte
