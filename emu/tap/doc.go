// Package tap gives the instances of an emulated network to Linux. Each is a network
// namespace with an Ethernet device (TAP) for every interface, so that real programs
// talk to each other through the emulator, and get through or fail as in AWS:
//
//	namespace web-1                             namespace app-1
//	┌──────────────────────┐                   ┌──────────────────────┐
//	│ curl          eth0 ──┼── Port ▶ ─ ▶ Port ┼── eth0         nginx │
//	└──────────────────────┘     emulator      └──────────────────────┘
//
// The internet, on-premises networks and the services behind endpoints are
// namespaces too. So that a guest sees what it sees in AWS, the devices speak
// Ethernet: the fabric answers ARP and neighbour discovery (SUB-13, SUB-23), the
// router has a MAC address, and frames may go past it (SUB-21). The metadata service
// answers with what the description says, the resolver is the emulator's.
//
// Namespaces have no name in the file system: they live as long as the process, and
// the processes in them. Whatever ends the process takes them away, with their
// devices, addresses and routes; nothing outside them is ever touched, but files in a
// [Run]'s own folder.
//
// It needs Linux and root. Start with [Up].
package tap
