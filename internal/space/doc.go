// Package space has sets of packets as disjoint boxes: what an answer about one packet
// holds for, and what of all packets has not been asked about yet.
//
// A packet is a point in four dimensions, those that filters and routes look at in the
// first packet of a flow: service, source port, source and destination.
package space
