// Package netns makes network namespaces of Linux without a name, and runs code in them. Of such a namespace nothing is left when
// its file is closed and nobody is in it any more, at the end of the process at the latest.
//
// A thread is in a namespace, not a goroutine, and what is opened there stays there. Start with [New] and [Namespace.Do].
package netns
