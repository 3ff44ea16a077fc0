package insights

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
)

// members are those of the EC2 API: type by type, each with its own type.
func members(t *testing.T) map[string]map[string]string {
	data, err := os.ReadFile("testdata/ec2-api.txt")
	require.NoError(t, err)
	all, of := make(map[string]map[string]string), ""
	for line := range strings.Lines(string(data)) {
		name, kind, isMember := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "#":
		case isMember:
			all[of][name] = kind
		default:
			of, all[name] = name, make(map[string]string)
		}
	}
	return all
}

// kindOf is a type of ours in the words of the list.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return "strings"
		}
		return "[]" + kindOf(t.Elem())
	case reflect.Int:
		return "number"
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	}
	return t.Name()
}

// Whatever is written has the name and the type that the EC2 API gives it.
func TestModel(t *testing.T) {
	api, seen := members(t), make(map[string]bool)
	var check func(reflect.Type)
	check = func(s reflect.Type) {
		for s.Kind() == reflect.Pointer || s.Kind() == reflect.Slice {
			s = s.Elem()
		}
		if s.Kind() != reflect.Struct || seen[s.Name()] {
			return
		}
		seen[s.Name()] = true
		for i := range s.NumField() {
			f := s.Field(i)
			assert.Equal(t, api[s.Name()][f.Name], kindOf(f.Type), "%s.%s", s.Name(), f.Name)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			assert.Empty(t, name, "%s.%s is written by its own name", s.Name(), f.Name)
			check(f.Type)
		}
	}
	check(reflect.TypeFor[NetworkInsightsAnalysis]())
	assert.Len(t, seen, len(api), "all types of the list are written")
}

// README.md has each reason with its code, and each code of AWS once at most in the
// list of those that are never written.
func TestCodes(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	written, never, found := strings.Cut(string(text), "\n## Never written\n")
	require.True(t, found)
	rows := make(map[string]string)
	for line := range strings.Lines(written) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); len(cells) == 2 && cells[0] != "reason" && cells[0] != "---" {
			rows[cells[0]] = cells[1]
		}
	}
	last := emu.LinkLocalPPS
	assert.Len(t, rows, int(last), "%s is the last reason", last)
	for r := emu.None + 1; r <= last; r++ {
		got := code(&emu.Blocker{Reason: r.String(), Code: r.Code()}, &emu.Step{}, nil)
		assert.Equal(t, rows[r.String()], got, "%s", r)
		for line := range strings.Lines(never) {
			list, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
			assert.NotContains(t, strings.Split(list, ", "), got, "%s", r)
		}
	}
}

func TestOneReasonTwoCodes(t *testing.T) {
	in := func(s emu.Stage) *emu.Leg { return &emu.Leg{Steps: []emu.Step{{Stage: s}}} }
	for _, c := range []struct {
		name string
		r    emu.Reason
		s    emu.Step
		leg  *emu.Leg
		want string
	}{
		{"to RFC 1918", emu.IGWPrivateDst, emu.Step{Source: "100.64.0.1", Destination: "10.0.0.1"}, in(emu.ATT), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"},
		{"to RFC 6598", emu.IGWPrivateDst, emu.Step{Source: "10.0.0.1", Destination: "100.127.255.255"}, in(emu.ATT), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"},
		{"next to RFC 6598", emu.IGWPrivateDst, emu.Step{Source: "10.0.0.1", Destination: "100.128.0.0"}, in(emu.ATT), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"},
		{"from RFC 1918", emu.IGWPrivateSrc, emu.Step{Source: "10.0.0.1", Destination: "100.64.0.1"}, in(emu.ATT), "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"},
		{"from RFC 6598", emu.IGWPrivateSrc, emu.Step{Source: "100.64.0.0", Destination: "10.0.0.1"}, in(emu.ATT), "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS"},
		{"out through a VPN gateway", emu.VGWAddress, emu.Step{}, in(emu.ATT), "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS"},
		{"in through a VPN gateway", emu.VGWAddress, emu.Step{}, in(emu.VGW), "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"},
		{"out to an endpoint", emu.EPSource, emu.Step{}, in(emu.ATT), "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION"},
		{"from an endpoint", emu.EPSource, emu.Step{}, in(emu.EP), "VPCE_INTRA_VPC_TRAFFIC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, code(&emu.Blocker{Reason: c.r.String(), Code: c.r.Code()}, &c.s, c.leg))
		})
	}
}
