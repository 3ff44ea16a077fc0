// Package rooms keeps the imports between the project's packages one-way: its
// test holds the table of ARCHITECTURE.md against the source.
package rooms
