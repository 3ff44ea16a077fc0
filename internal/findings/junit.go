package findings

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// The elements of JUnit's report, as Jenkins, GitLab and others read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string       `xml:"name,attr"`
		Class   string       `xml:"classname,attr"`
		File    string       `xml:"file,attr,omitempty"`
		Line    int          `xml:"line,attr,omitempty"`
		Failure *junitResult `xml:"failure"`
		Error   *junitResult `xml:"error"`
	}
	junitResult struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit is a test case for each question, in a suite for each group.
func (r *Report) junit(out io.Writer) error {
	all := junitSuites{Name: "vpcemu " + r.Command}
	for _, c := range r.cases() {
		group := c.Group
		if group == "" {
			group = r.Subject
		}
		k := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == group })
		if k < 0 {
			k = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: group})
		}
		s := &all.Suites[k]
		j := junitCase{Name: Printable(c.Name), Class: Printable(group), File: Printable(c.File), Line: c.Line}
		switch {
		case c.Error != "":
			j.Error = &junitResult{Printable(c.Error), "unknown", Printable(c.Detail)}
			s.Errors++
			all.Errors++
		case c.Failure != "":
			j.Failure = &junitResult{Printable(c.Failure), "failure", Printable(c.Detail)}
			s.Failures++
			all.Failures++
		}
		s.Tests++
		all.Tests++
		s.Cases = append(s.Cases, j)
	}
	for k := range all.Suites {
		all.Suites[k].Name = Printable(all.Suites[k].Name)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// cases are those of the report, or one for each finding.
func (r *Report) cases() []Case {
	if r.Cases != nil {
		return r.Cases
	}
	all := make([]Case, len(r.Findings))
	for i := range r.Findings {
		f := &r.Findings[i]
		name := f.ID
		if f.Component != "" {
			name += " " + f.Component
		}
		if p := f.place(); p != "" {
			name += " " + p
		}
		detail := strings.TrimRight(f.Detail, "\n")
		if f.Fix != "" {
			detail = strings.TrimLeft(detail+"\n"+f.Fix, "\n")
		}
		all[i] = Case{Name: name, Group: f.File, Failure: f.Message, Detail: detail, File: f.File, Line: f.Line}
	}
	return all
}

// Printable has ? for what XML 1.0 cannot have.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r < utf8.RuneError, r > utf8.RuneError:
			return r
		}
		return '?'
	}, s)
}
