package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
)

func TestWantsColor(t *testing.T) {
	for _, c := range []struct {
		name, flag string
		env        map[string]string
		terminal   bool
		want       bool
	}{
		{"a terminal", "auto", nil, true, true},
		{"a pipe", "auto", nil, false, false},
		{"NO_COLOR", "auto", map[string]string{"NO_COLOR": "1"}, true, false},
		{"NO_COLOR with any value", "auto", map[string]string{"NO_COLOR": "0"}, true, false},
		{"NO_COLOR, but empty", "auto", map[string]string{"NO_COLOR": ""}, true, true},
		{"a dumb terminal", "auto", map[string]string{"TERM": "dumb"}, true, false},
		{"always, into a pipe", "always", nil, false, true},
		{"always, with NO_COLOR", "always", map[string]string{"NO_COLOR": "1"}, false, true},
		{"never", "never", nil, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, wantsColor(c.flag, func(key string) string { return c.env[key] }, c.terminal))
		})
	}
}

func TestPaint(t *testing.T) {
	for _, kind := range []emu.PaintKind{emu.Good, emu.Bad, emu.Doubt, emu.Faint, emu.Title} {
		assert.Regexp(t, `^\x1b\[\d+mx\x1b\[0m$`, paint(kind, "x"))
	}
	assert.Equal(t, "", paint(emu.Good, ""))
	assert.Equal(t, "x", paint(emu.PaintKind(99), "x"), "a kind that came later")
	assert.Equal(t, "x", plain(emu.Bad, "x"))
}

func TestOnlyTerminalsAreTerminals(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	assert.False(t, isTerminal(f))
	assert.False(t, isTerminal(new(bytes.Buffer)))
	assert.Zero(t, terminalWidth(f))
	assert.Zero(t, terminalWidth(new(bytes.Buffer)))
}
