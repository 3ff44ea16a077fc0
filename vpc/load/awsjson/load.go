package awsjson

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// ErrNoResources says that no JSON with a key of AWS's listings was found.
var ErrNoResources = errors.New("no AWS resources: no .json file has a key like Vpcs or Subnets at its top")

// Load reads a snapshot: a folder with *.json files, at any depth, or one such
// file. It fails only if there is nothing to read at all; what is broken or not
// understood is left out or marked unknown, and is in the report.
func Load(name string) (*vpc.Network, *report.Report, error) {
	files, err := readFiles(name)
	if err != nil {
		return nil, nil, err
	}
	n, r, err := LoadFiles(files)
	if err != nil {
		return nil, r, fmt.Errorf("%s: %w", name, err)
	}
	return n, r, nil
}

// LoadFS is [Load] for the files of a file system.
func LoadFS(fsys fs.FS) (*vpc.Network, *report.Report, error) {
	files, err := walk(fsys)
	if err != nil {
		return nil, nil, err
	}
	return LoadFiles(files)
}

// LoadFiles is [Load] for files in memory, by slash-separated name.
func LoadFiles(files map[string][]byte) (*vpc.Network, *report.Report, error) {
	l := newLoader()
	for _, name := range l.choose(slices.Sorted(maps.Keys(files))) {
		l.read(newDocument(name, files[name]))
	}
	if !l.recognised {
		return nil, l.report, ErrNoResources
	}
	l.build()
	return l.net, l.report, nil
}

// Detect reports whether a file or folder looks like an AWS snapshot: whether
// any of its *.json files has a key of AWS's listings at its top.
func Detect(name string) bool {
	files, err := readFiles(name)
	if err != nil {
		return false
	}
	for name, data := range files {
		root, err := newDocument(name, data).root()
		if err != nil {
			continue
		}
		fields, _ := unwrap(root).object()
		for _, f := range fields {
			if k := kindOf(f.name); k != nil && !k.vague && (f.kind() == "a list" || k.single) {
				return true
			}
		}
	}
	return false
}

func readFiles(name string) (map[string][]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return walk(os.DirFS(name))
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{filepath.Base(name): data}, nil
}

// walk reads all *.json files below the root.
func walk(fsys fs.FS) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !strings.EqualFold(path.Ext(name), ".json") {
			return nil
		}
		files[name], err = fs.ReadFile(fsys, name)
		return err
	})
	return files, err
}

// loader is one load under way.
type loader struct {
	net        *vpc.Network
	report     *report.Report
	recognised bool
	found      map[string][]value // elements by top-level key
	listedAt   map[string][]place // where there are listings, by top-level key
	keys       keyNotes

	seen       map[string]value // what was taken, by kind and ID
	vpcs       map[string]*vpc.VPC
	stubs      map[*vpc.VPC]bool // named but not described
	told       map[*vpc.VPC]*document
	subnets    map[string]subnetIn
	interfaces map[string]*vpc.Interface
	instances  map[string]*vpc.Instance
	homes      map[string]*vpc.VPC     // the VPCs of instances that have interfaces
	states     map[string]string       // instances whose state is not known, and why
	metadata   map[string]vpc.Metadata // by instance
	gateways   map[string]*vpc.Gateway
	transit    transitIn
	igws       map[string]bool // internet gateways that are described
	natENIs    map[string]bool // interfaces of NAT gateways
	sources    map[string]routing.Source
	vifs       []virtualInterfaceJSON    // of Direct Connect gateways
	checked    map[*vpc.TargetGroup]bool // whose targets are listed
	minimum    map[*vpc.TargetGroup]attributeJSON
	attributed map[any]bool              // load balancers and target groups whose attributes are listed
	closed     []*vpc.LoadBalancer       // to internet gateways, over IPv6
	peerCIDRs  map[string][]netip.Prefix // of VPCs, as peering connections tell
	noDNS      map[string]bool           // VPCs with enableDnsSupport=false
	hostnames  map[string]bool           // VPCs with enableDnsHostnames=true
	groupNames map[*vpc.SecurityGroup]string
	tables     []tableUse
	acls       []aclUse
	groups     map[string]groupIn
	rules      map[string][]looseRule // describe-security-group-rules, by group
}

func newLoader() *loader {
	return &loader{
		transit: newTransitIn(),
		net:     &vpc.Network{}, report: &report.Report{Format: "aws"},
		found: make(map[string][]value), listedAt: make(map[string][]place), seen: make(map[string]value),
		vpcs: make(map[string]*vpc.VPC), stubs: make(map[*vpc.VPC]bool), told: make(map[*vpc.VPC]*document),
		subnets: make(map[string]subnetIn), interfaces: make(map[string]*vpc.Interface),
		instances: make(map[string]*vpc.Instance), states: make(map[string]string),
		homes:    make(map[string]*vpc.VPC),
		metadata: make(map[string]vpc.Metadata), gateways: make(map[string]*vpc.Gateway),
		igws: make(map[string]bool), natENIs: make(map[string]bool), sources: make(map[string]routing.Source),
		peerCIDRs: make(map[string][]netip.Prefix), noDNS: make(map[string]bool), hostnames: make(map[string]bool), groupNames: make(map[*vpc.SecurityGroup]string),
		checked: make(map[*vpc.TargetGroup]bool), minimum: make(map[*vpc.TargetGroup]attributeJSON), attributed: make(map[any]bool),
		groups: make(map[string]groupIn), rules: make(map[string][]looseRule),
	}
}

// choose leaves out what does not count: if there is a folder accounts/, all
// files outside it.
func (l *loader) choose(names []string) []string {
	inAccounts := func(name string) bool {
		return strings.HasPrefix(name, "accounts/") || strings.HasPrefix(name, "aws_configs/accounts/")
	}
	if !slices.ContainsFunc(names, inAccounts) {
		return names
	}
	var chosen []string
	for _, name := range names {
		if inAccounts(name) {
			chosen = append(chosen, name)
			continue
		}
		l.report.Note(report.Ignored, name, "the whole file", "there is a folder accounts/, beside which nothing else counts")
	}
	return chosen
}

var (
	regionName  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+`)
	accountName = regexp.MustCompile(`^[0-9]{12}$`)
)

// places finds the account and the region in a file's folders.
func places(name string) (account, region string) {
	dirs := strings.Split(path.Dir(name), "/")
	for i, dir := range dirs {
		switch {
		case accountName.MatchString(dir), i > 0 && dirs[i-1] == "accounts":
			account = dir
		case regionName.FindString(dir) == dir:
			region = dir
		}
	}
	return account, region
}

// read files the elements of a document under their keys.
func (l *loader) read(d *document) {
	root, err := d.root()
	if err != nil {
		l.report.Note(report.Skipped, d.name, "the whole file", "%v", err)
		return
	}
	fields, err := unwrap(root).object()
	if err != nil {
		l.report.Note(report.Ignored, d.name, "the whole file", "%v: no listing of AWS", err)
		return
	}
	if l.vpcAttribute(root) {
		return
	}
	for _, f := range fields {
		l.readKey(f)
	}
}

// unwrap takes off the {"status_code": …, "data": …} that recorders of answers
// put around them.
func unwrap(root value) value {
	if inner := root.get("data"); !root.get("status_code").isNull() && inner.kind() == "an object" {
		inner.path = ""
		return inner
	}
	return root
}

func (l *loader) readKey(f field) {
	k := kindOf(f.name)
	switch {
	case k == nil:
		l.unknownKey(f)
		return
	case f.kind() != "a list" && k.vague: // somebody else's word
		l.report.Note(report.Ignored, f.origin(), f.name, "is %s, not a list", f.kind())
		return
	}
	elements, err := f.list()
	if err != nil && (k.load == nil || k.single) {
		elements, err = []value{f.value}, nil // one, by itself
	}
	if err != nil {
		l.report.Note(report.Skipped, f.origin(), f.name, "%v", err)
		return
	}
	l.recognised = true
	l.listedAt[k.key] = append(l.listedAt[k.key], place{f.doc.account, f.doc.region})
	for _, e := range elements {
		e.path = k.key + "[]"
		l.found[k.key] = append(l.found[k.key], e)
	}
}

// unknownKey notes a key that no handler has a name for.
func (l *loader) unknownKey(f field) {
	switch f.name {
	case "AdditionalRoutesAvailable":
		if l.transit.cut[f.doc] = string(f.raw) == "true"; l.transit.cut[f.doc] {
			l.report.Note(report.Missing, f.origin(), f.name, "the answer is cut off: more routes follow that are not in the snapshot")
		}
		return
	case "ResponseMetadata", "MaxResults":
		l.report.Note(report.Ignored, f.origin(), f.name, "no part in what packets do")
		return
	case "TargetGroupArn", "LoadBalancerArn":
		l.report.Note(report.Ignored, f.origin(), f.name, "only says what a listing beside it is about")
		return
	case "NextToken", "nextToken", "Marker", "NextMarker":
		l.report.Note(report.Missing, f.origin(), f.name, "the listing is cut off here: more elements follow that are not in the snapshot")
		return
	}
	what := f.name
	if items, err := f.list(); err == nil {
		what = fmt.Sprintf("%s: %d elements", f.name, len(items))
	}
	l.report.Note(report.Ignored, f.origin(), what, "unknown key")
}
