package yaml

import (
	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

// Block Public Access is a mapping, or a list of them if Regions differ.
var blockKeys = keys[vpc.BlockPublicAccess]{
	{"account", text("an account number", func(b *vpc.BlockPublicAccess) *string { return &b.Account })},
	{"region", text("a region", func(b *vpc.BlockPublicAccess) *string { return &b.Region })},
	{"mode", func(d *decoder, n *node, b *vpc.BlockPublicAccess) {
		b.Mode = vpc.BlockMode(d.oneOf(n, "mode", vpc.BlockModes()))
	}},
	{"unknown", text("a reason", func(b *vpc.BlockPublicAccess) *string { return &b.Unknown })},
	{"exclusions", func(d *decoder, n *node, b *vpc.BlockPublicAccess) {
		d.pairs(n, "exclusions", func(k, value *node) {
			mode := d.oneOf(value, "mode", exclusionModes)
			b.Exclusions = append(b.Exclusions, vpc.BlockExclusion{Resource: k.Value, EgressOnly: mode == 1, Origin: d.origin(k)})
			d.checks = append(d.checks, func() { d.checkExclusion(k) })
		})
	}},
}

var exclusionModes = []string{"allow-bidirectional", "allow-egress"}

func (d *decoder) blockPublicAccess(n *node) []*vpc.BlockPublicAccess {
	var all []*vpc.BlockPublicAccess
	d.items(n, func(n *node) {
		b := &vpc.BlockPublicAccess{Origin: d.origin(n)}
		read(d, n, "block-public-access", blockKeys, b)
		all = append(all, b)
		d.report.Count("block-public-access")
	})
	return all
}

// checkExclusion refuses names that mean no VPC and no single subnet.
func (d *decoder) checkExclusion(k *node) {
	v, _ := d.net.Excluded(&vpc.BlockExclusion{Resource: k.Value})
	if v == nil && !d.excused(nil) {
		d.errorf(k, "no VPC and no single subnet is called %q: write a subnet as vpc/subnet if several have the name", k.Value)
	}
}

func (w *writer) blockPublicAccess() *node {
	var items []*node
	for _, b := range w.net.BlockPublicAccess {
		m := newMapping()
		m.text("account", b.Account)
		m.text("region", b.Region)
		m.text("mode", b.Mode.String())
		m.text("unknown", b.Unknown)
		exclusions := newMapping()
		seen := make(map[string]bool)
		for _, e := range b.Exclusions {
			if seen[e.Resource] {
				w.failf("two exclusions from Block Public Access are of %q", e.Resource)
			}
			seen[e.Resource] = true
			exclusions.add(e.Resource, scalar(e.Mode()))
		}
		if len(exclusions.Content) > 0 {
			m.add("exclusions", exclusions.node)
		}
		w.block[m.node] = true
		items = append(items, m.node)
	}
	switch len(items) {
	case 0:
		return nil
	case 1:
		return items[0]
	}
	n := &node{Kind: goyaml.SequenceNode, Content: items}
	w.block[n] = true
	return n
}
