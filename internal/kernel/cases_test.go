//go:build linux

package kernel

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// line is a step as a file has it.
type line struct {
	Excused string          `json:"excused,omitempty"` // the rules of the difference that shows on it
	Wait    string          `json:"wait,omitempty"`
	Change  uint64          `json:"change,omitempty"`
	Port    string          `json:"port,omitempty"`
	Flow    string          `json:"flow,omitempty"`
	Flags   packet.TCPFlags `json:"flags,omitempty"`
	Seq     uint32          `json:"seq,omitempty"`
	Ack     uint32          `json:"ack,omitempty"`
	Type    uint8           `json:"type,omitempty"`
	Code    uint8           `json:"code,omitempty"`
	Rest    uint32          `json:"rest,omitempty"`
	TTL     uint8           `json:"ttl,omitempty"`
	ID      uint32          `json:"id,omitempty"`
	DF      bool            `json:"df,omitempty"`
	Zeros   int             `json:"zeros,omitempty"`   // bytes of payload
	Payload string          `json:"payload,omitempty"` // other payload, in hexadecimal
	Cut     int             `json:"cut,omitempty"`
	Mixed   bool            `json:"mixed,omitempty"`
}

func lineOf(s step) line {
	if s.Wait > 0 {
		return line{Wait: s.Wait.String()}
	}
	if s.Change > 0 {
		return line{Change: s.Change}
	}
	p := s.Spec
	l := line{Port: s.Port, Flow: p.Flow.String(), Flags: p.Flags, Seq: p.Seq, Ack: p.Ack, Type: p.ICMPType, Code: p.ICMPCode, Rest: p.ICMPRest, TTL: p.TTL, ID: p.ID, DF: p.DF, Cut: s.Cut, Mixed: s.Mixed}
	if strings.Trim(string(p.Payload), "\x00") == "" {
		l.Zeros = len(p.Payload)
	} else {
		l.Payload = hex.EncodeToString(p.Payload)
	}
	return l
}

func (l line) step() (s step, err error) {
	if l.Wait != "" {
		s.Wait, err = time.ParseDuration(l.Wait)
		return s, err
	}
	if l.Change > 0 {
		return step{Change: l.Change}, nil
	}
	f, err := packet.ParseFlow(l.Flow)
	if err != nil {
		return s, err
	}
	payload, err := hex.DecodeString(l.Payload)
	if err != nil {
		return s, err
	}
	s = step{Excused: l.Excused, Port: l.Port, Cut: l.Cut, Mixed: l.Mixed, Spec: packet.Spec{Flow: f, Flags: l.Flags, Seq: l.Seq, Ack: l.Ack, ICMPType: l.Type, ICMPCode: l.Code, ICMPRest: l.Rest,
		TTL: l.TTL, ID: l.ID, DF: l.DF, Payload: append(payload, make([]byte, l.Zeros)...)}}
	return s, nil
}

// caseFile is a case as it stands in testdata.
func caseFile(n *vpc.Network, steps []step) string {
	network, err := yaml.Write(n)
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, s := range steps {
		b, err := json.Marshal(lineOf(s))
		if err != nil {
			return err.Error()
		}
		fmt.Fprintf(&all, "%s\n", b)
	}
	return string(txtar.Format(&txtar.Archive{Files: []txtar.File{{Name: "network.yaml", Data: network}, {Name: "packets", Data: []byte(all.String())}}}))
}

func readCase(text []byte) (n *vpc.Network, steps []step, err error) {
	a := txtar.Parse(text)
	if len(a.Files) != 2 {
		return nil, nil, fmt.Errorf("it has not two files")
	}
	if n, _, err = yaml.Parse("network.yaml", a.Files[0].Data); err != nil {
		return nil, nil, err
	}
	for text := range strings.Lines(string(a.Files[1].Data)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", text, err)
		}
		s, err := l.step()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", text, err)
		}
		steps = append(steps, s)
	}
	return n, steps, nil
}

// TestCases plays what the two sides once disagreed on, and what is too rare to be left to chance.
func TestCases(t *testing.T) {
	w := newWitness(t, processors[0])
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		n, steps, err := readCase(text)
		require.NoError(t, err, file)
		g, err := newGame(n, w)
		require.NoError(t, err, file)
		excused := make(map[string]int)
		for _, s := range steps {
			if err := g.play(s); err != nil {
				t.Errorf("%s: %v:\n%v", filepath.Base(file), s, err)
				break
			}
			if s.Excused != "" {
				excused[s.Excused]++
			}
			if !maps.Equal(g.excuses, excused) {
				t.Errorf("%s: %v: excused by %v, not %v", filepath.Base(file), s, g.excuses, excused)
				break
			}
		}
		require.NoError(t, g.oracle.Close())
	}
}
