//go:build !race

package emu_test

const raceDetector = false
