package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// changes says what is different in the second of two views, a line for each
// difference. What only moved in its file is not.
func changes(before, after *view) []string {
	var lines []string
	was, now := rowsOf(before), rowsOf(after)
	n := before.names()
	maps.Copy(n, after.names())
	for _, s := range sections {
		key := strings.ReplaceAll(s.name, "-", "_")
		kind := strings.ReplaceAll(strings.TrimSuffix(s.name, "s"), "-", " ")
		if s.name == "report" || s.name == "expectations" {
			continue
		}
		lines = append(lines, n.changedRows(kind, was[key], now[key])...)
	}
	return lines
}

// row is something in a view, by the names of its JSON form.
type row = map[string]any

func rowsOf(v *view) map[string][]row {
	rows := make(map[string][]row)
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var lists map[string]json.RawMessage
	_ = json.Unmarshal(b, &lists)
	for name, list := range lists {
		var some []row
		if json.Unmarshal(list, &some) == nil {
			rows[name] = some
		}
	}
	return rows
}

// changedRows compares two lists by ID.
func (n names) changedRows(kind string, was, now []row) []string {
	var lines []string
	for _, r := range was {
		if findRow(now, r) == nil {
			lines = append(lines, fmt.Sprintf("- %s %s", kind, label(r)))
		}
	}
	for _, r := range now {
		old := findRow(was, r)
		if old == nil {
			lines = append(lines, fmt.Sprintf("+ %s %s", kind, label(r)))
			continue
		}
		for _, field := range sortedKeys(r) {
			lines = append(lines, n.changedField(kind+" "+label(r), field, old[field], r[field])...)
		}
		for _, field := range sortedKeys(old) {
			if _, there := r[field]; !there {
				lines = append(lines, n.changedField(kind+" "+label(r), field, old[field], nil)...)
			}
		}
	}
	return lines
}

func findRow(list []row, r row) row {
	for _, o := range list {
		if o["id"] == r["id"] && o["vpc"] == r["vpc"] {
			return o
		}
	}
	return nil
}

// label is a row's name, or that of the instance it belongs to with its ID, or that.
func label(r row) string {
	if name, ok := r["name"].(string); ok && name != "" {
		return name
	}
	id := fmt.Sprint(r["id"])
	if name, ok := r["instance_name"].(string); ok && name != "" {
		return name + " (" + id + ")"
	}
	return id
}

// follows are fields that say again what others say, or where.
var follows = []string{"origin", "used_by", "interfaces", "inherited", "name"}

// changedField compares one field of something. Lists are compared one by one.
func (n names) changedField(of, field string, was, now any) []string {
	if slices.Contains(follows, field) {
		return nil
	}
	raw := names(nil).valueText // with IDs: several may have one name
	before, isList := was.([]any)
	after, isListNow := now.([]any)
	if !isList && !isListNow {
		if raw(was) == raw(now) {
			return nil
		}
		from, to := n.valueText(was), n.valueText(now)
		if from == to {
			from, to = raw(was), raw(now)
		}
		return []string{fmt.Sprintf("~ %s: %s %s → %s", of, field, cmp.Or(from, "none"), cmp.Or(to, "none"))}
	}
	var lines []string
	gone := slices.Clone(before)
	for _, v := range after {
		if k := slices.IndexFunc(gone, func(g any) bool { return raw(g) == raw(v) }); k >= 0 {
			gone = slices.Delete(gone, k, k+1)
			continue
		}
		lines = append(lines, fmt.Sprintf("~ %s: + %s", of, n.valueText(v)))
	}
	for _, v := range gone {
		lines = append(lines, fmt.Sprintf("~ %s: - %s", of, n.valueText(v)))
	}
	return lines
}

// valueText is a value of a view on one line, with names in place of IDs.
func (n names) valueText(v any) string {
	r, ok := v.(row)
	switch {
	case v == nil:
		return ""
	case !ok:
		return n.of(fmt.Sprint(v))
	}
	text := func(field string) string { return n.valueText(r[field]) }
	preposition := "from"
	if r["direction"] == "egress" {
		preposition = "to"
	}
	switch {
	case r["peer"] != nil:
		return fmt.Sprintf("%v %v %s %s", r["direction"], r["service"], preposition, text("peer"))
	case r["number"] != nil && r["action"] != nil:
		return fmt.Sprintf("%v %v %v %v %s %v", r["direction"], r["number"], r["action"], r["service"], preposition, r["cidr"])
	case r["destination"] != nil:
		return fmt.Sprintf("%s → %s%s", text("destination"), text("target"), map[bool]string{true: " (blackhole)"}[r["state"] == "blackhole"])
	}
	var parts []string
	for _, k := range sortedKeys(r) {
		if k != "origin" {
			parts = append(parts, text(k))
		}
	}
	return strings.Join(parts, " ")
}
