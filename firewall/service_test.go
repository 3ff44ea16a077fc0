package firewall

import (
	"strings"
	"testing"
)

func TestParseService(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Service
		text     string // of want, if it is not in
	}{
		{"everything", "all", Service{-1, -1, -1}, ""},
		{"every TCP port", "tcp", Service{6, 0, 65535}, ""},
		{"every TCP port, as a range", "tcp/0-65535", Service{6, 0, 65535}, "tcp"},
		{"a port", "tcp/443", Service{6, 443, 443}, ""},
		{"the first port", "tcp/0", Service{6, 0, 0}, ""},
		{"the last port", "udp/65535", Service{17, 65535, 65535}, ""},
		{"a range", "udp/8000-8099", Service{17, 8000, 8099}, ""},
		{"a range of one port", "udp/53-53", Service{17, 53, 53}, "udp/53"},
		{"any ICMP", "icmp", Service{1, -1, -1}, ""},
		{"an ICMP type", "icmp/8", Service{1, 8, -1}, ""},
		{"ICMP type 0", "icmp/0", Service{1, 0, -1}, ""},
		{"an ICMP type and code", "icmp/3/4", Service{1, 3, 4}, ""},
		{"any ICMPv6", "icmpv6", Service{58, -1, -1}, ""},
		{"an ICMPv6 type and code", "icmpv6/128/0", Service{58, 128, 0}, ""},
		{"a protocol", "ip/50", Service{50, -1, -1}, ""},
		{"protocol 0", "ip/0", Service{0, -1, -1}, ""},
		{"TCP by number", "ip/6", Service{6, 0, 65535}, "tcp"},
		{"ICMP by number", "ip/1", Service{1, -1, -1}, "icmp"},
	} {
		got, err := ParseService(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: %q: got %v, %v, want %v", c.name, c.in, got, err, c.want)
		}
		text := c.text
		if text == "" {
			text = c.in
		}
		if got.String() != text {
			t.Errorf("%s: %q: written %q, want %q", c.name, c.in, got, text)
		}
	}
}

func TestServiceKinds(t *testing.T) {
	for _, c := range []struct {
		in           string
		ports, icmps bool
	}{
		{"tcp/443", true, false}, {"udp", true, false}, {"icmp/8", false, true}, {"icmpv6", false, true}, {"ip/50", false, false}, {"all", false, false},
	} {
		s := MustParseService(c.in)
		if s.HasPorts() != c.ports || s.IsICMP() != c.icmps || s.Plain() != s {
			t.Errorf("%s: ports %v, ICMP %v, plain %v", c.in, s.HasPorts(), s.IsICMP(), s.Plain())
		}
	}
	for _, c := range []struct {
		name string
		s    Service
		want string
	}{
		{"SG-9 ports of ESP", Service{50, 1, 2}, "ip/50"},
		{"SG-9 ports of all", Service{AllProtocols, 0, 65535}, "all"},
		{"ports of TCP", Service{6, 1, 2}, "tcp/1-2"},
	} {
		if got := c.s.Plain(); got != MustParseService(c.want) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestParseService_Errors(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", `unknown protocol ""`},
		{"no such protocol", "tpc/443", `unknown protocol "tpc"`},
		{"a port without protocol", "443", `unknown protocol "443"`},
		{"everything with a port", "all/443", "all takes no ports"},
		{"SG-10 port too high", "tcp/65536", `"65536" is not a port (0 to 65535)`},
		{"SG-10 negative port", "tcp/-1", `"" is not a port`},
		{"SG-10 reversed range", "tcp/443-80", "port range 443-80 is reversed"},
		{"SG-10 half a range", "tcp/443-", `"" is not a port`},
		{"a port in words", "tcp/https", `"https" is not a port`},
		{"two ports", "tcp/80/443", `"80/443" is not a port`},
		{"SG-11 ICMP type too high", "icmp/256", `"256" is not a ICMP type`},
		{"SG-11 ICMP code too high", "icmp/3/256", `"256" is not a ICMP code`},
		{"SG-11 any type with a code", "icmp/-1/4", `"-1" is not a ICMP type`},
		{"a protocol without number", "ip", `"" is not a protocol number`},
		{"a protocol number too high", "ip/256", `"256" is not a protocol number (0 to 255)`},
	} {
		got, err := ParseService(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"`+c.in+`"`) {
			t.Errorf("%s: %q: got %v, %v, want an error with %q", c.name, c.in, got, err, c.want)
		}
		if got != (Service{}) {
			t.Errorf("%s: %q: got %v beside the error", c.name, c.in, got)
		}
	}
}

func TestMustParseService_Panics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustParseService("tcp/https")
}

// FuzzParseService: what is read and written is read as the same.
func FuzzParseService(f *testing.F) {
	for _, seed := range []string{
		"all",          // no ports at all
		"tcp",          // a range that is not written
		"tcp/443",      // one port
		"udp/0-65535",  // the whole range, written
		"udp/00053",    // digits that are not needed
		"tcp/+443",     // a sign
		"icmp/8",       // any code
		"icmp/3/4",     // type and code
		"icmpv6/128/0", // code 0 is not any
		"ip/50",        // no ports
		"ip/6",         // has a name
		"ip/58",        // has a name
		"tcp/443-80",   // reversed: refused
		"all/",         // a slash and nothing
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseService(in)
		if err != nil {
			return
		}
		again, err := ParseService(s.String())
		if err != nil || again != s {
			t.Errorf("%q is %v, written %q, which is %v, %v", in, s, s.String(), again, err)
		}
	})
}
