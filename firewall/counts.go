package firewall

import "sync"

// counts are mappings by source address and destination on the other side.
type counts struct {
	mu   sync.Mutex // after any shard
	list map[flowKey]count
}

type count struct {
	mappings int
	quiet    int64 // if they are as many as there may be, none of them will have idled out before this; 0 if that is not known
}

// destination is what mappings are counted by.
func (k flowKey) destination() flowKey {
	k.setPort(0)
	return k
}

func (k *flowKey) setPort(local uint16) { k.b = k.b<<16>>16 | uint64(local)<<48 }

func (c *counts) of(o *flowKey) (n int, quiet int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.list[o.destination()]
	return have.mappings, have.quiet
}

// more counts a mapping that will idle out at some time if no packet comes.
func (c *counts) more(o *flowKey, out int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list == nil {
		c.list = make(map[flowKey]count)
	}
	have := c.list[o.destination()]
	c.list[o.destination()] = count{have.mappings + 1, min(have.quiet, out)}
}

func (c *counts) less(o *flowKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := o.destination()
	have, ok := c.list[d]
	switch {
	case !ok: // it was of before a flush
	case have.mappings == 1:
		delete(c.list, d)
	default:
		c.list[d] = count{have.mappings - 1, have.quiet}
	}
}

func (c *counts) setQuiet(o *flowKey, quiet int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.list[o.destination()]; ok {
		c.list[o.destination()] = count{have.mappings, quiet}
	}
}

func (c *counts) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = nil
}
