package main

import (
	"fmt"
	"net"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/vnet"
)

// pion is two hosts of one router, and UDP sockets on them: vnet knows no TCP, and between two routers there is always a NAT.
type pion struct {
	router   *vnet.Router
	from, to transport.UDPConn
	payload  []byte
	read     []byte
}

func newPion(payload int) (*pion, error) {
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/16", LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		return nil, fmt.Errorf("pion: %w", err)
	}
	p := &pion{router: router, payload: make([]byte, payload), read: make([]byte, payload)}
	hosts := make([]*vnet.Net, 2)
	for i, ip := range []string{client.String(), server.String()} {
		if hosts[i], err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}}); err != nil {
			return nil, fmt.Errorf("pion: %w", err)
		}
		if err := router.AddNet(hosts[i]); err != nil {
			return nil, fmt.Errorf("pion: %w", err)
		}
	}
	if err := router.Start(); err != nil {
		return nil, fmt.Errorf("pion: %w", err)
	}
	there := &net.UDPAddr{IP: server.AsSlice(), Port: 20_000}
	if p.to, err = hosts[1].ListenUDP("udp4", there); err != nil {
		return nil, fmt.Errorf("pion: %w", err)
	}
	if p.from, err = hosts[0].DialUDP("udp4", &net.UDPAddr{IP: client.AsSlice(), Port: 1024}, there); err != nil {
		return nil, fmt.Errorf("pion: %w", err)
	}
	return p, nil
}

func (p *pion) Name() string { return "pion vnet, one router, UDP, no rules" }
func (p *pion) Close() error { return p.router.Stop() }

// window is how many packets are under way at most; a socket holds 1024 and drops what is more.
const window = 512

func (p *pion) Run(n int) error {
	if err := p.to.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // a lost packet is an error, not a standstill
		return err
	}
	for left := n; left > 0; left -= window {
		for range min(left, window) {
			if _, err := p.from.Write(p.payload); err != nil {
				return err
			}
		}
		for range min(left, window) {
			if _, err := p.to.Read(p.read); err != nil {
				return err
			}
		}
	}
	return nil
}
