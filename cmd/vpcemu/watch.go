package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quietAfter is how long a file must be left alone before it is read: editors write
// in several steps.
const quietAfter = 100 * time.Millisecond

// watcher sees changes of a file, or of something in a folder. It watches the folder
// that a file is in, because editors put a new file in the place of the old one, and
// what a link leads to.
type watcher struct {
	events       *fsnotify.Watcher
	path, target string // as it was named, and where that leads
}

// newWatcher begins to watch: nothing is missed that changes before follow is called.
func newWatcher(path string) (*watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{events: events, path: filepath.Clean(path)}
	if err := w.add(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *watcher) close() { _ = w.events.Close() }

// add watches what is there now: also folders that are new, and where a link leads that
// has been changed.
func (w *watcher) add() error {
	w.target = w.resolve()
	return errors.Join(w.events.Add(filepath.Dir(w.path)), w.events.Add(filepath.Dir(w.target)), addFolder(w.events, w.target))
}

// resolve is where the path leads.
func (w *watcher) resolve() string {
	target, err := filepath.EvalSymlinks(w.path)
	if err != nil {
		return w.path // not there for now
	}
	return target
}

// follow calls changed after changes until ctx ends, and failed with what keeps it from
// seeing some.
func (w *watcher) follow(ctx context.Context, changed func(), failed func(error)) {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-w.events.Events:
			if e.Op != fsnotify.Chmod && (inPath(e.Name, w.path) || inPath(e.Name, w.target) || w.resolve() != w.target) {
				quiet.Reset(quietAfter)
			}
		case err := <-w.events.Errors:
			failed(err)
			quiet.Reset(quietAfter) // there may have been a change among what is lost
		case <-quiet.C:
			if err := w.add(); err != nil && !errors.Is(err, fs.ErrNotExist) { // changed says what is missing
				failed(err)
			}
			changed()
		}
	}
}

// addFolder watches what is in a folder, and in those in it, if it is one.
func addFolder(w *fsnotify.Watcher, path string) error {
	return filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return w.Add(path)
	})
}

// inPath reports whether a changed file is the one, or somewhere in the folder.
func inPath(name, path string) bool {
	rel, err := filepath.Rel(path, name)
	return err == nil && filepath.IsLocal(rel)
}
