package emu

import (
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
}

// Record is what flow logs are made of: one packet at one interface (FLOW-10,
// FLOW-11).
type Record struct {
	Time      time.Time
	Interface string
	Direction firewall.Direction
	Accept    bool
	Flow      packet.Flow
	Length    int // bytes, IP header included
}
