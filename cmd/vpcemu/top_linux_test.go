package main

import (
	"errors"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/emu/tap"
)

// TestTopKeys: what keys, the terminal and looks do to the live view.
func TestTopKeys(t *testing.T) {
	m := tea.Model(liveTop{board: board{name: "net", look: someLook(30)}, paint: plain})
	press := func(code rune) tea.Cmd {
		var cmd tea.Cmd
		m, cmd = m.Update(tea.KeyPressMsg{Code: code})
		return cmd
	}
	at := func() liveTop { return m.(liveTop) }
	m, _ = m.Update(tea.WindowSizeMsg{Width: 110, Height: 24})
	b := at().board
	assert.Equal(t, b.screen(plain, 110, 24), at().View().Content)
	assert.True(t, at().View().AltScreen)
	assert.Nil(t, press(tea.KeyUp))
	assert.Zero(t, at().skip)
	press(tea.KeyDown)
	press(tea.KeyDown)
	press(tea.KeyUp)
	assert.Equal(t, 1, at().skip)
	press(tea.KeyTab)
	assert.True(t, at().dropsFirst)
	assert.Zero(t, at().skip)
	assert.Nil(t, press('x'))

	m, cmd := m.Update(looked{look: someLook(2)})
	assert.NotNil(t, cmd, "looks again")
	assert.Len(t, at().look.Flows, 2)
	for _, quit := range []rune{'q', tea.KeyEscape} {
		assert.Equal(t, tea.QuitMsg{}, press(quit)())
	}
	m, cmd = m.Update(looked{err: tap.ErrNotUp})
	assert.Equal(t, tea.QuitMsg{}, cmd())
	assert.True(t, errors.Is(at().err, tap.ErrNotUp))
}
