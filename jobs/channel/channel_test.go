package channel

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// What opens a case is shown to a person at a terminal and never kept in a
// service's output; nobody's contact is in either.
func TestTheConsoleKeepsNoCapability(t *testing.T) {
	m := Message{Number: "HT-2026-000123-8", Recipient: "merchant", Template: "invitation", Link: "/c/HT-2026-000123-8#secret", Phone: "13812345678", Email: "a@example"}
	for _, watched := range []bool{false, true} {
		var out bytes.Buffer
		if _, err := Console(&out, watched).Send(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if strings.Contains(text, "secret") != watched || !strings.Contains(text, "/c/HT-2026-000123-8") || strings.Contains(text, "138") || strings.Contains(text, "example") {
			t.Errorf("watched %v: %s", watched, text)
		}
	}
}
