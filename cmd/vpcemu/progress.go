package main

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/vpcemu/vpcemu/reach"
)

// bar shows how far a long file has been read. The nil bar shows nothing.
type bar struct {
	bar  *progressbar.ProgressBar
	next int64 // where to move it again
}

// longCapture is from how many bytes on a capture takes long enough to show a bar.
const longCapture = 8 << 20

// readingBar is a bar on standard error for a long file, if somebody looks.
func (a *app) readingBar(name string, size int64) *bar {
	if a.quiet || size < longCapture || !isTerminal(a.stderr) {
		return nil
	}
	return &bar{bar: progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(name), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())}
}

// longMatrix is from how many pairs of ends on it takes long enough to show a bar.
const longMatrix = 2_000

// countingBar is a bar on standard error for so many things, if somebody looks.
func (a *app) countingBar(name string, count int) *bar {
	if a.quiet || count < longMatrix || !isTerminal(a.stderr) {
		return nil
	}
	return &bar{bar: progressbar.NewOptions(count,
		progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(name), progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())}
}

// watch has a bar for what is long as soon as that says how much there is of it; done
// takes it away.
func (a *app) watch(name string, of *reach.Progress) (done func()) {
	var b *bar
	*of = func(_, all int) {
		if b == nil {
			if b = a.countingBar(name, all); b == nil {
				*of = nil // nobody looks
				return
			}
		}
		b.add()
	}
	return func() { b.done() }
}

// add counts one thing.
func (b *bar) add() {
	if b != nil {
		_ = b.bar.Add(1)
	}
}

// at moves the bar, now and then.
func (b *bar) at(offset int64) {
	if b != nil && offset >= b.next {
		b.next = offset + longCapture/32
		_ = b.bar.Set64(min(offset, b.bar.GetMax64())) // a compressed file holds more
	}
}

// done takes the bar away.
func (b *bar) done() {
	if b != nil {
		_ = b.bar.Clear()
	}
}
