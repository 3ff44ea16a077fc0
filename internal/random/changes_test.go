package random

import (
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// change is one change of a network, made by the function that is for it or by
// Update.
type change struct {
	what         string
	small, whole func(*emu.Emulator) error
}

// smallChange makes up a change of a rule, an entry or an interface. AWS may refuse
// it.
func (m *Maker) smallChange(n *vpc.Network) change {
	v := Pick(m, n.VPCs...)
	s := Pick(m, v.Subnets...)
	in := v.ID + "/"
	switch m.IntN(8) {
	case 0, 1, 2:
		name, again := in+Pick(m, "g0", "g1", "g2", "only-"+v.ID, "none"), m.Uint64()
		edit := func(g *vpc.SecurityGroup) error { return New(again, 0).editGroup(g) }
		return change{"group " + name, func(e *emu.Emulator) error { return e.UpdateSecurityGroup(name, edit) },
			func(e *emu.Emulator) error {
				return e.Update(func(n *vpc.Network) error { return edit(n.SecurityGroup(name)) })
			}}
	case 3:
		name, again := in+Pick(m, "acl", "acl", "acl", "none"), m.Uint64()
		edit := func(a *vpc.NetworkACL) error { return New(again, 0).editACL(a) }
		return change{"ACL " + name, func(e *emu.Emulator) error { return e.UpdateNetworkACL(name, edit) },
			func(e *emu.Emulator) error {
				return e.Update(func(n *vpc.Network) error { return edit(n.NetworkACL(name)) })
			}}
	case 4, 5, 6:
		name, i := in+Pick(m, s.ID, s.ID, s.ID, s.ID, s.Name, "none"), m.newInterface(n, v, s)
		return change{fmt.Sprintf("interface %s in %s: %+v", i.ID, name, *i), func(e *emu.Emulator) error { return e.AddInterface(name, i) },
			func(e *emu.Emulator) error {
				return e.Update(func(n *vpc.Network) error {
					s := n.Subnet(name)
					s.Interfaces = append(s.Interfaces, i.Clone())
					return nil
				})
			}}
	}
	name := in + "none"
	if len(s.Interfaces) > 0 {
		name = in + s.Interfaces[m.IntN(len(s.Interfaces))].ID
	}
	return change{"without " + name, func(e *emu.Emulator) error { return e.RemoveInterface(name) },
		func(e *emu.Emulator) error {
			return e.Update(func(n *vpc.Network) error {
				i := n.Interface(name)
				for _, v := range n.VPCs {
					for _, s := range v.Subnets {
						for k := range s.Interfaces {
							if s.Interfaces[k] == i {
								s.Interfaces = append(s.Interfaces[:k], s.Interfaces[k+1:]...)
								break
							}
						}
					}
				}
				return nil
			})
		}}
}

func (m *Maker) editGroup(g *vpc.SecurityGroup) error {
	switch m.IntN(9) {
	case 0:
		return fmt.Errorf("not now")
	case 1:
		g.Ingress, g.Egress = nil, nil
		m.group(g)
	case 2:
		g.Name, g.Description = Pick(m, g.ID, "new", "sg-x"), strings.Repeat("x", Pick(m, 3, 300))
	case 3:
		g.Ingress = append(g.Ingress, firewall.Rule{Service: m.Service(), Peer: vpc.ParsePeer(Pick(m, "nobody", "pl-none", "v0/g1", "v1/g1", ""))})
	case 4:
		if len(g.Ingress) > 0 {
			g.Ingress[0].Stale = !g.Ingress[0].Stale
		}
	case 5, 6:
		g.Ingress = append(g.Ingress[:len(g.Ingress):len(g.Ingress)], firewall.Rule{Service: m.Service(), Peer: m.Peer()})
	case 7:
		g.Egress = append(g.Egress, firewall.Rule{Service: m.Service(), Peer: m.Peer()})
	case 8:
		if len(g.Ingress) > 0 {
			g.Ingress = g.Ingress[1:]
		}
	}
	return nil
}

func (m *Maker) editACL(a *vpc.NetworkACL) error {
	e := firewall.Entry{Number: 50 + m.IntN(60), Action: Pick(m, firewall.Allow, firewall.Deny), Service: m.Service(), CIDR: netip.MustParsePrefix(Pick(m, ranges...))}
	switch m.IntN(5) {
	case 0:
		a.Name = "other"
	case 1:
		if len(a.Ingress) > 0 {
			a.Ingress = a.Ingress[1:]
		}
	case 2:
		a.Ingress = append(a.Ingress, e)
	default:
		a.Egress = append(a.Egress, e)
	}
	return nil
}

// newInterface is one that may have much in common with those that are there.
func (m *Maker) newInterface(n *vpc.Network, v *vpc.VPC, s *vpc.Subnet) *vpc.Interface {
	i := &vpc.Interface{ID: Pick(m, "n0", "n1", "n2", "n3", "n4", "a0", "b0"), NoSourceDestCheck: m.One(3), Detached: m.One(9)}
	i.Name = Pick(m, i.ID, i.ID, "", "n9", "a0")
	i.Groups = Pick(m, nil, []string{"g0"}, []string{"g1"}, []string{"g2", "g0"}, []string{"g0", "g0"}, []string{"only-" + v.ID}, []string{"none"})
	if m.One(9) {
		i.Kind = Pick(m, "efa", "nat_gateway", "vpc_endpoint", "unheard-of")
	}
	if m.One(12) {
		i.Unknown = "something about it"
	}
	if len(v.Instances) > 0 && m.One(3) {
		i.Instance = Pick(m, Pick(m, v.Instances...).ID, Pick(m, v.Instances...).Name, "nobody")
	}
	for range m.IntN(3) {
		a := vpc.Address{AutoPublic: m.One(6)}
		for _, p := range s.CIDRs {
			if m.One(2) && p.Addr().Is4() {
				b := p.Addr().As4()
				b[3] = byte(Pick(m, 0, 4, 5, 9, 10, 11, 20, 21, 22, 100, 130, 255))
				a.IP = netip.AddrFrom4(b)
			}
		}
		if m.One(4) {
			a.Public, a.Elastic = netip.AddrFrom4([4]byte{198, 51, 100, byte(m.IntN(40))}), m.One(2)
		}
		i.Addresses = append(i.Addresses, a)
	}
	if m.One(12) {
		i.Prefixes = append(i.Prefixes, netip.MustParsePrefix("10.0.1.192/28"))
	}
	return i
}

// TestSmallChangesAreUpdates: a change by the function that is for it leads to what
// Update leads to: the same errors, description and answers, and flows under way fare
// the same.
func TestSmallChangesAreUpdates(t *testing.T) {
	accepted, refused := 0, 0
	property[edits]{
		with: Everything, many: 4,
		ask: (*Maker).edits,
		about: func(n *vpc.Network) (func(edits) error, error) {
			_, err := emulator(n)
			return func(q edits) error {
				var p pair
				if err := p.start(n); err != nil {
					return err
				}
				m := New(q.Seed, 0)
				for range 12 {
					ok, err := p.step(m, n)
					if err != nil {
						return err
					}
					if ok {
						accepted++
					} else {
						refused++
					}
				}
				if err := likeFresh(p.e, q.Queries); err != nil {
					return err
				}
				return p.answers(q.Queries)
			}, err
		},
	}.try(t)
	t.Logf("%d changes were accepted, %d refused", accepted, refused)
}

// pair is an emulator that changes bit by bit and one that does so by Update.
type pair struct {
	e, f         *emu.Emulator
	heard        []Heard
	eEnds, fEnds []string
	epochs       int
}

func (p *pair) start(n *vpc.Network) (err error) {
	var clock emu.Clock
	options := func(ends *[]string) emu.Options {
		return emu.Options{Now: clock.Now, Observer: emu.Observer{Packet: func(e emu.Event) {
			*ends = append(*ends, fmt.Sprint(e.From, " ", e.Flow, " ", fateText(e.Result)))
			if ends == &p.eEnds && e.Result.Fate == emu.Delivered {
				p.heard = append(p.heard, Heard{e.Result.At, e.Flow})
			}
		}}}
	}
	o := options(&p.eEnds)
	o.Observer.Update = func(uint64) { p.epochs++ }
	if p.e, err = emu.New(n, o); err != nil {
		return err
	}
	p.f, err = emu.New(n, options(&p.fEnds))
	forwarders(p.e)
	forwarders(p.f)
	return err
}

// step is one change and some packets after it; ok means that it was accepted.
func (p *pair) step(m *Maker, original *vpc.Network) (ok bool, err error) {
	now := p.e.Network()
	c := change{what: "an edit"}
	if again := m.Uint64(); len(now.VPCs) == 0 || m.One(6) {
		c.whole = func(e *emu.Emulator) error {
			return e.Update(func(n *vpc.Network) error { New(again, 0).edit(n, original); return nil })
		}
		c.small = c.whole
	} else if v := New(again, 0); len(now.VPCs[0].Subnets) > 0 {
		for _, w := range now.VPCs {
			if len(w.Subnets) == 0 {
				return false, nil
			}
		}
		c = v.smallChange(now)
	} else {
		return false, nil
	}
	before := p.epochs
	a, b := c.small(p.e), c.whole(p.f)
	if errorText(a) != errorText(b) {
		return false, fmt.Errorf("%s: the small change says %v, the update %v", c.what, errorText(a), errorText(b))
	}
	if (a == nil) != (p.epochs == before+1) {
		return false, fmt.Errorf("%s: the observer saw %d updates", c.what, p.epochs-before)
	}
	if x, y := p.e.Network(), p.f.Network(); !reflect.DeepEqual(x, y) {
		return false, fmt.Errorf("%s: the descriptions differ", c.what)
	}
	return a == nil, p.packets(m, c.what)
}

// errorText is an error without the places in the source of this test.
func errorText(err error) string { return ownLines.ReplaceAllString(fmt.Sprint(err), "") }

var ownLines = regexp.MustCompile(`changes_test\.go:\d+: `)

// packets sends some to both.
func (p *pair) packets(m *Maker, after string) error {
	n := p.e.Network()
	places := Places(n)
	for range 12 {
		name, spec := m.Next(places, p.heard, Targets(n)...)
		a, aErr := p.e.Port(name)
		b, bErr := p.f.Port(name)
		if fmt.Sprint(aErr) != fmt.Sprint(bErr) {
			return fmt.Errorf("after %s: port %s: %v and %v", after, name, aErr, bErr)
		}
		if aErr != nil {
			continue
		}
		p.eEnds, p.fEnds = nil, nil
		x, y := fateText(a.Send(spec.Bytes())), fateText(b.Send(spec.Bytes()))
		if x != y {
			return fmt.Errorf("after %s: %s %+v: %s by the small change, %s by the update", after, name, spec, x, y)
		}
		if err := same(strings.Join(p.eEnds, "\n"), strings.Join(p.fEnds, "\n")); err != nil {
			return fmt.Errorf("after %s: %w", after, err)
		}
	}
	return nil
}

func (p *pair) answers(queries []emu.Query) error {
	for _, q := range queries {
		a, aErr := p.e.Trace(q)
		b, bErr := p.f.Trace(q)
		if fmt.Sprint(aErr) != fmt.Sprint(bErr) {
			return fmt.Errorf("%+v: %v and %v", q, aErr, bErr)
		}
		if aErr == nil && whole(a) != whole(b) {
			return fmt.Errorf("%+v: %w", q, same(whole(a), whole(b)))
		}
	}
	return nil
}
