package tap

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/packet"
)

// segments is the slow twin of split: each segment of a payload built by itself.
func segments(whole packet.Spec, size int) [][]byte {
	var list [][]byte
	for at := 0; at < len(whole.Payload); at += size {
		s := whole
		s.Payload = whole.Payload[at:min(at+size, len(whole.Payload))]
		s.Seq += uint32(at)
		if !s.Flow.Src.Is6() {
			s.ID += uint32(len(list))
		}
		if at+size < len(whole.Payload) {
			s.Flags &^= packet.PSH | packet.FIN
		}
		if at > 0 {
			s.Flags &^= packet.CWR
		}
		list = append(list, s.Bytes())
	}
	return list
}

// pieceOf is what a guest's kernel hands over for a packet: not finished, and to be cut
// if size is not 0.
func pieceOf(ip []byte, size int) piece {
	var p packet.Packet
	if p.Parse(ip) != nil {
		panic("no packet")
	}
	header := len(ip) - len(p.Payload())
	start, offset := 20, tcpChecksum
	if p.Version == 6 {
		start = 40
	}
	if p.Flow.Proto == packet.UDP {
		offset = udpChecksum
	}
	b := make([]byte, offloadHeader, offloadHeader+frameHeader+len(ip))
	b[0] = needsChecksum
	if size > 0 {
		b[1] = map[uint8]byte{4: tcp4Type, 6: tcp6Type}[p.Version]
	}
	for k, n := range []int{frameHeader + header, size, frameHeader + start, offset} {
		binary.NativeEndian.PutUint16(b[2+2*k:], uint16(n))
	}
	b = append(appendFrame(b, routerMAC, guestMAC, kindOf(ip)), ip...)
	transport := b[offloadHeader+frameHeader+start:]
	binary.BigEndian.PutUint16(transport[offset:], pseudoSum(ip, start, int(p.Flow.Proto)))
	return b
}

// pseudoSum adds up the pseudo header (RFC 9293 section 3.1) word by word.
func pseudoSum(ip []byte, start, proto int) uint16 {
	addresses := ip[12:20]
	if start == 40 {
		addresses = ip[8:40]
	}
	sum := uint32(proto + len(ip) - start)
	for k := 0; k < len(addresses); k += 2 {
		sum += uint32(binary.BigEndian.Uint16(addresses[k:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

func payload(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		b[k] = byte(k*7 + k>>8)
	}
	return b
}

var (
	four = packet.MustParseFlow("tcp 10.0.1.4:40000 > 10.0.2.4:80")
	six  = packet.MustParseFlow("tcp [2001:db8::4]:40000 > [2001:db8::5]:80")
	// options are a timestamp, as most segments have.
	options = []byte{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}
)

// packets is the IP packets in frames.
func packets(frames []frame) (list [][]byte) {
	for _, f := range frames {
		list = append(list, f[frameHeader:])
	}
	return list
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name string
		spec packet.Spec
		size int // 0: not to be cut
	}{
		{"a segment", packet.Spec{Flow: four, Flags: packet.ACK, Payload: payload(100)}, 0},
		{"SYN, which has no payload", packet.Spec{Flow: four, Flags: packet.SYN}, 0},
		{"an odd number of bytes", packet.Spec{Flow: four, Flags: packet.ACK, Payload: payload(33)}, 0},
		{"a datagram", packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.4:40000 > 10.0.2.4:53"), Payload: payload(33)}, 0},
		{"a datagram, IPv6", packet.Spec{Flow: packet.MustParseFlow("udp [2001:db8::4]:40000 > [2001:db8::5]:53"), Payload: payload(33)}, 0},
		{"three segments", packet.Spec{Flow: four, Flags: packet.ACK | packet.PSH, ID: 7, DF: true, Payload: payload(3 * 1448), TCPOptions: options}, 1448},
		{"the last is shorter", packet.Spec{Flow: four, Flags: packet.ACK | packet.FIN, ID: 0xffff, Payload: payload(2*1448 + 1)}, 1448},
		{"sequence numbers wrap around", packet.Spec{Flow: four, Flags: packet.ACK, Seq: 0xfffffff0, Payload: payload(9000)}, 100},
		{"jumbo frames", packet.Spec{Flow: four, Flags: packet.ACK, Payload: payload(65000), TCPOptions: options}, 8949},
		{"the window was reduced", packet.Spec{Flow: four, Flags: packet.ACK | packet.CWR, Payload: payload(3000)}, 1448},
		{"IPv6", packet.Spec{Flow: six, Flags: packet.ACK | packet.PSH, Payload: payload(4001), TCPOptions: options}, 1428},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := [][]byte{c.spec.Bytes()}
			if c.size > 0 {
				want = segments(c.spec, c.size)
			}
			frames, _ := pieceOf(c.spec.Bytes(), c.size).split(nil, nil)
			assert.Equal(t, want, packets(frames))
			for _, f := range frames {
				assert.Equal(t, routerMAC, f.to())
				assert.Equal(t, guestMAC, f.from())
			}
		})
	}
}

// TestSplitZero: a checksum that comes to zero is written as its other zero in UDP.
func TestSplitZero(t *testing.T) {
	flow := packet.MustParseFlow("udp 10.0.1.4:40000 > 10.0.2.4:53")
	for n := range 0x10000 {
		b := packet.Spec{Flow: flow, Payload: binary.BigEndian.AppendUint16(nil, uint16(n))}.Bytes()
		if binary.BigEndian.Uint16(b[26:]) == 0xffff {
			frames, _ := pieceOf(bytes.Clone(b), 0).split(nil, nil)
			assert.Equal(t, [][]byte{b}, packets(frames))
			return
		}
	}
	t.Fatal("no such datagram")
}

// joined hands packets over as deliver does, and returns the pieces.
func joined(list [][]byte) (all []piece) {
	var r run
	write := func() { all = append(all, bytes.Join(r.pieces(), nil)) }
	for k, b := range list {
		if k > 0 && r.join(b) {
			continue
		}
		if k > 0 {
			write()
		}
		r.begin(routerMAC, guestMAC, b)
	}
	write()
	return all
}

// apart is what the guest's kernel makes of pieces.
func apart(pieces []piece) (list [][]byte) {
	for _, p := range pieces {
		frames, _ := p.split(nil, nil)
		list = append(list, packets(frames)...)
	}
	return list
}

// TestJoin: what goes to a guest in one piece, and what does not. However that is, the
// guest gets what was sent.
func TestJoin(t *testing.T) {
	series := func(edit func(list [][]byte) [][]byte) [][]byte {
		s := packet.Spec{Flow: four, Flags: packet.ACK | packet.PSH, ID: 0xfffe, DF: true, Payload: payload(4*1000 + 500), TCPOptions: options}
		return edit(segments(s, 1000))
	}
	again := func(edit func(s *packet.Spec)) func([][]byte) [][]byte { // the third in another way
		return func(list [][]byte) [][]byte {
			s := packet.Spec{Flow: four, Flags: packet.ACK, ID: 0, DF: true, Seq: 2000, Payload: payload(4500)[2000:3000], TCPOptions: options}
			edit(&s)
			list[2] = s.Bytes()
			return list
		}
	}
	for _, c := range []struct {
		name   string
		edit   func([][]byte) [][]byte
		pieces int
	}{
		{"all follow", func(l [][]byte) [][]byte { return l }, 1},
		{"the third built by itself", again(func(*packet.Spec) {}), 1},
		{"one is missing", func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) }, 2},
		{"one comes twice", func(l [][]byte) [][]byte { return append(l[:2:2], l[1:]...) }, 2},
		{"two change places", func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l }, 4},
		{"one is all", func(l [][]byte) [][]byte { return l[:1] }, 1},
		{"a shorter one in the middle", again(func(s *packet.Spec) { s.Payload = s.Payload[:999] }), 2},
		{"a longer one in the middle", again(func(s *packet.Spec) { s.Payload = append(s.Payload[:len(s.Payload):len(s.Payload)], 1) }), 3},
		{"the end of a message in the middle", again(func(s *packet.Spec) { s.Flags |= packet.PSH }), 2},
		{"urgent", again(func(s *packet.Spec) { s.Flags |= packet.URG }), 3},
		{"congestion", again(func(s *packet.Spec) { s.Flags |= packet.ECE }), 3},
		{"a FIN in the middle", again(func(s *packet.Spec) { s.Flags |= packet.FIN }), 3},
		{"another acknowledgment", again(func(s *packet.Spec) { s.Ack++ }), 3},
		{"other options", again(func(s *packet.Spec) { s.TCPOptions = append(options[:11:11], 3) }), 3},
		{"no options", again(func(s *packet.Spec) { s.TCPOptions = nil }), 3},
		{"another TTL", again(func(s *packet.Spec) { s.TTL = 63 }), 3},
		{"another TOS", again(func(s *packet.Spec) { s.TOS = 4 }), 3},
		{"may be fragmented", again(func(s *packet.Spec) { s.DF = false }), 3},
		{"another identification", again(func(s *packet.Spec) { s.ID = 77 }), 3},
		{"another port", again(func(s *packet.Spec) { s.Flow.SrcPort++ }), 3},
		{"another address", again(func(s *packet.Spec) { s.Flow.Src = s.Flow.Src.Next() }), 3},
		{"an empty segment", again(func(s *packet.Spec) { s.Payload = nil }), 3},
		{"a datagram", again(func(s *packet.Spec) { s.Flow.Proto = packet.UDP }), 3},
		{"a wrong checksum", func(l [][]byte) [][]byte { l[2][37]++; return l }, 3},
		{"wrong payload", func(l [][]byte) [][]byte { l[2][100]++; return l }, 3},
		{"wrong payload of the first", func(l [][]byte) [][]byte { l[0][100]++; return l }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := series(c.edit)
			want := make([][]byte, len(list))
			for k := range list {
				want[k] = bytes.Clone(list[k])
			}
			pieces := joined(list)
			assert.Equal(t, c.pieces, len(pieces))
			assert.Equal(t, want, apart(pieces))
		})
	}
}

// TestJoinFills: pieces are as large as an IP packet may be, and no larger.
func TestJoinFills(t *testing.T) {
	for _, flow := range []packet.Flow{four, six} {
		var list [][]byte
		for k := range 100 {
			s := packet.Spec{Flow: flow, Flags: packet.ACK, Seq: uint32(k * 1400), Payload: payload(1400)}
			if flow == four {
				s.ID = uint32(k)
			}
			list = append(list, s.Bytes())
		}
		pieces := joined(list)
		assert.Equal(t, 3, len(pieces), "46 segments fit")
		assert.Equal(t, list, apart(pieces))
	}
}

// TestJoinRandom: whatever is sent, the guest gets it as it was.
func TestJoinRandom(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		next := packet.Spec{Flow: []packet.Flow{four, six}[r.IntN(2)], Flags: packet.ACK, Seq: r.Uint32()}
		size := 1 + r.IntN(1448)
		var list [][]byte
		for range 1 + r.IntN(40) {
			s := next
			s.Payload = payload(size)
			switch r.IntN(12) {
			case 0:
				s.Payload = s.Payload[:r.IntN(size)]
			case 1:
				s.Flags |= packet.TCPFlags(1 << r.IntN(8))
			case 2:
				s.Seq += uint32(r.IntN(3))
			case 3:
				s.Ack++
			case 4:
				s.TTL = uint8(1 + r.IntN(255))
			}
			b := s.Bytes()
			if r.IntN(20) == 0 {
				b[len(b)-1] ^= 1 << r.IntN(8) // the payload, or the header's end
			}
			list = append(list, b)
			next.Seq += uint32(len(s.Payload))
			if !next.Flow.Src.Is6() {
				next.ID++
			}
		}
		want := make([][]byte, len(list))
		for k := range list {
			want[k] = bytes.Clone(list[k])
		}
		require.Equal(t, want, apart(joined(list)), "seed %d", seed)
	}
}

// TestSum holds the sum against one word at a time.
func TestSum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 300 {
		b := make([]byte, n)
		for k := range b {
			b[k] = byte(r.Uint32() | 0x80*uint32(n&1)) // many carries in half of them
		}
		sum := uint64(n)
		for k := 0; k < n; k += 2 {
			word := uint64(b[k]) << 8
			if k+1 < n {
				word |= uint64(b[k+1])
			}
			sum += word
		}
		for sum > 0xffff {
			sum = sum>>16 + sum&0xffff
		}
		assert.Equal(t, uint16(sum), fold(sumOf(b, uint64(n))), "%d bytes", n)
	}
	assert.Equal(t, uint16(0xffff), fold(sumOf(bytes.Repeat([]byte{0xff}, 64), 0)))
}

// FuzzSplit: no piece that a guest hands over makes us fall over, and no frame that
// comes of it is larger than it.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(pieceOf(packet.Spec{Flow: four, Flags: packet.ACK, Payload: payload(300)}.Bytes(), 100))) // three segments
	f.Add([]byte(pieceOf(packet.Spec{Flow: six, Flags: packet.ACK, Payload: payload(30)}.Bytes(), 0)))     // one
	f.Add(make([]byte, 24))                                                                                // nothing
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > pieceRoom {
			return
		}
		n := len(b)
		frames, _ := piece(b).split(nil, nil)
		for _, f := range frames {
			assert.LessOrEqual(t, len(f), n)
			assert.GreaterOrEqual(t, len(f), frameHeader)
		}
	})
}

// TestJoinAllocatesNothing: joining is free of garbage.
func TestJoinAllocatesNothing(t *testing.T) {
	s := packet.Spec{Flow: four, Flags: packet.ACK | packet.PSH, Payload: payload(40000)}
	list := segments(s, 1448)
	var r run
	take := func() {
		r.begin(routerMAC, guestMAC, list[0])
		for _, b := range list[1:] {
			require.True(t, r.join(b))
		}
		r.pieces()
	}
	take()
	assert.Zero(t, testing.AllocsPerRun(100, take))
}

func BenchmarkOffload(b *testing.B) {
	s := packet.Spec{Flow: four, Flags: packet.ACK | packet.PSH, Payload: payload(64000)}
	for _, c := range []struct {
		name string
		size int
	}{{"size=1448", 1448}, {"size=8949", 8949}} {
		list := segments(s, c.size)
		whole := pieceOf(s.Bytes(), c.size)
		b.Run("split/"+c.name, func(b *testing.B) {
			var frames []frame
			var room []byte
			for b.Loop() {
				frames, room = whole.split(frames[:0], room[:0])
			}
			b.SetBytes(64000)
		})
		b.Run("join/"+c.name, func(b *testing.B) {
			var r run
			for b.Loop() {
				r.begin(routerMAC, guestMAC, list[0])
				for _, p := range list[1:] {
					r.join(p)
				}
				r.pieces()
			}
			b.SetBytes(64000)
		})
	}
}
