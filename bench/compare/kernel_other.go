//go:build !linux

package main

import "fmt"

func kernelCases() ([]Case, error) { return nil, fmt.Errorf("%w: this is not Linux", errUnable) }
