package emu

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// Options of an emulator. The zero Options are right for most uses.
type Options struct {
	// Now is the clock by which tracked flows idle out; nil means time.Now.
	Now func() time.Time
	// Observer sees what happens; nil functions are not called.
	Observer Observer
	// NoShortCuts takes every packet through all stages. It changes no verdict.
	NoShortCuts bool
	// LinkLocal is offered what interfaces send to the fabric's services ("imds",
	// "dns", …), once all that decides on it has let it through (LNK-1 to LNK-15), and
	// reports whether it takes the packet. It answers with [Port.Answer]. What it does
	// not take, and everything if it is nil, gets answers without content. It runs on
	// the sender's goroutine and must not keep the bytes.
	LinkLocal func(from *Port, service string, b []byte) bool
	// BlockPort25 drops TCP port 25 to the internet, as EC2 does for accounts
	// that have not asked otherwise (IGW-31).
	BlockPort25 bool
	// Names is what the resolvers of all VPCs know of names outside the network, such as
	// public ones: the addresses of a name in lower case, without the dot at the end. Of
	// names without addresses, and of all if it is nil, they know nothing: SERVFAIL.
	Names func(name string) []netip.Addr
}

// Emulator carries packets through a network. All its methods may be called at
// once from several goroutines.
type Emulator struct {
	opts Options
	now  func() time.Time

	current    atomic.Pointer[generation]
	internet   Port
	walks      sync.Pool // walks at rest
	deliveries sync.Pool // at rest
	flows      firewall.FlowTable

	shortCuts bool          // nobody takes records on the way
	sent      atomic.Uint64 // packets, if somebody observes ports

	mu sync.Mutex // held by Update
}

// generation is a plan and the state of flows that goes with it: what a packet
// loads once and uses to its end. The plan is replaced whole; the state of an
// interface lives as long as it is attached.
type generation struct {
	em    *Emulator
	plan  *plan.Plan
	slots slots
	outer []*Port // of on-premises networks, by the slots of their gateways
	// waiting says since when peering connections wait to be accepted.
	waiting map[string]time.Time
	// memories are those of egress-only gateways, by VPC.
	memories map[string]outbound
	// draining says since when addresses of NAT gateways are being removed.
	draining map[drained]int64
	// services are those behind gateway endpoints, by VPC and endpoint.
	services map[string]farService
	cuts     shortcuts
}

// state is what an interface remembers from packet to packet.
type state struct {
	flows     *firewall.Tracker
	budget    *firewall.Budget // of the instance, nil for no limit
	fragments firewall.Fragments
	linkLocal allowance
	special   atomic.Pointer[special] // what only few remember; see rare
}

// New compiles a network. It keeps a copy: later changes go through
// [Emulator.Update]. The error holds [vpc.Error] values.
func New(n *vpc.Network, opts Options) (*Emulator, error) {
	e := &Emulator{opts: opts, now: opts.Now}
	if e.now == nil {
		e.now = time.Now
	}
	e.shortCuts = !opts.NoShortCuts && opts.Observer.Flow == nil && opts.Observer.Port == nil
	e.internet.em, e.internet.id, e.internet.enter = e, "internet", (*walk).enter
	e.internet.passing = e.flows.Passive()
	if err := e.install(n.Clone(), nil); err != nil {
		return nil, err
	}
	return e, nil
}

// Update changes the network. The edit works on a copy; if it, or checking the
// result, fails, nothing has changed and packets go on as before. Otherwise the
// next packet sees all of the change. What that means for flows under way is said
// by SG-26 to SG-31 and ORDER-38.
func (e *Emulator) Update(edit func(*vpc.Network) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.update(e.current.Load(), edit)
}

// update is Update, with the lock held.
func (e *Emulator) update(prev *generation, edit func(*vpc.Network) error) error {
	n := prev.plan.Network.Clone()
	if err := edit(n); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	if err := e.install(n, prev); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	return nil
}

// Network returns a copy of the network as it stands, addresses assigned.
func (e *Emulator) Network() *vpc.Network { return e.current.Load().plan.Network.Clone() }

// FlowRecords is how many records of flows the emulator holds, of at most
// [firewall.MaxFlows]; see [firewall.FlowTable.Records].
func (e *Emulator) FlowRecords() int { return e.flows.Records() }

// install checks and compiles a network and makes it the current one.
func (e *Emulator) install(n *vpc.Network, prev *generation) error {
	var before *vpc.Network
	if prev != nil {
		before = prev.expire(n, e.now())
	}
	err := n.Validate()
	if err != nil && before != nil && n.KeepStale(before) {
		err = n.Validate()
	}
	if err != nil {
		return err
	}
	if before != nil {
		if err := n.ValidateChange(before); err != nil {
			return err
		}
	}
	if err := n.Assign(); err != nil {
		return err
	}
	if prev == nil {
		prev = &generation{}
	}
	e.put(e.generation(plan.Compile(n, prev.plan), prev), prev)
	return nil
}

// put makes a generation the current one: the next packet sees it.
func (e *Emulator) put(g, prev *generation) {
	e.current.Store(g)
	prev.retire(g)
	if e.opts.Observer.Update != nil {
		e.opts.Observer.Update(g.plan.Epoch)
	}
}

// generation carries the state of interfaces over to a new plan. An interface
// that has been detached, or moved to another instance, starts afresh (SG-50).
func (e *Emulator) generation(p *plan.Plan, prev *generation) *generation {
	g := &generation{
		em:    e,
		plan:  p,
		slots: newSlots(p.Slots),
	}
	g.endpointServices(prev)
	g.outerPorts(prev)
	g.requests(prev, e.now())
	g.drain(prev, e.now().UnixNano())
	g.memories = make(map[string]outbound)
	for _, v := range p.VPCs {
		if v.EgressOnly == nil {
			continue
		}
		key := v.Desc.ID + "/" + v.EgressOnly.Desc.ID
		m, stays := prev.memories[key]
		if !stays {
			m = newOutbound(&e.flows, realm(v))
		}
		g.memories[key] = m
	}
	budgets := make(map[string]*firewall.Budget)
	for i := range p.Interfaces() {
		s := g.slots.at(i.Slot)
		s.iface = i
		was := prev.interfaceOf(i)
		if was == nil {
			s.port = &Port{em: e, slot: i.Slot, id: i.Desc.ID}
		} else {
			s.port = prev.slots.at(i.Slot).port
		}
		if was != nil && sameAttachment(was, i) {
			s.state = prev.slots.at(i.Slot).state
			if flows := s.state.flows; flows.Timeouts() != i.Desc.Timeouts.OrDefault() {
				flows.Expire(e.now().UnixNano())
				flows.SetTimeouts(i.Desc.Timeouts)
			}
			continue
		}
		s.state = newState(&e.flows, i, prev.budget(i, budgets))
	}
	return g
}

// interfaceOf is what an interface was in this generation, nil if it is new.
func (g *generation) interfaceOf(i *plan.Interface) *plan.Interface {
	if !g.slots.has(i.Slot) {
		return nil
	}
	if was := g.slots.at(i.Slot).iface; was != nil && was.VPC.Desc.ID == i.VPC.Desc.ID && was.Desc.ID == i.Desc.ID {
		return was
	}
	return nil
}

func sameAttachment(a, b *plan.Interface) bool {
	switch {
	case !a.Attached || !b.Attached:
		return false
	case a.Instance == nil || b.Instance == nil:
		return a.Desc.Instance == b.Desc.Instance
	}
	return a.Instance.ID == b.Instance.ID && a.Instance.TrackedFlows == b.Instance.TrackedFlows
}

// budget is what the interfaces of an instance share (SG-48): that of a sibling
// which keeps its flows, or a new one. made holds the new ones of this update.
func (g *generation) budget(i *plan.Interface, made map[string]*firewall.Budget) *firewall.Budget {
	if i.Instance == nil || i.Instance.TrackedFlows == 0 {
		return nil
	}
	key := i.VPC.Desc.ID + "/" + i.Instance.ID
	if b := made[key]; b != nil {
		return b
	}
	b := &firewall.Budget{Limit: i.Instance.TrackedFlows}
	for s := range g.slots.all() {
		old := s.iface
		same := old != nil && old.Instance != nil && old.VPC.Desc.ID+"/"+old.Instance.ID == key
		if same && old.Attached && old.Instance.TrackedFlows == b.Limit {
			b = s.state.budget
			break
		}
	}
	made[key] = b
	return b
}

func newState(flows *firewall.FlowTable, i *plan.Interface, budget *firewall.Budget) *state {
	return &state{flows: flows.NewTrackerIn(realm(i.VPC), i.Desc.Timeouts, budget), budget: budget}
}

// retire forgets the flows of interfaces that have left or been detached, so
// that their instances may track others (SG-48, SG-50), and of gateways that are
// gone.
func (g *generation) retire(next *generation) {
	for key, m := range g.memories {
		if _, stays := next.memories[key]; !stays {
			m.Close()
		}
	}
	for _, p := range g.outer {
		if p != nil && !slices.Contains(next.outer, p) {
			p.passing.Close()
		}
	}
	for key, s := range g.services {
		if next.services[key].port != s.port {
			s.port.passing.Close()
		}
	}
	for k, piece := range g.slots {
		if k < len(next.slots) && &piece[0] == &next.slots[k][0] {
			continue // the same piece
		}
		for j, old := range piece {
			if old.state != nil && (k >= len(next.slots) || next.slots[k][j].state != old.state) {
				old.state.close()
			}
		}
	}
}
