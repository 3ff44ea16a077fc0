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

// watchFile calls changed when a file, or something in a folder, has changed, until ctx
// ends. It watches the folder that a file is in, because editors put a new file in the
// place of the old one.
func watchFile(ctx context.Context, path string, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	path = filepath.Clean(path)
	if err := errors.Join(w.Add(filepath.Dir(path)), addFolder(w, path)); err != nil {
		return err
	}
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Events:
			if !ok {
				return nil
			}
			if inPath(e.Name, path) && e.Op != fsnotify.Chmod {
				quiet.Reset(quietAfter)
			}
		case err := <-w.Errors:
			return err
		case <-quiet.C:
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
