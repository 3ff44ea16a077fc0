package firewall

import (
	"sync"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// pieces are the first and a later fragment of one packet.
func pieces(flow string, id uint32) (first, later *packet.Packet) {
	s := packet.Spec{Flow: packet.MustParseFlow(flow), ID: id, MoreFragments: true, Payload: make([]byte, 32)}
	if s.Flow.Proto == packet.ICMP {
		s.ICMPType, s.ICMPCode = packet.ICMPEchoRequest, 0
	}
	first = mustParse(s)
	s.MoreFragments, s.FragOffset = false, 40
	return first, mustParse(s)
}

func TestSG53_LaterFragments(t *testing.T) {
	udp := "udp 10.0.0.1:40000 > 10.0.0.2:53"
	for _, c := range []struct {
		name, first string
		id          uint32
		after       time.Duration
		want        bool
	}{
		{"the same packet", udp, 7, 0, true},
		{"in time", udp, 7, 30*time.Second - 1, true},
		{"too late", udp, 7, 30 * time.Second, false},
		{"another ID", udp, 8, 0, false},
		{"another source", "udp 10.0.0.3:40000 > 10.0.0.2:53", 7, 0, false},
		{"another destination", "udp 10.0.0.1:40000 > 10.0.0.3:53", 7, 0, false},
		{"the other way", "udp 10.0.0.2:53 > 10.0.0.1:40000", 7, 0, false},
		{"another protocol", "ip/50 10.0.0.1 > 10.0.0.2", 7, 0, false},
	} {
		var fs Fragments
		first, _ := pieces(c.first, c.id)
		_, later := pieces(udp, 7)
		fs.Remember(first, 0)
		f, h, ok := fs.Ports(later, int64(c.after))
		if ok != c.want || ok && (f != first.Flow || h != Header{Proto: 17, Port: 53}) {
			t.Errorf("%s: got %v %v %v, want %v", c.name, f, h, ok, c.want)
		}
	}
}

func TestSG53_ICMP(t *testing.T) {
	var fs Fragments
	first, later := pieces("icmp 10.0.0.1 > 10.0.0.2 id 9", 7)
	fs.Remember(first, 0)
	if f, h, ok := fs.Ports(later, 0); !ok || f.SrcPort != 9 || h.ICMPType != packet.ICMPEchoRequest {
		t.Errorf("got %v %v %v, want the echo request with identifier 9", f, h, ok)
	}
}

func TestSG53_IPv6(t *testing.T) {
	var fs Fragments
	first, later := pieces("udp [2001:db8::1]:40000 > [2001:db8::2]:53", 1<<20)
	if _, _, ok := fs.Ports(later, 0); ok {
		t.Error("known before the first fragment")
	}
	fs.Remember(first, 0)
	if f, _, ok := fs.Ports(later, 0); !ok || f != first.Flow {
		t.Errorf("got %v %v", f, ok)
	}
}

func TestFragments_WholePackets(t *testing.T) {
	var fs Fragments
	whole := mustParse(packet.Spec{Flow: packet.MustParseFlow(tcpFlow), ID: 7})
	fs.Remember(whole, 0)
	if f, h, ok := fs.Ports(whole, 0); !ok || f != whole.Flow || h != (Header{Proto: 6, Port: 5432}) {
		t.Errorf("got %v %v %v", f, h, ok)
	}
	if fs.index != nil {
		t.Error("a whole packet was remembered")
	}
}

func TestFragments_SameIDAgain(t *testing.T) {
	var fs Fragments
	old, _ := pieces("udp 10.0.0.1:40000 > 10.0.0.2:53", 7)
	first, later := pieces("udp 10.0.0.1:40001 > 10.0.0.2:54", 7)
	fs.Remember(old, 0)
	fs.Remember(first, int64(20*time.Second))
	if f, _, ok := fs.Ports(later, int64(49*time.Second)); !ok || f != first.Flow {
		t.Errorf("got %v %v, want the newer packet", f, ok)
	}
}

// TestFragments_OldestGoFirst fills the ring one and a half times; an ID that came again must survive the loss of its old slot.
func TestFragments_OldestGoFirst(t *testing.T) {
	var fs Fragments
	udp := "udp [2001:db8::1]:40000 > [2001:db8::2]:53"
	first, later := pieces(udp, 0)
	known := func(id uint32) bool {
		later.FragID = id
		_, _, ok := fs.Ports(later, 0)
		return ok
	}
	for id := range uint32(maxFragments) {
		first.FragID = id
		fs.Remember(first, 0)
	}
	if !known(0) || !known(maxFragments-1) {
		t.Fatal("forgotten although there is room")
	}
	first.FragID = 1 // again: takes the slot of 0
	fs.Remember(first, 0)
	first.FragID = maxFragments // takes the old slot of 1
	fs.Remember(first, 0)
	if known(0) {
		t.Error("the oldest is still known")
	}
	if !known(1) {
		t.Error("an ID that came again went with its old slot")
	}
	if !known(2) || !known(maxFragments) {
		t.Error("a newer one is not known")
	}
	for id := range uint32(maxFragments / 2) {
		first.FragID = maxFragments + id
		fs.Remember(first, 0)
	}
	if len(fs.slots) != maxFragments || len(fs.index) > maxFragments {
		t.Errorf("%d slots, %d in the index", len(fs.slots), len(fs.index))
	}
}

func TestFragments_Concurrent(t *testing.T) {
	var fs Fragments
	var wg sync.WaitGroup
	for g := range uint32(4) {
		wg.Go(func() {
			for id := range uint32(1000) {
				first, later := pieces("udp 10.0.0.1:40000 > 10.0.0.2:53", g*1000+id)
				fs.Remember(first, 0)
				if _, _, ok := fs.Ports(later, 0); !ok {
					t.Errorf("fragment %d is not known", later.FragID)
				}
			}
		})
	}
	wg.Wait()
}

func TestSG53_Quoted(t *testing.T) {
	about := packet.MustParseFlow("udp 10.0.0.2:40000 > 10.0.0.1:53")
	failure := packet.Spec{Flow: packet.MustParseFlow("icmp 10.0.0.1 > 10.0.0.2"), ICMPType: packet.ICMPUnreachable, ID: 7, MoreFragments: true}
	failure.Payload = append(packet.Spec{Flow: about}.Bytes(), make([]byte, 4)...)
	redirect, bare := failure, failure
	redirect.ICMPType, bare.Payload = packet.ICMPRedirect, make([]byte, 32)
	_, later := pieces("icmp 10.0.0.1 > 10.0.0.2", 7)
	_, other := pieces("icmp 10.0.0.1 > 10.0.0.2", 8)
	for _, c := range []struct {
		name  string
		first packet.Spec
		later *packet.Packet
		after time.Duration
		want  bool
	}{
		{"an error", failure, later, 0, true},
		{"too late", failure, later, 30 * time.Second, false},
		{"another ID", failure, other, 0, false},
		{"no error", redirect, later, 0, false},
		{"no quote", bare, later, 0, false},
		{"the first itself", failure, mustParse(failure), 0, false},
	} {
		var fs Fragments
		fs.Remember(mustParse(c.first), 0)
		if f, ok := fs.Quoted(c.later, int64(c.after)); ok != c.want || ok && f != about {
			t.Errorf("%s: got %v %v, want %v", c.name, f, ok, c.want)
		}
	}
}
