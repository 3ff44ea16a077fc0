package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
	"github.com/vpcemu/vpcemu/vpc/load/report"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// ErrNotRead is what an error wraps if the file's format is known, and cannot be
// read yet.
var ErrNotRead = errors.New("this format is not read yet")

const wanted = `a YAML network, or a folder or file of "aws ec2 describe-…" JSON`

// Load reads a network from a file or a folder, whatever its format, and reports
// what it read. Of a mistake in a YAML file it says the line and the column: see
// [yaml.Errors].
func Load(path string) (*vpc.Network, *report.Report, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w: want %s", path, fs.ErrNotExist, wanted)
	}
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return loadFolder(path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	switch f := sniff(path, b); f {
	case native:
		return yaml.Parse(path, b)
	case listing:
		return awsjson.Load(path)
	default:
		return nil, nil, fmt.Errorf("%s: %s: %w%s", path, f.name, ErrNotRead, f.advice)
	}
}

// loadFolder reads a folder of listings. Of another folder it says what is in it
// that could have been meant.
func loadFolder(path string) (*vpc.Network, *report.Report, error) {
	if awsjson.Detect(path) {
		return awsjson.Load(path)
	}
	if found, _ := filepath.Glob(filepath.Join(path, "*.tf")); len(found) > 0 {
		return nil, nil, fmt.Errorf("%s: %s: %w%s", path, terraformSource.name, ErrNotRead, terraformSource.advice)
	}
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		if found, _ := filepath.Glob(filepath.Join(path, pattern)); len(found) > 0 {
			return nil, nil, fmt.Errorf("%s: a folder without \"aws ec2 describe-…\" JSON: name a file, like %s", path, found[0])
		}
	}
	return nil, nil, fmt.Errorf("%s: no *.json file in this folder has a key like Vpcs or Subnets at its top: want %s", path, wanted)
}
