package tap

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Owner is the process's side of its run.
type Owner struct {
	run    *Run
	lock   *os.File
	socket net.Listener
	wait   sync.WaitGroup
}

// Begin claims the name of a run. What one that died under it has left is taken away
// first; it returns what it has ended on the hosts of that one.
func Begin(name, network string) (o *Owner, ended []string, err error) {
	if err := able(); err != nil {
		return nil, nil, err
	}
	r, err := newRun(name)
	if err != nil {
		return nil, nil, err
	}
	r.state = state{Network: network, PID: os.Getpid()}
	if most := len(unix.RawSockaddrUnix{}.Path) - 1; len(r.file("socket")) > most {
		return nil, nil, fmt.Errorf("%s is too long, a socket's path has at most %d bytes: give the network a shorter name", r.file("socket"), most)
	}
	lock, err := r.claim(true)
	if errors.Is(err, errHeld) {
		return nil, nil, fmt.Errorf("%s is up already: take it down first, or give this one another name", name)
	}
	if err != nil {
		return nil, nil, err
	}
	if left, err := openRun(name); err == nil {
		ended = left.endProcesses()
	}
	if err := errors.Join(r.clear(), r.save()); err != nil {
		return nil, ended, errors.Join(err, r.remove(), lock.Close())
	}
	return &Owner{run: r, lock: lock}, ended, nil
}

// Publish tells other processes of the hosts, as they are now. It ends what runs on
// hosts that are gone, and returns what that was, also if it could not tell of them.
func (o *Owner) Publish(t *Net) (ended []string, err error) {
	was := o.run.state.Hosts
	err = o.publish(t)
	gone := slices.DeleteFunc(was, func(g hostState) bool {
		return slices.ContainsFunc(o.run.state.Hosts, func(h hostState) bool { return h.Cookie == g.Cookie })
	})
	return (&Run{state: state{Hosts: gone}}).endProcesses(), err
}

func (o *Owner) publish(t *Net) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := []hostState{}
	var errs []error
	for _, h := range t.hosts {
		now = append(now, hostState{
			Name: h.Name, Names: h.Names, Hostname: h.Hostname, Inode: h.ns.inode, Cookie: h.ns.cookie,
			Namespace: h.ns.path(),
		})
		errs = append(errs, o.run.writeEtc(h.Host))
	}
	o.run.state.Hosts = now
	return errors.Join(append(errs, o.run.save())...)
}

// Listen makes the socket for those who want to look. They wait until Serve is called.
func (o *Owner) Listen() (err error) {
	o.socket, err = net.Listen("unix", o.run.file("socket"))
	return err
}

// Serve answers those who want to look.
func (o *Owner) Serve(t *Net) {
	o.wait.Go(func() {
		for {
			c, err := o.socket.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // too many open files, for now
				time.Sleep(100 * time.Millisecond)
				continue
			}
			o.wait.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				_ = json.NewEncoder(c).Encode(t.Look()) // if it fails, who looks says so
			})
		}
	})
}

// Log makes a file of the run the standard output and error of this process.
func (o *Owner) Log() error {
	f, err := os.OpenFile(o.run.file("log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return errors.Join(unix.Dup3(int(f.Fd()), unix.Stdout, 0), unix.Dup3(int(f.Fd()), unix.Stderr, 0))
}

// Close ends the processes that run on the hosts and removes the files. It returns
// what it has ended.
func (o *Owner) Close() (ended []string, err error) {
	if o.socket != nil {
		o.socket.Close()
	}
	o.wait.Wait()
	ended = o.run.endProcesses()
	err = o.run.remove()
	return ended, errors.Join(err, o.lock.Close())
}
