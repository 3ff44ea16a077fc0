//go:build !linux

package main

import (
	"errors"

	"github.com/spf13/cobra"
)

var errNotLinux = errors.New("network namespaces need Linux")

func (a *app) up(c *cobra.Command, network string, f *upFlags) error { return errNotLinux }
func (a *app) detach(name string) error                              { return errNotLinux }
func (a *app) exec(name, host string, argv []string) error           { return errNotLinux }
func (a *app) down(name string) error                                { return errNotLinux }
func (a *app) top(name string, once bool, output string) error       { return errNotLinux }
func runningHosts(name string) []string                              { return nil }
func runNames() []string                                             { return nil }
