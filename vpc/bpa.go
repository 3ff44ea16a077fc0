package vpc

import (
	"slices"
	"strings"
)

// BlockPublicAccess is VPC Block Public Access: what an account says, for one
// Region, about its internet gateways and egress-only internet gateways (IGW-28 to
// IGW-30).
type BlockPublicAccess struct {
	// Account and Region say which VPCs it is about; empty for all.
	Account, Region string
	Mode            BlockMode
	Exclusions      []BlockExclusion
	// Unknown, if not empty, says why the mode is not known; Mode does not count then.
	Unknown string
	Origin  string
}

// BlockMode is how much Block Public Access blocks. The zero mode is nothing.
type BlockMode uint8

// The modes.
const (
	BlockOff           BlockMode = iota
	BlockBidirectional           // all traffic to and from gateways (IGW-28)
	BlockIngress                 // all but that of NAT and egress-only gateways (IGW-29)
)

var blockModes = [...]string{"off", "block-bidirectional", "block-ingress"}

// String is AWS's word for the mode.
func (m BlockMode) String() string { return blockModes[m] }

// BlockModes are AWS's words, in the order of the modes.
func BlockModes() []string { return blockModes[:] }

// BlockExclusion exempts a VPC or a subnet from Block Public Access (IGW-30).
type BlockExclusion struct {
	// Resource is a VPC by ID or name, or a subnet: by ID, by a name that one
	// subnet of the network has, or as "vpc/subnet".
	Resource string
	// EgressOnly is AWS's allow-egress: what goes out, and its replies. Without it
	// everything is allowed, as with allow-bidirectional.
	EgressOnly bool
	Origin     string
}

// Mode is AWS's word for the exclusion's mode.
func (e *BlockExclusion) Mode() string {
	if e.EgressOnly {
		return "allow-egress"
	}
	return "allow-bidirectional"
}

// Covers reports whether the VPC is one that the settings are about. What is not
// known of a VPC is taken to fit.
func (b *BlockPublicAccess) Covers(v *VPC) bool {
	fits := func(mine, yours string) bool { return mine == "" || yours == "" || mine == yours }
	return fits(b.Account, v.Account) && fits(b.Region, v.Region)
}

// BlockAssumed reports whether nothing says what Block Public Access does to a VPC
// whose description may lack things: it is taken to be off, as AWS's default is.
func (n *Network) BlockAssumed(v *VPC) bool {
	return v.Partial && !slices.ContainsFunc(n.BlockPublicAccess, func(b *BlockPublicAccess) bool { return b.Covers(v) })
}

// Excluded finds what an exclusion names: a VPC, or a subnet and its VPC. Both
// are nil for nothing, and for a subnet's name that several have.
func (n *Network) Excluded(e *BlockExclusion) (*VPC, *Subnet) {
	if v := n.VPC(e.Resource); v != nil {
		return v, nil
	}
	if owner, rest, ok := strings.Cut(e.Resource, "/"); ok && n.VPC(owner) != nil {
		if s := n.VPC(owner).Subnet(rest); s != nil {
			return n.VPC(owner), s
		}
	}
	var in *VPC
	var found *Subnet
	for _, v := range n.VPCs {
		s := v.Subnet(e.Resource)
		switch {
		case s == nil:
		case found != nil:
			return nil, nil
		default:
			in, found = v, s
		}
	}
	return in, found
}

// blockPublicAccess checks that exclusions name something, once; a partial listing
// need not have it.
func (c *checker) blockPublicAccess() {
	partial := false
	for _, v := range c.n.VPCs {
		partial = partial || v.Partial
	}
	for k, b := range c.n.BlockPublicAccess {
		for _, o := range c.n.BlockPublicAccess[:k] {
			if o.Account == b.Account && o.Region == b.Region {
				c.add(subject{element: b, kind: "Block Public Access", name: b.Region, origin: b.Origin},
					wrong(CodeInvalidValue, "there are other settings for the same account and Region (ERR-5)"))
			}
		}
		seen := make(map[any]bool)
		for k := range b.Exclusions {
			e := &b.Exclusions[k]
			s := subject{element: e, kind: "Block Public Access exclusion", name: e.Resource, origin: e.Origin}
			v, subnet := c.n.Excluded(e)
			var key any = v
			if subnet != nil {
				key = subnet
			}
			switch {
			case v == nil && !partial:
				c.add(s, wrong(CodeSubnetNotFound, "names no VPC and no single subnet (ERR-8, ERR-9)"))
			case v != nil && seen[key]:
				c.add(s, wrong(CodeInvalidValue, "there is another exclusion of it (IGW-30)"))
			}
			seen[key] = true
		}
	}
}

// limitExclusions counts exclusions (LIM-58).
func (c *checker) limitExclusions(l Limits) {
	for _, b := range c.n.BlockPublicAccess {
		c.add(subject{element: b, kind: "Block Public Access", name: b.Region, origin: b.Origin},
			over(len(b.Exclusions), l.BlockExclusions, CodeBlockExclusionLimit, "exclusions", "LIM-58"))
	}
}
