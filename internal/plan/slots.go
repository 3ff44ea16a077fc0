package plan

import "github.com/vpcemu/vpcemu/vpc"

// slotKey names an interface across plans.
type slotKey struct{ vpc, id string }

// madeUpID is the name of a slot of its own, whatever interfaces are called.
func madeUpID(g *vpc.Gateway) string { return "gateway " + g.ID }

func (i *Interface) slotKey() slotKey {
	if i.madeUp {
		return slotKey{i.VPC.Desc.ID, "gateway " + i.Desc.ID}
	}
	return slotKey{i.VPC.Desc.ID, i.Desc.ID}
}

// takenSlots marks the slots of interfaces that the network still has, so that
// new ones get the others.
func (c *compiler) takenSlots() {
	c.slots = make(map[slotKey]int, c.prev.Slots)
	for i := range c.prev.Interfaces() {
		c.slots[i.slotKey()] = i.Slot
	}
	c.taken = make([]bool, c.prev.Slots)
	if len(c.slots) == 0 {
		return
	}
	keep := func(v *vpc.VPC, id string) {
		if slot, ok := c.slots[slotKey{v.ID, id}]; ok {
			c.taken[slot] = true
		}
	}
	for _, v := range c.plan.Network.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				keep(v, i.ID)
			}
		}
		for _, b := range v.LoadBalancers {
			for _, n := range b.Nodes {
				if s := v.Subnet(n.Subnet); s != nil {
					keep(v, nodeID(b, s.ID))
				}
			}
		}
		for _, g := range v.Gateways { // their made-up interfaces
			keep(v, g.ID)
			keep(v, madeUpID(g))
		}
	}
	transitSlots(c.plan.Network, keep)
}

// slot gives an interface the number it had before, or the lowest free one.
func (c *compiler) slot(key slotKey) int {
	slot, ok := c.slots[key]
	if !ok {
		for c.nextFree < len(c.taken) && c.taken[c.nextFree] {
			c.nextFree++
		}
		slot = c.nextFree
		c.nextFree++
	}
	c.plan.Slots = max(c.plan.Slots, slot+1)
	return slot
}

// freeSlots notes which slots nobody has, the lowest last.
func (c *compiler) freeSlots() {
	used := make([]bool, c.plan.Slots)
	for i := range c.plan.Interfaces() {
		used[i.Slot] = true
	}
	for slot := len(used) - 1; slot >= 0; slot-- {
		if !used[slot] {
			c.plan.free = append(c.plan.free, slot)
		}
	}
}
