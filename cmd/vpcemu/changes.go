package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// changes says what is different in the second of two views, a line for each
// difference. What only moved in its file is not.
func changes(before, after *view) []string {
	var lines []string
	was, now := rowsOf(before), rowsOf(after)
	for _, s := range sections {
		key := strings.ReplaceAll(s.name, "-", "_")
		kind := strings.ReplaceAll(strings.TrimSuffix(s.name, "s"), "-", " ")
		if s.name == "report" || s.name == "expectations" {
			continue
		}
		lines = append(lines, changedRows(kind, was[key], now[key])...)
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
func changedRows(kind string, was, now []row) []string {
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
			lines = append(lines, changedField(kind+" "+label(r), field, old[field], r[field])...)
		}
		for _, field := range sortedKeys(old) {
			if _, there := r[field]; !there {
				lines = append(lines, changedField(kind+" "+label(r), field, old[field], nil)...)
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

// label is a row's name, or its ID.
func label(r row) string {
	if name, ok := r["name"].(string); ok && name != "" {
		return name
	}
	return fmt.Sprint(r["id"])
}

// follows are fields that say again what others say, or where.
var follows = []string{"origin", "used_by", "interfaces", "inherited", "name"}

// changedField compares one field of something. Lists are compared one by one.
func changedField(of, field string, was, now any) []string {
	if slices.Contains(follows, field) {
		return nil
	}
	before, isList := was.([]any)
	after, isListNow := now.([]any)
	if !isList && !isListNow {
		if a, b := valueText(was), valueText(now); a != b {
			return []string{fmt.Sprintf("~ %s: %s %s → %s", of, field, orNone(a), orNone(b))}
		}
		return nil
	}
	var lines []string
	gone, new := valueTexts(before), valueTexts(after)
	for _, t := range new {
		if k := slices.Index(gone, t); k >= 0 {
			gone = slices.Delete(gone, k, k+1)
			continue
		}
		lines = append(lines, fmt.Sprintf("~ %s: + %s", of, t))
	}
	for _, t := range gone {
		lines = append(lines, fmt.Sprintf("~ %s: - %s", of, t))
	}
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func valueTexts(list []any) []string {
	all := make([]string, len(list))
	for k, e := range list {
		all[k] = valueText(e)
	}
	return all
}

// valueText is a value of a view on one line.
func valueText(v any) string {
	r, ok := v.(row)
	switch {
	case v == nil:
		return ""
	case !ok:
		return fmt.Sprint(v)
	}
	preposition := "from"
	if r["direction"] == "egress" {
		preposition = "to"
	}
	switch {
	case r["peer"] != nil:
		return fmt.Sprintf("%v %v %s %v", r["direction"], r["service"], preposition, r["peer"])
	case r["number"] != nil && r["action"] != nil:
		return fmt.Sprintf("%v %v %v %v %s %v", r["direction"], r["number"], r["action"], r["service"], preposition, r["cidr"])
	case r["destination"] != nil:
		return fmt.Sprintf("%v → %v%s", r["destination"], r["target"], map[bool]string{true: " (blackhole)"}[r["state"] == "blackhole"])
	}
	var parts []string
	for _, k := range sortedKeys(r) {
		if k != "origin" {
			parts = append(parts, valueText(r[k]))
		}
	}
	return strings.Join(parts, " ")
}
