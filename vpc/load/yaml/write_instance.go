package yaml

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/vpcemu/vpcemu/vpc"
)

// card is an interface that stands with its instance.
type card struct {
	*vpc.Interface
	subnet *vpc.Subnet
}

// instances writes the instances with their interfaces and then the interfaces
// that stand alone.
func (w *writer) instances(m mapping) {
	with, loose := w.sortInterfaces()
	names := w.subnetTexts()
	instances := newMapping()
	keys := labels(w.vpc.Instances, func(i *vpc.Instance) [2]string { return [2]string{i.ID, i.Name} })
	for k, i := range w.vpc.Instances {
		e := newMapping()
		e.identity(keys[k], i.ID, i.Name)
		if i.State > vpc.Terminated {
			w.failf("instance %s is in the unknown state %d", i.ID, i.State)
		} else if i.State != vpc.Running {
			e.text("state", i.State.String())
		}
		e.number("tracked-flows", w.natural(i.TrackedFlows))
		w.cards(e, keys[k], with[i], names)
		instances.add(keys[k], e.node)
	}
	m.add("instances", w.section(instances))
	m.add("interfaces", w.looseInterfaces(loose, names))
}

// cards writes the interfaces of an instance: its only one among the keys of
// the instance, if it is called like it.
func (w *writer) cards(e mapping, key string, cards []card, names map[*vpc.Subnet]string) {
	if len(cards) == 1 {
		if c := cards[0]; c.ID == key && c.Name == nameFor(key, key) && c.DeviceIndex == 0 && !c.Detached {
			w.shared(e, c, names)
			return
		}
	}
	m := newMapping()
	keys := labels(cards, func(c card) [2]string { return [2]string{c.ID, c.Name} })
	for k, c := range cards {
		i := newMapping()
		w.inline(i, keys[k], c, k, names)
		m.add(keys[k], i.node)
	}
	e.add("interfaces", w.section(m))
}

func (w *writer) looseInterfaces(loose []card, names map[*vpc.Subnet]string) *node {
	m := newMapping()
	keys := labels(loose, func(c card) [2]string { return [2]string{c.ID, c.Name} })
	for k, c := range loose {
		i := newMapping()
		i.text("instance", c.Instance)
		w.inline(i, keys[k], c, 0, names)
		m.add(keys[k], i.node)
	}
	return w.section(m)
}

// inline writes an interface under a key of its own; place is its device index
// if it does not say otherwise.
func (w *writer) inline(m mapping, key string, c card, place int, names map[*vpc.Subnet]string) {
	m.identity(key, c.ID, c.Name)
	if c.DeviceIndex != place {
		m.add("device-index", plain("!!int", strconv.Itoa(w.natural(c.DeviceIndex))))
	}
	m.flag("detached", c.Detached, true)
	w.shared(m, c, names)
}

// shared writes the keys that interfaces and instances have in common.
func (w *writer) shared(m mapping, c card, names map[*vpc.Subnet]string) {
	m.add("subnet", scalar(names[c.subnet]))
	m.add("groups", texts(c.Groups))
	w.addresses(m, c.Addresses)
	m.add("prefixes", list(w.prefixes(c.Prefixes)...))
	m.flag("source-dest-check", c.NoSourceDestCheck, false)
	m.flag("deny-igw", c.DenyInternetGateway, true)
	m.text("kind", c.Kind)
	timeouts := newMapping()
	timeouts.text("tcp", duration(c.Timeouts.TCPEstablished))
	timeouts.text("udp", duration(c.Timeouts.UDP))
	timeouts.text("udp-stream", duration(c.Timeouts.UDPStream))
	m.add("timeouts", timeouts.orNil())
	metadata := newMapping()
	metadata.flag("enabled", c.Metadata.Disabled, false)
	metadata.flag("ipv6", c.Metadata.IPv6, true)
	metadata.number("hop-limit", w.natural(c.Metadata.HopLimit))
	metadata.flag("credentials", c.Metadata.Credentials, true)
	m.add("metadata", metadata.orNil())
	m.text("description", c.Description)
	m.text("unknown", c.Unknown)
}

func duration(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%time.Second == 0:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return d.String()
}

// subnetTexts are what interfaces call their subnets: the name if it will do.
func (w *writer) subnetTexts() map[*vpc.Subnet]string {
	names := make(map[*vpc.Subnet]string)
	for _, s := range w.vpc.Subnets {
		names[s] = s.ID
		if s.Name != "" && w.vpc.Subnet(s.Name) == s {
			names[s] = s.Name
		}
	}
	return names
}

// sortInterfaces tells the interfaces that can stand with their instance from
// the loose ones. The loader fills each subnet with the former in the order of
// the instances and then with the latter, so only interfaces at the beginning of
// a subnet, and in that order, can stand with their instance.
func (w *writer) sortInterfaces() (with map[*vpc.Instance][]card, loose []card) {
	places := make(map[string]int)
	for k, i := range slices.Backward(w.vpc.Instances) {
		places[i.ID] = k
	}
	with = make(map[*vpc.Instance][]card)
	for _, s := range w.vpc.Subnets {
		last, lastIndex, inOrder := 0, 0, true
		for _, i := range s.Interfaces {
			place, known := places[i.Instance]
			inOrder = inOrder && known && cmp.Or(cmp.Compare(last, place), cmp.Compare(lastIndex, i.DeviceIndex)) <= 0
			if !inOrder {
				loose = append(loose, card{i, s})
				continue
			}
			last, lastIndex = place, i.DeviceIndex
			owner := w.vpc.Instances[place]
			with[owner] = append(with[owner], card{i, s})
		}
	}
	for _, cards := range with {
		slices.SortStableFunc(cards, func(a, b card) int { return cmp.Compare(a.DeviceIndex, b.DeviceIndex) })
	}
	return with, loose
}
