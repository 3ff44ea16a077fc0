package main

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/tap"
)

func (a *app) top(name string, once bool, output string) error {
	r, err := tap.FindRun(name)
	if err != nil {
		return rootFirst(err)
	}
	l, err := r.Look()
	if err != nil {
		return err
	}
	switch {
	case output == "json":
		return writeJSON(a.out, l)
	case once || !isTerminal(a.stdout):
		return (&board{name: r.Name, look: l}).write(a.out, a.paint(), terminalWidth(a.stdout))
	}
	last, err := tea.NewProgram(liveTop{board: board{name: r.Name, look: l}, paint: a.paint(), run: r}, tea.WithOutput(a.stdout)).Run()
	if t, ok := last.(liveTop); ok && err == nil {
		err = t.err
	}
	return err
}

// lookEvery is how often the live view looks.
const lookEvery = time.Second

// liveTop is the live view.
type liveTop struct {
	board
	paint         emu.Paint
	run           *tap.Run
	width, height int
	err           error // that ended it
}

// looked is a new look at the network.
type looked struct {
	look tap.Look
	err  error
}

// Init begins to look.
func (t liveTop) Init() tea.Cmd { return t.lookLater() }

func (t liveTop) lookLater() tea.Cmd {
	return tea.Tick(lookEvery, func(time.Time) tea.Msg {
		l, err := t.run.Look()
		return looked{l, err}
	})
}

// Update follows keys, the terminal's size and looks.
func (t liveTop) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		t.width, t.height = m.Width, m.Height
	case looked:
		if t.err = m.err; t.err != nil {
			return t, tea.Quit
		}
		t.look = m.look
		return t, t.lookLater()
	case tea.KeyPressMsg:
		return t.key(m.String())
	}
	return t, nil
}

// key does what a key says.
func (t liveTop) key(name string) (tea.Model, tea.Cmd) {
	switch name {
	case "q", "esc", "ctrl+c":
		return t, tea.Quit
	case "tab":
		t.dropsFirst, t.skip = !t.dropsFirst, 0
	case "up", "k":
		t.skip = max(0, t.skip-1)
	case "down", "j":
		t.skip = min(t.skip+1, max(len(t.look.Flows), len(t.look.Drops)))
	}
	return t, nil
}

// View is the screen.
func (t liveTop) View() tea.View {
	v := tea.NewView(t.screen(t.paint, t.width, t.height))
	v.AltScreen = true
	return v
}
