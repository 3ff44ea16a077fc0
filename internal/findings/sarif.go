package findings

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// The objects of SARIF 2.1.0 that are written, by the names of the standard.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool       `json:"tool"`
		Automation sarifAutomation `json:"automationDetails"`
		ColumnKind string          `json:"columnKind"`
		Results    []sarifResult   `json:"results"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		URI     string      `json:"informationUri"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string          `json:"id"`
		Name          string          `json:"name"`
		Short         sarifText       `json:"shortDescription"`
		Full          sarifText       `json:"fullDescription"`
		Help          sarifText       `json:"help"`
		Configuration sarifLevel      `json:"defaultConfiguration"`
		Properties    sarifProperties `json:"properties"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifLevel struct {
		Level Severity `json:"level"`
	}
	sarifProperties struct {
		Tags      []string `json:"tags"`
		Precision string   `json:"precision"`
		// Severity is "9.0": GitHub shows critical over 9.0, high from 7.0, medium from 4.0.
		Severity string `json:"security-severity"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        Severity          `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
)

// sarif is a log with one run. GitHub's code scanning wants of each rule a help text, and
// of each result a place in a file with a line: what has none is put on the first line of
// what was looked at. Paths are those of [Places], relative to where the command ran,
// which in a workflow is the root of the repository.
func (r *Report) sarif(out io.Writer) error {
	rules := r.rules()
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "vpcemu", URI: "https://github.com/vpcemu/vpcemu", Version: r.Version, Rules: []sarifRule{}}},
		Automation: sarifAutomation{"vpcemu/" + r.Command + "/"},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	for i := range rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rules[i].sarif())
	}
	seen := make(map[string]int)
	for i := range r.Findings {
		f := &r.Findings[i]
		run.Results = append(run.Results, sarifResult{
			RuleID: f.ID, RuleIndex: ruleIndex(rules, f.ID), Level: f.Severity, Message: sarifText{Text: f.words()},
			Locations: []sarifLocation{f.location(r.Subject)}, Fingerprints: f.fingerprints(seen),
		})
	}
	return encode(out, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func (r *Rule) sarif() sarifRule {
	help := r.Help
	if help == "" {
		help = r.Short
	}
	tags := append([]string{"security", "network"}, r.Tags...)
	return sarifRule{
		ID: r.ID, Name: r.Name, Short: sarifText{Text: r.Short}, Full: sarifText{Text: r.Short}, Help: sarifText{help, help},
		Configuration: sarifLevel{r.Severity},
		Properties:    sarifProperties{tags, "very-high", [...]string{Error: "8.0", Warning: "5.0", Note: "2.0"}[r.Severity]},
	}
}

// words are all that there is to say. The message of a result is plain text.
func (f *Finding) words() string {
	all := f.Message
	for _, more := range [...]string{f.Detail, f.Fix} {
		if more = strings.TrimRight(more, "\n"); more != "" {
			all += "\n\n" + more
		}
	}
	return all
}

func (f *Finding) location(subject string) sarifLocation {
	file := f.File
	if file == "" {
		file = subject
	}
	l := sarifLocation{Physical: sarifPhysical{artifact(file), sarifRegion{max(f.Line, 1), f.Column}}}
	if f.Component != "" {
		l.Logical = []sarifLogical{{f.Component}}
	}
	return l
}

// artifact is a file as a URI: relative to the root of the repository, unless it is
// somewhere else.
func artifact(file string) sarifArtifact {
	slashed := path.Clean(filepath.ToSlash(file))
	if filepath.IsAbs(file) || strings.HasPrefix(slashed, "/") {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: slashed}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: slashed}).String(), Base: "%SRCROOT%"}
}

// fingerprints tell that a finding is the one of an earlier run although lines have
// moved: by rule, component and message, and a count where these are the same.
func (f *Finding) fingerprints(seen map[string]int) map[string]string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.ID, f.File, f.Component, f.Message}, "\x00")))
	print := hex.EncodeToString(sum[:16])
	seen[print]++
	return map[string]string{"vpcemu/v1": fmt.Sprintf("%s:%d", print, seen[print])}
}
