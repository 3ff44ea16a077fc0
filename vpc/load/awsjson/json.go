package awsjson

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"unicode/utf16"
)

// document is one file of the snapshot.
type document struct {
	name            string // slash-separated, relative to what was loaded
	account, region string // what its folders say, if anything
	data            []byte
	lines           []int // offsets at which lines begin
}

// value is a piece of JSON that knows where it stands: which file, where in it,
// and by which path of keys ("RouteTables[].Routes[]").
type value struct {
	doc  *document
	at   int // offset of raw in the document
	raw  []byte
	path string
}

// field is one key of an object.
type field struct {
	name string
	value
}

// newDocument finds the folders' names and the lines.
func newDocument(name string, data []byte) *document {
	d := &document{name: name, data: decodeText(data)}
	d.account, d.region = places(name)
	d.lines = append(d.lines, 0)
	for i, b := range d.data {
		if b == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	return d
}

// decodeText takes a byte order mark off, and turns UTF-16 into UTF-8: that is
// what "aws … > file.json" writes in a PowerShell window.
func decodeText(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// root is the whole document as a value, or where its syntax breaks.
func (d *document) root() (value, error) {
	var raw json.RawMessage
	if err := json.Unmarshal(d.data, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line, column := d.position(int(syntax.Offset) - 1)
			return value{}, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
		return value{}, err
	}
	return value{doc: d, at: space(d.data, 0), raw: raw}, nil
}

// position is the line and the column of an offset, both from 1.
func (d *document) position(offset int) (line, column int) {
	offset = max(0, min(offset, len(d.data)))
	line = sort.SearchInts(d.lines, offset+1)
	return line, offset - d.lines[line-1] + 1
}

// origin is where the value stands, as file:line.
func (v value) origin() string {
	line, _ := v.doc.position(v.at)
	return fmt.Sprintf("%s:%d", v.doc.name, line)
}

// isNull reports whether there is nothing: no value, or null.
func (v value) isNull() bool { return len(v.raw) == 0 || string(v.raw) == "null" }

// kind names the sort of JSON value, for messages.
func (v value) kind() string {
	if len(v.raw) == 0 {
		return "nothing"
	}
	switch v.raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// list is the elements of a list; null has none.
func (v value) list() ([]value, error) {
	if v.isNull() {
		return nil, nil
	}
	if v.raw[0] != '[' {
		return nil, fmt.Errorf("is %s, not a list", v.kind())
	}
	var out []value
	path := v.path + "[]"
	v.each(func(_ []byte, x value) {
		x.path = path
		out = append(out, x)
	})
	return out, nil
}

// object is the keys of an object in their order, doubled keys twice.
func (v value) object() ([]field, error) {
	if v.isNull() || v.raw[0] != '{' {
		return nil, fmt.Errorf("is %s, not an object", v.kind())
	}
	var out []field
	v.each(func(key []byte, x value) {
		name := keyText(key)
		x.path = strings.TrimPrefix(v.path+"."+name, ".")
		out = append(out, field{name, x})
	})
	return out, nil
}

// get is the value of a key, whose case does not matter: Direct Connect's are
// lowerCamel in the CLI and CamelCase in stored snapshots. Without the key the
// value is null; the last of doubled keys counts, as in encoding/json.
func (v value) get(name string) value {
	path := v.path + "." + name
	found := value{doc: v.doc, at: v.at, path: path}
	if v.isNull() || v.raw[0] != '{' {
		return found
	}
	v.each(func(key []byte, x value) {
		if strings.EqualFold(keyText(key), name) {
			found, found.path = x, path
		}
	})
	return found
}

// each calls f for the elements of a list or an object. encoding/json has
// checked the syntax of the whole document; this only finds where things stand,
// which encoding/json does not tell.
func (v value) each(f func(key []byte, x value)) {
	for i := 1; ; {
		i = space(v.raw, i)
		if i < len(v.raw) && v.raw[i] == ',' {
			i = space(v.raw, i+1)
		}
		if i >= len(v.raw) || v.raw[i] == ']' || v.raw[i] == '}' {
			return
		}
		var key []byte
		if v.raw[0] == '{' {
			end := skip(v.raw, i)
			key = v.raw[i:end]
			i = space(v.raw, space(v.raw, end)+1) // past the colon
		}
		end := skip(v.raw, i)
		f(key, value{doc: v.doc, at: v.at + i, raw: v.raw[i:end]})
		i = end
	}
}

// keyText is a key without its quotes.
func keyText(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s)
	return s
}

// space is the offset of what comes after white space.
func space(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// skip is the offset after the value that begins at i.
func skip(data []byte, i int) int {
	depth := 0
	for ; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = closing(data, i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth > 0 {
				continue
			}
			for i+1 < len(data) && !bytes.ContainsRune([]byte(",]} \t\r\n"), rune(data[i+1])) {
				i++
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(data)
}

// closing is the offset of the quote that ends the string that begins at i.
func closing(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// passing are keys that may differ between two listings of one resource: what
// depends on who asks, and when.
var passing = words("Tags TagSet OwnerId AvailableIpAddressCount CreationTime LaunchTime")

// same reports whether two objects say the same, whatever their layout and the
// order of their keys.
func (v value) same(w value) bool {
	var a, b map[string]any
	if json.Unmarshal(v.raw, &a) != nil || json.Unmarshal(w.raw, &b) != nil {
		return false
	}
	for key := range passing {
		delete(a, key)
		delete(b, key)
	}
	return reflect.DeepEqual(a, b)
}
