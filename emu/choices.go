package emu

import "github.com/vpcemu/vpcemu/packet"

// choices are what gateways choose by a hash of the flow: a target, an appliance, one of
// several ways as good. AWS does not say how it chooses, so whoever asks about many
// packets at once has every choice tried.
type choices struct {
	made []choice
}

type choice struct {
	of      any         // what chooses
	flow    packet.Flow // in one of its directions
	n, made int
}

// choose is one of n, the same as before if it has been chosen for the flow, or its answer, on
// this way already. A packet that has got other addresses in between is of another flow.
func (c *choices) choose(of any, flow packet.Flow, n int) int {
	back := flow.Reverse()
	for k := range c.made {
		if m := &c.made[k]; m.of == of && m.n == n && (m.flow == flow || m.flow == back) {
			return m.made
		}
	}
	c.made = append(c.made, choice{of: of, flow: flow, n: n})
	return 0
}

// next goes on to the next combination of choices; false if all have been tried.
func (c *choices) next() bool {
	for k := len(c.made) - 1; k >= 0; k-- {
		if c.made[k].made++; c.made[k].made < c.made[k].n {
			c.made = c.made[:k+1]
			return true
		}
	}
	return false
}
