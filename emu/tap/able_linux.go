package tap

import (
	"errors"
	"fmt"
	"os"
)

// What a machine lacks that cannot give namespaces to hosts.
var (
	ErrNotRoot = errors.New("making network namespaces needs root: run it with sudo")
	ErrNoTUN   = errors.New("making TAP devices needs /dev/net/tun (CONFIG_TUN; in a container: --privileged)")
)

// able reports why this process cannot make namespaces and devices.
func able() error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoTUN, err)
	}
	return f.Close()
}
