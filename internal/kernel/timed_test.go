//go:build linux

package kernel

import (
	"sync"
	"time"

	"github.com/google/nftables"
)

// timed is a set of what is remembered for some time.
type timed struct {
	conn *nftables.Conn
	set  *nftables.Set
}

// setNumbers are given by the nftables package, which counts them without a lock.
var setNumbers sync.Mutex

// addSet adds a set.
func (r *ruleset) addSet(set *nftables.Set) {
	setNumbers.Lock()
	defer setNumbers.Unlock()
	if err := r.conn.AddSet(set, nil); err != nil {
		panic(err)
	}
}

// timed adds a set, whose elements rules give their times.
func (r *ruleset) timed(o *oracle, name string, key ...nftables.SetDatatype) *nftables.Set {
	set := &nftables.Set{Table: r.table, Name: name, KeyType: concatenated(key...), Concatenation: true, Dynamic: true, HasTimeout: true, Size: 1 << 16}
	r.addSet(set)
	o.timed = append(o.timed, timed{r.conn, set})
	return set
}

// age takes from the time that each element has left, once that is committed.
func (t timed) age(by time.Duration) error {
	all, err := t.conn.GetSetElements(t.set)
	if err != nil || len(all) == 0 {
		return err
	}
	t.conn.FlushSet(t.set)
	for _, e := range all {
		if left := e.Expires - by; left > 0 {
			if err := t.conn.SetAddElements(t.set, []nftables.SetElement{{Key: e.Key, Timeout: left}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func hostType(v4 bool) nftables.SetDatatype {
	if v4 {
		return nftables.TypeIPAddr
	}
	return nftables.TypeIP6Addr
}

func concatenated(types ...nftables.SetDatatype) nftables.SetDatatype {
	all, err := nftables.ConcatSetType(types...)
	if err != nil {
		panic(err)
	}
	return all
}
