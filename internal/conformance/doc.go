// Package conformance holds the rule book as tests: one file a rule in testdata,
// each a small network and probes with the verdict and the reason that the rule
// demands. Whoever has only the rule book can read them.
//
//	go test ./... -run RT-14     runs the tests of one rule
//	go test ./internal/conformance -run TestCoverage -v
//	                             lists the rules proven, not yet, and not applicable
//
// The form of the files is described in testdata/README.md.
package conformance
