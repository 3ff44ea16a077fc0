// Package reach answers for all packets at once what a trace of package emu answers for
// one: which traffic gets from one end to another and is answered, what is in the way of
// the rest, and what is not known.
//
// It has no rules of its own. It sends one packet through the stages of package emu, which
// say for which others they would have decided the same (a box of services, source ports
// and addresses), and goes on with a packet outside of all boxes so far, until there is
// none.
package reach
