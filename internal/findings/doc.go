// Package findings writes what a command found in the forms that people and continuous
// integration read: text, JSON, JUnit's XML, SARIF 2.1.0 and GitHub's workflow commands.
//
// It knows nothing of networks. Start with [Report], and [Places] for where things were
// written.
package findings
