package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/vpcemu/vpcemu/emu/tap"
)

// upWait is how long a network has to come up.
const upWait = 5 * time.Minute

// detach runs this command line again in another process, and returns once the network
// of that name is up. What goes wrong until then that process says itself.
func (a *app) detach(name string) error {
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Args[0] = os.Args[0]
	c.Env = append(os.Environ(), detached+"=1")
	c.Stdout, c.Stderr = a.stdout, a.stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	told := make(chan os.Signal, 1) // Ctrl-C does not get there
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(told)
	if err := c.Start(); err != nil {
		return err
	}
	return a.await(c, name, time.After(upWait), told)
}

// await waits until the process has the network of that name up. One that does not by then
// is told to end, and so it is if this one is told to.
func (a *app) await(c *exec.Cmd, name string, then <-chan time.Time, told <-chan os.Signal) error {
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case <-ended:
			return status(c.ProcessState.ExitCode())
		case <-then:
			_ = c.Process.Signal(syscall.SIGTERM)
			return fmt.Errorf("%s does not come up: process %d has been told to end", name, c.Process.Pid)
		case s := <-told:
			_ = c.Process.Signal(syscall.SIGTERM)
			<-ended
			return fmt.Errorf("%s has not come up: %v", name, s)
		case <-time.After(20 * time.Millisecond):
			r, err := tap.FindRun(name)
			if err != nil || r.PID() != c.Process.Pid {
				continue
			}
			if _, err := r.Look(); err != nil {
				continue
			}
			if !a.quiet {
				a.say("%s is up; \"vpcemu down %s\" takes it down", name, name)
			}
			return nil
		}
	}
}
