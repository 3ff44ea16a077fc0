package awsjson

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// Write writes the network below a folder as "aws … describe-*" would list it:
// aws_configs/Vpcs.json and so on, or aws_configs/<region>/… for VPCs whose
// region is known. Files that it does not write stay as they are.
//
// IDs of AWS's shape are kept; "web" becomes "subnet-web" with "web" as its
// name. What every VPC has by itself is written out. The package comment says
// what gets lost.
func Write(n *vpc.Network, dir string) error {
	for name, data := range WriteFiles(n) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// WriteFiles is [Write] into memory: the files by their slash-separated names.
func WriteFiles(n *vpc.Network) map[string][]byte {
	return output(explicit(n))
}

// object is a JSON object; encoding/json sorts its keys.
type object map[string]any

// set adds a key unless the value is empty.
func (o object) set(key, value string) object {
	if value != "" {
		o[key] = value
	}
	return o
}

// named adds the tag Name.
func (o object) named(name string) object {
	if name != "" {
		o["Tags"] = []object{{"Key": "Name", "Value": name}}
	}
	return o
}

// listing collects the files of one output: a list of objects for each region
// and kind.
type listing map[string]map[string][]object // folder, top-level key

func (l listing) add(region, key string, o object) {
	if l[region] == nil {
		l[region] = make(map[string][]object)
	}
	l[region][key] = append(l[region][key], o)
}

// output writes an explicit network.
func output(n *vpc.Network) map[string][]byte {
	l := make(listing)
	files := make(map[string][]byte)
	for _, p := range n.PrefixLists {
		l.add("", "PrefixLists", prefixListObject(p))
	}
	for _, v := range n.VPCs {
		l.vpc(v)
		l.addresses(v)
		if v.DisableDNS {
			files[path.Join("aws_configs", v.Region, "VpcAttribute-"+fileName(v.ID)+".json")] =
				encode(object{"VpcId": v.ID, "EnableDnsSupport": object{"Value": false}})
		}
		if v.DNSHostnames {
			files[path.Join("aws_configs", v.Region, "VpcAttribute-"+fileName(v.ID)+"-hostnames.json")] =
				encode(object{"VpcId": v.ID, "EnableDnsHostnames": object{"Value": true}})
		}
	}
	l.listings(n)
	for _, a := range n.Unowned {
		l.address("", a, netip.Addr{}, "eni-unlisted")
	}
	for _, g := range n.Gateways {
		l.join(n, g)
	}
	l.blockPublicAccess(n, files)
	for region, kinds := range l {
		for key, list := range kinds {
			files[path.Join("aws_configs", region, key+".json")] = encode(object{key: list})
		}
	}
	if len(files) == 0 {
		files["aws_configs/Vpcs.json"] = encode(object{"Vpcs": []object{}})
	}
	return files
}

// fileName keeps an ID from leading out of the folder.
func fileName(id string) string { return strings.NewReplacer("/", "-", `\`, "-").Replace(id) }

func encode(o object) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	_ = enc.Encode(o) // strings, numbers, lists: nothing that could fail
	return b.Bytes()
}

func byFamily(a, b netip.Prefix) int { return a.Addr().BitLen() - b.Addr().BitLen() }

func prefixListObject(p *vpc.PrefixList) object {
	o := object{"PrefixListId": p.ID}.set("PrefixListName", p.Name)
	if p.MaxEntries > 0 {
		o["MaxEntries"] = p.MaxEntries
	}
	cidrs := []string{}
	for _, e := range p.Entries {
		cidrs = append(cidrs, e.Masked().String())
	}
	switch {
	case p.Unknown == "":
		o["Cidrs"] = cidrs
	case len(cidrs) > 0: // some are known
		o["Cidrs"] = append(cidrs, "unknown")
	}
	return o
}
