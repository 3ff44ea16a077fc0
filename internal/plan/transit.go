package plan

import (
	"github.com/vpcemu/vpcemu/vpc"
)

// Attachment is a compiled attachment of a transit gateway.
type Attachment struct {
	Desc    *vpc.TransitAttachment
	Gateway *Gateway
	// VPC is nil if it attaches something else.
	VPC *VPC
	// Interfaces of the gateway in the VPC, one for each zone (TGW-1).
	Interfaces []*Interface
	// Partial says that it has subnets that nothing describes.
	Partial bool
	// Table routes what comes in through it, nil for none (TGW-5).
	Table *Table
	// Behind is what a VPN, Direct Connect or Connect attachment leads to, nil if it
	// does not work.
	Behind *Gateway
	// Peer is the other end of a peering attachment, nil if nothing describes it.
	Peer *Attachment
}

// InZone is the gateway's interface in a zone of the VPC, nil if it has none.
func (a *Attachment) InZone(zone string) *Interface {
	for _, i := range a.Interfaces {
		if i.Subnet.Desc.Zone == zone {
			return i
		}
	}
	return nil
}

// AttachmentOf is a VPC's attachment, nil if it has none; one that works if there
// are several.
func (g *Gateway) AttachmentOf(v *VPC) *Attachment { return g.attachmentOf[v] }

// transitGateway begins a transit gateway: who is attached to it.
func (c *compiler) transitGateway(desc *vpc.Gateway) {
	g := c.addGateway(desc)
	if desc.Transit == nil {
		return // not assigned: no attachments
	}
	g.attachmentOf = make(map[*VPC]*Attachment)
	for _, d := range desc.Transit.Attachments {
		a := &Attachment{Desc: d, Gateway: g}
		if v := c.plan.Network.VPC(d.VPC); v != nil && d.Kind == vpc.VPCAttachment {
			a.VPC = c.compiled(v)
		}
		if a.VPC != nil && (g.attachmentOf[a.VPC] == nil || d.Works()) {
			g.attachmentOf[a.VPC] = a
		}
		g.Attachments = append(g.Attachments, a)
	}
}

func (c *compiler) compiled(desc *vpc.VPC) *VPC {
	for _, v := range c.plan.VPCs {
		if v.Desc == desc {
			return v
		}
	}
	return nil
}

// transits compiles the interfaces and the route tables of transit gateways. All
// interfaces of VPCs are there.
func (c *compiler) transits() {
	for _, g := range c.plan.Gateways {
		for _, a := range g.Attachments {
			c.transitInterfaces(a)
			a.Peer = c.peer(a)
			c.behind(a)
		}
	}
	for _, g := range c.plan.Gateways {
		tables := make(map[*vpc.TransitTable]*Table)
		for _, a := range g.Attachments {
			a.Table = c.associated(a, tables)
		}
	}
}

// transitInterfaces are the gateway's interfaces in a VPC: those that are
// described, or made-up ones. They have no groups and check nothing (TGW-23).
func (c *compiler) transitInterfaces(a *Attachment) {
	for k, name := range a.Desc.Subnets {
		s := a.VPC.subnetOf(name)
		if s == nil || k >= len(a.Desc.Addresses) {
			a.Partial = true
			continue
		}
		addr := a.Desc.Addresses[k]
		i := c.plan.Owner(a.VPC, addr)
		if i == nil || i.Gateway != nil {
			i = &Interface{VPC: a.VPC, Subnet: s, Membership: c.members(a.VPC).membership(a.VPC, nil, false), Desc: &vpc.Interface{ID: transitID(a.Desc, s.Desc), Kind: "transit_gateway",
				Addresses: []vpc.Address{{IP: addr}}, Origin: a.Desc.Origin}}
			i.Slot = c.slot(i.slotKey())
			c.plan.interfaces.add(i)
			c.members(a.VPC).owners.put(addr, i)
		}
		d := *i.Desc
		d.NoSourceDestCheck = true
		i.Desc, i.Gateway, i.Attached, i.Unknown = &d, a.Gateway, true, ""
		a.Interfaces = append(a.Interfaces, i)
	}
}

// transitID names an interface that nobody described.
func transitID(a *vpc.TransitAttachment, s *vpc.Subnet) string { return a.ID + "-" + s.ID }

// subnetOf finds a subnet by ID or name, nil if there is none or no VPC.
func (v *VPC) subnetOf(name string) *Subnet {
	if v == nil {
		return nil
	}
	desc := v.Desc.Subnet(name)
	for _, s := range v.Subnets {
		if s.Desc == desc {
			return s
		}
	}
	return nil
}

// peer is the other end of a peering attachment.
func (c *compiler) peer(a *Attachment) *Attachment {
	if a.Desc.Kind != vpc.PeeringAttachment {
		return nil
	}
	for _, g := range c.plan.Gateways {
		if g.Desc.ID != a.Desc.Peer && g.Desc.Name != a.Desc.Peer {
			continue
		}
		for _, b := range g.Attachments {
			back := b.Desc.Peer == a.Gateway.Desc.ID || b.Desc.Peer == a.Gateway.Desc.Name
			if b.Desc.Kind == vpc.PeeringAttachment && back {
				return b
			}
		}
	}
	return nil
}

// transitTarget is a route's transit gateway as seen from a VPC: a blackhole
// unless the VPC's attachment works (TGW-4, RT-35).
func (v *VPC) transitTarget(t *Target) {
	t.Attachment = t.Gateway.AttachmentOf(v)
	switch {
	case t.Attachment == nil && v.Desc.Partial:
		t.Unknown = "nothing describes an attachment of " + v.Desc.ID + " to " + t.ID
	case t.Attachment == nil, !t.Attachment.Desc.Works(), !t.Gateway.Desc.Works():
		t.Blackhole = true
	default:
		t.Unknown = t.Attachment.Desc.Unknown
	}
}

// refers reports whether inbound rules of one VPC may refer to groups of the
// other over the gateway (SG-22).
func (g *Gateway) refers(v, w *VPC) bool {
	a, b := g.AttachmentOf(v), g.AttachmentOf(w)
	return a != nil && b != nil && a != b && g.References(a, b)
}

// References reports whether group references hold from one attachment to
// another (SG-22, TGW-34).
func (g *Gateway) References(a, b *Attachment) bool {
	return g.Desc.Transit.GroupReferences && a.Gateway == g && b.Gateway == g && a.VPC != nil && b.VPC != nil &&
		a.Desc.Works() && b.Desc.Works() && !a.Desc.NoGroupReferences && !b.Desc.NoGroupReferences
}

// transitSlots names the interfaces that transit gateways have.
func transitSlots(n *vpc.Network, keep func(v *vpc.VPC, id string)) {
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			v := n.VPC(a.VPC)
			for _, name := range a.Subnets {
				if v != nil && v.Subnet(name) != nil {
					keep(v, transitID(a, v.Subnet(name)))
				}
			}
		}
	}
}
