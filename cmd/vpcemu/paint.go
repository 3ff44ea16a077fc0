package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/vpcemu/vpcemu/emu"
)

// The colours are those of the terminal's own palette, so that they suit its
// background.
var ansi = [...]string{
	emu.Good: "\x1b[32m", emu.Bad: "\x1b[31m", emu.Doubt: "\x1b[33m", emu.Faint: "\x1b[2m", emu.Title: "\x1b[1m",
}

const ansiReset = "\x1b[0m"

// paint colours a piece of text with the terminal's codes.
func paint(kind emu.PaintKind, text string) string {
	if text == "" || int(kind) >= len(ansi) || ansi[kind] == "" {
		return text
	}
	return ansi[kind] + text + ansiReset
}

// plain leaves a piece of text as it is.
func plain(_ emu.PaintKind, text string) string { return text }

// paint is how this run colours text.
func (a *app) paint() emu.Paint {
	if wantsColor(a.color.value, os.Getenv, isTerminal(a.stdout)) {
		return paint
	}
	return plain
}

// wantsColor decides on colour: the flag, then NO_COLOR (any value but the empty
// one, see no-color.org), then whether somebody sees it.
func wantsColor(flag string, getenv func(string) string, terminal bool) bool {
	switch flag {
	case "always":
		return true
	case "never":
		return false
	}
	return terminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the number of columns, 0 if lines may be as long as they like.
func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}
