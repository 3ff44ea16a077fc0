package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/tap"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// reloader makes a running network follow its file.
type reloader struct {
	app     *app
	net     *tap.Net
	network string
	report  *report.Report // what was left out when it was read last
	publish func() (ended []string, err error)
}

// watchNetwork begins to watch the file of a network. An example has none.
func watchNetwork(network string) (*watcher, error) {
	if strings.HasPrefix(network, exampleScheme) {
		return nil, nil
	}
	return newWatcher(network)
}

// follow follows the file until ctx ends.
func (r *reloader) follow(ctx context.Context, w *watcher) {
	if w == nil {
		<-ctx.Done()
		return
	}
	defer w.close()
	w.follow(ctx, r.reload, func(err error) { r.app.say("%s  watching %s: %v", clock(), r.network, err) })
}

// reload reads the file and makes the network what it says. What is wrong with it is
// said, and changes nothing.
func (r *reloader) reload() {
	a := r.app
	n, rep, err := loadNetwork(r.network)
	if err != nil {
		a.say("%s  not taken over, the network stays as it was: %s", clock(), errorText(err))
		return
	}
	e := r.net.Emulator()
	before := e.Network()
	n.KeepAddresses(before)
	err = r.net.Update(func(to *vpc.Network) error {
		*to = *n
		return nil
	})
	if err != nil && !errors.Is(err, tap.ErrBehind) {
		a.say("%s  not taken over, the network stays as it was: %s", clock(), errorText(err))
		return
	}
	ended, failed := r.publish()
	if err := errors.Join(err, failed); err != nil {
		a.say("%s  %v", clock(), err)
	}
	if len(ended) > 0 {
		a.say("%s  ended %s", clock(), strings.Join(ended, ", "))
	}
	if !slices.EqualFunc(r.report.Notes, rep.Notes, sameNote) {
		a.warn(r.network, rep)
	}
	r.report = rep
	after := e.Network()
	changed := changes(newView(r.network, before), newView(r.network, after))
	if len(changed) == 0 {
		return
	}
	a.say("%s  %s", clock(), plural(len(changed), "change is in force", "changes are in force"))
	for _, c := range changed {
		a.say("  %s", c)
	}
	if old, err := emu.New(before, emu.Options{}); err == nil { // asked now, so that the change need not wait for the answers
		list, left := questions(r.net.Hosts(), r.net.Look().Flows, before, after)
		for _, line := range a.turns(list, answers(old, list), answers(e, list)) {
			a.say("  %s", line)
		}
		if len(left) > 0 {
			a.say("  %s", leftText(left))
		}
	}
	for _, x := range a.ask(e, after.Expect, false).Results {
		if !x.Holds {
			a.say("  %s   %s: expected %s, is %s", a.paint()(emu.Doubt, "fails"), x.Expectation, x.Want, x.Got)
		}
	}
}

// sameNote reports whether two notes say the same, perhaps of another line.
func sameNote(a, b report.Note) bool {
	return a.Verdict == b.Verdict && a.What == b.What && a.Why == b.Why
}

func clock() string { return time.Now().Format(time.TimeOnly) }

// question is one of what is asked before and after a change.
type question struct{ source, destination, service string }

// mostQuestions is how many are asked, about 40 µs each.
const mostQuestions = 5000

// questions are what may have opened or closed: what the files expect, the flows that
// are under way, and each of the services named so between all hosts. Of those beyond
// the first mostQuestions it says only which services they are about.
func questions(hosts []*tap.Host, flows []tap.Flow, networks ...*vpc.Network) (list []question, left []string) {
	seen := make(map[question]bool)
	add := func(q question) (fits bool) {
		switch {
		case seen[q] || q.source == q.destination:
			return true
		case len(list) < mostQuestions:
			seen[q] = true
			list = append(list, q)
			return true
		case !slices.Contains(left, q.service):
			left = append(left, q.service)
		}
		return false
	}
	everywhere := func(service string) {
		for _, from := range hosts {
			for _, to := range hosts {
				if !add(question{from.Name, to.Name, service}) {
					return
				}
			}
		}
	}
	for _, n := range networks {
		for _, x := range n.Expect {
			services, _, _ := x.Services()
			for _, s := range services { // what cannot be asked of one packet is passed over
				add(question{x.Source, x.Destination, s.String()})
			}
		}
	}
	for _, f := range flows {
		add(question{f.Host, cmp.Or(f.Peer, f.Address), f.Service})
	}
	for _, s := range servicesOf(list) {
		everywhere(s)
	}
	return list, left
}

// servicesOf are the services that questions name, each once.
func servicesOf(list []question) (services []string) {
	for _, q := range list {
		if !slices.Contains(services, q.service) {
			services = append(services, q.service)
		}
	}
	return services
}

// leftText says of which services not all was asked.
func leftText(left []string) string {
	const most = 5
	text := words(left[:min(len(left), most)])
	if n := len(left) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("what that opened or closed: %d questions were asked, not all about %s", mostQuestions, text)
}

// answer is what came out of a question, false if it cannot be asked: an end is not
// there.
type answer struct {
	verdict emu.Answer
	asked   bool
}

// answers are those to a list of questions.
func answers(e *emu.Emulator, list []question) []answer {
	all := make([]answer, len(list))
	for k, q := range list {
		svc, err := oneService(q.service)
		if err != nil {
			continue
		}
		if t, err := e.Trace(emu.Query{Source: q.source, Destination: q.destination, Service: svc}); err == nil {
			all[k] = answer{t.Verdict, true}
		}
	}
	return all
}

// turns are the questions whose answer a change has turned, each on a line.
func (a *app) turns(list []question, was, now []answer) []string {
	words := map[emu.Answer]string{
		emu.Reachable: a.paint()(emu.Good, "opened"), emu.Blocked: a.paint()(emu.Bad, "closed"), emu.Uncertain: a.paint()(emu.Doubt, "unsure"),
	}
	var lines []string
	for k, q := range list {
		if was[k].asked && now[k].asked && was[k] != now[k] {
			lines = append(lines, fmt.Sprintf("%s  %s → %s %s", words[now[k].verdict], q.source, q.destination, q.service))
		}
	}
	return lines
}
