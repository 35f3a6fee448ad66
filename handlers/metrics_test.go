package handlers_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
	"fangxin/store/storetest"

	"github.com/redis/go-redis/v9"
)

// scrape reads /metrics: name of each metric to its type.
func (s *site) scrape() (types map[string]string, text string) {
	s.t.Helper()
	status, _, text := s.call("GET", "/metrics", "", "")
	if status != 200 {
		s.t.Fatal(status, text)
	}
	types = map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		types[m[1]] = m[2]
	}
	return types, text
}

// docs/metrics.md lists every metric with its type, and none that is not there.
func TestTheTableOfMetrics(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		limits := handlers.NewLimits(s.w.Now)
		limits.Share(redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1}), nil)
		s.api.Limits = limits
		s.api.Bounces = func() map[string]int64 { return map[string]int64{"report": 2, "other": 0} }
		number, _ := s.file()
		s.call("GET", "/api/v1/cases/"+number, "", "")
		s.w.Advance(60 * 24 * time.Hour)
		if _, err := s.w.Sweep(context.Background(), 100); err != nil {
			t.Fatal(err)
		}
		types, text := s.scrape()
		if !strings.Contains(text, `fangxin_bounces_read_total{kind="report"} 2`) {
			t.Error("what was read in the mailbox is not counted")
		}
		page, err := os.ReadFile("../docs/metrics.md")
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for _, m := range regexp.MustCompile("(?m)^\\| `(fangxin_\\w+)` \\| (\\w+) \\|(.*)$").FindAllStringSubmatch(string(page), -1) {
			listed[m[1]] = true
			if types[m[1]] != m[2] {
				t.Errorf("%s is %q, the page says %s", m[1], types[m[1]], m[2])
			}
			if cells := strings.Split(m[3], "|"); len(cells) != 4 || slices.ContainsFunc(cells[1:3], func(c string) bool { return strings.TrimSpace(c) == "" }) {
				t.Errorf("%s does not say what it means and what to do", m[1])
			}
		}
		for name := range types {
			if strings.HasPrefix(name, "fangxin_") && !listed[name] {
				t.Errorf("docs/metrics.md does not list %s", name)
			}
		}
		for _, want := range []string{`fangxin_http_requests_total{method="POST",route="/api/v1/cases",status="201"} 1`, `fangxin_http_problems_total{code="no_token"} 1`,
			`fangxin_door_commands_total 1`, `fangxin_clocks_enforced_total{clock="triage"} 1`, `fangxin_clock_lateness_seconds_count{clock="triage"} 1`,
			`fangxin_redis_up 0`, `fangxin_database_up 1`, `fangxin_door_group_size_count 1`, `fangxin_outbox{queue="notices",state="owed"}`, `go_goroutines`} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
		for _, secret := range []string{number, "金丝雀", "13812345678"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s in the metrics", secret)
			}
		}
	})
}

// The metrics are this machine's own unless they have an address of their own.
func TestWhoReadsTheMetrics(t *testing.T) {
	w := storetest.New(t)
	s := newSite(t, w)
	for _, proxy := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"} {
		if status, _, _ := s.call("GET", "/metrics", "", "", proxy, "203.0.113.9"); status != 404 {
			t.Errorf("through a proxy that says %s: %d", proxy, status)
		}
	}
	s.api.MetricsElsewhere = true
	own := httptest.NewServer(s.api.Handler())
	defer own.Close()
	watch := httptest.NewServer(s.api.Watch().Handler)
	defer watch.Close()
	for _, tt := range []struct {
		base, path string
		want       int
	}{{own.URL, "/metrics", 404}, {watch.URL, "/metrics", 200}, {watch.URL, "/healthz", 200}, {watch.URL, "/readyz", 200}, {watch.URL, "/api/v1/cases", 404}} {
		s.URL = tt.base
		if status, _, _ := s.call("GET", tt.path, "", ""); status != tt.want {
			t.Errorf("%s%s: %d, want %d", tt.base, tt.path, status, tt.want)
		}
	}
}

// readyz says by code what stands against this node, and is well again when it
// is gone; healthz says only that the process lives.
func TestReadiness(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ready := func(want ...string) {
			t.Helper()
			status, out, text := s.call("GET", "/readyz", "", "")
			got := fmt.Sprint(out["reasons"])
			if len(want) == 0 && status != 200 || len(want) > 0 && (status != 503 || got != fmt.Sprint(want)) {
				t.Errorf("%d %s, want %v", status, text, want)
			}
			if status, _, _ := s.call("GET", "/healthz", "", ""); status != 200 {
				t.Errorf("the process lives: %d", status)
			}
			_, text = s.scrape()
			for _, reason := range []string{"clock", "database", "migrations", "sweep"} {
				line := fmt.Sprintf("fangxin_unready{reason=%q} %d", reason, map[bool]int{true: 1}[slices.Contains(want, reason)])
				if !strings.Contains(text, line) {
					t.Errorf("no %s", line)
				}
			}
		}
		ctx := context.Background()
		sweep := func() {
			if err := errors.Join(s.w.Beat(ctx), s.w.Swept(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		ready()
		s.w.Advance(5 * time.Minute) // nobody sweeps
		ready("sweep")
		sweep()
		ready()
		s.api.Ready = func(context.Context) error { return errors.New("in doubt") }
		ready("clock")
		s.api.Ready = nil
		last := s.w.Count("select max(version_id) from goose_db_version")
		s.w.Run("delete from goose_db_version where version_id = $1", last)
		ready("migrations")
		s.w.Run("insert into goose_db_version (version_id, is_applied) values ($1, $2)", last, true)
		ready()
		if s.w.Dialect() == "postgres" {
			u, _ := url.Parse(s.w.Cfg.URL)
			name := u.Path[1:]
			u.Path = "/postgres"
			admin, err := sql.Open("pgx", u.String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = admin.Close() }()
			run := func(query string, args ...any) {
				t.Helper()
				if _, err := admin.Exec(query, args...); err != nil {
					t.Fatal(err)
				}
			}
			run("alter database " + name + " allow_connections false")
			run("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
			ready("database")
			run("alter database " + name + " allow_connections true")
			ready()
		}
	})
}
