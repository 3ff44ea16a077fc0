package awsjson

import (
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// renamer gives every element an ID of AWS's shape, unique in the network and
// not only in its VPC.
type renamer struct {
	ids   map[any]string // by element
	count map[string]int // how many elements would like an ID
	taken map[string]bool
}

// renameAll chooses the IDs of all elements: what has AWS's prefix keeps its ID,
// "web" becomes "subnet-web", or "subnet-prod-web" if two VPCs have one.
func renameAll(n *vpc.Network) *renamer {
	r := &renamer{ids: make(map[any]string), count: make(map[string]int), taken: make(map[string]bool)}
	n.Walk(func(e vpc.Element) { r.count[withPrefix(prefixOf(e), *e.ID)]++ })
	n.Walk(r.choose)
	return r
}

// choose gives an element a free ID; its VPC has one by now.
func (r *renamer) choose(e vpc.Element) {
	prefix := prefixOf(e)
	base := withPrefix(prefix, *e.ID)
	if r.count[base] > 1 && e.VPC != nil {
		owner := strings.TrimPrefix(r.ids[e.VPC], "vpc-")
		base = prefix + owner + "-" + strings.TrimPrefix(base, prefix)
	}
	unique := base
	for k := 2; r.taken[unique]; k++ {
		unique = fmt.Sprintf("%s-%d", base, k)
	}
	r.taken[unique] = true
	r.ids[e.Value] = unique
}

// prefixes are how AWS's IDs begin; those of gateways tell their kinds apart.
var prefixes = map[string]string{
	"VPC": "vpc-", "subnet": "subnet-", "route table": "rtb-", "network ACL": "acl-", "security group": "sg-",
	"instance": "i-", "interface": "eni-", "internet gateway": "igw-", "prefix list": "pl-",
	"flow log": "fl-",
}

func prefixOf(e vpc.Element) string {
	switch x := e.Value.(type) {
	case *vpc.Gateway:
		return gatewayPrefix(x.Kind)
	case *vpc.TargetGroup:
		return balancerARN(e.VPC, "targetgroup")
	case *vpc.LoadBalancer:
		if x.Kind == vpc.ApplicationLoadBalancer {
			return balancerARN(e.VPC, "loadbalancer/app")
		}
		return balancerARN(e.VPC, "loadbalancer/net")
	}
	return prefixes[e.Kind]
}

// withPrefix puts a prefix before an ID that has none; what AWS's IDs do not
// have then becomes a hyphen.
func withPrefix(prefix, id string) string {
	if strings.HasPrefix(id, prefix) || strings.HasPrefix(id, "arn:") && strings.Contains(id, arnPart(prefix)) {
		return id
	}
	plain := func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
			return c
		}
		return '-'
	}
	return prefix + strings.Map(plain, id)
}

// arnPart is the part of an ARN that names the kind of the resource: ":targetgroup/".
func arnPart(prefix string) string { return prefix[strings.LastIndexByte(prefix, ':')+1:] }

func gatewayPrefix(k routing.TargetKind) string {
	if p, ok := idPrefix[k]; ok {
		return p
	}
	return "vpce-" // endpoints of an unknown type
}

// id is the new ID of an element, or the text that named it if it is nil.
func id[T any](r *renamer, e *T, text string) string {
	if e == nil {
		return text
	}
	return r.ids[e]
}
