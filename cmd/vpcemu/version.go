package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version of vpcemu",
		Long:              "Version prints which vpcemu this is, and what it was built with.",
		Example:           "  vpcemu version",
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, versionText())
			return err
		},
	}
}

// versionText is "vpcemu v1.2.3 (1a2b3c4d5e6f, modified) go1.26.0 linux/amd64",
// from what the Go command wrote into the binary.
func versionText() string {
	version, commit, modified := "(unknown)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(len(s.Value), 12)]
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = ", modified"
			}
		}
	}
	if commit != "" {
		commit = fmt.Sprintf(" (%s%s)", commit, modified)
	}
	return fmt.Sprintf("vpcemu %s%s %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// vpcemuVersion is the version alone, empty if it is not known.
func vpcemuVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
