package awsjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

const noEntries = "its entries are not in the snapshot"

type prefixListJSON struct {
	PrefixListID, PrefixListName, State, AddressFamily string
	Tags                                               nameTag
	Cidrs                                              list
	MaxEntries                                         int
}

// prefixList takes in one element of describe-prefix-lists, which has the CIDRs,
// or of describe-managed-prefix-lists, which has not. Both may describe one list.
func (l *loader) prefixList(v value) error {
	var j prefixListJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	known := l.net.PrefixList(j.PrefixListID)
	if known != nil && known.ID == j.PrefixListID {
		return l.mergePrefixList(known, j, v)
	}
	if err := l.claim("prefix list", "PrefixListId", j.PrefixListID, v); err != nil {
		return err
	}
	p := &vpc.PrefixList{ID: j.PrefixListID, Name: j.PrefixListName, MaxEntries: j.MaxEntries, Origin: v.origin()}
	if p.Name == "" {
		p.Name = string(j.Tags)
	}
	l.readCIDRs(p, v.get("Cidrs"))
	l.net.PrefixLists = append(l.net.PrefixLists, p)
	return nil
}

// mergePrefixList adds a second description to the first: the listing with the
// entries to the one without, whichever came first.
func (l *loader) mergePrefixList(known *vpc.PrefixList, j prefixListJSON, v value) error {
	hasEntries := !v.get("Cidrs").isNull()
	switch {
	case hasEntries && known.Unknown == noEntries:
		known.Unknown = ""
		l.readCIDRs(known, v.get("Cidrs"))
	case hasEntries || known.MaxEntries > 0 || j.MaxEntries == 0:
		return l.claim("prefix list", "PrefixListId", j.PrefixListID, v)
	}
	known.MaxEntries = max(known.MaxEntries, j.MaxEntries)
	return nil
}

// readCIDRs reads the entries, and marks the list if it cannot read them all.
func (l *loader) readCIDRs(p *vpc.PrefixList, cidrs value) {
	if cidrs.isNull() {
		p.Unknown = noEntries
		l.report.Note(report.Missing, p.Origin, "prefix list "+p.ID, noEntries)
		return
	}
	items, err := cidrs.list()
	if err != nil {
		p.Unknown = "Cidrs " + err.Error()
	}
	for _, item := range items {
		var s string
		if err := json.Unmarshal(item.raw, &s); err != nil {
			s = string(item.raw)
		}
		l.addEntry(p, s, item)
	}
	if p.Unknown != "" {
		l.report.Note(report.Skipped, p.Origin, "prefix list "+p.ID, "%s", p.Unknown)
	}
}

func (l *loader) addEntry(p *vpc.PrefixList, cidr string, v value) {
	entry, err := prefix(cidr)
	if err != nil {
		join(&p.Unknown, "entry %v", err)
		return
	}
	p.Entries = append(p.Entries, entry)
}

var prefixListID = regexp.MustCompile(`pl-[0-9A-Za-z]+`)

// prefixListEntry takes in one element of get-managed-prefix-list-entries, which
// does not say whose it is. The file's name may.
func (l *loader) prefixListEntry(v value) error {
	id := prefixListID.FindString(path.Base(v.doc.name))
	if id == "" {
		return errors.New("does not say which prefix list it belongs to, and the file's name has no pl-…")
	}
	var j struct{ Cidr, Description string }
	if err := l.decode(v, &j); err != nil {
		return err
	}
	p := l.net.PrefixList(id)
	if p == nil {
		p = &vpc.PrefixList{ID: id, Origin: v.origin()}
		l.net.PrefixLists = append(l.net.PrefixLists, p)
	}
	if p.Unknown == noEntries {
		p.Unknown = ""
	}
	if _, err := prefix(j.Cidr); err != nil {
		join(&p.Unknown, "entry %v", err)
		//lint:ignore ST1005 the key is written as AWS writes it
		return fmt.Errorf("Cidr %w", err)
	}
	l.addEntry(p, j.Cidr, v)
	return nil
}
