package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	goyaml "go.yaml.in/yaml/v4"
)

// mostNodes bounds what aliases may make of a file.
const mostNodes = 1_000_000

const nothingThere = "the file is empty: want a network, which starts with \"vpcs:\", or \"expect:\" and expectations"

// parse turns bytes into the root node of their only document, or keeps the
// mistake and answers nil.
func (d *decoder) parse(b []byte) *goyaml.Node {
	if len(bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))) == 0 {
		d.fail(0, 0, nothingThere)
		return nil
	}
	loader, err := goyaml.NewLoader(bytes.NewReader(b))
	if err != nil {
		d.fail(0, 0, err.Error())
		return nil
	}
	var doc, second goyaml.Node
	if err := loader.Load(&doc); err != nil {
		d.syntax(err, b)
		return nil
	}
	if err := loader.Load(&second); err == nil {
		d.errorf(&second, "a second document (---): want one network per file")
		return nil
	} else if !noDocument(err) {
		d.syntax(err, b)
		return nil
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		d.fail(0, 0, nothingThere)
		return nil
	}
	return d.bounded(doc.Content[0])
}

func (d *decoder) fail(line, column int, message string) {
	d.errs = append(d.errs, &Error{File: d.file, Line: line, Column: column, Message: message})
}

// noDocument recognises the parser's words for the end of the stream.
func noDocument(err error) bool {
	return strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "no documents in stream")
}

// syntax puts an error of the YAML parser into our form.
func (d *decoder) syntax(err error, b []byte) {
	if noDocument(err) {
		d.fail(0, 0, nothingThere)
		return
	}
	var le *goyaml.LoadError
	if !errors.As(err, &le) {
		d.fail(0, 0, "not YAML: "+err.Error())
		return
	}
	mark, message := le.Mark, strings.TrimPrefix(le.Message, "yaml: ")
	if mark.Line == 0 && mark.Index > 0 && mark.Index <= len(b) { // the reader only counts bytes
		before := b[:mark.Index]
		mark.Line = 1 + bytes.Count(before, []byte("\n"))
		mark.Column = mark.Index - bytes.LastIndexByte(before, '\n')
	}
	if le.ContextMsg != "" {
		message += " " + le.ContextMsg
	}
	if c := le.ContextMark; c.Line > 0 && (c.Line != mark.Line || c.Column != mark.Column) {
		message += fmt.Sprintf(", which began at %d:%d", c.Line, c.Column)
	}
	if strings.HasPrefix(line(b, mark.Line), "\t") && (strings.Contains(message, "tab") || strings.Contains(message, "start any token")) {
		message = "a tab at the beginning of the line: indent with spaces"
	}
	if starred.MatchString(line(b, mark.Line)) {
		message = "* begins an alias: write \"any\", or put the expectation in quotes"
	}
	d.fail(mark.Line, mark.Column, "not YAML: "+message)
}

// starred is an expectation that begins with a pattern and is not in quotes.
var starred = regexp.MustCompile(`^\s*-\s+\*.*->`)

// line is a line of a file, counted from 1.
func line(b []byte, number int) string {
	lines := bytes.SplitN(b, []byte("\n"), number+1)
	if number < 1 || number > len(lines) {
		return ""
	}
	return string(lines[number-1])
}

// bounded refuses what the walk over the nodes could not survive or would
// misread: aliases that contain themselves or multiply beyond reason, and tags.
func (d *decoder) bounded(root *goyaml.Node) *goyaml.Node {
	sizes := make(map[*goyaml.Node]int)
	if d.size(root, sizes) > mostNodes+len(sizes) {
		d.errorf(root, "its aliases stand for more than %d values", mostNodes)
	}
	if len(d.errs) > 0 {
		return nil
	}
	return root
}

// size counts the nodes below n with aliases followed. A size of zero in sizes
// marks a node whose count is not finished.
func (d *decoder) size(n *goyaml.Node, sizes map[*goyaml.Node]int) int {
	if size, seen := sizes[n]; seen {
		return size
	}
	if n.Kind == goyaml.AliasNode {
		if size, seen := sizes[n.Alias]; seen && size == 0 {
			d.errorf(n, "*%s stands for what contains it", n.Value)
			return 1
		}
		return 1 + d.size(n.Alias, sizes)
	}
	if n.Style&goyaml.TaggedStyle != 0 && !plainTags[n.Tag] {
		d.errorf(n, "the tag %s has no meaning here", n.Tag)
	}
	sizes[n] = 0
	total := 1
	for _, c := range n.Content {
		total = min(total+d.size(c, sizes), 2*mostNodes+len(sizes))
	}
	sizes[n] = total
	return total
}

var plainTags = map[string]bool{
	"!!str": true, "!!map": true, "!!seq": true, "!!int": true, "!!bool": true, "!!float": true, "!!null": true,
}
