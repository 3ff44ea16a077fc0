package plan

import (
	"slices"

	"github.com/vpcemu/vpcemu/vpc"
)

// Exposure is what Block Public Access leaves of a subnet's way to the internet.
// The zero Exposure is all of it.
type Exposure uint8

// The exposures.
const (
	Exposed         Exposure = iota // not blocked, or excluded
	Blocked                         // nothing passes (IGW-28)
	GatewaysOnly                    // only NAT and egress-only gateways (IGW-29)
	OutboundOnly                    // what goes out, and its replies (IGW-30)
	UnknownExposure                 // the mode is not known
)

// blockPublicAccess works out the exposure of every subnet. An exclusion of a
// subnet counts before one of its VPC.
func (c *compiler) blockPublicAccess() {
	for _, b := range c.plan.Network.BlockPublicAccess {
		of := make(map[any]*vpc.BlockExclusion)
		for k := range b.Exclusions {
			switch v, s := c.plan.Network.Excluded(&b.Exclusions[k]); {
			case s != nil:
				of[s] = &b.Exclusions[k]
			case v != nil:
				of[v] = &b.Exclusions[k]
			}
		}
		for _, v := range c.plan.VPCs {
			for _, s := range slices.Concat(v.Subnets, v.nowhere) {
				e := of[s.Desc]
				if e == nil {
					e = of[v.Desc]
				}
				if b.Covers(v.Desc) && s.Exposure == Exposed {
					s.Exposure = exposure(b, e)
				}
			}
		}
	}
	for _, v := range c.plan.VPCs {
		assumed := c.plan.Network.BlockAssumed(v.Desc)
		for _, s := range slices.Concat(v.Subnets, v.nowhere) {
			s.ExposureAssumed = assumed
		}
	}
}

// exposure is what settings, as far as an exclusion, if there is one, leaves them,
// leave of a subnet's way to the internet.
func exposure(b *vpc.BlockPublicAccess, e *vpc.BlockExclusion) Exposure {
	switch {
	case e != nil && !e.EgressOnly:
		return Exposed
	case b.Unknown != "":
		return UnknownExposure
	case b.Mode == vpc.BlockOff:
		return Exposed
	case b.Mode == vpc.BlockIngress:
		return GatewaysOnly // allow-egress has no effect here
	case e != nil:
		return OutboundOnly
	}
	return Blocked
}
