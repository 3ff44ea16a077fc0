package load_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc/load"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

const (
	network  = "vpcs:\n  prod:\n    cidr: 10.0.0.0/16\n"
	listing  = `{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "111122223333"}]}`
	template = `{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"V": {"Type": "AWS::EC2::VPC"}}}`
)

// write puts files into a fresh folder and answers its path.
func write(t testing.TB, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func TestLoad(t *testing.T) {
	for _, c := range []struct{ name, file, text, format, id string }{
		{"YAML", "net.yaml", network, "yaml", "prod"},
		{"YAML under another name", "network", network, "yaml", "prod"},
		{"YAML with a byte order mark", "net.yml", "\ufeff" + network, "yaml", "prod"},
		{"the native file as JSON", "net.json", `{"vpcs": {"prod": {"cidr": "10.0.0.0/16"}}}`, "yaml", "prod"},
		{"a mapping in one line", "net", `{vpcs: {prod: {cidr: 10.0.0.0/16}}}`, "yaml", "prod"},
		{"one listing", "vpcs.json", listing, "aws", "vpc-1"},
		{"one listing under another name", "vpcs", listing, "aws", "vpc-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, report, err := load.Load(filepath.Join(write(t, map[string]string{c.file: c.text}), c.file))
			require.NoError(t, err)
			require.Equal(t, c.format, report.Format)
			require.Equal(t, c.id, n.VPCs[0].ID)
		})
	}
}

func TestLoadFolder(t *testing.T) {
	n, report, err := load.Load(write(t, map[string]string{"eu-west-1/vpcs.json": listing, "README.md": "# hello"}))
	require.NoError(t, err)
	require.Equal(t, "aws", report.Format)
	require.Len(t, n.VPCs, 1)
}

// TestNotRead: formats that are recognised, and cannot be read yet.
func TestNotRead(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"Terraform plan", "plan.json", `{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}}`, "a Terraform plan: this format is not read yet"},
		{"Terraform state", "x.json", `{"version": 4, "serial": 3, "resources": []}`, `a Terraform state file: this format is not read yet; the form that will be is what "terraform show -json" prints`},
		{"Terraform state by name", "terraform.tfstate", "{}", `a Terraform state file: this format is not read yet; the form that will be is what "terraform show -json" prints`},
		{"binary plan", "plan.out", "PK\x03\x04…", `a Terraform plan in its binary form: this format is not read yet; the form that will be is what "terraform show -json FILE" prints`},
		{"Terraform source", "main.tf", `resource "aws_vpc" "a" {}`, `Terraform's own files: this format is not read yet; the form that will be is a plan, from "terraform plan -out FILE" and "terraform show -json FILE"`},
		{"CloudFormation in JSON", "t.json", template, "a CloudFormation template: this format is not read yet"},
		{"CloudFormation without a version", "t.json", `{"Resources": {"V": {"Type": "AWS::EC2::VPC"}}}`, "a CloudFormation template: this format is not read yet"},
		{"CloudFormation in YAML", "t.yaml", "Resources:\n  V:\n    Type: AWS::EC2::VPC\n", "a CloudFormation template: this format is not read yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(write(t, map[string]string{c.file: c.text}), c.file)
			_, _, err := load.Load(path)
			require.ErrorIs(t, err, load.ErrNotRead)
			require.EqualError(t, err, path+": "+c.want)
		})
	}
}

func TestRefused(t *testing.T) {
	dir := write(t, map[string]string{"net.yaml": "vpc: {}\n", "broken.json": "{", "other.json": `{"a": 1}`, "tf/main.tf": "", "empty/x.txt": ""})
	for _, c := range []struct{ name, path, want string }{
		{"a mistake in YAML", "net.yaml", `net.yaml:1:1: unknown key "vpc" in the network: did you mean "vpcs"?`},
		{"no file", "none.yaml", `none.yaml: file does not exist: want a YAML network, or a folder or file of "aws ec2 describe-…" JSON`},
		{"a folder with YAML", "", `: a folder without "aws ec2 describe-…" JSON: name a file, like ` + filepath.Join(dir, "net.yaml")},
		{"a folder with Terraform", "tf", "tf: Terraform's own files: this format is not read yet"},
		{"a folder with nothing", "empty", "empty: no *.json file in this folder has a key like Vpcs or Subnets at its top"},
		{"broken JSON", "broken.json", "broken.json: no AWS resources"},
		{"other JSON", "other.json", "other.json: no AWS resources"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := load.Load(filepath.Join(dir, c.path))
			require.ErrorContains(t, err, c.want)
		})
	}
	_, _, err := load.Load(filepath.Join(dir, "none.yaml"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "vpcemu")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.yaml")
	if err := os.WriteFile(path, []byte("vpcs: {prod: {cidr: 10.0.0.0/16, subnet: {}}}\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = load.Load(path)
	var mistakes yaml.Errors
	if errors.As(err, &mistakes) {
		fmt.Println(mistakes[0].Line, mistakes[0].Column, mistakes[0].Message)
	}
	// Output:
	// 1 34 unknown key "subnet" in VPC "prod": did you mean "subnets"?
}
