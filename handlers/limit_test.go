package handlers

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
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

// rateWords writes a rate as docs/security.md does.
func rateWords(r Rate) string {
	switch {
	case r.Burst == 0:
		return "–"
	case r.Every <= time.Second:
		return fmt.Sprintf("%d, then %d a second", r.Burst, time.Second/r.Every)
	case r.Every == time.Minute:
		return fmt.Sprintf("%d, then 1 a minute", r.Burst)
	}
	return fmt.Sprintf("%d, then 1 in %d seconds", r.Burst, r.Every/time.Second)
}

// docs/security.md says what every class means, as it is.
func TestTheTableOfLimits(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for class, l := range limits {
		body := map[int64]string{0: "–", 16 << 10: "16 KiB", 1 << 20: "1 MiB", 2 << 20: "2 MiB"}[l.Body]
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %d s |", class, rateWords(l.Address), rateWords(l.Caller), rateWords(l.Case), body, l.Time/time.Second)
		if !strings.Contains(string(page), "\n"+row+"\n") {
			t.Errorf("docs/security.md lacks\n%s", row)
		}
	}
	row := fmt.Sprintf("| wrong tokens | %s | – | %s | in all %s | |", rateWords(wrongByAddress), rateWords(wrongByCase), rateWords(wrongByAll))
	if !strings.Contains(string(page), "\n"+row+"\n") {
		t.Errorf("docs/security.md lacks\n%s", row)
	}
}
