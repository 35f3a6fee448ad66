package handlers

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// A route that leaves its policy open does not start.
func TestARouteWithoutAPolicyDoesNotStart(t *testing.T) {
	handle := func(context.Context, *Call) (any, error) { return nil, nil }
	for lack, r := range map[string]Route{
		"who may":     {"GET", "/x", "", Reading, handle, http.StatusOK},
		"how often":   {"GET", "/x", Anyone, "", handle, http.StatusOK},
		"for bodies":  {"GET", "/x", Anyone, Intake, handle, http.StatusOK},
		"takes no":    {"POST", "/x", Anyone, Reading, handle, http.StatusOK},
		"who may\x00": {"GET", "/x", "everybody", Reading, handle, http.StatusOK},
	} {
		if err := r.check(); err == nil || !strings.Contains(err.Error(), strings.TrimRight(lack, "\x00")) {
			t.Errorf("%s: %v", lack, err)
		}
	}
	for _, r := range (&Server{}).Routes() {
		if err := r.check(); err != nil {
			t.Error(err)
		}
	}
}
