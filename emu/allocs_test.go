package emu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// TestEstablishedPathsAllocateNothing: once a connection stands, none of its packets
// costs memory, whatever its way, in both directions.
func TestEstablishedPathsAllocateNothing(t *testing.T) {
	for _, c := range roads {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, crossroads(), emu.Options{})
			app, far := portOf(t, e, c.from), portOf(t, e, c.to)
			portOf(t, e, "fw").Forward()
			var arrived, answered packet.Flow
			far.Receive(func(b []byte) { arrived = flowOf(b) })
			app.Receive(func(b []byte) { answered = flowOf(b) })
			there := packet.MustParseFlow(c.flow)

			app.Send(packet.Spec{Flow: there, Flags: packet.SYN}.Bytes())
			require.True(t, arrived.Src.IsValid(), "nothing arrived")
			far.Send(packet.Spec{Flow: arrived.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
			require.Equal(t, there.Reverse(), answered)
			back := arrived.Reverse()
			if out, in := allocs(app, there), allocs(far, back); !raceDetector {
				assert.Zero(t, out, "there")
				assert.Zero(t, in, "and back")
			}
			answered, arrived = packet.Flow{}, packet.Flow{}
			app.Send(packet.Spec{Flow: there, Flags: packet.ACK}.Bytes())
			require.True(t, arrived.Src.IsValid(), "it still works")
		})
	}
}

// allocs is how much memory is allocated for a segment of a connection.
func allocs(from *emu.Port, f packet.Flow) float64 {
	segment := packet.Spec{Flow: f, Flags: packet.ACK, Payload: make([]byte, 64)}.Bytes()
	work := make([]byte, len(segment))
	return testing.AllocsPerRun(100, func() {
		copy(work, segment) // gateways rewrite it
		from.Send(work)
	})
}

func flowOf(b []byte) packet.Flow {
	var p packet.Packet
	_ = p.Parse(b)
	return p.Flow
}
