package netstack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/internal/soak"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestSoak: real traffic on every kind of way while the network changes, every second in a long
// run. On the roads everything arrives as it was sent. Beside them are gates, rules that come
// and go, of which whoever tries one knows which verdict is right: if no change fell into the
// attempt, that of the epoch. At every report all is quiet for a moment and what the process
// and the emulator hold must be level.
func TestSoak(t *testing.T) {
	length, pause := *soak.For, time.Second
	switch {
	case length != 0:
	case raceEnabled:
		length, pause = time.Second, 50*time.Millisecond
	default:
		length, pause = 2*time.Second, 50*time.Millisecond
	}
	s := newSoak(t)
	s.Run(s, length, pause)
}

// soaked is the network, what runs in it, and what has been counted beside the traffic.
type soaked struct {
	soak.Soak
	e       *emu.Emulator
	hosts   map[string]*netstack.Host
	probe   *emu.Port
	gates   []*gate
	guests  int
	first   level
	begun   begun // since the latest report, which was when past had gone by
	past    time.Duration
	busiest int64   // the most records that lived after an interval
	natted  []int64 // flows through the NAT gateway in each of the latest intervals
}

// Report logs what has been counted, and claims that the level is that of the first minute.
func (s *soaked) Report(past time.Duration) {
	now := s.level()
	most := s.mostRecords(past - s.past)
	s.past = past
	s.T.Logf("%v: %v; %v", past.Round(time.Second), s, now)
	if s.first == (level{}) {
		s.first = now
	}
	s.Expect(now.Near(s.first.Level), "level", "%v at first, %v now", s.first, now)
	s.Expect(now.records <= most, "level", "%d records, of at most %d that may live", now.records, most)
}

// begun counts the records of tracked flows that have begun, over TCP and by datagrams, and the
// flows through the NAT gateway.
type begun struct{ tcp, udp, natted atomic.Int64 }

// mostRecords is how many records may live after an interval, and a quarter more, since they
// are taken out by and by: of flows over TCP for up to a minute once they are closed,
// of datagrams for half of one (SG-38, SG-40); and two for each flow in the NAT gateway,
// which it remembers for 350 s (NAT-13).
func (s *soaked) mostRecords(interval time.Duration) int {
	tcp, udp := s.begun.tcp.Swap(0), s.begun.udp.Swap(0)
	if interval >= time.Minute {
		udp /= 2
	}
	s.busiest = max(s.busiest, tcp+udp)
	s.natted = append(s.natted, s.begun.natted.Swap(0))
	s.natted = s.natted[max(0, len(s.natted)-6):]
	most := s.busiest + 200 // of connections that stay open
	for _, n := range s.natted {
		most += 2 * n
	}
	return int(most * 5 / 4)
}

// SawAll reports whether every kind of thing has happened, or something has failed anyway.
func (s *soaked) SawAll() bool {
	return s.Saw(&s.Connections, &s.Bytes, &s.Datagrams, &s.Blocked, &s.Kept) && s.guests != 0
}

// soakNetwork has
//
//	web-1, probe ──▶ db-1, wide-1 and narrow-1, behind the gates
//	web-1 ──▶ near-1 by peering, far-1 by transit gateway, the internet
//	app-1 ──▶ nat-1 ──▶ the internet
func soakNetwork() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw-1")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "igw").AddRoute("10.1.0.0/16", "pcx-1").AddRoute("10.2.0.0/16", "tgw-1")
	web := v.AddSubnet("web", "10.0.1.0/24", "2001:db8:1::/64").UseRouteTable("public")
	web.AddInterface("web-1", "10.0.1.10", "web").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1::10")
	web.AddInterface("probe", "10.0.1.11", "web").AddAddress("2001:db8:1::11")
	db := v.AddSubnet("db", "10.0.2.0/24", "2001:db8:1:2::/64")
	db.AddInterface("db-1", "10.0.2.20", "db").AddAddress("2001:db8:1:2::20")
	db.AddInterface("wide-1", "10.0.2.30", "wide").Timeouts.TCPEstablished = time.Minute // of what was half closed when the gate was
	v.AddSubnet("narrow", "10.0.4.0/24").UseNetworkACL("narrow").AddInterface("narrow-1", "10.0.4.20", "narrow")
	v.AddNATGateway("nat-1", "web")
	v.AddRouteTable("private").AddRoute("0.0.0.0/0", "nat-1")
	v.AddSubnet("app", "10.0.3.0/24").UseRouteTable("private").AddInterface("app-1", "10.0.3.10", "web")
	v.AddSecurityGroup("web").AllowOut("all", "0.0.0.0/0").AllowOut("all", "::/0")
	v.AddSecurityGroup("db").AllowIn("tcp/80", "web").AllowIn("tcp/7", "web").AllowIn("udp/7", "web").AllowIn("icmp", "web")
	v.AddSecurityGroup("wide").AllowOut("all", "0.0.0.0/0")
	v.AddSecurityGroup("narrow").AllowIn("all", "web")
	v.AddNetworkACL("narrow").AllowOut(100, "all", "0.0.0.0/0")
	for _, o := range []struct{ name, four, back string }{{"near", "10.1", "pcx-1"}, {"far", "10.2", "tgw-1"}} {
		v := n.AddVPC(o.name, o.four+".0.0/16")
		v.AddRouteTable("back").AddRoute("10.0.0.0/16", o.back)
		v.AddSubnet(o.name, o.four+".1.0/24").UseRouteTable("back").AddInterface(o.name+"-1", o.four+".1.20", o.name)
		v.AddSecurityGroup(o.name).AllowIn("all", "10.0.0.0/16")
	}
	n.AddPeering("pcx-1", "prod", "near")
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw-1", Transit: &vpc.Transit{
		Association: "all", Propagation: "all", RouteTables: []*vpc.TransitTable{{ID: "all"}},
		Attachments: []*vpc.TransitAttachment{{ID: "of-prod", VPC: "prod", Subnets: []string{"web"}}, {ID: "of-far", VPC: "far", Subnets: []string{"far"}}}}})
	return &n
}

// road is a way on which nothing is ever lost.
type road struct {
	name, from, to string
	records        int64 // of a flow
}

// begins counts a flow.
func (s *soaked) begins(r road, records *atomic.Int64) {
	records.Add(r.records)
	if r.from == "app-1" {
		s.begun.natted.Add(1)
	}
}

var soakRoads = []road{
	{"inside", "web-1", "10.0.2.20", 2},
	{"inside, IPv6", "web-1", "2001:db8:1:2::20", 2},
	{"peering", "web-1", "10.1.1.20", 2},
	{"transit gateway", "web-1", "10.2.1.20", 2},
	{"NAT gateway", "app-1", "203.0.113.80", 1},
	{"internet gateway, IPv6", "web-1", "2001:db8:ffff::80", 1},
}

func newSoak(t *testing.T) *soaked {
	e, err := emu.New(soakNetwork(), emu.Options{})
	require.NoError(t, err)
	s := &soaked{Soak: soak.Soak{T: t}, e: e, hosts: map[string]*netstack.Host{}}
	for _, name := range []string{"web-1", "app-1", "db-1", "wide-1", "narrow-1", "near-1", "far-1"} {
		s.hosts[name] = hostAt(t, e, name, netstack.Options{})
	}
	s.hosts["internet"] = hostAt(t, e, "internet", netstack.Options{Addresses: addrs("203.0.113.80", "2001:db8:ffff::80")})
	for _, h := range s.hosts {
		h.SetTimeWait(500 * time.Millisecond)
	}
	s.probe, err = e.Port("probe")
	require.NoError(t, err)
	for _, name := range []string{"db-1", "near-1", "far-1", "internet"} {
		mirror(t, s.hosts[name])
		s.echoes(s.hosts[name], 7, false)
	}
	s.gates = soakGates(e)
	for _, g := range s.gates {
		s.echoes(s.hosts[g.host], g.port, g.silent)
		require.NoError(t, g.Set(true))
		g.Begin(true)
	}
	return s
}

// mirror runs a web server that sends back what it is sent.
func mirror(t testing.TB, h *netstack.Host) {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, err := io.ReadAll(r.Body); err == nil {
			w.Write(b)
		}
	})}
	l := listen(t, h, "tcp", ":80")
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, comes(t, done), http.ErrServerClosed)
	})
}

// echoes sends back what comes to a port over TCP and UDP, unless it is silent over UDP.
func (s *soaked) echoes(h *netstack.Host, port uint16, silent bool) {
	go echo(listen(s.T, h, "tcp", fmt.Sprint(":", port)))
	u, err := h.ListenPacket("udp", fmt.Sprint(":", port))
	require.NoError(s.T, err)
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := u.ReadFrom(b)
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err == nil && !silent: // else a guest who has asked is there no more
				u.WriteTo(b[:n], from)
			}
		}
	}()
}

// Workers are several on each road and at each gate.
func (s *soaked) Workers() (all []soak.Worker) {
	add := func(pause time.Duration, of, what string, round func() error) {
		all = append(all, soak.Worker{Name: of + ": " + what, Pause: pause, Round: round})
	}
	for _, r := range soakRoads {
		at := func(port uint16) string { return netip.AddrPortFrom(netip.MustParseAddr(r.to), port).String() }
		add(10*time.Millisecond, r.name, "requests over one connection", s.asks(r, at(80), 1<<10, false))
		add(20*time.Millisecond, r.name, "a connection each", s.asks(r, at(80), 1<<10, true))
		add(200*time.Millisecond, r.name, "bulk", s.asks(r, at(80), bulk, false))
		add(20*time.Millisecond, r.name, "datagrams", s.datagram(r, at(7)))
		add(20*time.Millisecond, r.name, "long-lived", s.longLived(s.hosts[r.from], at(7), patience))
	}
	add(20*time.Millisecond, "inside", "ping", s.echo())
	for k, g := range s.gates {
		add(30*time.Millisecond, g.Name, "dial", s.tries(g, uint16(2000+k*portsOfGate)))
		add(10*time.Millisecond, g.Name, "probe", s.probesOf(g))
		add(20*time.Millisecond, g.Name, "long-lived", s.longLived(s.hosts["web-1"], g.address(), soak.Stalled))
	}
	return all
}

const bulk = 1 << 20 // bytes

// asks posts random bytes and claims that they come back.
func (s *soaked) asks(r road, to string, size int, each bool) func() error {
	if raceEnabled {
		size = min(size, 32<<10)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		s.Connections.Add(1)
		s.begins(r, &s.begun.tcp)
		return s.hosts[r.from].DialContext(ctx, network, address)
	}
	tr := &http.Transport{DialContext: dial, DisableKeepAlives: each}
	s.T.Cleanup(tr.CloseIdleConnections)
	c := &http.Client{Transport: tr, Timeout: patience}
	random := rand.NewChaCha8([32]byte{byte(size)})
	return func() error {
		sent := make([]byte, size)
		random.Read(sent)
		answer, err := c.Post("http://"+to, "application/octet-stream", bytes.NewReader(sent))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		got, err := io.ReadAll(answer.Body)
		if err == nil && !bytes.Equal(sent, got) {
			err = errors.New("other bytes came back")
		}
		s.Bytes.Add(int64(2 * size))
		return err
	}
}

// datagram sends one and claims that it comes back; each from a new socket.
func (s *soaked) datagram(r road, to string) func() error {
	return func() error {
		c, err := s.hosts[r.from].Dial("udp", to)
		if err != nil {
			return err
		}
		defer c.Close()
		s.Datagrams.Add(1)
		s.begins(r, &s.begun.udp)
		return s.exchange(c, 100, patience)
	}
}

// longLived is one connection that must never break. The next round of one that has dials anew: what
// was sent on the old one may still come back.
func (s *soaked) longLived(h *netstack.Host, to string, limit time.Duration) func() error {
	var c net.Conn
	hangUp := func() {
		if c != nil {
			c.Close()
			c = nil
		}
	}
	s.T.Cleanup(hangUp)
	return func() error {
		if c == nil {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			dialled, err := h.DialContext(ctx, "tcp", to)
			if err != nil {
				return err
			}
			c = dialled
			s.Connections.Add(1)
		}
		err := s.exchange(c, 2000, limit)
		if err != nil {
			hangUp()
		}
		return err
	}
}

// exchange sends random bytes and claims that they come back in time.
func (s *soaked) exchange(c net.Conn, size int, limit time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	return s.Exchange(c, size)
}
