package handlers

import (
	"encoding/json"
	"errors"
	"testing"
)

// No bytes get past the strict reader that another reader takes for something
// else, and none make it panic.
func FuzzStrict(f *testing.F) {
	f.Add([]byte(`{"event":"classify","sees":7,"person":{"name":"王"}}`))
	f.Add([]byte(`{"event":"a","event":"b"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in command
		err := strict(body, &in)
		var p *Problem
		if err != nil && (!errors.As(err, &p) || p.Code != "bad_json") {
			t.Fatalf("%q: %v", body, err)
		}
		var other map[string]any
		if err == nil && json.Unmarshal(body, &other) != nil {
			t.Fatalf("%q was taken", body)
		}
		if event, ok := other["event"].(string); err == nil && ok && event != in.Event {
			t.Fatalf("%q is read as %q", event, in.Event)
		}
	})
}

// Every code that a problem can have has words in both languages.
func TestEveryCodeHasWords(t *testing.T) {
	for code, w := range problemWords {
		for i := range 2 {
			if w.title[i] == "" || w.detail[i] == "" {
				t.Errorf("%s has no words in language %d", code, i)
			}
		}
	}
	for _, code := range []string{"unknown_event", "not_allowed_now", "not_for_you", "guard", "stale", "missing", "not_a_code", "no_such_notice", "use_delivered", "wrong_offer",
		"no_such_order", "no_law", "key_reused", "unclean_text", "nothing_to_do"} {
		if _, ok := problemWords[code]; !ok {
			t.Errorf("%s has no words", code)
		}
	}
}
