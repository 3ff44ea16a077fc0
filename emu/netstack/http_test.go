package netstack_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/vpc"
)

// serve runs a web server on a host until the test ends. It says who asked.
func serve(t testing.TB, h *netstack.Host, address string) {
	t.Helper()
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprint(w, from)
	})}
	l := listen(t, h, "tcp", address)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.ErrorIs(t, comes(t, done), http.ErrServerClosed)
	})
}

func client(t testing.TB, h *netstack.Host) *http.Client {
	tr := &http.Transport{DialContext: h.DialContext}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// get is the page at a URL, and whether it came over a connection from before.
func get(t testing.TB, c *http.Client, url string, limit time.Duration) (page string, reused bool, err error) {
	return getOver(within(t, limit), t, c, url, func() {})
}

// getOver calls connected once there is a connection.
func getOver(ctx context.Context, t testing.TB, c *http.Client, url string, connected func()) (page string, reused bool, err error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		reused = i.Reused
		connected()
	}})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := c.Do(r)
	if err != nil {
		return "", reused, err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	return string(b), reused, err
}

// TestHTTP: a real server and a real client, through every kind of way that leads out of
// and into a VPC.
func TestHTTP(t *testing.T) {
	n := sample()
	n.VPC("prod").SecurityGroup("web").AllowIn("tcp/8080", "0.0.0.0/0").AllowIn("tcp/8080", "::/0")
	known := func(name string) []addr {
		if name == "www.example.com" {
			return addrs("203.0.113.80", "2001:db8:ffff::80")
		}
		return nil
	}
	e := newEmulator(t, n, emu.Options{Names: known})
	hosts := map[string]*netstack.Host{
		"internet":    hostAt(t, e.Emulator, "internet", netstack.Options{Addresses: addrs("203.0.113.80", "2001:db8:ffff::80")}),
		"onprem:vgw":  hostAt(t, e.Emulator, "onprem:vgw", netstack.Options{Addresses: addrs("192.168.1.80")}),
		"s3-endpoint": hostAt(t, e.Emulator, "s3-endpoint", netstack.Options{Addresses: addrs("52.216.0.10")}),
	}
	for _, name := range []string{"web-1", "db-1", "app-1"} {
		hosts[name] = hostAt(t, e.Emulator, name, netstack.Options{})
	}
	for name, at := range map[string]string{"db-1": ":80", "web-1": ":8080", "internet": ":80", "onprem:vgw": ":80", "s3-endpoint": ":80"} {
		serve(t, hosts[name], at)
	}
	serve(t, hosts["db-1"], ":81")
	for _, c := range []struct {
		name, from, url, want string // want is who the server saw, "" if it is blocked
	}{
		{"between subnets", "web-1", "http://10.0.2.20/", "10.0.1.10"},
		{"to a port that the group does not open", "web-1", "http://10.0.2.20:81/", ""},
		{"between subnets, IPv6", "web-1", "http://[2001:db8:1:2::20]/", "2001:db8:1::10"},
		{"to a closed port, IPv6", "web-1", "http://[2001:db8:1:2::20]:81/", ""},
		{"by private name, IPv6 first", "web-1", "http://db-1.ec2.internal/", "2001:db8:1::10"},
		{"by the name of an address", "app-1", "http://ip-10-0-2-20.ec2.internal/", "10.0.3.10"},
		{"to the internet, by the internet gateway", "web-1", "http://203.0.113.80/", "198.51.100.10"},
		{"to the internet, IPv6", "web-1", "http://[2001:db8:ffff::80]/", "2001:db8:1::10"},
		{"to the internet, by a NAT gateway and a public name", "app-1", "http://www.example.com/", "nat"},
		{"without a way to the internet", "db-1", "http://203.0.113.80/", ""},
		{"from the internet", "internet", "http://198.51.100.10:8080/", "203.0.113.80"},
		{"from the internet, IPv6", "internet", "http://[2001:db8:1::10]:8080/", "2001:db8:ffff::80"},
		{"from the internet, to who has no public address", "internet", "http://10.0.2.20/", ""},
		{"to on-premises", "app-1", "http://192.168.1.80/", "10.0.3.10"},
		{"from on-premises", "onprem:vgw", "http://10.0.1.10:8080/", "192.168.1.80"},
		{"from on-premises, to who does not let it in", "onprem:vgw", "http://10.0.2.20/", ""},
		{"to a service, by a gateway endpoint", "app-1", "http://52.216.0.10/", "10.0.3.10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := patience
			if c.want == "" {
				limit = brief
			}
			page, _, err := get(t, client(t, hosts[c.from]), c.url, limit)
			if c.want == "" {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				return
			}
			require.NoError(t, err)
			if c.want == "nat" {
				g := e.Network().VPC("prod").Gateway("nat-1")
				c.want = g.Addresses[0].Public.String()
			}
			assert.Equal(t, c.want, page)
		})
	}
}

// TestRuleChangeDuringKeepAlive: what a change does to a connection that is open depends on
// whether its flow is tracked; new connections always meet the new rules.
func TestRuleChangeDuringKeepAlive(t *testing.T) {
	revoke := func(n *vpc.Network) error { n.SecurityGroup("db").Ingress = nil; return nil }
	for _, c := range []struct {
		name    string
		prepare func(*vpc.Network)
		change  func(*vpc.Network) error
		goesOn  bool // the connection that is open
		another bool // a new one works too
	}{
		{"tracked, the rule goes (SG-27)", func(*vpc.Network) {}, revoke, true, false},
		{"untracked, the rule goes (SG-28, SG-31)", func(n *vpc.Network) {
			n.SecurityGroup("db").Ingress = nil
			n.SecurityGroup("db").AllowIn("tcp/80", "0.0.0.0/0").AllowAllOut()
		}, revoke, false, false},
		{"tracked, since one direction is not open", func(n *vpc.Network) {
			n.SecurityGroup("db").Ingress = nil
			n.SecurityGroup("db").AllowIn("tcp/80", "0.0.0.0/0").AllowOut("tcp", "10.0.0.0/8")
		}, revoke, true, false},
		{"a network ACL keeps no state", func(*vpc.Network) {}, func(n *vpc.Network) error {
			v := n.VPC("prod")
			v.AddNetworkACL("shut")
			v.Subnet("db").NetworkACL = "shut"
			return nil
		}, false, false},
		{"another rule goes", func(*vpc.Network) {}, func(n *vpc.Network) error {
			n.SecurityGroup("db").Ingress = n.SecurityGroup("db").Ingress[:1]
			return nil
		}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := sample()
			c.prepare(n)
			e := newEmulator(t, n, emu.Options{})
			web, db := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "db-1", netstack.Options{})
			serve(t, db, ":80")
			open, other := client(t, web), client(t, web)
			_, _, err := get(t, open, "http://10.0.2.20/", patience)
			require.NoError(t, err)
			require.NoError(t, e.Update(c.change))
			ctx, end := context.WithCancel(within(t, patience))
			defer end()
			page, reused, err := getOver(ctx, t, open, "http://10.0.2.20/", func() { time.AfterFunc(limit(c.goesOn), end) })
			assert.True(t, reused)
			if c.goesOn {
				assert.NoError(t, err)
				assert.Equal(t, "10.0.1.10", page)
			} else {
				assert.ErrorIs(t, err, context.Canceled)
			}
			_, reused, err = get(t, other, "http://10.0.2.20/", limit(c.another))
			assert.False(t, reused)
			assert.Equal(t, c.another, err == nil, "%v", err)
		})
	}
}

func limit(works bool) time.Duration {
	if works {
		return patience
	}
	return brief
}
