// Package vpc describes a network: VPCs, subnets, interfaces, route tables,
// security groups and network ACLs, as plain data.
//
// A description can be written in Go with the Add… and Allow… methods, which
// read like a sentence, or be loaded from a file by package vpc/load. It does
// nothing by itself: package emu compiles it and carries packets through it.
// [Network.Validate] refuses what the EC2 API would refuse, with its error codes;
// [Network.CheckLimits] counts quotas; [Network.Assign] fills in the addresses
// that are left open.
//
// Names and IDs: everything has an ID and may have a name. A description written
// by hand uses its names as IDs. References (a subnet's route table, a rule's
// group) may use either and are looked up in their own VPC first.
//
// Start with [Network].
package vpc
