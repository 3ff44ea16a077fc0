// Package capture writes what passes the ports of an emulator to pcapng, for Wireshark
// and tshark, and reads captures, pcap and pcapng.
//
// A [Writer] is an observer. Every packet has a comment that says what became of it and
// why, and stands in the file up to three times, each time in the interface block of
// where it was seen:
//
//	interface "app-1"           as its guest sent it             dropped, SG_INGRESS: eni db-1, sg ingress: no rule of db …
//	interface "db-1"            as the guest there gets it       delivered to db-1
//	interface "db-1 (dropped)"  as it was where it was dropped,  dropped, SG_INGRESS: …
//	                            if that was not where it was sent
//
// So frame.interface_name == "db-1" in Wireshark is what a capture inside of db-1 would
// have, and nothing else.
//
// A [Reader] is for captures that nobody vouches for: it believes no length, needs no
// more memory for a file than for its longest packet, and finds the IP packet below
// Ethernet, VLAN tags, Linux's cooked headers and those of loopbacks. It is a source of
// packets for github.com/google/gopacket, whose own readers and writers the tests hold
// against these. They are not used here: the writer of pcapng has no comments, the
// readers allocate what a file claims, and linking them costs each start of a program 4
// milliseconds.
//
// Package emu/replay sends what a Reader reads through a network.
package capture
