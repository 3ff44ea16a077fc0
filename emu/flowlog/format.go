package flowlog

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// none is what stands for a field that does not apply or is not known (FLOW-33).
const none = "-"

// format writes lines with some fields.
type format struct {
	fields   []string
	version  string
	services map[netip.Prefix]string
}

func newFormat(text string, services map[netip.Prefix]string) (*format, error) {
	fields, version, err := vpc.FlowFields(text)
	if err != nil {
		return nil, err
	}
	return &format{fields, strconv.Itoa(version), services}, nil
}

// line is one flow.
func (f *format) line(s *sums) string {
	return f.join(func(name string) string {
		if value := flowFields[name]; value != nil {
			return value(f, s)
		}
		return f.place(name, s.Place, "OK")
	})
}

// empty is the line of a window without records.
func (f *format) empty(p emu.Place, start int64, status string) string {
	return f.join(func(name string) string {
		switch name {
		case "start":
			return strconv.FormatInt(start, 10)
		case "end":
			return strconv.FormatInt(start+window-1, 10)
		}
		return f.place(name, p, status)
	})
}

func (f *format) join(value func(name string) string) string {
	words := make([]string, len(f.fields))
	for i, name := range f.fields {
		if words[i] = value(name); words[i] == "" {
			words[i] = none
		}
	}
	return strings.Join(words, " ")
}

// place is a field that says where the interface is; those that nothing here knows
// of are empty: of containers, of Local Zones, of encryption.
func (f *format) place(name string, p emu.Place, status string) string {
	switch name {
	case "version":
		return f.version
	case "account-id":
		return p.Account
	case "interface-id":
		return p.Interface
	case "vpc-id":
		return p.VPC
	case "subnet-id":
		return p.Subnet
	case "instance-id":
		return p.Instance
	case "region":
		return p.Region
	case "az-id":
		return zoneID.FindString(p.Zone)
	case "log-status":
		return status
	}
	return ""
}

// zoneID is what tells the ID of a zone, "use1-az1", from its name.
var zoneID = regexp.MustCompile(`^[a-z0-9-]+-az[0-9]+$`)

// flowFields are the fields that say something of a flow.
var flowFields = map[string]func(*format, *sums) string{
	"srcaddr":             func(_ *format, s *sums) string { return s.Source.String() },
	"dstaddr":             func(_ *format, s *sums) string { return s.Destination.String() },
	"srcport":             func(_ *format, s *sums) string { return strconv.Itoa(int(s.Flow.SrcPort)) },
	"dstport":             func(_ *format, s *sums) string { return strconv.Itoa(int(s.Flow.DstPort)) },
	"protocol":            func(_ *format, s *sums) string { return strconv.Itoa(int(s.Flow.Proto)) },
	"packets":             func(_ *format, s *sums) string { return strconv.Itoa(s.packets) },
	"bytes":               func(_ *format, s *sums) string { return strconv.Itoa(s.bytes) },
	"start":               func(_ *format, s *sums) string { return s.seconds(s.first) },
	"end":                 func(_ *format, s *sums) string { return s.seconds(s.last) },
	"action":              func(_ *format, s *sums) string { return map[bool]string{true: "ACCEPT", false: "REJECT"}[s.Accept] },
	"tcp-flags":           func(_ *format, s *sums) string { return strconv.Itoa(s.flags) },
	"type":                func(_ *format, s *sums) string { return map[bool]string{true: "IPv4", false: "IPv6"}[s.Flow.Src.Is4()] },
	"pkt-srcaddr":         func(_ *format, s *sums) string { return s.Flow.Src.String() },
	"pkt-dstaddr":         func(_ *format, s *sums) string { return s.Flow.Dst.String() },
	"pkt-src-aws-service": func(f *format, s *sums) string { return f.service(s.Flow.Src) },
	"pkt-dst-aws-service": func(f *format, s *sums) string { return f.service(s.Flow.Dst) },
	"flow-direction":      func(_ *format, s *sums) string { return s.Direction.String() },
	"traffic-path":        func(_ *format, s *sums) string { return path(s.Path) },
	"reject-reason":       func(_ *format, s *sums) string { return s.Cause },
}

// seconds is a time, if the records have one.
func (s *sums) seconds(t int64) string {
	if !s.timed {
		return none
	}
	return strconv.FormatInt(t, 10)
}

func path(n uint8) string {
	if n == 0 {
		return none
	}
	return strconv.Itoa(int(n))
}

// service names the longest of the given ranges that an address is in (FLOW-38).
func (f *format) service(a netip.Addr) string {
	name, bits := "", -1
	for p, service := range f.services {
		if p.Contains(a) && p.Bits() > bits {
			name, bits = service, p.Bits()
		}
	}
	return name
}
