package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// line is one row of the table: a figure beside its limit.
type line struct{ what, figure, limit, ratio, aim, met string }

// MarshalJSON and UnmarshalJSON carry a row from a part's process to the table.
func (l line) MarshalJSON() ([]byte, error) {
	return json.Marshal([]string{l.what, l.figure, l.limit, l.ratio, l.aim, l.met})
}

func (l *line) UnmarshalJSON(text []byte) error {
	var all [6]string
	err := json.Unmarshal(text, &all)
	*l = line{all[0], all[1], all[2], all[3], all[4], all[5]}
	return err
}

type report struct {
	machine string
	lines   []line
	out     *json.Encoder // of a part: to the run that it belongs to
}

// head says on what the figures were taken.
func (r *report) head(b *bench) {
	cpu := ""
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name"); ok {
			cpu, _, _ = strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
		}
	}
	kernel, _ := exec.Command("uname", "-sr").Output()
	redis, _ := exec.Command("redis-server", "--version").Output()
	version, _, _ := strings.Cut(strings.TrimPrefix(string(redis), "Redis server "), " sha")
	r.machine = fmt.Sprintf("%s, %d cores (%s), %s, %s, PostgreSQL %s, Redis %s, %d rounds of %s", time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), cpu,
		bytes.TrimSpace(kernel), runtime.Version(), serverVersion(b.postgres), version, b.rounds, b.window)
	if b.quick {
		r.machine += ". A quick run: it shows that everything runs, its figures say nothing"
	}
	fmt.Println(r.machine)
}

func serverVersion(server string) (v string) {
	if db, err := sql.Open("pgx", server); err == nil {
		_ = db.QueryRow("show server_version").Scan(&v)
		_ = db.Close()
	}
	v, _, _ = strings.Cut(v, " ")
	return v
}

// add keeps a row and tells it at once: a full run is long.
func (r *report) add(l line) {
	if r.out != nil {
		_ = r.out.Encode(l)
		return
	}
	r.lines = append(r.lines, l)
	fmt.Printf("%s: %s, beside %s, ratio %s, aim %s: %s\n", l.what, l.figure, l.limit, l.ratio, l.aim, l.met)
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s.\n\n| what | figure | beside | ratio | aim | met |\n|---|---|---|---|---|---|\n", r.machine)
	for _, l := range r.lines {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", l.what, l.figure, l.limit, l.ratio, l.aim, l.met)
	}
}

const begin, end = "<!-- written by make bench -->\n", "<!-- end -->\n"

// write puts the table between the marks of a page.
func (r *report) write(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s: the marks for the table are missing", path)
	}
	var table bytes.Buffer
	r.print(&table)
	return os.WriteFile(path, []byte(before+begin+table.String()+"\n"+end+after), 0o644) //nolint:gosec // a page of the documentation
}

func atLeast(ratio, aim float64) (string, string) {
	return fmt.Sprintf("≥ %g", aim), yes(ratio >= aim)
}
func atMost(ratio, aim float64) (string, string) {
	return fmt.Sprintf("≤ %g", aim), yes(ratio <= aim)
}

func yes(met bool) string {
	if met {
		return "yes"
	}
	return "**no**"
}

func number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "–"
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func milli(d time.Duration) string { return number(float64(d.Microseconds()) / 1000) }
