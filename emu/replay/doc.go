// Package replay sends captured packets through a network, as if the hosts of the capture
// stood there, and tells of every flow what became of it.
//
// Each address of the capture stands for an end of the network. A packet is sent from
// the port of its source's end, at its own time, with the addresses that the ends have
// in the network. What answers it is addressed to what its receiver has seen, behind NAT
// gateways and load balancers too:
//
//	captured    192.168.1.10:40000 ─▶ 203.0.113.50:443      answer: 203.0.113.50:443 ─▶ 192.168.1.10:40000
//	sent        10.0.2.4:40000 ─▶ 203.0.113.50:443          as it arrives: 203.0.113.50:443 ─▶ 10.0.2.4:40000
//	arrives as  198.51.100.7:2201 ─▶ 203.0.113.50:443       sent:  203.0.113.50:443 ─▶ 198.51.100.7:2201
//
// Answers to what did not arrive are not sent: nobody would have. Interfaces without
// source/destination check send on what is not for them, as a [github.com/vpcemu/vpcemu/emu.Trace]
// takes middleboxes to do.
//
// Every packet of the capture is counted once: as passed, dropped or unknown, as withheld
// because it answers nothing, or as not used, with the reason. What is remembered grows
// with the number of flows and addresses, not with that of packets.
//
// Captures are taken as they are: what is in VXLAN, by which VPC Traffic Mirroring sends it, is taken
// out of it; segments that are larger than on the wire are cut as the network card does;
// what the snap length has cut off is sent as zeros. The [Report] says of how many packets.
//
// It replays packets, not applications: who gets no answer does not try again, and who
// would have sent less, without an answer, still sends what was captured.
//
// Start with [New].
package replay
