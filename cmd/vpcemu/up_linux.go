package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/tap"
)

// up brings a network up and keeps it up until it is told to end.
func (a *app) up(c *cobra.Command, network string, f *upFlags) (err error) {
	w, failed := watchNetwork(network) // before it is read, to miss nothing
	n, rep, err := loadNetwork(network)
	if err = cmp.Or(err, failed); err != nil {
		return err
	}
	filter, err := f.filter(c, network, n)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, end := context.WithCancel(ctx)
	defer end()
	signal.Ignore(syscall.SIGPIPE) // which comes of every socket whose other end has hung up
	a.out = bufio.NewWriter(&heard{a.stdout, end})
	owner, ended, err := tap.Begin(f.name, network)
	if len(ended) > 0 {
		a.say("%s had died%s", f.name, endedText(ended))
	}
	if err != nil {
		return err
	}
	isUp := false
	defer func() {
		ended, failed := owner.Close()
		if isUp || len(ended) > 0 {
			a.say("down%s", endedText(ended))
		}
		if err == nil {
			err = failed
		}
	}()
	rec, err := f.recordUntil(ctx, network, filter)
	if err != nil || rec == nil {
		return err
	}
	defer func() {
		if failed := rec.close(); err == nil {
			err = failed
		}
	}()
	t, err := tap.Up(n, emu.Options{Observer: rec.observer()})
	if err != nil {
		return fmt.Errorf("%s: %w", network, err)
	}
	defer t.Close()
	if _, err := owner.Publish(t); err != nil {
		return err
	}
	if err := owner.Listen(); err != nil {
		return err
	}
	if os.Getenv(detached) != "" { // nobody reads what is said from here on: nothing fails
		if err := owner.Log(); err != nil {
			return err
		}
	}
	isUp = true
	a.warn(network, rep)
	a.announce(t, f.name)
	owner.Serve(t)
	rec.start(t.Emulator(), a.stderr)
	r := reloader{app: a, net: t, network: network, report: rep, publish: func() ([]string, error) { return owner.Publish(t) }}
	r.follow(ctx, w)
	return nil
}

// heard is an output that somebody reads. It calls end when nobody does any more.
type heard struct {
	io.Writer
	end func()
}

func (h *heard) Write(b []byte) (int, error) {
	n, err := h.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		h.end()
	}
	return n, err
}

// announce lists the hosts.
func (a *app) announce(t *tap.Net, name string) {
	g := &grid{title: "Up: " + name, header: []string{"HOST", "DEVICE", "ADDRESSES"}, remark: "vpcemu exec HOST -- PROGRAM; Ctrl-C takes it down"}
	for _, h := range t.Hosts() {
		label := h.Name
		for k, d := range h.Devices {
			var list []string
			for _, p := range d.Addresses {
				list = append(list, p.Addr().String())
			}
			g.add(k == 0, label, d.Name, strings.Join(list, ", "))
			label = ""
		}
	}
	_ = g.write(a.out, a.paint(), terminalWidth(a.stdout))
	_ = a.out.Flush()
}

// say writes a line at once.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.out, format+"\n", args...)
	_ = a.out.Flush()
}

func endedText(ended []string) string {
	if len(ended) == 0 {
		return ""
	}
	return "; ended " + strings.Join(ended, ", ")
}

func (a *app) exec(name, host string, argv []string) error {
	if len(argv) > 1 && argv[0] == "--" {
		argv = argv[1:]
	}
	r, err := tap.FindRun(name)
	if err != nil {
		return rootFirst(err)
	}
	return r.Exec(host, argv)
}

// rootFirst is an error of who cannot see the folder of runs.
func rootFirst(err error) error {
	if os.Geteuid() != 0 {
		return tap.ErrNotRoot
	}
	return err
}

// downWait is how long a network has to go down.
const downWait = time.Minute

func (a *app) down(name string) error {
	r, err := tap.FindRun(name)
	if err != nil {
		return rootFirst(err)
	}
	ended, err := r.Down(downWait)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	if !a.quiet {
		a.say("%s is down%s", r.Name, endedText(ended))
	}
	return nil
}

func runNames() []string {
	runs, _ := tap.Runs()
	var names []string
	for _, r := range runs {
		names = append(names, r.Name)
	}
	return names
}

func runningHosts(name string) []string {
	r, err := tap.FindRun(name)
	if err != nil {
		return nil
	}
	return r.Hosts()
}
