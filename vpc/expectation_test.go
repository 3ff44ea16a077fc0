package vpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

func TestSplitExpectation(t *testing.T) {
	for _, c := range []struct{ line, source, destination, service string }{
		{"app-1 -> db-1 tcp/5432", "app-1", "db-1", "tcp/5432"},
		{" a  ->  b   all ", "a", "b", "all"},
		{"web server -> db server tcp/5432", "web server", "db server", "tcp/5432"},
		{"app-* -> db-* only tcp/5432", "app-*", "db-*", "only tcp/5432"},
		{"a -> b only tcp/1, udp/2,tcp/3", "a", "b", "only tcp/1, udp/2,tcp/3"},
		{"a -> b tcp/1, udp/2", "a", "b", "tcp/1, udp/2"},
		{"a -> only tcp/1", "a", "only", "tcp/1"},
		{"internet -> * except web-*", "internet", "* except web-*", ""},
		{"internet -> * except web-*, front", "internet", "* except web-*, front", ""},
		{"internet -> * except web-* tcp/22", "internet", "* except web-*", "tcp/22"},
		{"internet -> db-1", "internet", "db-1", ""},
		{"a, b -> c, d tcp/80", "a, b", "c, d", "tcp/80"},
		{"a -> c, tcp/80", "a", "c", "tcp/80"},
		{"a -> b https", "a", "b", "https"},
		{"a -> b tcp/1 , udp/2", "a", "b", "tcp/1 , udp/2"},
		{"a -> b tcp/1 ,udp/2", "a", "b", "tcp/1 ,udp/2"},
		{"a -> b only tcp/1 , udp/2,tcp/3 ,tcp/4", "a", "b", "only tcp/1 , udp/2,tcp/3 ,tcp/4"},
		{"a , b -> c , d tcp/80", "a , b", "c , d", "tcp/80"},
		{"a -> c , d", "a", "c , d", ""},
		{"a -> c , tcp/80", "a", "c", "tcp/80"},
		{"a -> c ,tcp/80", "a", "c", "tcp/80"},
		{"a -> c tcp/80,", "a", "c", "tcp/80,"},
	} {
		t.Run(c.line, func(t *testing.T) {
			e, ok := vpc.SplitExpectation(c.line)
			require.True(t, ok)
			require.Equal(t, vpc.Expectation{Source: c.source, Destination: c.destination, Service: c.service}, e)
		})
	}
	for _, line := range []string{"a b tcp/80", "-> b tcp/80", "a ->", "a -> tcp/80", ""} {
		_, ok := vpc.SplitExpectation(line)
		require.False(t, ok, line)
	}
}

func TestExpectation_Services(t *testing.T) {
	for _, c := range []struct {
		service, want string
		count         int
		only          bool
		err           string
	}{
		{"", "blocked", 1, false, ""},
		{"tcp/80", "reachable", 1, false, ""},
		{"only tcp/80, udp/53", "reachable", 2, true, ""},
		{"only tcp/80", "blocked", 0, false, "says what gets through"},
		{"https", "blocked", 0, false, "unknown protocol"},
		{"tcp/80,", "blocked", 0, false, "a service is missing before or behind a comma"},
		{"tcp/80 , tcp/81", "blocked", 2, false, ""},
		{"tcp/80,,tcp/81", "blocked", 0, false, "a service is missing"},
	} {
		e := vpc.Expectation{Service: c.service, Want: c.want}
		list, only, err := e.Services()
		require.Len(t, list, c.count, c.service)
		require.Equal(t, c.only, only, c.service)
		if c.err == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.err)
		}
	}
}
