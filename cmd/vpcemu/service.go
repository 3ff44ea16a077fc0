package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
)

const serviceForms = "tcp/PORT, udp/PORT, icmp, icmp/TYPE/CODE, icmpv6/TYPE or ip/PROTOCOL"

// wellKnown are the names that people try, and services to complete.
var wellKnown = []struct{ name, service string }{
	{"ssh", "tcp/22"}, {"dns", "udp/53"}, {"http", "tcp/80"}, {"https", "tcp/443"}, {"mysql", "tcp/3306"},
	{"rdp", "tcp/3389"}, {"postgres", "tcp/5432"}, {"redis", "tcp/6379"}, {"http-alt", "tcp/8080"}, {"ping", "icmp"}, {"ping6", "icmpv6"},
}

// oneService reads the SERVICE that a real packet is sent to: not a range.
func oneService(s string) (firewall.Service, error) {
	svc, err := firewall.ParseService(s)
	if err != nil {
		return svc, notAService(s)
	}
	switch name, _, _ := strings.Cut(s, "/"); {
	case svc.Protocol == firewall.AllProtocols:
		return svc, fmt.Errorf("service %q: one packet has one protocol: want %s", s, serviceForms)
	case svc.HasPorts() && svc.From != svc.To:
		return svc, fmt.Errorf("service %q is a range of ports: name the one to knock at, like %s", s, typical(svc, name))
	}
	return svc, nil
}

// typical is one service of a range.
func typical(svc firewall.Service, name string) string {
	if svc.From > 0 {
		return fmt.Sprintf("%s/%d", name, svc.From)
	}
	if name == "udp" {
		return "udp/53"
	}
	return "tcp/443"
}

// notAService lists the forms, and guesses what was meant.
func notAService(s string) error {
	guess, lower := "", strings.ToLower(s)
	port, protocol, swapped := strings.Cut(lower, "/")
	_, notNumber := strconv.ParseUint(port, 10, 16)
	for _, w := range wellKnown {
		if w.name == lower {
			guess = w.service
		}
	}
	switch _, err := firewall.ParseService(strings.Replace(lower, ":", "/", 1)); {
	case guess != "":
	case err == nil:
		guess = strings.Replace(lower, ":", "/", 1)
	case notNumber == nil && swapped:
		guess = protocol + "/" + port
	case notNumber == nil:
		guess = "tcp/" + port
	}
	if _, err := firewall.ParseService(guess); err == nil {
		return fmt.Errorf("%q is not a service; did you mean %q? Want %s", s, guess, serviceForms)
	}
	return fmt.Errorf("%q is not a service: want %s", s, serviceForms)
}
