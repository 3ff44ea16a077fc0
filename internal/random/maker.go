package random

import "math/rand/v2"

// Parts are what networks may have beside subnets, interfaces, filters, route tables
// and internet gateways.
type Parts uint

// The parts.
const (
	Peerings Parts = 1 << iota
	NATGateways
	Translation // regional NAT gateways, and routes for NAT64
	EgressOnlyGateways
	TransitGateways
	OnPremises // virtual private gateways, and attachments of transit gateways
	Endpoints  // gateway and interface endpoints
	Appliances // behind Gateway Load Balancer endpoints
	LoadBalancers
	PublicAccess // Block Public Access
	Details      // defaults of the VPC, instances with several interfaces, metadata, flow logs
	Gaps         // what is not understood

	Everything Parts = 1<<iota - 1
)

// Maker makes things up.
type Maker struct {
	*rand.Rand
	public int // the last byte of the latest public address
}

// New makes a maker: the n-th of a seed.
func New(seed, n uint64) *Maker { return &Maker{Rand: rand.New(rand.NewPCG(seed, n))} }

// One is true once in so many times.
func (m *Maker) One(in int) bool { return m.IntN(in) == 0 }

// Pick is one of a list.
func Pick[T any](m *Maker, from ...T) T { return from[m.IntN(len(from))] }

// some are those of a list that luck keeps, each with even chances.
func some[T any](m *Maker, from []T) []T {
	var kept []T
	for _, e := range from {
		if m.One(2) {
			kept = append(kept, e)
		}
	}
	return kept
}
