//go:build race

package emu_test

// raceDetector: with it, a sync.Pool forgets what it holds at random.
const raceDetector = true
