package handlers

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"fangxin/workflow"
)

// How long a text may be, in characters: a narrative, and a line about somebody.
const (
	mostText = 20_000
	mostLine = 500
)

// invisible are characters that nobody sees and that make two texts look alike
// or one text read backwards: they come along when text is copied, so they are
// taken out and not refused. Joiners stay, because scripts and emoji need them.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x61C, r == 0x200B, r == 0x200E, r == 0x200F, r == 0xFEFF,
		r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x2064, r >= 0x2066 && r <= 0x206F, r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE007F:
		return true
	}
	return false
}

// broken reports whether a text is no text: not UTF-8, or with control characters.
func broken(s string) bool { return !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) }

// tidy goes through everything that a body said. Control characters are refused
// with the field named; in a line about a person or a merchant, so is a new
// line: it would end a line of a letter's head.
func tidy(v reflect.Value, at string, line bool) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return tidy(v.Elem(), at, line)
	case reflect.Slice:
		for i := range v.Len() {
			if err := tidy(v.Index(i), at, line); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return tidyFields(v, at)
	case reflect.String:
		text, why := tidyText(v.String(), line)
		if why != "" {
			return badField(at, why)
		}
		if v.CanSet() {
			v.SetString(text)
		}
	}
	return nil
}

func tidyFields(v reflect.Value, at string) error {
	line := v.Type() == reflect.TypeFor[workflow.Person]() || v.Type() == reflect.TypeFor[workflow.Respondent]()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			name = at
		case at != "":
			name = at + "." + name
		}
		if err := tidy(v.Field(i), name, line); err != nil {
			return err
		}
	}
	return nil
}

// tidyText is a text without what nobody sees, or why it is refused.
func tidyText(text string, line bool) (tidied, why string) {
	most := mostText
	if line {
		most = mostLine
	}
	for _, r := range text {
		if unicode.IsControl(r) && (line || r != '\n' && r != '\r' && r != '\t') {
			return "", "why.control"
		}
	}
	if strings.ContainsFunc(text, invisible) {
		text = strings.Map(func(r rune) rune {
			if invisible(r) {
				return -1
			}
			return r
		}, text)
	}
	if len(text) > most && utf8.RuneCountInString(text) > most {
		if line {
			return "", "why.long_line"
		}
		return "", "why.long_text"
	}
	return text, ""
}
