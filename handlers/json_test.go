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
