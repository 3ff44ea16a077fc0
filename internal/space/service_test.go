package space

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestService is that each protocol has a place of its own, and that nothing is lost there.
func TestService(t *testing.T) {
	var all []Span
	for p := range 256 {
		for _, key := range [...]uint16{0, 1, 443, 65535} {
			protocol, its := Service(uint8(p), key).Service()
			require.Equal(t, [2]int{p, int(key)}, [2]int{int(protocol), int(its)})
		}
		require.False(t, Meets(Union(all), Protocol(uint8(p))), p)
		all = append(all, Protocol(uint8(p)))
	}
	assert.Equal(t, []Span{AllServices()}, Union(all))
}
