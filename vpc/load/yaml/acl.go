package yaml

import (
	"net/netip"
	"strconv"
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

var aclKeys = join(identity(func(a *vpc.NetworkACL) (id, name *string) { return &a.ID, &a.Name }), keys[vpc.NetworkACL]{
	{"ingress", func(d *decoder, n *node, a *vpc.NetworkACL) { a.Ingress = d.entries(n, ingress) }},
	{"egress", func(d *decoder, n *node, a *vpc.NetworkACL) { a.Egress = d.entries(n, egress) }},
})

func (d *decoder) networkACL(k, n *node) {
	a := &vpc.NetworkACL{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	read(d, n, what(kindACL, k.Value), aclKeys, a)
	d.vpc.NetworkACLs = append(d.vpc.NetworkACLs, a)
	d.label(kindACL, k.Value, a.ID)
	d.report.Count("network-acl")
}

// builtEntry is an entry of a network ACL while its line or mapping is read.
type builtEntry struct {
	firewall.Entry
	way  direction
	line string
	at   *node
}

// entryKeys are the keys of an entry that needs more than its line.
var entryKeys = keys[builtEntry]{
	{"rule", func(d *decoder, n *node, e *builtEntry) {
		e.line, _ = d.text(n, "an entry like \"100 allow tcp/443 "+e.way.word+" 10.0.0.0/16\"")
		e.at = follow(n)
	}},
	{"unknown", text("a reason", func(e *builtEntry) *string { return &e.Unknown })},
}

func (d *decoder) entries(n *node, way direction) []firewall.Entry {
	var entries []firewall.Entry
	d.items(n, func(n *node) {
		e := &builtEntry{Entry: firewall.Entry{Origin: d.origin(n)}, way: way, at: n}
		if n.Kind != goyaml.MappingNode {
			entryKeys[0].read(d, n, e)
		} else if !d.splitLine(n) {
			read(d, n, "an entry", entryKeys, e)
		}
		if e.line != "" {
			d.entryLine(e)
		}
		entries = append(entries, e.Entry)
	})
	return entries
}

// entryLine reads "NUMBER allow|deny SERVICE from CIDR".
func (d *decoder) entryLine(e *builtEntry) {
	words := strings.Fields(e.line)
	number, err := strconv.Atoi(words[0])
	if err != nil || len(words) < 3 {
		d.errorf(e.at, "%q is not an entry: want one like \"100 allow tcp/443 %s 10.0.0.0/16\"", e.line, e.way.word)
		return
	}
	e.Number = number
	switch words[1] {
	case "allow":
		e.Action = firewall.Allow
	case "deny":
	default:
		d.errorf(e.at, "want allow or deny after the number, not %q", words[1])
	}
	switch {
	case words[2] != unknownService:
		e.Service = d.service(e.at, words[2])
	case e.Unknown == "":
		d.errorf(e.at, "an entry whose service is \"?\" needs the key unknown, which says why")
	}
	cidr := d.farSide(e.at, strings.Join(words[3:], " "), e.way)
	p, err := netip.ParsePrefix(cidr)
	switch {
	case err == nil:
		e.CIDR = p.Masked()
	case cidr != "":
		d.errorf(e.at, "%s", badPrefix(cidr))
	case len(words) == 3 && e.Unknown == "":
		d.errorf(e.at, "want %q and a CIDR block after the service", e.way.word)
	}
}
