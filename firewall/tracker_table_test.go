package firewall

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

func TestSG48_Budget(t *testing.T) {
	budget := &Budget{Limit: 2}
	one, two := NewTracker(Timeouts{}, budget), NewTracker(Timeouts{}, budget)
	add := func(tr *Tracker, port uint16, now time.Duration) bool {
		f := packet.MustParseFlow(udpFlow)
		f.SrcPort = port
		return tr.Add(Egress, mustParse(packet.Spec{Flow: f}), f, int64(now))
	}
	for i, step := range []struct {
		name string
		got  bool
		want bool
	}{
		{"first", add(one, 1, 0), true},
		{"second, on another interface", add(two, 2, time.Second), true},
		{"third", add(one, 3, 2*time.Second), false},
		{"the second again is no third", add(two, 2, 3*time.Second), true},
		{"third while the first is in time", add(two, 3, 30*time.Second-1), false},
		{"third once the first, of another interface, has idled out", add(two, 3, 30*time.Second), true},
		{"fourth", add(one, 4, 30*time.Second), false},
	} {
		if step.got != step.want {
			t.Errorf("step %d, %s: got %v, want %v", i+1, step.name, step.got, step.want)
		}
	}
	two.Flush()
	if !add(one, 5, 31*time.Second) || !add(one, 6, 31*time.Second) || add(one, 7, 31*time.Second) {
		t.Error("SG-50 after a flush there is room for two flows, no more and no less")
	}
	if budget.Used() != 2 {
		t.Errorf("used %d, want 2", budget.Used())
	}
}

func TestSG48_NoLimit(t *testing.T) {
	for name, budget := range map[string]*Budget{"nil": nil, "zero": {}} {
		tracker := NewTracker(Timeouts{}, budget)
		for port := range uint16(1000) {
			f := packet.Flow{Src: packet.MustParseFlow(udpFlow).Src, Dst: packet.MustParseFlow(udpFlow).Dst, SrcPort: port, Proto: packet.UDP}
			if !tracker.Add(Egress, mustParse(packet.Spec{Flow: f}), f, 0) {
				t.Fatalf("%s: flow %d refused", name, port)
			}
		}
	}
}

func TestSG50_Flush(t *testing.T) {
	side := newSide(tcpFlow, ">")
	side.pass(Egress, side.build(Egress, "S"))
	side.Flush()
	if got := side.pass(Ingress, side.build(Ingress, "SA")); got != "drop" || side.Len(0) != 0 {
		t.Errorf("after a flush: %s, %d tracked", got, side.Len(0))
	}
}

func TestTracker_SetTimeouts(t *testing.T) {
	side := newSide(udpFlow, ">")
	side.pass(Egress, side.build(Egress, "-"))
	side.SetTimeouts(Timeouts{UDP: 60 * time.Second})
	if got := side.Len(int64(59 * time.Second)); got != 1 {
		t.Errorf("SG-38 longer: %d flows after 59 s", got)
	}
	side.SetTimeouts(Timeouts{UDP: 45 * time.Second})
	if got := side.Len(int64(45 * time.Second)); got != 0 {
		t.Errorf("SG-38 shorter: %d flows after 45 s", got)
	}
}

// TestTracker_MemoryIsBounded: flows that idle out make room for new ones without anybody asking.
func TestTracker_MemoryIsBounded(t *testing.T) {
	tracker := new(Tracker)
	f := packet.MustParseFlow(udpFlow)
	p := mustParse(packet.Spec{Flow: f})
	for i := range 100_000 {
		f.SrcPort, f.DstPort = uint16(i), uint16(i>>16)
		tracker.Add(Egress, p, f, int64(i)*int64(30*time.Second)/100) // 100 of them in time
	}
	records := uint32(0)
	for i := range tracker.table.shards {
		records += tracker.table.shards[i].top
	}
	if records > 1000 {
		t.Errorf("%d records for 100 flows", records)
	}
}

// TestTracker_ClockOfAnotherSender: a packet that comes a little late on the clock takes nothing from the flow's time.
func TestTracker_ClockOfAnotherSender(t *testing.T) {
	side := newSide(udpFlow, ">")
	side.now = int64(10 * time.Second)
	side.pass(Egress, side.build(Egress, "-"))
	side.now = 0
	side.pass(Egress, side.build(Egress, "-"))
	side.now = int64(39 * time.Second)
	if got := side.pass(Ingress, side.build(Ingress, "-")); got != "answered" {
		t.Errorf("29 s after the latest packet: %s", got)
	}
}

func TestTracker_Flows(t *testing.T) {
	side := newSide(tcpFlow, "<>")
	side.pass(Ingress, side.build(Ingress, "S"))
	side.now = int64(time.Second)
	side.pass(Egress, side.build(Egress, "SA"))
	side.flow = packet.MustParseFlow(pingFlow)
	side.pass(Egress, side.build(Egress, "-"))
	var got []string
	for f := range side.Flows(int64(5 * time.Second)) {
		got = append(got, fmt.Sprintf("%s %s %s idle %s left %s", f.Opener, f.Flow, f.State, f.Idle, f.Left))
	}
	slices.Sort(got)
	want := []string{
		"egress icmp 10.0.1.10 > 10.0.2.20 id 7 opening idle 4s left 26s",
		"ingress tcp 10.0.2.20:5432 > 10.0.1.10:40000 opening idle 4s left 56s",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for range side.Flows(side.now) {
		break // must not go on
	}
}

// TestTracker_Concurrent is for the race detector: many goroutines, two interfaces, one budget that is too small.
func TestTracker_Concurrent(t *testing.T) {
	w := newWorld(50)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			tracker := w.real[g%2]
			f := packet.MustParseFlow(udpFlow)
			p := mustParse(packet.Spec{Flow: f})
			for i := range 2000 {
				now := int64(i) * int64(time.Second)
				f.SrcPort = uint16(i % 97)
				if tracker.Lookup(Egress, p, f, now) == Untracked {
					tracker.Add(Egress, p, f, now)
				}
				tracker.Related(Ingress, f, now)
				switch i % 500 {
				case 100:
					tracker.Flush()
				case 200:
					tracker.SetTimeouts(Timeouts{UDP: time.Duration(30+g) * time.Second})
				case 300:
					for range tracker.Flows(now) {
					}
				}
			}
		})
	}
	wg.Wait()
	sum := w.real[0].Len(0) + w.real[1].Len(0)
	if used := w.budget.Used(); used != sum || used > 50 {
		t.Errorf("budget used %d of 50, %d flows tracked", used, sum)
	}
}

// TestRowOf: numbers follow each other in rows that are full before the next begins, and the last has one.
func TestRowOf(t *testing.T) {
	wantRow, wantAt := uint32(0), uint32(0)
	for n := range uint32(1 << numberBits) {
		row, at := rowOf(n)
		if row != wantRow || at != wantAt || row >= rows {
			t.Fatalf("number %d: row %d place %d of %d rows, want %d and %d", n, row, at, rows, wantRow, wantAt)
		}
		if wantAt++; int(wantAt) == rowLength(row) {
			wantRow, wantAt = wantRow+1, 0
		}
	}
}

// TestTracker_NumbersAreGivenAgain: trackers may come and go for ever, and nobody meets the flows of those before.
func TestTracker_NumbersAreGivenAgain(t *testing.T) {
	var table FlowTable
	f := packet.MustParseFlow(udpFlow)
	p := mustParse(packet.Spec{Flow: f})
	stays := table.NewTracker(Timeouts{}, nil)
	stays.Add(Egress, p, f, 0)
	comes := table.NewTracker(Timeouts{}, nil)
	for i := range 3 * mostGone {
		if i%(mostGone/8) == 0 {
			if comes.Lookup(Egress, p, f, 0) != Untracked {
				t.Fatal("it meets a flow of another's")
			}
			comes.Add(Egress, p, f, 0)
		}
		comes.Flush()
		comes.ready()
	}
	if n := len(*table.trackers.list.Load()); n > mostGone+3 {
		t.Errorf("%d numbers for two trackers", n)
	}
	if stays.Len(0) != 1 || comes.Len(0) != 0 {
		t.Errorf("%d and %d flows, want 1 and 0", stays.Len(0), comes.Len(0))
	}
}

// TestBudget_ClockBack: that nothing can have idled out before a time does not hold any more when the clock has gone back.
func TestBudget_ClockBack(t *testing.T) {
	var table FlowTable
	tracker := table.NewTracker(Timeouts{}, &Budget{Limit: 1})
	add := func(port uint16, seconds int64) bool {
		f := packet.MustParseFlow(udpFlow)
		f.SrcPort = port
		return tracker.Add(Egress, mustParse(packet.Spec{Flow: f}), f, seconds*int64(time.Second))
	}
	if !add(1, 1000) || add(2, 1001) {
		t.Fatal("want room for one")
	}
	tracker.Flush()
	if !add(3, 0) || add(4, 29) || !add(4, 31) {
		t.Error("want room for another after 30 s")
	}
}
