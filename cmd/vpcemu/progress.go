package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
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

// longMatrix is from how many rows on a matrix takes long enough to show a bar.
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
