package plan

import (
	"maps"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestDict: a dict and all that it was before hold what a map held that was copied
// whole before each change.
func TestDict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := byAddress[int](rapid.IntRange(0, 1000).Draw(t, "size"))
		key := rapid.Custom(func(t *rapid.T) netip.Addr {
			return netip.AddrFrom4([4]byte{10, 0, rapid.Byte().Draw(t, "third") % 4, rapid.Byte().Draw(t, "fourth") % 8})
		})
		dicts, maps_ := []dict[netip.Addr, int]{d}, []map[netip.Addr]int{{}}
		for n := range rapid.IntRange(0, 40).Draw(t, "changes") {
			last, k := maps.Clone(maps_[len(maps_)-1]), key.Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				d, last[k] = d.with(k, n), n
			} else {
				d = d.without(k)
				delete(last, k)
			}
			dicts, maps_ = append(dicts, d), append(maps_, last)
		}
		for n, d := range dicts {
			found := make(map[netip.Addr]int)
			for _, shard := range d.shards {
				maps.Copy(found, shard)
			}
			require.Equal(t, maps_[n], found)
			for k, want := range maps_[n] {
				got, ok := d.get(k)
				require.True(t, ok)
				require.Equal(t, want, got)
			}
		}
	})
}

// TestList: so does a list of interfaces, in order.
func TestList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l list
		var plain []*Interface
		for range rapid.IntRange(0, 3*pieceSize).Draw(t, "compiled") {
			i := new(Interface)
			l.add(i)
			plain = append(plain, i)
		}
		lists, plains := []list{l}, [][]*Interface{plain}
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			if len(plain) == 0 || rapid.Bool().Draw(t, "add") {
				i := new(Interface)
				l, plain = l.with(i), append(plain[:len(plain):len(plain)], i)
			} else {
				i := plain[rapid.IntRange(0, len(plain)-1).Draw(t, "at")]
				l, plain = l.without(i), without(plain, i)
			}
			lists, plains = append(lists, l), append(plains, plain)
		}
		for n := range lists {
			k := 0
			for i := range (&Plan{interfaces: lists[n]}).Interfaces() {
				require.Same(t, plains[n][k], i)
				k++
			}
			require.Len(t, plains[n], k)
		}
	})
}
