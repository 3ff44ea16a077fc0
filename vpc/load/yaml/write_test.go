package yaml

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/vpc"
)

// bare is a copy without what a file does not carry: origins and the builder's
// mistakes. Empty lists become nil.
func bare(n *vpc.Network) *vpc.Network {
	c := n.Clone()
	strip(reflect.ValueOf(c))
	return c
}

func strip(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			strip(v.Elem())
		}
	case reflect.Slice:
		if v.Len() == 0 && v.CanSet() {
			v.SetZero()
		}
		for k := range v.Len() {
			strip(v.Index(k))
		}
	case reflect.Struct:
		for k := range v.NumField() {
			switch f := v.Type().Field(k); {
			case f.Name == "Origin":
				v.Field(k).SetString("")
			case f.IsExported():
				strip(v.Field(k))
			}
		}
	}
}

// same wants that writing and reading a network changes nothing of it, and that
// what is written then is the same text.
func same(t require.TestingT, n *vpc.Network) []byte {
	text, err := Write(n)
	require.NoError(t, err)
	back, _, err := parse("written.yaml", text)
	require.NoError(t, err, "%s", text)
	require.Equal(t, bare(n), bare(back), "%s", text)
	again, err := Write(back)
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
	return text
}

func TestWriteRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { same(rt, random{T: rt}.network()) })
}

// TestRandomSetsEverything keeps the property above honest when package vpc gets
// a new field: each must be set in some of the networks it draws.
func TestRandomSetsEverything(t *testing.T) {
	set := make(map[string]bool)
	networks := rapid.Custom(func(rt *rapid.T) *vpc.Network { return random{T: rt}.network() })
	for seed := range 300 { // always the same ones
		noteSet(reflect.ValueOf(networks.Example(seed)), "", set)
	}
	for name, ok := range set {
		require.True(t, ok, "never set: %s", name)
	}
	require.Greater(t, len(set), 80)
}

func noteSet(v reflect.Value, name string, set map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			noteSet(v.Elem(), name, set)
		}
	case reflect.Slice:
		for k := range v.Len() {
			noteSet(v.Index(k), name, set)
		}
	case reflect.Struct:
		switch v.Interface().(type) {
		case netip.Addr, netip.Prefix, time.Duration:
			return
		}
		for k := range v.NumField() {
			if f := v.Type().Field(k); f.IsExported() && f.Name != "Origin" {
				key := v.Type().Name() + "." + f.Name
				set[key] = set[key] || !v.Field(k).IsZero()
				noteSet(v.Field(k), key, set)
			}
		}
	}
}
