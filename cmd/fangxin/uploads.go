package main

import (
	"fmt"
	"strconv"
	"strings"

	"fangxin/store"
)

// uploads reads what may be sent in: sizes in megabytes, and how many files.
func (s *Settings) uploads() (store.FileLimits, error) {
	l := store.DefaultFileLimits()
	for _, part := range strings.FieldsFunc(s.Uploads, func(r rune) bool { return r == ' ' || r == ',' }) {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n < 1 {
			return l, fmt.Errorf("%q: a name, = and a whole number are expected", part)
		}
		_, group := l.Group[name]
		switch {
		case group:
			l.Group[name] = n << 20
		case name == "case":
			l.Bytes = n << 20
		case name == "files":
			l.Count = int(n)
		default:
			return l, fmt.Errorf("%q is none of picture, document, sound, video, case, files", name)
		}
	}
	return l, nil
}
