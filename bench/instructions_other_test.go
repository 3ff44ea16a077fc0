//go:build !linux

package bench

import "errors"

// instructions cannot be counted here.
func instructions(func()) (uint64, error) {
	return 0, errors.New("only Linux counts them here")
}
