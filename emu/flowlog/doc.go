// Package flowlog writes the lines of VPC flow logs.
//
// An emulator calls [Logs.Flow] for every packet that an interface's filters have
// accepted or rejected. The records are put together by flow, in windows of 60
// seconds of the emulator's clock, and [Logs.Flush] writes the lines of the windows
// that are over: for each flow log of the description those of the interfaces that
// it covers, in its own format.
//
//	packet ─▶ FLOW-OUT / FLOW-IN ─▶ emu.Record ─▶ window: flow → sums ─▶ line of log A
//	                                                                  └▶ line of log B
//
// It does not deliver anything anywhere: lines go to an io.Writer. Start with [New],
// or with [Lines] for the records of one [emu.Trace].
package flowlog
