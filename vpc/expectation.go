package vpc

import (
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
)

// Expectation is one claim of the author: traffic and what becomes of it.
type Expectation struct {
	// Source and Destination are an end of traffic each, or several: see package reach.
	Source, Destination string
	// Service is one or several, as [Expectation.Services] reads them; empty for all.
	Service string
	// Want is "reachable", "blocked" or "unknown".
	Want   string
	Origin string
}

// String is the traffic: "app-* -> db-1 only tcp/5432".
func (e *Expectation) String() string {
	return strings.TrimRight(fmt.Sprintf("%s -> %s %s", e.Source, e.Destination, e.Service), " ")
}

// Services reads the services: "tcp/443", "tcp/80, tcp/8000-8099", or "only tcp/5432",
// which says that these get through and nothing else does. None are all of them.
func (e *Expectation) Services() (list []firewall.Service, only bool, err error) {
	text := strings.TrimSpace(e.Service)
	if text == "" {
		return []firewall.Service{firewall.All}, false, nil
	}
	if rest, ok := strings.CutPrefix(text, "only "); ok {
		text, only = strings.TrimSpace(rest), true
	}
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			return nil, false, fmt.Errorf("%q: a service is missing before or behind a comma", e.Service)
		}
		s, err := firewall.ParseService(word)
		if err != nil {
			return nil, false, err
		}
		list = append(list, s)
	}
	if only && e.Want != "reachable" {
		return nil, false, fmt.Errorf("%q says what gets through, and so what does not: want reachable, not %q", e.Service, e.Want)
	}
	return list, only, nil
}

// SplitExpectation cuts "SRC -> DST SERVICES" into its parts. The services may be absent
// if it is clear that the last word is none: it is the only one behind the arrow, or
// follows "except" or a comma. It is false if something is missing; whether the services
// are such says [Expectation.Services].
func SplitExpectation(line string) (e Expectation, ok bool) {
	source, rest, arrow := strings.Cut(line, "->")
	e.Source, rest = strings.TrimSpace(source), strings.TrimSpace(rest)
	if !arrow || e.Source == "" || rest == "" {
		return Expectation{}, false
	}
	at := len(rest) // where the services begin
	for at > 0 {
		from := strings.LastIndexByte(strings.TrimRight(rest[:at], " "), ' ') + 1
		word, first := strings.TrimRight(rest[from:at], " "), at == len(rest)
		good := word == "," && !first || areServices(word)
		if from == 0 && good {
			return Expectation{}, false // and no destination
		}
		if from == 0 || !good && (!first || inList(rest[:from])) {
			break
		}
		at = from
		if before := strings.TrimRight(rest[:at], " "); !good || !strings.HasSuffix(before, ",") && word[0] != ',' {
			break
		}
	}
	e.Destination, e.Service = strings.TrimRight(rest[:at], " "), strings.TrimLeft(rest[at:], ", ")
	if before, isOnly := strings.CutSuffix(e.Destination, " only"); isOnly && e.Service != "" && strings.TrimSpace(before) != "" {
		e.Destination, e.Service = strings.TrimRight(before, " "), "only "+e.Service
	}
	e.Destination = strings.TrimRight(e.Destination, ", ")
	return e, true
}

// areServices reports whether a word is a service, or several with commas.
func areServices(word string) bool {
	for s := range strings.SplitSeq(strings.Trim(word, ", "), ",") {
		if _, err := firewall.ParseService(s); err != nil {
			return false
		}
	}
	return true
}

// inList reports whether what follows is one more of a list of ends.
func inList(before string) bool {
	before = strings.TrimRight(before, " ")
	if strings.HasSuffix(before, ",") {
		return !areServices(before[strings.LastIndexByte(before, ' ')+1:])
	}
	return strings.HasSuffix(before, " except")
}
