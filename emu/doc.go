// Package emu moves packets through a network: real IPv4 and IPv6 packets, byte
// for byte, through subnets, route tables, internet gateways, network ACLs and
// stateful security groups, as they would go in an AWS VPC.
//
// An [Emulator] carries packets that are sent through a [Port], and answers
// questions: [Emulator.Trace] sends the packets of a question ("can app-1 reach
// db-1 on tcp/5432") through the same stages and tells everything they met. The
// order of the stages is in stages.go, the reasons for drops in reason.go.
//
// It starts no goroutines: a send runs to the delivery on the caller's. It reads
// no clock of its own but [Options.Now]. A packet that meets what is not modelled,
// or not described, has the fate [Unknown], never a guess.
//
// The network may change while packets move: [Emulator.Update] makes any change and
// costs what the network is large; [Emulator.UpdateSecurityGroup],
// [Emulator.UpdateNetworkACL], [Emulator.AddInterface] and [Emulator.RemoveInterface]
// cost what they touch.
//
// A VPC's resolver answers queries that are sent to it, in packets: private names of
// instances, endpoints and load balancers (dnsnames.go), and what [Options.Names] knows.
//
// Start with [New], or with package emutest in tests; with package netstack for real servers
// and clients.
package emu
