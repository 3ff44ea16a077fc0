package netstack

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// errnos are what Linux calls gVisor's errors, which net's users test for.
var errnos = map[string]syscall.Errno{
	(&tcpip.ErrAborted{}).String():                   syscall.ECONNABORTED,
	(&tcpip.ErrAddressFamilyNotSupported{}).String(): syscall.EAFNOSUPPORT,
	(&tcpip.ErrAlreadyConnected{}).String():          syscall.EISCONN,
	(&tcpip.ErrBadLocalAddress{}).String():           syscall.EADDRNOTAVAIL,
	(&tcpip.ErrClosedForSend{}).String():             syscall.EPIPE,
	(&tcpip.ErrConnectionAborted{}).String():         syscall.ECONNABORTED,
	(&tcpip.ErrConnectionRefused{}).String():         syscall.ECONNREFUSED,
	(&tcpip.ErrConnectionReset{}).String():           syscall.ECONNRESET,
	(&tcpip.ErrDestinationRequired{}).String():       syscall.EDESTADDRREQ,
	(&tcpip.ErrHostDown{}).String():                  syscall.EHOSTDOWN,
	(&tcpip.ErrHostUnreachable{}).String():           syscall.EHOSTUNREACH,
	(&tcpip.ErrInvalidEndpointState{}).String():      syscall.EINVAL,
	(&tcpip.ErrMessageTooLong{}).String():            syscall.EMSGSIZE,
	(&tcpip.ErrNetworkUnreachable{}).String():        syscall.ENETUNREACH,
	(&tcpip.ErrNoBufferSpace{}).String():             syscall.ENOBUFS,
	(&tcpip.ErrNoPortAvailable{}).String():           syscall.EADDRNOTAVAIL,
	(&tcpip.ErrNotConnected{}).String():              syscall.ENOTCONN,
	(&tcpip.ErrNotPermitted{}).String():              syscall.EPERM,
	(&tcpip.ErrPortInUse{}).String():                 syscall.EADDRINUSE,
	(&tcpip.ErrTimeout{}).String():                   syscall.ETIMEDOUT,
}

// errno is a gVisor error as a system call would return it.
func errno(err tcpip.Error) error {
	if no, ok := errnos[err.String()]; ok {
		return no
	}
	return errors.New(err.String())
}

// cause is what net would say went wrong, of an error of gonet, which tells kinds of errors
// by their text only.
func cause(err error, call string) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var timeout net.Error
	switch no, known := errnos[err.Error()]; {
	case errors.As(err, &timeout) && timeout.Timeout():
		return os.ErrDeadlineExceeded
	case known:
		return os.NewSyscallError(call, no)
	}
	return err
}

// opError is the error of an operation on a connection, nil if there is none. An end
// of input is none.
func opError(op string, err error, closed bool, source, addr net.Addr) error {
	switch {
	case err == nil || err == io.EOF && !closed:
		return err
	case closed:
		err = net.ErrClosed
	default:
		err = cause(err, op)
	}
	e := &net.OpError{Op: op, Source: source, Addr: addr, Err: err}
	switch {
	case source != nil:
		e.Net = source.Network()
	case addr != nil:
		e.Net = addr.Network()
	}
	return e
}
