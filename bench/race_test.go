//go:build race

package bench

// raceDetector says that the tests run with the race detector.
const raceDetector = true
