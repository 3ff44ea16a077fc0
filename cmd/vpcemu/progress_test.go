package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/reach"
)

// TestWatch: who does not look at a terminal is told nothing, and is not asked again.
func TestWatch(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	var of reach.Progress
	done := a.watch("net.yaml", &of)
	of(1, 1_000_000)
	assert.Nil(t, of)
	done()
	assert.Empty(t, stderr.String())
}
