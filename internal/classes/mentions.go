package classes

import (
	"net/netip"
	"reflect"
	"slices"

	"github.com/vpcemu/vpcemu/vpc"
)

// mentions are the prefixes, addresses and names in a description, but for what is said of
// interfaces and instances themselves.
type mentions struct {
	strings  map[string]bool
	prefixes map[netip.Prefix]bool
}

func newMentions() mentions {
	return mentions{strings: make(map[string]bool), prefixes: make(map[netip.Prefix]bool)}
}

// passedOver are types whose contents tell no other ends apart.
var passedOver = []reflect.Type{reflect.TypeFor[vpc.Interface](), reflect.TypeFor[vpc.Instance](), reflect.TypeFor[vpc.Expectation](), reflect.TypeFor[vpc.FlowLog]()}

// walk finds them wherever they stand, so that none is forgotten that is added later.
func (f mentions) walk(v reflect.Value) {
	switch t := v.Type(); {
	case slices.Contains(passedOver, t):
	case t == reflect.TypeFor[netip.Prefix]():
		f.prefix(v.Interface().(netip.Prefix))
	case t == reflect.TypeFor[netip.Addr]():
		f.addr(v.Interface().(netip.Addr))
	case t.Kind() == reflect.String:
		f.text(v.String())
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		if !v.IsNil() {
			f.walk(v.Elem())
		}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		if k := t.Elem().Kind(); k <= reflect.Complex128 && k != reflect.Invalid {
			return // numbers
		}
		for k := range v.Len() {
			f.walk(v.Index(k))
		}
	case t.Kind() == reflect.Map:
		for k, e := range v.Seq2() {
			f.walk(k)
			f.walk(e)
		}
	case t.Kind() == reflect.Struct:
		for k := range v.NumField() {
			if field := t.Field(k); field.IsExported() && field.Name != "Origin" {
				f.walk(v.Field(k))
			}
		}
	}
}

func (f mentions) prefix(p netip.Prefix) {
	if p.IsValid() {
		f.prefixes[p.Masked()] = true
	}
}

func (f mentions) addr(a netip.Addr) {
	if a.IsValid() {
		f.prefix(netip.PrefixFrom(a, a.BitLen()))
	}
}

// text is a name, or one behind a VPC's, or an address or a prefix in writing.
func (f mentions) text(s string) {
	if s == "" || f.strings[s] {
		return
	}
	f.strings[s] = true
	for k := range len(s) {
		if s[k] == '/' {
			f.strings[s[k+1:]] = true
		}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		f.addr(a)
	} else if p, err := netip.ParsePrefix(s); err == nil {
		f.prefix(p)
	}
}
