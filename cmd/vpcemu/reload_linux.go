package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/tap"
	"github.com/vpcemu/vpcemu/vpc"
)

// reloader makes a running network follow its file.
type reloader struct {
	app     *app
	net     *tap.Net
	network string
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
	n, _, err := loadNetwork(r.network)
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
		list := questions(r.net, before, after)
		for _, line := range a.turns(list, answers(old, list), answers(e, list)) {
			a.say("  %s", line)
		}
	}
	for _, x := range ask(e, after.Expect, false).Results {
		if !x.Holds {
			a.say("  %s   %s: expected %s, is %s", a.paint()(emu.Doubt, "fails"), x.Expectation, x.Want, x.Got)
		}
	}
}

func clock() string { return time.Now().Format(time.TimeOnly) }

// question is one of what is asked before and after a change.
type question struct{ source, destination, service string }

// mostQuestions is how many are asked, about 40 µs each. What is left out of a large
// network are services that only flows have named.
const mostQuestions = 5000

// questions are what may have opened or closed: what the files expect, the flows that
// are under way, and each of the services named so between all hosts.
func questions(t *tap.Net, networks ...*vpc.Network) []question {
	var list []question
	seen := make(map[question]bool)
	add := func(q question) {
		if !seen[q] && len(list) < mostQuestions && q.source != q.destination {
			seen[q] = true
			list = append(list, q)
		}
	}
	var services []string
	for _, n := range networks {
		for _, x := range n.Expect {
			list, _, _ := x.Services()
			for _, s := range list { // what cannot be asked of one packet is passed over
				add(question{x.Source, x.Destination, s.String()})
				services = append(services, s.String())
			}
		}
	}
	for _, f := range t.Look().Flows {
		add(question{f.Host, cmp.Or(f.Peer, f.Address), f.Service})
		services = append(services, f.Service)
	}
	for _, s := range services {
		for _, from := range t.Hosts() {
			for _, to := range t.Hosts() {
				add(question{from.Name, to.Name, s})
			}
		}
	}
	return list
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
