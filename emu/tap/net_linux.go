package tap

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// Net is a network whose hosts are namespaces.
type Net struct {
	emulator *emu.Emulator
	services *services

	mu    sync.Mutex // held while hosts change
	hosts []*running

	macs  atomic.Pointer[macs]
	looks looks
}

// running is a host with its namespace.
type running struct {
	*Host
	ns      *namespace
	devices []*device
}

// Up makes the namespaces of a network and carries packets between them until Close.
// After an error nothing is left. [emu.Options.LinkLocal] is Up's own.
func Up(n *vpc.Network, opts emu.Options) (*Net, error) {
	if err := able(); err != nil {
		return nil, err
	}
	t := &Net{services: newServices()}
	opts.LinkLocal = t.services.take
	var err error
	if t.emulator, err = emu.New(n, opts); err != nil {
		return nil, err
	}
	if err = t.services.start(); err == nil {
		err = t.follow()
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Emulator carries the packets. Change the network with [Net.Update], not with its
// methods.
func (t *Net) Emulator() *emu.Emulator { return t.emulator }

// ErrBehind is that a change is in force and not all namespaces could follow it.
var ErrBehind = errors.New("the change is in force, and some hosts are not as it says")

// Update is [emu.Emulator.Update], after which the namespaces follow: those of new
// hosts appear, those of hosts that are gone vanish, and devices get what changed. If
// the error is not [ErrBehind] nothing has changed.
func (t *Net) Update(edit func(*vpc.Network) error) error {
	if err := t.emulator.Update(edit); err != nil {
		return err
	}
	t.looks.forget()
	if err := t.follow(); err != nil {
		return fmt.Errorf("%w: %w", ErrBehind, err)
	}
	return nil
}

// Hosts are who has a namespace, by name.
func (t *Net) Hosts() []*Host {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*Host
	for _, r := range t.hosts {
		list = append(list, r.Host)
	}
	return list
}

// Close takes everything away, and returns once it is gone.
func (t *Net) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait sync.WaitGroup
	for _, r := range t.hosts {
		wait.Go(r.close) // the kernel takes its time over each device
	}
	wait.Go(t.services.close)
	wait.Wait()
	t.hosts = nil
}

// follow makes the namespaces what the network is.
func (t *Net) follow() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	want := hostsOf(t.emulator)
	t.services.learn(t.emulator)
	t.learnMACs()
	var kept []*running
	for _, r := range t.hosts {
		if slices.ContainsFunc(want, func(h *Host) bool { return t.same(r, h) }) {
			kept = append(kept, r)
		} else {
			r.close()
		}
	}
	t.hosts = kept
	var errs []error
	for _, h := range want {
		if err := t.make(h); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", h.Name, err))
		}
	}
	slices.SortFunc(t.hosts, func(a, b *running) int { return slices.Compare([]string{a.Name}, []string{b.Name}) })
	return errors.Join(errs...)
}

// same reports whether a host that runs is still the same one: it has the same devices,
// and the network has not taken its interfaces away in between.
func (t *Net) same(r *running, h *Host) bool {
	if r.Name != h.Name || len(r.devices) != len(h.Devices) || r.Forwards != h.Forwards {
		return false
	}
	for k, d := range r.devices {
		port, err := t.emulator.Port(h.Devices[k].Port)
		if err != nil || port != d.port || d.mac != h.Devices[k].MAC || d.desc.Load().Name != h.Devices[k].Name {
			return false
		}
	}
	return true
}

// make makes a host's namespace and devices, or changes those that are there.
func (t *Net) make(h *Host) (err error) {
	k := slices.IndexFunc(t.hosts, func(r *running) bool { return r.Name == h.Name })
	if k >= 0 {
		return t.hosts[k].change(h)
	}
	r := &running{Host: h}
	if r.ns, err = newNamespace(); err != nil {
		return err
	}
	t.hosts = append(t.hosts, r)
	err = r.ns.Do(func() error { return t.equip(r) })
	for _, d := range r.devices {
		d.start()
	}
	return err
}

// equip makes the devices of a host, in this thread's namespace.
func (t *Net) equip(r *running) error {
	if err := settings(r.Forwards); err != nil {
		return err
	}
	for k, desc := range r.Devices {
		d := &device{net: t, mac: desc.MAC, host: r.Name}
		d.desc.Store(&desc)
		var err error
		if d.port, err = t.emulator.Port(desc.Port); err != nil {
			return err
		}
		if err := d.open(desc.Name, desc.MAC, desc.MTU); err != nil {
			return err
		}
		r.devices = append(r.devices, d)
		if err := desc.configure(k, nil); err != nil {
			return err
		}
	}
	return nil
}

// change gives a host's devices their new addresses and routes: also the others, if one cannot
// have them, as its guest has taken it away.
func (r *running) change(h *Host) error {
	was := r.Host
	r.Host = h
	return r.ns.Do(func() error {
		var errs []error
		for k := range h.Devices {
			r.devices[k].desc.Store(&h.Devices[k])
			errs = append(errs, h.Devices[k].configure(k, &was.Devices[k]))
		}
		return errors.Join(errs...)
	})
}

func (r *running) close() {
	for _, d := range r.devices {
		d.stop()
	}
	r.ns.Close()
}

// macs are the MAC addresses of interfaces.
type macs struct {
	of    map[*emu.Port]MAC
	ports map[MAC]*emu.Port
}

// learnMACs notes which MAC address every interface has, those of gateways too.
func (t *Net) learnMACs() {
	m := &macs{make(map[*emu.Port]MAC), make(map[MAC]*emu.Port)}
	for port, at := range t.emulator.Interfaces() {
		mac := macOf(at.VPC, at.Interface)
		m.of[port], m.ports[mac] = mac, port
	}
	t.macs.Store(m)
}

func (t *Net) macOf(p *emu.Port) MAC  { return t.macs.Load().of[p] }
func (t *Net) portOf(m MAC) *emu.Port { return t.macs.Load().ports[m] }
