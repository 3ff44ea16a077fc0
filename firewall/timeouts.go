package firewall

import "time"

// Timeouts are the idle times after which tracked flows of an interface are
// forgotten. A zero field means AWS's default.
type Timeouts struct {
	TCPEstablished time.Duration // 60 s to 432,000 s, default 432,000 s (SG-37)
	UDP            time.Duration // one direction or one exchange: 30 s to 60 s, default 30 s (SG-38)
	UDPStream      time.Duration // more than one exchange: 60 s to 180 s, default 180 s (SG-39)
}

// Idle times that cannot be set (SG-40, SG-41).
const (
	tcpHandshakeTimeout = 60 * time.Second
	icmpTimeout         = 30 * time.Second
	otherTimeout        = 600 * time.Second
)

// OrDefault fills the zero fields with AWS's defaults.
func (t Timeouts) OrDefault() Timeouts {
	if t.TCPEstablished == 0 {
		t.TCPEstablished = 432_000 * time.Second
	}
	if t.UDP == 0 {
		t.UDP = 30 * time.Second
	}
	if t.UDPStream == 0 {
		t.UDPStream = 180 * time.Second
	}
	return t
}
