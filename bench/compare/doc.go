// Command compare measures vpcemu beside other projects that do the same job, on
// the same packets and tables, in one run.
//
//	cd bench/compare && go run . [-only lpm,filter,forward,kernel] [-o table|json|markdown] [-rounds N]
//
// Times depend on the machine and on what else it does; so the peers of a case
// take turns, a slice of a round each, and what counts is the ratio of two
// slices of one round. For the same reason the time is that which the processor
// spent on this process, in the system too (-time wall for the other one).
// `go test` here proves that the peers that are compared give the same answers.
//
// The family kernel is Linux itself as a router. It needs root, and works in
// network namespaces without a name, which are gone when the process is; nothing
// else of the machine is changed.
//
// It is a module of its own, so that who uses vpcemu downloads none of the peers.
// There is a file for each of them; a peer is a [Peer], and a new way into our
// emulator is a line of ways in forward.go.
package main
