// Package random makes up networks, and packets that could arrive in them, for
// tests: the same ones from the same seed. What a description can say, it says at
// times; addresses and names are few, so that things meet.
package random
