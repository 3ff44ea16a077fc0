package load

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
)

// format is what a file was taken for. Those that are not read say what to do.
type format struct{ name, advice string }

var (
	native          = &format{name: "a vpcemu network"}
	listing         = &format{name: "AWS listings"}
	plan            = &format{name: "a Terraform plan"}
	planFile        = &format{"a Terraform plan in its binary form", "; the form that will be is what \"terraform show -json FILE\" prints"}
	state           = &format{"a Terraform state file", "; the form that will be is what \"terraform show -json\" prints"}
	terraformSource = &format{"Terraform's own files", "; the form that will be is a plan, from \"terraform plan -out FILE\" and \"terraform show -json FILE\""}
	template        = &format{name: "a CloudFormation template"}
)

// sniff finds out the format from the content, and where that is not enough from
// the name. What it does not know is for the reader of the native file to refuse,
// which says where and why.
func sniff(path string, b []byte) *format {
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return planFile
	case ext == ".tf":
		return terraformSource
	case ext == ".tfstate":
		return state
	case ext == ".json", bytes.HasPrefix(b, []byte("{")) && json.Valid(b):
		return sniffJSON(b)
	}
	if cfnYAML.Match(b) && bytes.Contains(b, []byte("AWS::")) {
		return template
	}
	return native
}

// cfnYAML is the key that every CloudFormation template has.
var cfnYAML = regexp.MustCompile(`(?m)^["']?Resources["']?\s*:`)

// sniffJSON looks at the keys at the top. A file that is no JSON object is for
// awsjson to refuse.
func sniffJSON(b []byte) *format {
	var top map[string]json.RawMessage
	if json.Unmarshal(b, &top) != nil {
		return listing
	}
	has := func(key string) bool { _, ok := top[key]; return ok }
	switch {
	case has("format_version") && (has("planned_values") || has("terraform_version")):
		return plan
	case has("serial") && string(top["version"]) == "4":
		return state
	case has("AWSTemplateFormatVersion"), has("Resources") && bytes.Contains(top["Resources"], []byte(`"AWS::`)):
		return template
	case has("vpcs"), has("expect"), has("prefix-lists"):
		return native
	}
	return listing
}
