package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/vpcemu/vpcemu/packet"
)

// kernelCases are the forwarders' packets through Linux itself: a router in a network namespace.
func kernelCases() ([]Case, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: a network namespace needs root", errUnable)
	}
	how, err := injectionWorks()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnable, err)
	}
	note := "kernel: packets are injected by " + how + ", which the time includes. A rule for established connections stands before the 60. " +
		"First packet of a flow: the table is empty at the start of each run, and was emptied off the clock."
	var cases []Case
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		cases = append(cases, Case{Family: "kernel", Name: "established TCP, " + short(n) + " flows", Unit: "packet", Note: note, Least: least,
			Peers: func() ([]Peer, error) { return kernelPeers(n) }})
	}
	return append(cases, Case{Family: "kernel", Name: "first packet of a flow", Unit: "packet", Note: note, Least: least, Most: newFlows, Peers: kernelNewFlowPeers}), nil
}

func kernelPeers(n int) (peers []Peer, err error) {
	if most := conntrackMax(); n > most {
		return nil, fmt.Errorf("%w: net.netfilter.nf_conntrack_max of this machine is %d, and is not ours to change", errUnable, most)
	}
	flows := shuffled(n)
	packets := build(flows, dataLen, data)
	if peers, err = ourPeers(flows, packets); err != nil {
		return peers, err
	}
	for _, rules := range []int{0, rules} {
		k, err := newKernel(rules, packets)
		if err != nil {
			return peers, err
		}
		peers = append(peers, k)
		if err := k.establish(flows); err != nil {
			return peers, err
		}
	}
	return peers, nil
}

func kernelNewFlowPeers() (peers []Peer, err error) {
	syns := build(shuffled(newFlows), synLen, syn)
	if peers, err = ourNewFlowPeers(syns); err != nil {
		return peers, err
	}
	k, err := newKernel(rules, syns)
	if err != nil {
		return peers, err
	}
	return append(peers, &newFlowKernel{k}), k.load(syns)
}

// least is how many packets make the cost of starting an injection small.
const least = 1 << 15

func conntrackMax() int {
	b, _ := os.ReadFile("/proc/sys/net/netfilter/nf_conntrack_max")
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// kernel is Linux as a router.
type kernel struct {
	rules   int
	ns      *namespace
	in      injector
	packets [][]byte
}

// injector brings packets into a namespace's router, and counts those that left it.
type injector interface {
	how() string
	load(packets [][]byte) error         // of one length
	send(n int) (arrived int, err error) // the loaded packets in turn
	Close() error
}

// injectors are the ways in, the cheapest first.
var injectors = []func(*namespace) (injector, error){newXDP, newWire}

// injectionWorks finds out by which way packets can be injected here.
func injectionWorks() (how string, err error) {
	packets := build(shuffled(2), synLen, syn)
	k, err := newKernel(0, packets)
	if err != nil {
		return "", err
	}
	return k.in.how(), k.Close()
}

// newKernel makes a router, with connection tracking if it has rules. It takes the first way in that works.
func newKernel(rules int, packets [][]byte) (*kernel, error) {
	var tried []error
	for _, way := range injectors {
		k, err := newKernelBy(way, rules, packets)
		if err == nil {
			return k, nil
		}
		tried = append(tried, err)
	}
	return nil, errors.Join(tried...)
}

func newKernelBy(way func(*namespace) (injector, error), rules int, packets [][]byte) (k *kernel, err error) {
	ns, err := newNamespace()
	if err != nil {
		return nil, err
	}
	k = &kernel{rules: rules, ns: ns, packets: packets}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.Close())
		}
	}()
	if err := ns.Do(func() (err error) { k.in, err = way(ns); return err }); err != nil {
		return k, err
	}
	if err := k.load(packets[:1]); err != nil {
		return k, err
	}
	if err := k.Run(1); err != nil {
		return k, fmt.Errorf("%s: %w", k.in.how(), err)
	}
	if rules > 0 {
		return k, ns.Do(func() error { return addRules(ns, rules) })
	}
	return k, nil
}

func (k *kernel) load(packets [][]byte) error {
	return k.ns.Do(func() error { return k.in.load(packets) })
}

// establish opens the flows, one step of all of them after the other, and loads the packets.
func (k *kernel) establish(flows []packet.Flow) error {
	for i := range handshake(packet.Flow{}) {
		if err := k.load(build(flows, synLen, func(f packet.Flow) packet.Spec { return handshake(f)[i].spec })); err != nil {
			return err
		}
		if err := k.Run(len(flows)); err != nil {
			return fmt.Errorf("step %d of the handshakes: %w", i+1, err)
		}
	}
	return k.load(k.packets)
}

func (k *kernel) Name() string {
	if k.rules == 0 {
		return "Linux, forwarding only"
	}
	return fmt.Sprintf("Linux, conntrack + %d nftables rules", k.rules)
}

func (k *kernel) Run(n int) error {
	arrived := 0
	if err := k.ns.Do(func() (err error) { arrived, err = k.in.send(n); return err }); err != nil {
		return err
	}
	return all(arrived, n)
}

func (k *kernel) Close() error {
	err := k.ns.Do(func() error {
		if k.in == nil {
			return nil
		}
		return k.in.Close()
	})
	return errors.Join(err, k.ns.Close())
}

// newFlowKernel starts every run with a router that knows no flow.
type newFlowKernel struct{ *kernel }

func (k *newFlowKernel) Reset() error {
	return k.ns.Do(func() error { return netlink.ConntrackTableFlush(netlink.ConntrackTable) })
}
