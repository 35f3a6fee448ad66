package handlers

import (
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// longestLog bounds one value of a log line; a stack fits.
const longestLog = 8 << 10

// NewLog writes one JSON object a line. No value can break the line or speak to
// a terminal: control and format characters are replaced, whoever wrote them.
func NewLog(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Any().(type) {
		case string:
			a.Value = slog.StringValue(printable(v))
		case error:
			a.Value = slog.StringValue(printable(v.Error()))
		}
		return a
	}}))
}

func printable(s string) string {
	if len(s) > longestLog {
		s = strings.ToValidUTF8(s[:longestLog], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return '\uFFFD'
		}
		return r
	}, s)
}
