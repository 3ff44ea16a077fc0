// Package bench holds the networks and the traffic that benchmarks measure.
//
//	go test ./bench -bench . -benchmem
//
// Names carry the dimensions (BenchmarkEstablished/rules=60/flows=1000), so that
// benchstat can pivot on them. Figures of two versions, or of a peer, mean
// something only if they were measured in one run on one machine.
package bench
