package reach

import (
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
)

// Class is ends of a network that nothing in it tells apart: whatever gets to or from one
// gets to or from each of the others. What is no ordinary interface is alone in its class.
type Class struct {
	Kind emu.EndKind
	// Members are in the order of the description; there is at least one.
	Members []*emu.End
}

// Name is that of the first member.
func (c *Class) Name() string { return c.Members[0].Name }

// Names are those of the members.
func (c *Class) Names() []string {
	names := make([]string, len(c.Members))
	for k, m := range c.Members {
		names[k] = m.Name
	}
	return names
}

// classesOf sorts the ends of a network, which are [emu.Explorer.Ends], into classes.
func classesOf(x *emu.Explorer, ends []emu.End) ([]*Class, *classes.Classifier) {
	c := classes.New(x, ends)
	var all []*Class
	known := make(map[string]*Class)
	var key []byte
	for k := range ends {
		e := &ends[k]
		alone := true
		if e.Kind == emu.InterfaceEnd {
			key, alone = c.Key(e, key[:0])
		}
		class := known[string(key)]
		if class == nil || alone {
			class = &Class{Kind: e.Kind}
			all = append(all, class)
			if !alone {
				known[string(key)] = class
			}
		}
		class.Members = append(class.Members, e)
	}
	return all, c
}
