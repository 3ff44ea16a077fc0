package insights

import (
	"regexp"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// description finds what the steps of a trace name.
type description struct {
	network    *vpc.Network
	elements   map[key]vpc.Element
	interfaces map[key]*vpc.Interface
}

// key is an element's kind, VPC and ID.
type key struct{ kind, vpc, id string }

func newDescription(n *vpc.Network) *description {
	d := &description{network: n, elements: make(map[key]vpc.Element), interfaces: make(map[key]*vpc.Interface)}
	n.Walk(func(e vpc.Element) {
		k := key{kind: e.Kind, id: *e.ID}
		if e.VPC != nil {
			k.vpc = e.VPC.ID
		}
		d.elements[k] = e
		if i, ok := e.Value.(*vpc.Interface); ok {
			d.interfaces[k] = i
		}
	})
	return d
}

// resources are the kinds of steps: what [vpc.Element] and ARNs call them, and how
// AWS's IDs begin.
var resources = map[string]struct{ element, arn, prefix string }{
	"acl":            {"network ACL", "network-acl", "acl"},
	"eigw":           {"gateway", "egress-only-internet-gateway", "eigw"},
	"eni":            {"interface", "network-interface", "eni"},
	"igw":            {"internet gateway", "internet-gateway", "igw"},
	"instance":       {"instance", "instance", "i"},
	"lb":             {"load balancer", "", ""},
	"nat":            {"gateway", "natgateway", "nat"},
	"pcx":            {"gateway", "", ""}, // of the account that asked for it
	"rtb":            {"route table", "route-table", "rtb"},
	"sg":             {"security group", "security-group", "sg"},
	"subnet":         {"subnet", "subnet", "subnet"},
	"tgw":            {"gateway", "", ""}, // of any account
	"vgw":            {"gateway", "vpn-gateway", "vgw"},
	"vpc":            {"VPC", "vpc", "vpc"},
	"vpce":           {"gateway", "vpc-endpoint", "vpce"},
	"vpce-gwlb":      {"gateway", "vpc-endpoint", "vpce"},
	"vpce-interface": {"gateway", "vpc-endpoint", "vpce"},
}

// component is a resource of a VPC, or of none; nil if it has no ID.
func (d *description) component(kind, id, in string) *AnalysisComponent {
	if id == "" {
		return nil
	}
	r := resources[kind]
	c := &AnalysisComponent{Id: id}
	for _, k := range [...]key{{r.element, in, id}, {r.element, "", id}} {
		if e, ok := d.elements[k]; ok && *e.Name != id {
			c.Name = *e.Name
			break
		}
	}
	owner := in
	if kind == "vpc" {
		owner = id
	}
	switch v, ok := d.elements[key{"VPC", "", owner}].Value.(*vpc.VPC); {
	case strings.HasPrefix(id, "arn:"):
		c.Arn = id
	case ok && r.arn != "" && isID(id, r.prefix) && account.MatchString(v.Account) && v.Region != "":
		c.Arn = "arn:" + partition(v.Region) + ":ec2:" + v.Region + ":" + v.Account + ":" + r.arn + "/" + id
	}
	return c
}

var (
	account = regexp.MustCompile(`^\d{12}$`)
	digits  = regexp.MustCompile(`^([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// isID reports whether an ID is one of AWS's and not a name that somebody chose.
func isID(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix+"-")
	return ok && digits.MatchString(rest)
}

// partition is the part of AWS in which a Region is.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// instance is what an interface is attached to, nil for nothing that has a name.
func (d *description) instance(id, in string) *AnalysisComponent {
	i := d.interfaces[key{"interface", in, id}]
	if i == nil || i.Instance == "" {
		return nil
	}
	named := i.Instance
	if v := d.network.VPC(in); v != nil {
		if m := v.Instance(named); m != nil {
			named = m.ID
		}
	}
	return d.component("instance", named, in)
}

// asked reports whether an end of a query is an interface itself and not what it is
// attached to.
func (d *description) asked(end, id, in string) bool {
	i := d.interfaces[key{"interface", in, id}]
	if i == nil {
		return true
	}
	if v, name, ok := strings.Cut(end, "/"); ok && (v == in || v == d.network.VPC(in).Name) {
		end = name
	}
	return end == i.ID && end != i.Instance
}
