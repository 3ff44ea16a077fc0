package awsjson

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// mustHold loads files and checks what holds whatever is in them: no panic; an
// error with no network, or a valid network with a report; and what is written of
// it loads.
func mustHold(t *testing.T, files map[string][]byte) {
	t.Helper()
	n, r, err := LoadFiles(files)
	if err != nil {
		require.True(t, errors.Is(err, ErrNoResources) && n == nil, "%v", err)
		return
	}
	require.NoError(t, n.Validate())
	require.NotNil(t, r)
	for _, note := range r.Notes {
		require.NotEmpty(t, note.Why)
	}
	written := WriteFiles(n)
	_, _, err = LoadFiles(written)
	require.NoError(t, err)
}

var (
	mutations    = flag.Int("mutations", 160, "how many snapshots TestMutations breaks")
	mutationSeed = flag.Uint64("mutation-seed", 0, "the first seed of TestMutations")
)

// TestMutations breaks our own snapshot in hundreds of ways, with -mutations=N in
// as many as there is time for: in its bytes, and in its structure, where the
// JSON stays valid.
func TestMutations(t *testing.T) {
	good := WriteFiles(everything())
	const workers = 4
	for w := range workers {
		t.Run(fmt.Sprint(w), func(t *testing.T) {
			t.Parallel()
			for k := w; k < *mutations; k += workers {
				breakAndLoad(t, good, *mutationSeed+uint64(k))
			}
		})
	}
}

func breakAndLoad(t *testing.T, good map[string][]byte, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	files, names := maps.Clone(good), slices.Sorted(maps.Keys(good))
	for range 1 + rnd.IntN(3) {
		name := names[rnd.IntN(len(names))]
		if rnd.IntN(3) == 0 {
			files[name] = flipBytes(rnd, files[name])
		} else {
			files[name] = twist(rnd, files[name])
		}
	}
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("seed %d: panic: %v", seed, p)
		}
	}()
	mustHold(t, files)
}

func flipBytes(rnd *rand.Rand, data []byte) []byte {
	out := slices.Clone(data)
	for range 1 + rnd.IntN(3) {
		if len(out) == 0 {
			break
		}
		at := rnd.IntN(len(out))
		switch rnd.IntN(3) {
		case 0:
			out[at] ^= 1 << rnd.IntN(8)
		case 1:
			out = slices.Delete(out, at, min(len(out), at+1+rnd.IntN(40)))
		case 2:
			out = append(out[:at:at], out[min(len(out), at+rnd.IntN(4)):]...)
		}
	}
	return out
}

// twist changes the structure of a document at one random place.
func twist(rnd *rand.Rand, data []byte) []byte {
	var tree any
	if json.Unmarshal(data, &tree) != nil {
		return data
	}
	out, err := json.Marshal(twistValue(rnd, tree))
	if err != nil {
		return data
	}
	return out
}

func twistValue(rnd *rand.Rand, v any) any {
	if rnd.IntN(12) == 0 {
		return strangers[rnd.IntN(len(strangers))]
	}
	switch x := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(x))
		if len(keys) == 0 {
			return x
		}
		key := keys[rnd.IntN(len(keys))]
		switch rnd.IntN(8) {
		case 0:
			delete(x, key)
		case 1:
			x["New"+key] = x[key]
		default:
			x[key] = twistValue(rnd, x[key])
		}
	case []any:
		if len(x) == 0 {
			return append(x, strangers[rnd.IntN(len(strangers))])
		}
		at := rnd.IntN(len(x))
		switch rnd.IntN(6) {
		case 0:
			return slices.Delete(x, at, at+1)
		case 1:
			return append(x, x[at])
		default:
			x[at] = twistValue(rnd, x[at])
		}
	}
	return v
}

// strangers are values that do not belong where they are put.
var strangers = []any{nil, true, 17, -1.5, 1e300, "", "x", "0.0.0.0/0", "10.0.1.5", "::/0", "local", "vpc-prod", "subnet-web", "unknown", []any{}, map[string]any{}, []any{[]any{}}}
