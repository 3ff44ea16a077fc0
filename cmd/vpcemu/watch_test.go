package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/require"
)

// TestWatcher: however a file is written, it is read afterwards.
func TestWatcher(t *testing.T) {
	write := func(t *testing.T, file, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	link := func(t *testing.T, to, name string) {
		require.NoError(t, os.Symlink(to, name+"~"))
		require.NoError(t, os.Rename(name+"~", name))
	}
	for _, c := range []struct {
		name    string
		path    string // what is watched
		file    string // what is read
		prepare func(t *testing.T)
		writes  []func(t *testing.T) // of "1", "2", …
	}{
		{"a file", "net.yaml", "net.yaml", func(t *testing.T) { write(t, "net.yaml", "0") }, []func(t *testing.T){
			func(t *testing.T) { write(t, "net.yaml", "1") },
			func(t *testing.T) { // as editors do
				write(t, "net.yaml~", "2")
				require.NoError(t, os.Rename("net.yaml~", "net.yaml"))
			},
			func(t *testing.T) {
				require.NoError(t, os.Remove("net.yaml"))
				write(t, "net.yaml", "3")
			},
		}},
		{"in a folder", "snapshot", "snapshot/us-east-1/ec2.json", func(t *testing.T) { write(t, "snapshot/us-east-1/ec2.json", "0") }, []func(t *testing.T){
			func(t *testing.T) { write(t, "snapshot/us-east-1/ec2.json", "1") },
		}},
		{"in a folder that is new", "snapshot", "snapshot/a/b/ec2.json", func(t *testing.T) { write(t, "snapshot/us-east-1/ec2.json", "0") }, []func(t *testing.T){
			func(t *testing.T) { write(t, "snapshot/a/b/ec2.json", "1") },
			func(t *testing.T) { write(t, "snapshot/a/b/ec2.json", "2") },
		}},
		{"a link", "net.yaml", "net.yaml", func(t *testing.T) {
			write(t, "there/net.yaml", "0")
			link(t, "there/net.yaml", "net.yaml")
		}, []func(t *testing.T){
			func(t *testing.T) { write(t, "there/net.yaml", "1") },
			func(t *testing.T) {
				write(t, "elsewhere/net.yaml", "2")
				link(t, "elsewhere/net.yaml", "net.yaml")
			},
			func(t *testing.T) { write(t, "elsewhere/net.yaml", "3") },
		}},
		{"a link through another, as Kubernetes has them", "net.yaml", "net.yaml", func(t *testing.T) {
			write(t, "v0/net.yaml", "0")
			link(t, "v0", "data")
			link(t, "data/net.yaml", "net.yaml")
		}, []func(t *testing.T){
			func(t *testing.T) {
				write(t, "v1/net.yaml", "1")
				link(t, "v1", "data")
			},
			func(t *testing.T) { write(t, "v1/net.yaml", "2") },
		}},
		{"in a folder that goes and comes back", "lab/net.yaml", "lab/net.yaml", func(t *testing.T) { write(t, "lab/net.yaml", "0") }, []func(t *testing.T){
			func(t *testing.T) { write(t, "lab/net.yaml", "1") },
			func(t *testing.T) {
				require.NoError(t, os.RemoveAll("lab"))
				write(t, "lab/net.yaml", "2")
			},
			func(t *testing.T) { write(t, "lab/net.yaml", "3") },
		}},
		{"in a folder that takes the place of another", "lab/net.yaml", "lab/net.yaml", func(t *testing.T) { write(t, "lab/net.yaml", "0") }, []func(t *testing.T){
			func(t *testing.T) { write(t, "lab/net.yaml", "1") },
			func(t *testing.T) {
				write(t, "new/net.yaml", "2")
				require.NoError(t, os.Rename("lab", "old"))
				require.NoError(t, os.Rename("new", "lab"))
			},
			func(t *testing.T) { write(t, "lab/net.yaml", "3") },
		}},
		{"a link to a folder", "snapshot", "snapshot/us-east-1/ec2.json", func(t *testing.T) {
			write(t, "there/us-east-1/ec2.json", "0")
			link(t, "there", "snapshot")
		}, []func(t *testing.T){
			func(t *testing.T) { write(t, "there/us-east-1/ec2.json", "1") },
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c.prepare(t)
			w, err := newWatcher(c.path)
			require.NoError(t, err)
			defer w.close()
			c.writes[0](t) // before anybody looks
			ctx, cancel := context.WithCancel(t.Context())
			read, ended := make(chan string, 1000), make(chan struct{})
			go func() {
				defer close(ended)
				w.follow(ctx, func() {
					b, _ := os.ReadFile(c.file)
					read <- string(b)
				}, func(err error) { t.Error(err) })
			}()
			for k := range c.writes {
				if k > 0 {
					c.writes[k](t)
				}
				want, deadline := strconv.Itoa(k+1), time.After(20*time.Second)
				for got := ""; got != want; {
					select {
					case got = <-read:
					case <-deadline:
						t.Fatal("not seen: " + want)
					}
				}
			}
			cancel()
			<-ended
		})
	}
}

// TestWatcher_Missing: that the folder is not there is told once, and so is that it has come back.
func TestWatcher_Missing(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("lab", 0o755))
	require.NoError(t, os.WriteFile("lab/net.yaml", nil, 0o600))
	w, err := newWatcher("lab/net.yaml")
	require.NoError(t, err)
	defer w.close()
	there := make(chan bool, 1000)
	go w.follow(t.Context(), func() {
		_, err := os.Stat("lab/net.yaml")
		there <- err == nil
	}, func(err error) { t.Error(err) })
	next := func() bool {
		select {
		case now := <-there:
			return now
		case <-time.After(20 * time.Second):
			t.Fatal("not seen")
			return false
		}
	}
	require.NoError(t, os.RemoveAll("lab"))
	require.False(t, next())
	time.Sleep(2*missingAgain + quietAfter)
	require.Empty(t, there, "told again")
	require.NoError(t, os.Mkdir("lab", 0o755))
	require.NoError(t, os.WriteFile("lab/net.yaml", nil, 0o600))
	require.True(t, next())
}

// TestWatcherGoesOn: what goes wrong is said, the file is read to be sure, and changes
// are seen afterwards.
func TestWatcherGoesOn(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("net.yaml", nil, 0o600))
	w, err := newWatcher("net.yaml")
	require.NoError(t, err)
	defer w.close()
	seen := make(chan error, 1000) // nil for a change
	go w.follow(t.Context(), func() { seen <- nil }, func(err error) { seen <- err })
	next := func() error {
		select {
		case err := <-seen:
			return err
		case <-time.After(20 * time.Second):
			t.Fatal("not seen")
			return nil
		}
	}
	w.events.Errors <- fsnotify.ErrEventOverflow
	require.ErrorIs(t, next(), fsnotify.ErrEventOverflow)
	require.NoError(t, next())
	require.NoError(t, os.WriteFile("net.yaml", []byte("1"), 0o600))
	require.NoError(t, next())
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
