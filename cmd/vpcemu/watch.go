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
// in several steps. What is not there is looked for every missingAgain.
const (
	quietAfter   = 100 * time.Millisecond
	missingAgain = time.Second / 2
)

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

// follow calls changed after changes until ctx ends or the watcher is closed, and failed with
// what keeps it from seeing some.
func (w *watcher) follow(ctx context.Context, changed func(), failed func(error)) {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	missing := false
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod && w.minds(e.Name) {
				quiet.Reset(quietAfter)
			}
		case err, ok := <-w.events.Errors:
			if !ok {
				return
			}
			failed(err)
			quiet.Reset(quietAfter) // there may have been a change among what is lost
		case <-quiet.C:
			err := w.add()
			was := missing
			if missing = errors.Is(err, fs.ErrNotExist); missing { // nobody tells of a folder that comes back
				quiet.Reset(missingAgain)
			} else if err != nil {
				failed(err)
			}
			if !missing || !was { // changed says what is missing, once
				changed()
			}
		}
	}
}

// minds reports whether a change of a name may be one of the file: of a folder that it is in
// too, which may have been put in the place of another.
func (w *watcher) minds(name string) bool {
	return inPath(name, w.path) || inPath(name, w.target) || inPath(w.path, name) || inPath(w.target, name) || w.resolve() != w.target
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
