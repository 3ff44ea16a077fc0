//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/packet"
)

// cut4 cuts an IPv4 packet into pieces of so many bytes after the header.
func cut4(whole []byte, size int) (all [][]byte) {
	var p packet.Packet
	if err := p.Parse(whole); err != nil {
		panic(err)
	}
	packet.Fragment(&p, 20+size, func(b []byte) { all = append(all, slices.Clone(b)) })
	return all
}

// cut6 does so to an IPv6 packet without extension headers.
func cut6(whole []byte, size int, id uint32) (all [][]byte) {
	head, data := whole[:40], whole[40:]
	size &^= 7
	for at := 0; at < len(data); at += size {
		piece := data[at:min(at+size, len(data))]
		b := slices.Clone(head)
		binary.BigEndian.PutUint16(b[4:], uint16(8+len(piece)))
		b[6] = 44
		more := uint16(0)
		if at+size < len(data) {
			more = 1
		}
		b = append(b, head[6], 0)
		b = binary.BigEndian.AppendUint16(b, uint16(at)|more)
		b = binary.BigEndian.AppendUint32(b, id)
		all = append(all, append(b, piece...))
	}
	return all
}

// whole puts together again what arrived in pieces: how Linux cuts what it had put together is its own affair.
func whole(all []arrival) (done []arrival) {
	type set struct {
		at    string
		flow  string
		id    uint32
		head  []byte
		data  []byte
		have  []int // where its pieces begin
		got   int   // bytes
		total int
	}
	var sets []*set
	for _, a := range all {
		var p packet.Packet
		if p.Parse(a.b) != nil || !p.IsFragment() {
			done = append(done, a)
			continue
		}
		head, key := 20, fmt.Sprint(p.Flow.Src, p.Flow.Dst, p.Flow.Proto)
		if p.Version == 6 {
			head = 48
		}
		// a later pass of the same packet begins again, maybe before the other pieces of the first one have come
		data, at := a.b[head:p.Len()], int(p.FragOffset)
		k := slices.IndexFunc(sets, func(s *set) bool {
			return s.at == a.at && s.flow == key && s.id == p.FragID && !slices.Contains(s.have, at)
		})
		if k < 0 {
			k = len(sets)
			sets = append(sets, &set{at: a.at, flow: key, id: p.FragID, total: -1})
		}
		s := sets[k]
		s.have = append(s.have, at)
		if at == 0 {
			s.head = slices.Clone(a.b[:head])
		}
		s.data = append(s.data, make([]byte, max(0, at+len(data)-len(s.data)))...)
		copy(s.data[at:], data)
		if s.got += len(data); !p.MoreFragments {
			s.total = at + len(data)
		}
	}
	for _, s := range sets {
		if s.got != s.total || s.head == nil {
			done = append(done, arrival{s.at + " (part)", s.data})
			continue
		}
		b := append(s.head, s.data...)
		if b[0]>>4 == 4 {
			binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
			b[6], b[7], b[10], b[11] = b[6]&0x40, 0, 0, 0
			b[4], b[5] = 0, 0
			binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
		} else {
			b[6] = b[40]
			b = slices.Delete(b, 40, 48)
			binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
		}
		done = append(done, arrival{s.at, b})
	}
	return done
}

func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
