package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
)

// IsPattern reports whether a text means, or may mean, several ends of the network, and is
// not the name of one: see [Checker] for patterns.
func (n *Network) IsPattern(text string) bool {
	text = strings.TrimSpace(text)
	if !isPattern(text) && text != "onprem" {
		return false
	}
	ends := n.explorer.Ends()
	all := make([]*emu.End, len(ends))
	for k := range ends {
		all[k] = &ends[k]
	}
	names := newNames(n.explorer, all)
	if text == "onprem" {
		return names.severalOnPremises(text)
	}
	return !names.called(text)
}

// Find is the classes that have some of what a text means: the name of an end, or a pattern
// as expectations have them. An end that is named by an address, or by "internet:" or
// "onprem:" and one, becomes a class of its own, which the Matrix has from then on; a row
// to it is about that address. Sources are such as ask.
func (m *Matrix) Find(text string, source bool) ([]*Class, error) {
	classOf := make(map[*emu.End]*Class)
	var ends []*emu.End
	for _, c := range m.Classes {
		for _, e := range c.Members {
			classOf[e] = c
			ends = append(ends, e)
		}
	}
	names := newNames(m.net.explorer, ends)
	found, err := names.find(text, source)
	if err != nil {
		return nil, err
	}
	var all []*Class
	for _, a := range found {
		theirs := names.meant(a)
		if len(theirs) == 0 {
			end, err := m.net.explorer.End(a.text)
			if err != nil {
				return nil, err
			}
			theirs = []*emu.End{&end}
			classOf[&end] = m.add(&end)
		}
		for _, e := range theirs {
			c := classOf[e]
			if source && !c.Kind.Asks() {
				return nil, notAsking(e)
			}
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// add makes a class of an end that was named by an address. The interface that has the
// address leaves its own class, so that it is not there twice.
func (m *Matrix) add(end *emu.End) *Class {
	classes := make([]*Class, 0, len(m.Classes)+1)
	for _, c := range m.Classes {
		if k := slices.IndexFunc(c.Members, end.Same); k >= 0 {
			if c.Members[k].Name == end.Name {
				return c // it was asked about before
			}
			if len(c.Members) == 1 {
				continue
			}
			c.Members = slices.Delete(slices.Clone(c.Members), k, k+1)
		}
		classes = append(classes, c)
	}
	own := &Class{Kind: end.Kind, Members: []*emu.End{end}}
	m.Classes = append(classes, own)
	return own
}

// notAsking is the error for a source that begins no connections.
func notAsking(e *emu.End) error {
	switch e.Kind {
	case emu.BalancerEnd:
		return fmt.Errorf("%s is a load balancer, which only passes on what clients ask: ask from a client", e.Name)
	case emu.NobodyEnd:
		return fmt.Errorf("no interface has the address %s", e.Name)
	}
	return fmt.Errorf("%s begins no connections: ask from an interface, internet or onprem", e.Name)
}
