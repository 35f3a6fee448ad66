// Package intake brings complaints in from files: CSV, XLSX and JSONL, by the
// names of their columns, through the same door as everybody. A good row comes
// in whatever stands beside it; a bad one is kept with file, line and reason.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"fangxin/store"
	"fangxin/workflow"
)

// Row is one record of a file, by column name.
type Row struct {
	Line   int
	Values map[string]string
	Err    error // the record could not be read
}

// Options say how to take the rows.
type Options struct {
	File     string // name, for the rejects
	Archive  bool   // as history, instead of living complaints
	Platform bool   // the file of the national 12315 platform: one number is one complaint
	Map      map[string]string
	Rejects  io.Writer
	Progress func(done int)
}

// Result counts what became of the rows.
type Result struct {
	Read, Taken, Known, Rejected int // Known: taken by an earlier run, or entered before under its number
	Other                        int // of those known: the row says other things than the one that was taken
	Reasons                      map[string]int
}

// reject is one line of the rejects file.
type reject struct {
	File   string            `json:"file"`
	Line   int               `json:"line"`
	Column string            `json:"column,omitempty"`
	Reason string            `json:"reason"`
	Row    map[string]string `json:"row"`
}

// callers is how many rows wait at the door at once: it groups them.
const callers = 32

// Import takes every row of a file. It ends early only when the store cannot
// answer; what was taken until then is not taken twice by the next run.
func Import(ctx context.Context, s *store.Store, rows func(yield func(Row) bool), opt Options) (Result, error) {
	im := &run{ctx: ctx, s: s, opt: opt, result: Result{Reasons: map[string]int{}}}
	work := make(chan job)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for j := range work {
				im.take(j)
			}
		})
	}
	seen := map[[8]byte]int{} // rows that repeat each other word for word stay apart
	for row := range rows {
		if ctx.Err() != nil || im.failed() {
			break
		}
		im.result.Read++
		work <- job{row, rowKey(row, seen)}
	}
	close(work)
	wg.Wait()
	return im.result, errors.Join(im.err, ctx.Err())
}

type job struct {
	row Row
	key string
}

// rowKey makes the same row the same request in every run: from its id, or else
// from its words and how often they came before.
func rowKey(row Row, seen map[[8]byte]int) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(row.Values)) {
		fmt.Fprintf(h, "%d:%s=%d:%s;", len(name), name, len(row.Values[name]), row.Values[name])
	}
	sum := h.Sum(nil)
	short := [8]byte(sum[:8])
	seen[short]++
	return fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:16]), seen[short])
}

type run struct {
	ctx    context.Context
	s      *store.Store
	opt    Options
	mu     sync.Mutex
	result Result
	err    error
}

func (im *run) failed() bool {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.err != nil
}

func (im *run) take(j job) {
	q, wrong := im.request(j)
	if wrong != nil {
		im.reject(j.row, *wrong)
		return
	}
	answer, err := im.s.Execute(im.ctx, q)
	var r *workflow.Refusal
	switch {
	case errors.As(err, &r) && r.Code == "entered_before":
		im.known(j.row, r.Number)
		return
	case errors.As(err, &r):
		im.reject(j.row, im.refused(j.row, r))
		return
	case err != nil:
		im.mu.Lock()
		im.err = errors.Join(im.err, fmt.Errorf("line %d: %w", j.row.Line, err))
		im.mu.Unlock()
		return
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	if answer.Replayed {
		im.result.Known++
	} else {
		im.result.Taken++
	}
	if done := im.result.Known + im.result.Taken; im.opt.Progress != nil && done%500 == 0 {
		im.opt.Progress(done)
	}
}

// request is what a row asks the door for.
func (im *run) request(j job) (q store.Request, wrong *bad) {
	q.Key, q.Scope = j.key, "import"
	if im.opt.Platform {
		q.Command, q.Unique, wrong = platformCommand(j.row, im.opt)
		return q, wrong
	}
	cmd, reason := command(j.row, im.opt)
	if reason != "" {
		return q, &bad{"", reason}
	}
	q.Command = cmd
	return q, nil
}

// refused says why the door refused a row, and for a platform's file in which column.
func (im *run) refused(row Row, r *workflow.Refusal) bad {
	out := bad{"", reasonOf(r)}
	if im.opt.Platform && len(r.Missing) > 0 {
		out.column = (&platformRow{row, im.opt.Map}).columnOf(r.Missing[0])
	}
	return out
}

// known keeps a row whose number was entered before with other words: it changes
// nothing, and is not lost.
func (im *run) known(row Row, number string) {
	im.keep(row, bad{"", "entered before as " + number + ": the row says other things and was not taken"})
	im.mu.Lock()
	defer im.mu.Unlock()
	im.result.Known++
	im.result.Other++
}

func reasonOf(r *workflow.Refusal) string {
	if len(r.Missing) > 0 {
		return r.Code + ": " + strings.Join(r.Missing, ", ")
	}
	return strings.TrimSpace(r.Code + " " + r.Guard)
}

func (im *run) reject(row Row, wrong bad) {
	reason := wrong.reason
	if wrong.column != "" {
		reason = wrong.column + ": " + reason
	}
	im.mu.Lock()
	im.result.Rejected++
	im.result.Reasons[reason]++
	im.mu.Unlock()
	im.keep(row, wrong)
}

// keep writes a row that was not taken to the file of rejects.
func (im *run) keep(row Row, wrong bad) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.opt.Rejects == nil {
		return
	}
	enc := json.NewEncoder(im.opt.Rejects)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(reject{im.opt.File, row.Line, wrong.column, wrong.reason, row.Values}); err != nil {
		im.err = errors.Join(im.err, err)
	}
}
