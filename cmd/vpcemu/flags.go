package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// choice is a flag whose value is one of a few words; the first is the default.
type choice struct {
	value   string
	allowed []string
}

func oneOf(allowed ...string) choice { return choice{allowed[0], allowed} }

// String is the word.
func (c *choice) String() string { return c.value }

// Type is what the help shows as the flag's value.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

// Set takes one of the words.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("want %s", orList(c.allowed))
	}
	c.value = s
	return nil
}

// choices is a flag whose value is some of a few words, with commas between them.
type choices struct{ values, allowed []string }

// String is the words as they were given.
func (c *choices) String() string { return strings.Join(c.values, ",") }

// Type is what the help shows as the flag's value.
func (c *choices) Type() string { return "LIST" }

// Set adds words.
func (c *choices) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); !slices.Contains(c.allowed, word) {
			return fmt.Errorf("there is no %q: want %s", word, orList(c.allowed))
		}
		c.values = append(c.values, word)
	}
	return nil
}

// has reports whether a word was chosen; without the flag, all are.
func (c *choices) has(word string) bool {
	return len(c.values) == 0 || slices.Contains(c.values, word)
}

// orList is "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	if last <= 0 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// outputFlag adds -o to a command.
func outputFlag(c *cobra.Command, form *choice, help string) {
	c.Flags().VarP(form, "output", "o", help)
	completeChoice(c, "output", form.allowed)
}
