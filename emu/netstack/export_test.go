package netstack

// WithQueues gives a host short queues.
func WithQueues(out, in int) Options { return Options{queues: [2]int{out, in}} }

// Sent is how many IP packets the host's TCP/IP has made and the link has taken.
func (h *Host) Sent() uint64 { return h.stack.Stats().IP.PacketsSent.Value() }

// Received is how many IP packets have come to the host's TCP/IP.
func (h *Host) Received() uint64 { return h.stack.Stats().IP.PacketsReceived.Value() }
