package yaml

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse: no input panics or hangs, and what can be read comes back the same
// after it was written. What AWS would refuse is read all the same.
func FuzzParse(f *testing.F) {
	design, err := os.ReadFile("testdata/design.yaml")
	require.NoError(f, err)
	f.Add(design)                                      // everything that a small network has
	f.Add([]byte("vpcs: {a: &a {dns: false}, b: *a}")) // an alias
	f.Add([]byte("vpcs: &a {a: *a}"))                  // an alias of itself
	f.Add([]byte("vpcs: {<<: {}}"))                    // a merge key
	f.Add([]byte("\ufeffvpcs:\r\n  a:\r\n"))           // byte order mark, CRLF, nothing as a value
	f.Add([]byte("? [a]\n: b\n"))                      // a key that is a list
	f.Add([]byte("vpcs: !!binary aGk="))               // a tag
	f.Add([]byte("%YAML 1.2\n---\nvpcs: {}\n...\n"))   // directive and markers
	f.Add([]byte("expect: [a -> b -> c tcp: blocked, {from: a, to: b, want: unknown}]"))
	f.Add([]byte("gateways: {g: {kind: unknown, ip: [auto, {elastic: true}], elastic-ip: true}}"))
	f.Add([]byte("expect: :a ->s[ blocked]")) // nothing before the last colon: was taken for a verdict
	for _, c := range readings {
		f.Add([]byte(c.text))
	}
	for _, c := range mistakes {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { readAndBack(t, text) })
}

// readAndBack reads a file and, if that works, writes and reads it again.
func readAndBack(t *testing.T, text []byte) (read bool) {
	n, _, err := parse("fuzz.yaml", text)
	if err != nil {
		var all Errors
		require.ErrorAs(t, err, &all)
		for _, e := range all {
			require.NotEmpty(t, e.Message)
		}
		return false
	}
	same(t, n)
	_ = n.Validate() // must not panic either
	return true
}

// TestMutations: the example with random edits is refused with a place, or read
// as something that can be written. It is the fuzzer's work with edits that keep
// most of the structure.
func TestMutations(t *testing.T) {
	b, err := os.ReadFile("testdata/design.yaml")
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	const rounds = 3000
	read := 0
	for range rounds {
		if readAndBack(t, []byte(mutate(rng, string(b)))) {
			read++
		}
	}
	require.NotZero(t, read)
	require.Less(t, read, rounds)
}

// mutate makes one to three edits: a letter or a word more, less or different.
func mutate(rng *rand.Rand, s string) string {
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(s))
		until := min(len(s), at+rng.IntN(12))
		word := words[rng.IntN(len(words))]
		switch rng.IntN(6) {
		case 0:
			s = s[:at] + s[until:]
		case 1:
			s = s[:at] + word + s[until:]
		case 2:
			s = s[:at] + word + s[at:]
		case 3:
			s = s[:at] + string(s[rng.IntN(len(s))]) + s[at:]
		case 4:
			s = s[:until] + s[at:] // twice
		case 5:
			lines := strings.Split(s, "\n")
			i, j := rng.IntN(len(lines)), rng.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
			s = strings.Join(lines, "\n")
		}
	}
	return s
}
