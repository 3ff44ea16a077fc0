package replay

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// Report is what became of a capture. Its JSON form is stable.
type Report struct {
	// Read are all packets of the capture: those that passed, were dropped, met the
	// unknown, were withheld since they answer nothing that arrived, and those that were
	// not used.
	Read int `json:"read"`
	Tally
	Unused int `json:"not_used"`
	// Unwrapped are those of the packets that were in VXLAN, of which what is inside was taken.
	Unwrapped int `json:"unwrapped,omitempty"`
	// Flows are in the order in which they began.
	Flows []*Flow `json:"flows"`
	// NotUsed says why, most packets first.
	NotUsed []NotUsed `json:"not_used_because"`
}

// Tally counts packets, and the bytes of those that were sent, IP headers included.
type Tally struct {
	Passed   int `json:"passed"`
	Dropped  int `json:"dropped"`
	Unknown  int `json:"unknown"`
	Withheld int `json:"withheld"`
	Bytes    int `json:"bytes"`
}

// Packets are all that were counted.
func (t *Tally) Packets() int { return t.Passed + t.Dropped + t.Unknown + t.Withheld }

// count adds a packet that was sent.
func (t *Tally) count(v Verdict, bytes int) {
	t.Bytes += bytes
	switch v {
	case Passed:
		t.Passed++
	case Unknown:
		t.Unknown++
	default:
		t.Dropped++
	}
}

// Verdict is how packets fared, the worst of them. The zero Verdict is Dropped.
type Verdict uint8

// The verdicts.
const (
	Dropped Verdict = iota // or gone astray
	Unknown
	Passed
)

var verdicts = [...]string{Dropped: "dropped", Unknown: "unknown", Passed: "passed"}

// String is "dropped", "unknown" or "passed".
func (v Verdict) String() string { return verdicts[v] }

// MarshalText is the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Verdict is the worst that packets met: [Passed] if all that were sent got through.
func (t *Tally) Verdict() Verdict {
	switch {
	case t.Dropped > 0:
		return Dropped
	case t.Unknown > 0:
		return Unknown
	}
	return Passed
}

// Verdict is that of the whole capture: Unknown also if packets could not be used that
// might have been dropped, and if there was nothing to send.
func (r *Report) Verdict() Verdict {
	v := r.Tally.Verdict()
	sent := r.Packets() - r.Withheld
	if v == Passed && (sent == 0 || slices.ContainsFunc(r.NotUsed, func(u NotUsed) bool { return u.Matters })) {
		return Unknown
	}
	return v
}

// Direction says who sends a packet of a flow: its request or its reply.
type Direction uint8

// The directions of a flow. Who sends its first packet is the client.
const (
	Request Direction = iota
	Reply
)

var directions = [...]string{Request: "request", Reply: "reply"}

// String is "request" or "reply".
func (d Direction) String() string { return directions[d] }

// MarshalText is the direction's name.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Flow is one flow of a capture and what became of it.
type Flow struct {
	// Captured, Sent and Arrived are its first packet in the capture, as the client
	// sends it and as the server gets it; Arrived is empty if none has arrived.
	Captured string `json:"captured"`
	Sent     string `json:"sent"`
	Arrived  string `json:"arrived,omitempty"`
	// Client and Server are the ends, by the names that they are mapped to.
	Client  string  `json:"client"`
	Server  string  `json:"server"`
	First   int     `json:"first"` // number of its first packet
	Verdict Verdict `json:"verdict"`
	Request Tally   `json:"request"`
	Reply   Tally   `json:"reply"`
	// Offloaded are the packets that were captured as they are only above a network card, and
	// were sent in segments as it sends them. Each counts once, as the worst of its segments.
	Offloaded int `json:"offloaded,omitempty"`
	// Snapped are the packets that were cut short when they were captured, and were sent
	// with zeros for what is missing.
	Snapped int `json:"snapped,omitempty"`
	// Lost are the ways in which packets were lost, in the order in which it happened.
	Lost []*Loss `json:"lost,omitempty"`

	captured, sent packet.Flow
	client, server *end
	arrived        packet.Flow // as the server saw it last, if known
	at             *emu.Port   // where it arrived, nil if it has not
	answered       bool        // by a service of the fabric
	mss            [2]int      // by direction, what the other end takes, 0 if not known
}

// tally is that of a direction.
func (f *Flow) tally(d Direction) *Tally {
	if d == Reply {
		return &f.Reply
	}
	return &f.Request
}

// Loss is one way in which packets of a flow were lost.
type Loss struct {
	Direction Direction `json:"direction"`
	Verdict   Verdict   `json:"verdict"`
	Packets   int       `json:"packets"`
	First     int       `json:"first"` // the number of the first of them
	// Astray says where packets arrived that arrived, but not where they were meant to;
	// Step is empty then.
	Astray string   `json:"astray,omitempty"`
	Step   emu.Step `json:"step,omitzero"`

	key lossKey
}

// lossKey tells ways of losing packets of one flow from each other.
type lossKey struct {
	direction Direction
	result    emu.Result
	stage     emu.Stage
	at        emu.Place
	astray    string
}

// NotUsed are packets that were not sent.
type NotUsed struct {
	Because string `json:"because"`
	Packets int    `json:"packets"`
	First   int    `json:"first"` // the number of the first of them
	// Matters means that it is not known how they would have fared.
	Matters bool `json:"matters"`
	// Unmapped are the addresses that stand for nobody, if that is why.
	Unmapped []netip.Addr `json:"unmapped,omitempty"`
}

// maxReasons is how many reasons not to use packets are told apart: a capture may have
// any number of addresses.
const maxReasons = 1000

// unused counts a packet that is not sent.
func (r *Replay) unused(u NotUsed) {
	r.report.Unused++
	i, ok := r.reasons[u.Because]
	if !ok {
		if len(r.reasons) >= maxReasons {
			u.Because, u.Unmapped = "other reasons", nil
		}
		if i, ok = r.reasons[u.Because]; !ok {
			i = len(r.report.NotUsed)
			u.First = r.number
			r.reasons[u.Because], r.report.NotUsed = i, append(r.report.NotUsed, u)
		}
	}
	n := &r.report.NotUsed[i]
	n.Packets++
	n.Matters = n.Matters || u.Matters
}

// Report is what has become of the packets so far. It is the replay's own: read it
// before the next packet.
func (r *Replay) Report() *Report {
	all := r.report
	all.NotUsed = slices.Clone(all.NotUsed)
	slices.SortStableFunc(all.NotUsed, func(a, b NotUsed) int { return cmp.Compare(b.Packets, a.Packets) })
	for _, f := range all.Flows {
		both := Tally{Dropped: f.Request.Dropped + f.Reply.Dropped, Unknown: f.Request.Unknown + f.Reply.Unknown}
		f.Verdict = both.Verdict()
		if f.at != nil {
			f.Arrived = f.arrived.String()
		}
	}
	return &all
}
