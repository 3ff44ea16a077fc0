package random

import (
	"reflect"

	"github.com/vpcemu/vpcemu/vpc"
)

// Shrink makes a network smaller, element by element and setting by setting, for as
// long as it still fails. The network itself stays as it is.
func Shrink(n *vpc.Network, fails func(*vpc.Network) bool) *vpc.Network {
	for smaller := true; smaller; {
		smaller = false
		for k := 0; ; k++ {
			c := n.Clone()
			if !Cut(c, k) {
				break
			}
			if fails(c) {
				n, smaller = c, true
				k--
			}
		}
	}
	return n
}

// Cut takes the k-th element or setting out of a network; it is false if there are
// not so many.
func Cut(n *vpc.Network, k int) bool { return cut(reflect.ValueOf(n).Elem(), &k) }

// cut takes the k-th thing out of a value that can be taken out, counting down k;
// it is false if there are not so many.
func cut(v reflect.Value, k *int) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && (zero(v, k) || cut(v.Elem(), k))
	case reflect.Struct:
		for f := range v.NumField() {
			if t := v.Type().Field(f); t.IsExported() && t.Name != "ID" && t.Name != "Name" && t.Name != "Origin" && cut(v.Field(f), k) {
				return true
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return false
		}
		for e := range v.Len() {
			if *k--; *k < 0 {
				v.Set(reflect.AppendSlice(v.Slice3(0, e, e), v.Slice(e+1, v.Len())))
				return true
			}
			if el := v.Index(e); el.Kind() == reflect.Pointer && cut(el.Elem(), k) || el.Kind() == reflect.Struct && cut(el, k) {
				return true
			}
		}
	case reflect.Bool:
		return v.Bool() && zero(v, k)
	case reflect.String:
		return v.Len() > 0 && zero(v, k)
	}
	return false
}

// zero sets a value to zero if its turn has come.
func zero(v reflect.Value, k *int) bool {
	if *k--; *k >= 0 || !v.CanSet() {
		return false
	}
	v.SetZero()
	return true
}
