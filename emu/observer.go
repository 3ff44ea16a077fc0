package emu

import (
	"net/netip"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// Observer sees what happens inside an emulator. Its functions are called on the
// sender's goroutine and must not keep the bytes they are shown.
type Observer struct {
	Packet func(Event)        // a packet has ended
	Flow   func(Record)       // a filter has accepted or rejected a packet at an interface
	Update func(epoch uint64) // a new network is in force
}

// Event is the end of one packet.
type Event struct {
	Time   time.Time
	From   string // interface that sent it, by ID, or "internet"
	Flow   packet.Flow
	Bytes  []byte // as it was when it ended
	Result Result
	// ShortCut means that it took the short cut of its flow, past the stages. Nothing
	// but time depends on it.
	ShortCut bool
}

// Record is what flow logs are made of: one packet at one interface (FLOW-10,
// FLOW-11). Package emu/flowlog makes lines of records.
type Record struct {
	Place                        // where it was taken
	Time      time.Time          // the zero Time in a trace, which has no clock
	Direction firewall.Direction // as seen from the interface (FLOW-35)
	Accept    bool
	Flow      packet.Flow // with the addresses in the packet (FLOW-8)
	Length    int         // bytes, IP header included
	// Source and Destination are those of Flow, but for the interface's own side,
	// which is its primary private IPv4 address (FLOW-7).
	Source, Destination netip.Addr
	Flags               packet.TCPFlags // of TCP
	// Path is AWS's number for the way that an accepted packet leaves by, 0 for none
	// (FLOW-36).
	Path uint8
	// Cause is AWS's reject-reason, "" for none (FLOW-34).
	Cause string
}

// Place is an interface and where it is, by ID.
type Place struct {
	Interface, VPC, Subnet string
	// Instance is empty for an interface that belongs to a gateway or a service
	// (FLOW-33).
	Instance string
	// Gateway is the gateway or endpoint that the interface belongs to, if any.
	Gateway string
	// Account owns the VPC (FLOW-44). Region and Zone are as they are described.
	Account, Region, Zone string
}
