// Package plan is the compiled network: what a description becomes before the
// first packet moves. A plan is immutable and replaced whole; compiling a changed
// description reuses every compiled part whose description did not change.
//
// A plan holds no state of flows and knows nothing of time; package emu keeps
// those and walks packets through it.
//
// Start with [Compile] and [Plan].
package plan
