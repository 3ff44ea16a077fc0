package reach

import (
	"encoding/json"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// MarshalJSON is the answer with why it is so. The form is stable:
//
//	{
//	  "source": "app-1", "destination": "db-1",
//	  "parts": [
//	    {
//	      "answer": "reachable",       or "unknown" or "blocked"
//	      "request": "reachable",      the same for the request alone
//	      "ip": 4,                     or 6
//	      "traffic": [{"services": ["tcp/5432"], "source_ports": ["1024-65535"]}],
//	      "depends": "…",              if the answer does on more than the packet
//	      "passed": […], "blockers": […], "unknowns": […]
//	    }
//	  ]
//	}
//
// Traffic says nothing of source ports that are all, and nothing of the addresses of an end
// that are all it has; see [Traffic.Destinations] for public ones. The last three are lists of
// [Reason].
func (a *Answer) MarshalJSON() ([]byte, error) {
	type part struct {
		Answer  emu.Answer `json:"answer"`
		Request emu.Answer `json:"request"`
		IP      int        `json:"ip"`
		Traffic []Traffic  `json:"traffic"`
		Depends string     `json:"depends,omitempty"`
		*Explanation
	}
	all := struct {
		Source      string `json:"source"`
		Destination string `json:"destination"`
		Parts       []part `json:"parts"`
	}{a.Source, a.Destination, make([]part, len(a.Parts))}
	for i := range a.Parts {
		p := &a.Parts[i]
		why, err := p.Explain()
		if err != nil {
			return nil, err
		}
		all.Parts[i] = part{p.Answer, p.Request, 4, p.Traffic(), p.Depends, why}
		if p.IPv6() {
			all.Parts[i].IP = 6
		}
	}
	return json.Marshal(all)
}

// MarshalJSON is {"services": ["tcp/443"], "source_ports": ["1024-65535"], "sources":
// ["10.0.0.0/8"], "destinations": ["10.0.1.5"], "nodes": ["front-public-a"]}, of which all
// but the first are left out if they are all, and the last, whose the destinations are, too
// if that is no load balancer.
func (t Traffic) MarshalJSON() ([]byte, error) {
	list := func(d int, words func(some, rest []space.Span) []string) []string {
		if rest := space.Except(t.may(d), t.product[d]); len(rest) > 0 {
			return words(t.product[d], rest)
		}
		return nil
	}
	var nodes []string
	addresses := func(d int) []string {
		return list(d, func(some, rest []space.Span) (words []string) {
			these, host := t.places.some(d, some)
			if !host {
				return addressWords(some, rest, t.places.v6)
			}
			for _, h := range these {
				words = append(words, h.address)
				if h.node != "" && !slices.Contains(nodes, h.node) {
					nodes = append(nodes, h.node)
				}
			}
			return words
		})
	}
	sources, destinations := addresses(space.Sources), addresses(space.Destinations)
	return json.Marshal(struct {
		Services     []string `json:"services"`
		SourcePorts  []string `json:"source_ports,omitempty"`
		Sources      []string `json:"sources,omitempty"`
		Destinations []string `json:"destinations,omitempty"`
		Nodes        []string `json:"nodes,omitempty"`
	}{
		serviceWords(t.product[space.Services], t.places.all[space.Services]),
		list(space.SourcePorts, func(some, _ []space.Span) []string { return portWords(some) }),
		sources, destinations, nodes,
	})
}
