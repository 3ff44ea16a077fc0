// Package netstack puts userspace TCP/IP hosts on the ports of an emulated network, so
// that Go servers and clients talk through the VPC:
//
//	web, err := netstack.New(e, "web-1", netstack.Options{})
//	…
//	client := http.Client{Transport: &http.Transport{DialContext: web.DialContext}}
//
// A host is gVisor's TCP/IP with the addresses of an interface; nothing of the machine's
// network is touched, and no rights are needed. What it sends are packets through
// [emu.Port], which meet everything that packets of an instance meet: a connection that a
// security group drops times out, a closed port refuses, a packet too large for the
// internet gateway is answered and sent again smaller, and names are asked of the VPC's
// resolver.
//
// It is no part of the emulator, which has no goroutines and no gVisor: a host has some of
// its own, which [Host.Close] ends. Time is the machine's, or [Options.Clock]'s; in a bubble of
// testing/synctest gVisor does not run.
package netstack
