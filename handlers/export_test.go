package handlers

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
)

// BodyTypes are the Go types of every body that the API takes.
func BodyTypes() []reflect.Type {
	all := []any{filing{}, chosen{}}
	all = slices.AppendSeq(all, maps.Values(bodies))
	seen := map[reflect.Type]bool{}
	for _, b := range all {
		seen[reflect.TypeOf(b)] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b reflect.Type) int { return cmp.Compare(a.Name(), b.Name()) })
}
