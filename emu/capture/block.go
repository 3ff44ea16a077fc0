package capture

import "encoding/binary"

// A pcapng file is a list of blocks (draft-ietf-opsawg-pcapng). We write little-endian.
//
//	 0               4               8                        length-4
//	+---------------+---------------+-----------+------------+--------+
//	|     type      |    length     |   body    |  options   | length |
//	+---------------+---------------+-----------+------------+--------+
//
// An option is code, length and value, padded to 4 bytes; one of code 0 ends them.
const (
	sectionHeader   = 0x0a0d0d0a
	interfaceHeader = 1 // Interface Description Block
	oldPacket       = 2 // Packet Block, obsolete
	simplePacket    = 3
	enhancedPacket  = 6

	byteOrderMagic = 0x1a2b3c4d
)

// The options that we write or read.
const (
	optEnd         = 0
	optComment     = 1
	optApplication = 4 // of a section
	optName        = 2 // of an interface, as are the next three
	optDescription = 3
	optResolution  = 9
	optOffset      = 14
	optFlags       = 2 // of a packet
	nanoseconds    = 9 // resolution
	headerLength   = 8
	trailerLength  = 4
	maxOptionValue = 0xffff
)

// beginBlock starts a block in b; [endBlock] ends it.
func beginBlock(b []byte, kind uint32) []byte {
	return append(binary.LittleEndian.AppendUint32(b, kind), 0, 0, 0, 0)
}

// endBlock ends the block that all of b is.
func endBlock(b []byte) []byte {
	b = append(b, 0, 0, 0, 0)
	length := uint32(len(b) + trailerLength - 4)
	binary.LittleEndian.PutUint32(b[4:], length)
	binary.LittleEndian.PutUint32(b[len(b)-4:], length)
	return b
}

// pad fills up to 4 bytes what has length n.
func pad(b []byte, n int) []byte { return append(b, make([]byte, -n&3)...) }

// appendOption appends an option, none for an empty value.
func appendOption[V string | []byte](b []byte, code uint16, value V) []byte {
	if len(value) == 0 {
		return b
	}
	value = value[:min(len(value), maxOptionValue)]
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...), len(value))
}

// endOptions appends the option that ends them.
func endOptions(b []byte) []byte { return append(b, optEnd, 0, 0, 0) }

// appendSection appends the block that a file begins with.
func appendSection(b []byte) []byte {
	b = beginBlock(b, sectionHeader)
	b = binary.LittleEndian.AppendUint32(b, byteOrderMagic)
	b = append(b, 1, 0, 0, 0)                                   // version 1.0
	b = binary.LittleEndian.AppendUint64(b, 0xffffffffffffffff) // length of the section: not known
	return endBlock(endOptions(appendOption(b, optApplication, "vpcemu")))
}

// appendInterface appends the block of an interface that carries IP packets, with
// times in nanoseconds.
func appendInterface(b []byte, name, description string) []byte {
	b = beginBlock(b, interfaceHeader)
	b = append(b, byte(Raw), 0, 0, 0, 0, 0, 0, 0) // no limit of length
	b = appendOption(b, optName, name)
	b = appendOption(b, optDescription, description)
	return endBlock(endOptions(appendOption(b, optResolution, []byte{nanoseconds})))
}

// appendPacket appends an Enhanced Packet Block: of an interface, at a time in
// nanoseconds since 1970, with flags (0 for none) and a comment.
func appendPacket(b []byte, iface uint32, ns uint64, flags byte, comment string, data []byte) []byte {
	b = beginBlock(b, enhancedPacket)
	b = binary.LittleEndian.AppendUint32(b, iface)
	b = binary.LittleEndian.AppendUint32(b, uint32(ns>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(ns))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = pad(append(b, data...), len(data))
	if flags != 0 {
		b = append(b, optFlags, 0, 4, 0, flags, 0, 0, 0)
	}
	return endBlock(endOptions(appendOption(b, optComment, comment)))
}
