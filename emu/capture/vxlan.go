package capture

import "encoding/binary"

// What VXLAN is in (RFC 7348).
const (
	vxlanPort   = 4789
	vxlanHeader = 8
	vxlanHasVNI = 0x08000000 // the other flags are reserved
	udpHeader   = 8
	udpProtocol = 17
)

// VXLAN is the IP packet in another one, b, that carries it by VXLAN: as VPC Traffic Mirroring
// sends what it sees to its target. ok is false if b is none. The error is that of [Packet.IP].
//
//	outer IP │ UDP to 4789 │ flags, VNI │ Ethernet │ IP
func VXLAN(b []byte) (ip []byte, ok bool, err error) {
	frame, ok := inVXLAN(b)
	if !ok {
		return nil, false, nil
	}
	if len(frame) < 14 {
		return nil, true, ErrShort
	}
	ip, err = payload(frame[14:], binary.BigEndian.Uint16(frame[12:]))
	return ip, true, err
}

// inVXLAN is the Ethernet frame in an IP packet. Fragments have none that is whole.
func inVXLAN(b []byte) ([]byte, bool) {
	at := 0
	switch {
	case len(b) >= 20 && b[0]>>4 == 4 && b[9] == udpProtocol && binary.BigEndian.Uint16(b[6:])&0x3fff == 0:
		at = int(b[0]&0xf) * 4
	case len(b) >= 40 && b[0]>>4 == 6 && b[6] == udpProtocol:
		at = 40
	}
	if at < 20 || len(b) < at+udpHeader+vxlanHeader {
		return nil, false
	}
	udp, header := b[at:], b[at+udpHeader:]
	return header[vxlanHeader:], binary.BigEndian.Uint16(udp[2:]) == vxlanPort && binary.BigEndian.Uint32(header) == vxlanHasVNI
}
