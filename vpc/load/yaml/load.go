package yaml

import (
	"os"
	"path/filepath"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// Load reads a network from a file. Mistakes in the file are [Errors]; what AWS
// would refuse in the network that it describes is what [vpc.Network.Validate]
// answers.
func Load(path string) (*vpc.Network, *report.Report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	return Parse(path, b)
}

// Parse reads a network from the bytes of a file; name is the file's in messages.
// Addresses that the file leaves open stay open.
func Parse(name string, b []byte) (*vpc.Network, *report.Report, error) {
	n, rep, err := parse(name, b)
	if err == nil {
		err = n.Validate()
	}
	if err != nil {
		return nil, rep, err
	}
	return n, rep, nil
}

// parse is Parse without asking whether AWS would accept the network.
func parse(name string, b []byte) (*vpc.Network, *report.Report, error) {
	d := newDecoder(name)
	if root := d.parse(b); root != nil {
		read(d, root, "the network", networkKeys, d.net)
		for _, check := range d.checks {
			check()
		}
	}
	return d.net, d.report, d.mistakes()
}

func newDecoder(file string) *decoder {
	n := new(vpc.Network)
	return &decoder{
		file: file, base: filepath.Base(file), net: n, report: &report.Report{Format: "yaml"},
		labels: make(map[scope]map[string]string), refs: newReferences(n), toldIGW: make(map[*vpc.VPC]bool),
	}
}

// networkKeys are the keys of a file. Prefix lists stand before what uses them
// in reading, whatever their order in the file.
var networkKeys = keys[vpc.Network]{
	{"prefix-lists", func(d *decoder, n *node, _ *vpc.Network) { d.pairs(n, "prefix-lists", d.prefixList) }},
	{"vpcs", func(d *decoder, n *node, _ *vpc.Network) { d.pairs(n, "vpcs", d.readVPC) }},
	{"gateways", func(d *decoder, n *node, net *vpc.Network) {
		d.pairs(n, "gateways", func(k, value *node) {
			net.Gateways = append(net.Gateways, d.gateway(k, value, gatewayKeys, 0))
		})
	}},
	{"block-public-access", func(d *decoder, n *node, net *vpc.Network) { net.BlockPublicAccess = d.blockPublicAccess(n) }},
	{"unowned-addresses", func(d *decoder, n *node, net *vpc.Network) {
		d.items(n, func(n *node) { net.Unowned = append(net.Unowned, d.addr(n, "a public IPv4 address")) })
	}},
	{"expect", func(d *decoder, n *node, net *vpc.Network) { net.Expect = d.expectations(n) }},
}

var prefixListKeys = join(identity(func(l *vpc.PrefixList) (id, name *string) { return &l.ID, &l.Name }), keys[vpc.PrefixList]{
	{"entries", func(d *decoder, n *node, l *vpc.PrefixList) {
		l.Entries = d.prefixes(n)
		l.MaxEntries = len(l.Entries)
	}},
	{"max-entries", func(d *decoder, n *node, l *vpc.PrefixList) { l.MaxEntries, _ = d.number(n) }},
	{"unknown", text("a reason", func(l *vpc.PrefixList) *string { return &l.Unknown })},
})

func (d *decoder) prefixList(k, n *node) {
	l := &vpc.PrefixList{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	if n = follow(n); n.Kind == goyaml.MappingNode {
		read(d, n, what(kindList, k.Value), prefixListKeys, l)
	} else {
		l.Entries = d.prefixes(n)
		l.MaxEntries = len(l.Entries)
	}
	d.net.PrefixLists = append(d.net.PrefixLists, l)
	d.label(kindList, k.Value, l.ID)
	d.report.Count("prefix-list")
}
