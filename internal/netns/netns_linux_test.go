package netns

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mine = "/proc/thread-self/ns/net"

// at is the namespace of a file.
func at(t *testing.T, path string) os.FileInfo {
	i, err := os.Stat(path)
	assert.NoError(t, err)
	return i
}

func newNamespace(t *testing.T) *Namespace {
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: needs root")
	}
	n, err := New()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Close()) })
	return n
}

// TestThreads: what is done in a namespace leaves this process where it was.
func TestThreads(t *testing.T) {
	n := newNamespace(t)
	home, there := at(t, "/proc/self/ns/net"), at(t, fmt.Sprint("/proc/self/fd/", n.FD()))
	assert.False(t, os.SameFile(home, there))
	var wait sync.WaitGroup
	for range 100 { // the main thread is among those that they run on, sooner or later
		wait.Go(func() {
			assert.NoError(t, n.Do(func() error {
				assert.True(t, os.SameFile(there, at(t, mine)))
				return nil
			}))
			assert.True(t, os.SameFile(home, at(t, mine)))
		})
	}
	wait.Wait()
	assert.True(t, os.SameFile(home, at(t, "/proc/self/ns/net")))
	assert.ErrorIs(t, n.Do(func() error { return net.ErrClosed }), net.ErrClosed)
}

// TestOnThread_Goexit: who waits for what ends its goroutine, as a test does that fails, does not wait for ever.
func TestOnThread_Goexit(t *testing.T) {
	ended := make(chan error, 1)
	go func() { ended <- OnThread(func() error { runtime.Goexit(); return nil }) }()
	select {
	case err := <-ended:
		assert.ErrorContains(t, err, "ended its goroutine")
	case <-time.After(20 * time.Second):
		t.Fatal("it waits")
	}
}

func TestNew(t *testing.T) {
	n := newNamespace(t)
	require.NoError(t, n.Do(func() error {
		links, err := net.Interfaces()
		for _, l := range links {
			assert.Zero(t, l.Flags&net.FlagUp, l.Name)
		}
		return err
	}))
}

func TestEnter(t *testing.T) {
	n := newNamespace(t)
	home, path := at(t, "/proc/self/ns/net"), fmt.Sprint("/proc/self/fd/", n.FD())
	require.NoError(t, OnThread(func() error {
		assert.ErrorIs(t, Enter("/proc/self/fd/999999"), os.ErrNotExist)
		assert.ErrorContains(t, Enter("/dev/null"), "entering a network namespace")
		assert.True(t, os.SameFile(home, at(t, mine)), "still where it was")
		err := Enter(path)
		assert.True(t, os.SameFile(at(t, path), at(t, mine)))
		return err
	}))
}

func TestSysctl(t *testing.T) {
	const forward = "/proc/sys/net/ipv4/ip_forward"
	n := newNamespace(t)
	outside, err := os.ReadFile(forward)
	require.NoError(t, err)
	require.NoError(t, n.Do(func() error {
		for _, value := range []string{"1", "0"} {
			assert.NoError(t, Sysctl(map[string]string{"ipv4/ip_forward": value, "ipv9/ip_forward": "1"}))
			b, err := os.ReadFile(forward)
			assert.NoError(t, err)
			assert.Equal(t, value, strings.TrimSpace(string(b)))
		}
		assert.Error(t, Sysctl(map[string]string{"ipv4/ip_forward": "x"}))
		return nil
	}))
	still, err := os.ReadFile(forward)
	require.NoError(t, err)
	assert.Equal(t, outside, still)
}
