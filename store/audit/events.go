package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"fangxin/workflow/ledger"
)

// eventReader takes the events of a lot in order and closes each case's account
// when the next one begins.
type eventReader struct {
	a    *auditor
	rows map[int64]*row
	id   int64
	r    *row
	f    *fold
}

func (x *eventReader) row(scan func(...any) error) error {
	var id, seq int64
	var prev, hash []byte
	var payload string
	if err := scan(&id, &seq, &prev, &hash, &payload); err != nil {
		return err
	}
	if x.f == nil || id != x.id {
		x.end()
		x.begin(id)
	}
	x.a.report.Events++
	if x.f.broken {
		return nil
	}
	if part, what := x.check(seq, prev, hash, payload); what != "" {
		x.a.find(part, x.r.number, seq, "%s", what)
		x.f.broken = true
	}
	return nil
}

func (x *eventReader) begin(id int64) {
	x.id, x.f, x.r = id, newFold(), x.rows[id]
	x.a.report.Cases++
	if x.r == nil || x.r.number == "" {
		x.a.find("log", fmt.Sprintf("case %d", id), 0, "has events and is not there")
		x.f.broken = true
		x.r = &row{id: id}
	}
	x.r.seen = true
}

// check holds one event against the one before it, against itself, and against
// the clocks that ran.
func (x *eventReader) check(seq int64, prev, hash []byte, payload string) (part, what string) {
	f := x.f
	var e entry
	sum := ledger.Chain(f.head, []byte(payload))
	switch {
	case seq != f.version+1:
		return "log", fmt.Sprintf("event %d is not there", f.version+1)
	case !bytes.Equal(prev, f.head[:]):
		return "log", "does not follow the event before it"
	case !bytes.Equal(hash, sum[:]):
		return "log", "its hash is not that of its text"
	}
	if err := ledger.Canonical([]byte(payload)); err != nil {
		return "log", err.Error()
	}
	if err := json.Unmarshal([]byte(payload), &e); err != nil {
		return "log", "does not read: " + err.Error()
	}
	switch {
	case e.Case != x.r.number || e.Seq != seq || e.V != 1:
		return "log", fmt.Sprintf("says that it is event %d of %s", e.Seq, e.Case)
	case e.At.Before(f.at):
		return "log", "is older than the event before it"
	}
	if k := f.missed(&e); k != nil {
		return "clocks", fmt.Sprintf("was decided while %s, late from %s, had not been enforced", k.code, k.late.Format(time.RFC3339Nano))
	}
	wrong := f.apply(&e, x.a.editions)
	f.head = sum
	if wrong != "" {
		return "clocks", wrong
	}
	for _, op := range e.Data.Clocks {
		if op.Op == "expire" {
			x.a.report.Expiries++
		}
	}
	if part, what := x.named(&e); what != "" {
		return part, what
	}
	return x.commitment(&e)
}

// missed finds a clock that ran out and should have come before this event.
func (f *fold) missed(e *entry) *clock {
	limit := e.At
	for _, op := range e.Data.Clocks {
		if op.Op == "expire" && e.LawfulAt != nil {
			limit = e.LawfulAt.Add(-time.Microsecond) // of the same instant, the table's order decides
		}
	}
	if e.LawfulAt != nil && limit.Equal(e.At) || e.Event == "extend_after_outage" {
		return nil // follows an expiry at once, or moves what an outage stopped
	}
	for i := range f.clocks {
		if k := &f.clocks[i]; k.state == "running" && !k.late.After(limit) {
			return k
		}
	}
	return nil
}

func (x *eventReader) commitment(e *entry) (part, what string) {
	if e.Data.Sealed == "" || x.a.opt.Unseal == nil {
		return "", ""
	}
	salt, text, ok, err := x.a.opt.Unseal(x.a.ctx, x.id, e.Seq)
	switch {
	case !ok && err == nil:
		return "", ""
	case err != nil:
		return "log", "what was sealed with it does not open: " + err.Error()
	case ledger.Commit(salt, text) != e.Data.Sealed:
		return "log", "what was sealed with it is not what it commits to"
	}
	x.a.report.Commitments++
	if part, what := x.sealedPaper(e, text); what != "" {
		return part, what
	}
	return x.files(e, text)
}

// end holds what the log makes of the case against its rows.
func (x *eventReader) end() {
	if x.f == nil || x.f.broken {
		x.a.unsure = x.a.unsure || x.f != nil
		return
	}
	a, f, r := x.a, x.f, x.r
	x.sheets()
	domain, _ := json.Marshal(r.domain)
	if string(domain) == "0" {
		domain = nil
	}
	switch {
	case r.version != f.version || !bytes.Equal(r.head, f.head[:]):
		a.find("log", r.number, f.version, "the case's row is at version %d with another head: events are missing or were added", r.version)
	case f.version > r.covered:
		a.find("log", r.number, f.version, "is in no block and does not wait for one")
	case r.body != f.body(r.number, r.kind) || r.state != f.state || r.outcome != f.named["outcome"] || r.unit != f.slice("unit") ||
		r.town != f.slice("town") || string(domain) != f.slice("domain"):
		a.find("log", r.number, f.version, "the case's row is not what the log makes it")
	default:
		x.endClocks()
		x.endCounts()
		a.frozen(r, f.tally.counts)
		return
	}
	a.unsure = true
}

func (x *eventReader) endClocks() {
	a, f, r := x.a, x.f, x.r
	a.report.Clocks += int64(len(f.clocks))
	if len(f.clocks) != len(r.clocks) {
		a.find("clocks", r.number, f.version, "%d clocks in the log, %d rows", len(f.clocks), len(r.clocks))
		return
	}
	for i := range f.clocks {
		k := f.clocks[i]
		k.more = k.rest()
		k.about, k.pausedOn, k.was, k.pausedDays, k.pausedWork, k.decided = "", "", "", 0, 0, 0
		late := k.late.Equal(r.clocks[i].late)
		k.late = r.clocks[i].late
		if !late || k != r.clocks[i] {
			a.find("clocks", r.number, k.seq, "the row of clock %d (%s) is not what the log makes it", k.no, k.code)
			return
		}
		if k.state == "running" && !k.late.After(a.opt.Now) {
			a.overdue++
		}
	}
}

// endCounts holds the counts of a case against those that its log makes, and names
// the first that differs.
func (x *eventReader) endCounts() {
	text := func(list []count) []string {
		out := make([]string, 0, len(list))
		for _, c := range list {
			out = append(out, fmt.Sprintf("%06d %s %s measure %d value %+d domain %d category %q town %q unit %q channel %q mediator %q",
				c.seq, c.indicator, c.day, c.measure, c.value, c.domain, c.category, c.town, c.unit, c.channel, c.mediator))
		}
		slices.Sort(out)
		return out
	}
	kept, made := text(x.r.counts), text(x.f.tally.counts)
	for i := range max(len(kept), len(made)) {
		has, should := "", ""
		if i < len(kept) {
			has = kept[i]
		}
		if i < len(made) {
			should = made[i]
		}
		if has == should {
			continue
		}
		switch { // the lesser one has no counterpart
		case should == "" || has != "" && has < should:
			x.a.find("statistics", x.r.number, seqOf(has), "counts otherwise than its log: %s is not what the event counts for", has[7:])
		default:
			x.a.find("statistics", x.r.number, seqOf(should), "counts otherwise than its log: %s is missing", should[7:])
		}
		return
	}
}

func seqOf(line string) int64 {
	n, _ := strconv.ParseInt(line[:6], 10, 64)
	return n
}
