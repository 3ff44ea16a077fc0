package tap

import (
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// guest is who asks a service: an interface and where it is.
type guest struct {
	vpc    *vpc.VPC
	subnet *vpc.Subnet
	iface  *vpc.Interface
	mac    MAC
	// instance and name are those of the instance; others are its interfaces.
	instance, name string
	others         []*guest
}

// guestsOf finds who is behind each port.
func guestsOf(e *emu.Emulator) map[*emu.Port]*guest {
	guests := make(map[*emu.Port]*guest)
	for _, v := range e.Network().VPCs {
		byInstance := make(map[string][]*guest)
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				id, label, there := owner(v, i)
				port, err := e.Port(v.ID + "/" + i.ID)
				if !there || err != nil {
					continue
				}
				g := &guest{vpc: v, subnet: s, iface: i, mac: macOf(v.ID, i.ID), instance: id, name: label}
				guests[port] = g
				byInstance[id] = append(byInstance[id], g)
			}
		}
		for _, list := range byInstance {
			for _, g := range list {
				g.others = list
			}
		}
	}
	return guests
}

// zone is the Availability Zone, with the Region that a short one leaves out.
func (g *guest) zone() string {
	if len(g.subnet.Zone) == 1 {
		return g.vpc.RegionName() + g.subnet.Zone
	}
	return g.subnet.Zone
}
