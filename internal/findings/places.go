package findings

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Places turns origins, as the loaders write them ("net.yaml:12": the name of a file
// without its folder, and a line), into paths that continuous integration finds.
type Places struct {
	files map[string]string // by name, where they are; "" for what two have
	dirs  []string
}

// NewPlaces knows the files and folders that were named on a command line. An origin in a
// folder is in a file of it.
func NewPlaces(paths ...string) *Places {
	p := &Places{files: make(map[string]string)}
	for _, name := range paths {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			p.dirs = append(p.dirs, name)
			continue
		}
		base := filepath.Base(name)
		if was, ok := p.files[base]; ok && was != here(name) {
			p.files[base] = ""
			continue
		}
		p.files[base] = here(name)
	}
	return p
}

// At is the file, the line and the column of an origin: "net.yaml:12" or "net.yaml:12:5".
// What is not known is zero.
func (p *Places) At(origin string) (file string, line, column int) {
	rest, last, ok := number(origin)
	if !ok {
		return "", 0, 0
	}
	file, line = rest, last
	if rest, before, ok := number(file); ok {
		file, line, column = rest, before, last
	}
	if p == nil {
		return file, line, column
	}
	if known, ok := p.files[file]; ok {
		if known == "" { // two files of that name: better none than the wrong one
			return "", 0, 0
		}
		return known, line, column
	}
	for _, d := range p.dirs {
		if _, err := os.Stat(filepath.Join(d, file)); err == nil {
			return here(filepath.Join(d, file)), line, column
		}
	}
	return file, line, column
}

// number cuts a number off the end: "net.yaml:12".
func number(s string) (rest string, n int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil && n > 0
}

// here is a path relative to the working directory, if it is below it.
func here(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	wd, err := os.Getwd()
	if err != nil {
		return name
	}
	rel, err := filepath.Rel(wd, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return abs
	}
	return filepath.ToSlash(rel)
}
