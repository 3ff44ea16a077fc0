// Package examples holds small networks in the native format, to learn from and
// to try things on. They are part of the binary, which so can trace them on a
// machine that has nothing else.
//
// Each states its expectations, and the tests of the emulator check them. Start
// with three-tier.yaml.
package examples

import "embed"

// FS holds the examples by name, like "three-tier.yaml".
//
//go:embed *.yaml
var FS embed.FS
