// Package bench makes up networks, traffic, tables and rules, and measures what they
// cost: in benchmarks,
//
//	go test ./bench -bench . -benchmem         (-short: nothing that takes gigabytes)
//
// and in "vpcemu bench", by the same [Group]s of [Case]s. Names carry the dimensions
// (BenchmarkForward/path=subnet/rules=60/flows=1000/batch=32), so that benchstat can
// pivot on them. Figures of two versions, or of a peer, mean something only if they
// were measured in one run on one machine; bench/compare has the peers.
//
// All that is made up comes from seeds: the same name is the same input everywhere.
// docs/performance.md says what the figures are and where the time goes.
package bench
