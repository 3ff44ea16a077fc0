package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWatchFile: however a file is written, it is read afterwards.
func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "net.yaml")
	require.NoError(t, os.WriteFile(file, []byte("1"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	read, ended := make(chan string, 1000), make(chan error)
	follow := func(path string) {
		ended <- watchFile(ctx, path, func() {
			b, _ := os.ReadFile(file)
			read <- string(b)
		})
	}
	go follow(file)
	wants := func(want string, write func()) {
		t.Helper()
		deadline := time.After(20 * time.Second)
		for { // until it is watched
			write()
			select {
			case got := <-read:
				if got == want { // not what was written before, once more
					return
				}
			case <-time.After(2 * quietAfter):
			case <-deadline:
				t.Fatal("not seen: " + want)
			}
		}
	}
	wants("2", func() { require.NoError(t, os.WriteFile(file, []byte("2"), 0o600)) })
	wants("3", func() { // as editors do
		next := filepath.Join(dir, "net.yaml~")
		require.NoError(t, os.WriteFile(next, []byte("3"), 0o600))
		require.NoError(t, os.Rename(next, file))
	})
	cancel()
	require.NoError(t, <-ended)

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	file = filepath.Join(dir, "snapshot", "us-east-1", "ec2.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	go follow(filepath.Join(dir, "snapshot"))
	wants("4", func() { require.NoError(t, os.WriteFile(file, []byte("4"), 0o600)) })
	cancel()
	require.NoError(t, <-ended)
}

func TestInPath(t *testing.T) {
	for _, c := range []struct {
		name, path string
		want       bool
	}{
		{"net.yaml", "net.yaml", true},
		{"./net.yaml", "net.yaml", true},
		{"net.yaml~", "net.yaml", false},
		{"other.yaml", "net.yaml", false},
		{"/a/snapshot/ec2.json", "/a/snapshot", true},
		{"/a/snapshot/us-east-1/ec2.json", "/a/snapshot", true},
		{"/a/snapshot2/ec2.json", "/a/snapshot", false},
		{"/a", "/a/snapshot", false},
	} {
		require.Equal(t, c.want, inPath(c.name, c.path), "%s in %s", c.name, c.path)
	}
}
