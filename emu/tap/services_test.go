//go:build linux

package tap

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

const served = `
vpcs:
  prod:
    cidr: 10.0.0.0/16
    region: eu-west-1
    dns-hostnames: true
    internet-gateway: true
    subnets:
      web: {cidr: 10.0.1.0/24, az: a, routes: {0.0.0.0/0: igw}}
      db: {cidr: 10.0.2.0/24, az: a}
    security-groups: {web: {}, db: {}}
    instances:
      web-1: {subnet: web, groups: [web], public-ip: true}
      fw-1:
        interfaces:
          in: {subnet: web, groups: [web], device-index: 0}
          out: {subnet: db, groups: [db], device-index: 1}
`

// guestNamed is the guest behind a port.
func guestNamed(t *testing.T, e *emu.Emulator, name string) *guest {
	t.Helper()
	p, err := e.Port(name)
	require.NoError(t, err)
	g := guestsOf(e)[p]
	require.NotNil(t, g)
	return g
}

func TestMetadata(t *testing.T) {
	e := emulator(t, served)
	guests := map[string]*guest{"web-1": guestNamed(t, e, "web-1"), "fw-1": guestNamed(t, e, "prod/in"), "fw-1, its other interface": guestNamed(t, e, "prod/out")}
	m := &metadata{who: func(remote string) *guest { return guests[remote] }}
	ask := func(from, method, path string, header ...string) (int, string) {
		r := httptest.NewRequest(method, path, nil)
		r.RemoteAddr = from
		for k := 0; k < len(header); k += 2 {
			r.Header.Set(header[k], header[k+1])
		}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	status, token := ask("web-1", "PUT", tokenPath, ttlHeader, "60")
	require.Equal(t, http.StatusOK, status)
	_, other := ask("fw-1", "PUT", tokenPath, ttlHeader, "60")
	mac := guests["fw-1, its other interface"].mac.String()
	for _, c := range []struct {
		name, from, token, path string
		status                  int
		want                    string
	}{
		{"an address", "web-1", token, "local-ipv4", 200, "10.0.1.4"},
		{"a public one", "web-1", token, "public-ipv4", 200, "198.51.100.1"},
		{"a public name", "web-1", token, "public-hostname", 200, "ec2-198-51-100-1.eu-west-1.compute.amazonaws.com"},
		{"none", "fw-1", other, "public-ipv4", 404, "404 page not found"},
		{"a name", "web-1", token, "local-hostname", 200, "ip-10-0-1-4.eu-west-1.compute.internal"},
		{"the zone", "web-1", token, "placement/availability-zone", 200, "eu-west-1a"},
		{"a folder", "web-1", token, "placement/", 200, "availability-zone\nregion"},
		{"the groups", "web-1", token, "security-groups", 200, "web"},
		{"the other interface", "fw-1", other, "network/interfaces/macs/" + mac + "/subnet-id", 200, "db"},
		{"from the other interface, the primary's address", "fw-1, its other interface", other, "local-ipv4", 200, guests["fw-1"].iface.Addresses[0].IP.String()},
		{"nothing", "web-1", token, "password", 404, "404 page not found"},
		{"no token", "web-1", "", "local-ipv4", 401, "want a token: PUT /latest/api/token"},
		{"a token of another", "web-1", other, "local-ipv4", 401, "want a token: PUT /latest/api/token"},
		{"nobody", "nobody", token, "local-ipv4", 503, "the interface is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, got := ask(c.from, "GET", dataPath+"/"+c.path, tokenHeader, c.token)
			assert.Equal(t, c.status, status)
			assert.Equal(t, c.want, got)
		})
	}
	for _, c := range []struct {
		name, ttl string
		status    int
	}{{"no time", "", 400}, {"no time at all", "0", 400}, {"six hours", "21600", 200}, {"longer", "21601", 400}} {
		t.Run("a token for "+c.name, func(t *testing.T) {
			status, _ := ask("web-1", "PUT", tokenPath, ttlHeader, c.ttl)
			assert.Equal(t, c.status, status)
		})
	}
	status, _ = ask("web-1", "PUT", tokenPath, ttlHeader, "60", "X-Forwarded-For", "10.0.0.9")
	assert.Equal(t, http.StatusForbidden, status)
	status, _ = ask("web-1", "POST", dataPath+"/local-ipv4", tokenHeader, token)
	assert.Equal(t, http.StatusMethodNotAllowed, status)
}

// TestClientAddresses: who is known keeps its address, and memory has an end.
func TestClientAddresses(t *testing.T) {
	s := newServices()
	of := func(k int) client {
		return client{guest: netip.AddrFrom4([4]byte{10, byte(k >> 16), byte(k >> 8), byte(k)}), service: vpc.Metadata4}
	}
	for k := range mostClients {
		n := s.number(of(k))
		for _, v6 := range []bool{false, true} {
			got, ok := s.client(clientAddr(n, v6))
			require.True(t, ok)
			require.Equal(t, of(k), got)
		}
	}
	first, second := s.number(of(0)), s.number(of(1))
	assert.Equal(t, first, s.number(of(mostClients)), "the one that has been known for longest makes room")
	got, _ := s.client(clientAddr(first, false))
	assert.Equal(t, of(mostClients), got)
	assert.Equal(t, second, s.number(of(0)), "and gets another number, of the next one")
	for k := range 3 * mostClients {
		s.number(of(k))
	}
	assert.Len(t, s.clients, mostClients)
	assert.Len(t, s.numbers, mostClients)
	for _, a := range []string{"100.65.0.0", "10.0.0.1", "fd64::1:0", "fd65::1"} {
		_, ok := s.client(ip(a))
		assert.False(t, ok, a)
	}
	_, ok := newServices().client(ip("100.64.0.0"))
	assert.False(t, ok, "nobody yet")
}
