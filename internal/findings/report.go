package findings

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Forms are the words for what [Report.Write] writes.
var Forms = []string{"text", "json", "junit", "sarif", "github"}

// Severity is how bad a finding is. The zero Severity is Error.
type Severity uint8

// The severities, by SARIF's names.
const (
	Error Severity = iota
	Warning
	Note
)

var severities = [...]string{Error: "error", Warning: "warning", Note: "note"}

// String is "error", "warning" or "note".
func (s Severity) String() string { return severities[s] }

// MarshalText is the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a severity's name.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severities[:], string(text))
	if i < 0 {
		return fmt.Errorf("%q is no severity: want error, warning or note", text)
	}
	*s = Severity(i)
	return nil
}

// Finding is one thing that is wrong, or worth to know, and where. Its JSON form is
// stable.
type Finding struct {
	// ID is that of its [Rule].
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Message is one sentence, in plain text.
	Message string `json:"message"`
	// Detail is more of it, such as a trace; it may have many lines.
	Detail string `json:"detail,omitempty"`
	// Fix is what to do about it.
	Fix string `json:"fix,omitempty"`
	// Component is what it is about: "db-1", "sg db".
	Component string `json:"component,omitempty"`
	// File is as [Places] has it; empty if nothing was written about it. Line and
	// Column count from 1, and 0 is not known.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// place is "net.yaml:12:5", as far as it is known.
func (f *Finding) place() string {
	s := f.File
	if s != "" && f.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, f.Line)
		if f.Column > 0 {
			s = fmt.Sprintf("%s:%d", s, f.Column)
		}
	}
	return s
}

// Unjudged is something that cannot be said to be right or wrong. Its JSON form is stable.
type Unjudged struct {
	// IDs are those of the [Rule]s that it would be a finding of.
	IDs []string `json:"ids"`
	// Subject is what it is about, Why what is not known.
	Subject string `json:"subject"`
	Why     string `json:"why"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

// Rule is what findings of one ID have in common.
type Rule struct {
	ID string
	// Name is the ID in words, such as "DatabaseOpenToInternet".
	Name string
	// Short is a sentence, Help what it means and what to do, in Markdown; empty for
	// Short.
	Short, Help string
	Severity    Severity
	Tags        []string
}

// Case is one question that was asked, and what came out. JUnit counts them.
type Case struct {
	Name string
	// Group is the file that it stands in, or what else it belongs to.
	Group string
	// Failure is why it does not hold, Error why it could not be answered; both are
	// empty if it holds. Detail is more of either.
	Failure, Error, Detail string
	File                   string
	Line                   int
}

// Report is what a command found.
type Report struct {
	// Command is the one that found it, as "check", and Version that of vpcemu.
	Command, Version string
	// Subject is what was looked at: a file, a folder, an example. Findings that have no
	// file of their own are put there.
	Subject string
	// Rules are those that findings may have. One that is not there is made up of its
	// first finding.
	Rules    []Rule
	Findings []Finding
	// Unjudged are in the JSON form only.
	Unjudged []Unjudged
	// Cases are what was asked. If there are none, each finding is one that fails.
	Cases []Case
}

// Write writes the report in one of the [Forms].
func (r *Report) Write(out io.Writer, form string) error {
	switch form {
	case "text":
		return r.text(out)
	case "json":
		return r.json(out)
	case "junit":
		return r.junit(out)
	case "sarif":
		return r.sarif(out)
	case "github":
		return r.github(out)
	}
	return fmt.Errorf("%q is no form of an answer", form)
}

// json is an object with the findings, and with what was not judged.
func (r *Report) json(out io.Writer) error {
	list := r.Findings
	if list == nil {
		list = []Finding{}
	}
	return encode(out, struct {
		Command  string     `json:"command"`
		Subject  string     `json:"subject"`
		Findings []Finding  `json:"findings"`
		Unjudged []Unjudged `json:"unjudged,omitempty"`
	}{r.Command, r.Subject, list, r.Unjudged})
}

// encode writes JSON for people too: indented, with < and > as they are.
func encode(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// rules are those of the report and of its findings, each once.
func (r *Report) rules() []Rule {
	all := slices.Clone(r.Rules)
	for i := range r.Findings {
		f := &r.Findings[i]
		if ruleIndex(all, f.ID) < 0 {
			all = append(all, Rule{ID: f.ID, Name: f.ID, Short: f.Message, Help: f.Fix, Severity: f.Severity})
		}
	}
	return all
}

func ruleIndex(rules []Rule, id string) int {
	return slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
}
