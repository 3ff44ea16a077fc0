package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWatchFile: however a file is written, it is read afterwards; what is beside it
// does not matter.
func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "net.yaml")
	require.NoError(t, os.WriteFile(file, []byte("1"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	read, ended := make(chan string, 10), make(chan error)
	go func() {
		ended <- watchFile(ctx, file, func() {
			b, _ := os.ReadFile(file)
			read <- string(b)
		})
	}()
	wants := func(want string, write func()) {
		t.Helper()
		deadline := time.After(20 * time.Second)
		for { // until it is watched
			write()
			select {
			case got := <-read:
				require.Equal(t, want, got)
				return
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
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.yaml"), []byte("x"), 0o600))
	wants("4", func() { require.NoError(t, os.WriteFile(file, []byte("4"), 0o600)) })
	cancel()
	require.NoError(t, <-ended)
	require.Empty(t, read)
}
