//go:build linux

package tap

import (
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
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

// question is a DNS query.
func question(name string, kind uint16) []byte {
	q := []byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(name, ".") {
		q = append(append(q, byte(len(label))), label...)
	}
	q = binary.BigEndian.AppendUint16(append(q, 0), kind)
	return append(q, 0, 1)
}

func TestResolver(t *testing.T) {
	g := guestNamed(t, emulator(t, served), "web-1")
	for _, c := range []struct {
		name, ask string
		kind      uint16
		code      byte
		want      string // the data of the answer, "" for no answer
	}{
		{"a private name", "ip-10-0-2-9.eu-west-1.compute.internal", dnsA, dnsOK, string([]byte{10, 0, 2, 9})},
		{"in capitals", "IP-10-0-2-9.EU-WEST-1.Compute.Internal", dnsA, dnsOK, string([]byte{10, 0, 2, 9})},
		{"its IPv6 address", "ip-10-0-2-9.eu-west-1.compute.internal", 28, dnsOK, ""},
		{"outside of the VPC", "ip-10-9-2-9.eu-west-1.compute.internal", dnsA, dnsNoName, ""},
		{"of another Region", "ip-10-0-2-9.ec2.internal", dnsA, dnsFailed, ""},
		{"no address", "ip-10-0-2.eu-west-1.compute.internal", dnsA, dnsNoName, ""},
		{"a public name of its own", "ec2-198-51-100-1.eu-west-1.compute.amazonaws.com", dnsA, dnsOK, string([]byte{10, 0, 1, 4})},
		{"a public name of others", "ec2-203-0-113-9.eu-west-1.compute.amazonaws.com", dnsA, dnsOK, string([]byte{203, 0, 113, 9})},
		{"back", "4.1.0.10.in-addr.arpa", dnsPTR, dnsOK, "\x0bip-10-0-1-4\x09eu-west-1\x07compute\x08internal\x00"},
		{"back, of another network", "4.1.9.10.in-addr.arpa", dnsPTR, dnsFailed, ""},
		{"back, half of it", "0.10.in-addr.arpa", dnsPTR, dnsNoName, ""},
		{"of the internet", "example.com", dnsA, dnsFailed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := question(c.ask, c.kind)
			r := dnsReply(q, g)
			require.Greater(t, len(r), dnsHeader)
			assert.Equal(t, q[:2], r[:2], "the ID")
			assert.Equal(t, byte(0x81), r[2], "an answer, recursion desired")
			assert.Equal(t, 0x80|c.code, r[3])
			assert.Equal(t, q[dnsHeader:], r[dnsHeader:len(q)], "the question")
			if c.want == "" {
				assert.Equal(t, []byte{0, 1, 0, 0, 0, 0, 0, 0}, r[4:12])
				assert.Len(t, r, len(q))
				return
			}
			assert.Equal(t, []byte{0, 1, 0, 1, 0, 0, 0, 0}, r[4:12])
			answer := r[len(q):]
			assert.Equal(t, []byte{0xc0, 12}, answer[:2])
			assert.Equal(t, c.want, string(answer[12:]))
			assert.Equal(t, len(c.want), int(binary.BigEndian.Uint16(answer[10:])))
		})
	}
	q := question("a", dnsA)
	assert.Nil(t, dnsReply(q[:11], g), "no header")
	assert.Equal(t, byte(0x80|dnsFormat), dnsReply(q[:15], g)[3], "cut off")
	q[2] |= 0x80
	assert.Nil(t, dnsReply(q, g), "an answer")
	q[2] = 0x28
	assert.Equal(t, byte(0x80|dnsNotKnown), dnsReply(q, g)[3], "an update")
}

// FuzzResolver: any query gets an answer to it or none.
func FuzzResolver(f *testing.F) {
	f.Add(question("ip-10-0-2-9.eu-west-1.compute.internal", dnsA))
	f.Add(question("4.1.0.10.in-addr.arpa", dnsPTR))
	f.Add([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1}) // a name that points to itself
	net, _, err := yaml.Parse("net.yaml", []byte(served))
	require.NoError(f, err)
	e, err := emu.New(net, emu.Options{})
	require.NoError(f, err)
	p, err := e.Port("web-1")
	require.NoError(f, err)
	n := guestsOf(e)[p]
	f.Fuzz(func(t *testing.T, q []byte) {
		if r := dnsReply(q, n); r != nil {
			assert.Equal(t, q[:2], r[:2])
			assert.NotZero(t, r[2]&0x80)
		}
	})
}

func TestClientAddresses(t *testing.T) {
	s := newServices()
	var c client
	for range 70000 { // more than two bytes hold
		c = client{guest: c.guest.Next(), service: metadata4}
		if !c.guest.IsValid() {
			c.guest = netip.MustParseAddr("10.0.0.1")
		}
		n, ok := s.number(c)
		require.True(t, ok)
		for _, v6 := range []bool{false, true} {
			got, ok := s.client(clientAddr(n, v6))
			require.True(t, ok)
			require.Equal(t, c, got)
		}
	}
	again, _ := s.number(c)
	assert.Equal(t, 69999, again)
	for _, a := range []string{"100.127.255.255", "10.0.0.1", "fd65::1"} {
		_, ok := s.client(ip(a))
		assert.False(t, ok, a)
	}
}
