package bench

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// Case is one thing to measure.
type Case struct {
	// Name has the dimensions, with slashes between them: "rules=60/batch=32".
	Name string
	Unit string // what Run does n of: "packet"
	// Run does it.
	Run func(n int)
	// Wall says that time must be that of the wall, as several cores work at once.
	Wall bool
	// Size, in place of Run, is how many bytes one of the unit takes.
	Size func() (float64, error)
}

// Group is cases on one bed, which are measured in turn, so that what else the machine
// does bears on all of them.
type Group struct {
	Family string // one of [Families]
	Name   string // the dimensions that all cases have
	// Prepare lays the bed. Large ones take seconds, and gigabytes that are free again
	// when the cases are forgotten.
	Prepare func() ([]Case, error)
}

// Families are what can be measured, with the dimension that a plot of each has below
// it.
var Families = []struct{ Name, Axis, What string }{
	{"forward", "flows", "a packet of an established connection, all its way"},
	{"newflow", "rules", "the first packet of a connection, which is entered at both ends"},
	{"filter", "rules", "the decision of a security group on a first packet"},
	{"lpm", "routes", "the longest-prefix match of a random address that has a route"},
	{"cores", "flows", "packets of established connections on several cores"},
	{"compile", "interfaces", "a network compiled, of 500 interfaces a VPC or 200 VPCs"},
	{"memory", "interfaces", "what a tracked flow and a compiled interface take"},
}

// Sizes are those that are measured, and curves are drawn over.
type Sizes struct{ Flows, Interfaces []int }

// Select is the groups of families; of all of them if it is given none.
func Select(families []string, s Sizes) []Group {
	var groups []Group
	for _, f := range Families {
		if len(families) == 0 || slices.Contains(families, f.Name) {
			groups = append(groups, byFamily[f.Name](s)...)
		}
	}
	return groups
}

var byFamily = map[string]func(Sizes) []Group{
	"forward": func(s Sizes) []Group { return Forward(s.Flows) },
	"newflow": func(Sizes) []Group { return NewFlow() },
	"filter":  func(Sizes) []Group { return Decide() },
	"lpm":     func(Sizes) []Group { return Lookup() },
	"cores":   func(s Sizes) []Group { return Cores(s.Flows, min(runtime.NumCPU(), 2)) },
	"compile": func(s Sizes) []Group { return Compile(s.Interfaces) },
	"memory":  func(s Sizes) []Group { return Memory(s.Flows, s.Interfaces) },
}

// Forward are packets of established connections between groups of 60 rules, through
// every gateway. A NAT gateway gets a million at the most: more take long to open.
func Forward(flows []int) (groups []Group) {
	for _, n := range flows {
		for _, path := range []Path{Subnet, Subnet6, TransitGateway, InternetGateway, NATGateway} {
			if path == NATGateway && n > 1_000_000 {
				continue
			}
			groups = append(groups, Group{"forward", fmt.Sprintf("path=%s/rules=60/flows=%d", path, n), func() ([]Case, error) {
				t, err := NewTraffic(path, 60, n)
				if err != nil {
					return nil, err
				}
				return []Case{
					{Name: "batch=32", Unit: "packet", Run: t.All(batch).Run},
					{Name: "batch=1", Unit: "packet", Run: t.All(1).Run},
				}, t.Check()
			}})
		}
	}
	return groups
}

// NewFlow are first packets.
func NewFlow() (groups []Group) {
	for _, path := range []Path{Subnet, NATGateway} {
		for _, rules := range []int{5, 60, 500} {
			groups = append(groups, Group{"newflow", fmt.Sprintf("path=%s/rules=%d", path, rules), func() ([]Case, error) {
				p, err := NewFirstPackets(path, rules, 200_000)
				if err != nil {
					return nil, err
				}
				return []Case{
					{Name: "flows=200000/batch=32", Unit: "packet", Run: p.RunBatch},
					{Name: "flows=200000/batch=1", Unit: "packet", Run: p.Run},
				}, nil
			}})
		}
	}
	return groups
}

// Decide are decisions of one group of many rules, and of 16 of 60.
func Decide() (groups []Group) {
	for _, n := range []int{1, 10, 60, 300, 1000} {
		groups = append(groups, Group{"filter", fmt.Sprintf("rules=%d", n), func() ([]Case, error) {
			return []Case{{Name: "shape=mixed", Unit: "decision", Run: NewDecisions(Rules(n, 1)).Run}}, nil
		}})
	}
	return groups
}

// Lookup are lookups in the tables of VPCs and transit gateways, and in the internet's.
func Lookup() (groups []Group) {
	for _, family := range []int{4, 6} {
		internet := sync.OnceValue(func() []netip.Prefix { return Internet(family, 1) })
		for _, n := range []int{5, 50, 1000, 10_000, 0} {
			name := fmt.Sprint(n)
			table := func() []netip.Prefix { return Table(family, n, 1) }
			if n == 0 {
				name, table = map[int]string{4: "900000", 6: "200000"}[family], internet
			}
			groups = append(groups, Group{"lpm", fmt.Sprintf("family=%d/routes=%s", family, name), func() ([]Case, error) {
				l := NewLookups(table())
				return []Case{
					{Name: "batch=1", Unit: "lookup", Run: l.Run},
					{Name: "batch=32", Unit: "lookup", Run: l.RunBatch},
				}, nil
			}})
		}
	}
	return groups
}

// Cores are packets sent by one core and by several at once: of connections that no
// other core has, and of all connections by all of them.
func Cores(flows []int, cores int) (groups []Group) {
	for _, n := range flows {
		groups = append(groups, Group{"cores", fmt.Sprintf("rules=60/flows=%d/batch=32", n), func() ([]Case, error) {
			t, err := NewTrafficInRealTime(Subnet, 60, n)
			if err != nil {
				return nil, err
			}
			if err := t.Check(); err != nil {
				return nil, err
			}
			cases := []Case{{Name: "cores=1", Unit: "packet", Run: t.All(batch).Run, Wall: true}}
			if cores > 1 {
				disjoint, mixed := make([]*Lane, cores), make([]*Lane, cores)
				for i := range cores {
					disjoint[i] = t.Lane(i*n/cores, (i+1)*n/cores, batch)
					// Lanes with batches of one length fall in step on few flows, and then write the same records at the same time.
					mixed[i] = t.All(batch - i%4*7).StartAt(i * n / cores)
				}
				cases = append(cases, Case{Name: fmt.Sprintf("cores=%d/spread=disjoint", cores), Unit: "packet", Run: together(disjoint), Wall: true},
					Case{Name: fmt.Sprintf("cores=%d/spread=mixed", cores), Unit: "packet", Run: together(mixed), Wall: true})
			}
			return cases, nil
		}})
	}
	return groups
}

// together sends n packets through all lanes, a goroutine each.
func together(lanes []*Lane) func(n int) {
	return func(n int) {
		var all sync.WaitGroup
		for i, l := range lanes {
			all.Go(func() { l.Run((i+1)*n/len(lanes) - i*n/len(lanes)) })
		}
		all.Wait()
	}
}

// Compile are networks as [Sized] makes them: the whole way from a description to an
// emulator, which checks it and assigns addresses; and of that the compilation alone,
// afresh and again with nothing changed.
func Compile(interfaces []int) (groups []Group) {
	for _, n := range interfaces {
		size := Sized(n)
		groups = append(groups, Group{"compile", fmt.Sprintf("interfaces=%d", n), func() ([]Case, error) {
			network := size.Network()
			if err := network.Validate(); err != nil {
				return nil, err
			}
			if err := network.Assign(); err != nil {
				return nil, err
			}
			return []Case{
				{Name: "from=description", Unit: "network", Run: opening(network)},
				{Name: "from=nothing", Unit: "network", Run: compiling(network, nil)},
				{Name: "from=previous", Unit: "network", Run: compiling(network, plan.Compile(network, nil))},
			}, nil
		}})
	}
	return groups
}

func opening(network *vpc.Network) func(n int) {
	return func(n int) {
		for range n {
			if _, err := emu.New(network, emu.Options{}); err != nil {
				panic(err) // the network was valid before
			}
		}
	}
}

func compiling(network *vpc.Network, prev *plan.Plan) func(n int) {
	return func(n int) {
		for range n {
			plan.Compile(network, prev)
		}
	}
}

// Memory is what flows and interfaces take.
func Memory(flows, interfaces []int) (groups []Group) {
	for _, n := range flows {
		groups = append(groups, Group{"memory", fmt.Sprintf("flows=%d", n), func() ([]Case, error) {
			var cases []Case
			for _, path := range []Path{Subnet, NATGateway} {
				cases = append(cases, Case{Name: fmt.Sprintf("path=%s/rules=60", path), Unit: "flow", Size: func() (float64, error) { return BytesPerFlow(path, n) }})
			}
			return cases, nil
		}})
	}
	for _, n := range interfaces {
		size := Sized(n)
		groups = append(groups, Group{"memory", fmt.Sprintf("interfaces=%d", n), func() ([]Case, error) {
			return []Case{{Name: "from=nothing", Unit: "interface", Size: func() (float64, error) { return BytesPerInterface(size) }}}, nil
		}})
	}
	return groups
}
