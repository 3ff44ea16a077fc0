// Package routing finds where a packet goes next: route tables and
// longest-prefix match.
//
// It knows nothing of packets, interfaces or gateways; a [Target] is a name that
// package vpc gives a meaning. A [Route] is what a person writes, a [FIB] what a
// table of them compiles to.
//
// Start with [Route], which you write, and [Compile], which makes a [FIB].
package routing
