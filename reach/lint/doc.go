// Package lint finds what is probably a mistake in a network: replies that cannot come
// back, rules that do nothing, routes into nothing, databases that the internet reaches.
//
// It says of each finding what packets see, with one to try where there is one, and what
// would mend it. What the description does not tell it does not guess: such places are
// [Unjudged], not findings, and not silence.
//
// Start with [Run]; [Checks] lists what it looks for.
package lint
