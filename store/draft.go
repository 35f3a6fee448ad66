package store

import (
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
	"fangxin/workflow/policy"
)

// draft is a filing decided in its caller's goroutine: nothing else can happen
// to a case that nobody knows yet, so the committer has only to number it, to
// chain it and to write it. Its texts have a gap for the number.
type draft struct {
	at       time.Time
	law      *policy.Rules
	err      error
	steps    []workflow.Step
	payloads []ledger.Form
	counts   [][]indicator.Count
	body     ledger.Form
	remind   []*time.Time // of each clock
	room     []byte       // for the texts with their number
}

// stale is how old a draft may be: while the database was away the day may have
// changed, and the committer decides again.
const stale = time.Second

func newDraft(cmd workflow.Command, law workflow.Rules, now time.Time) *draft {
	d := &draft{at: now, law: law.Rules}
	fresh := workflow.New(workflow.Complaint, 0, "")
	if d.steps, d.err = decideSafely(fresh, cmd, law, now); d.err != nil {
		return d
	}
	size, before := 0, &fresh
	for i := range d.steps {
		e, after := &d.steps[i].Event, &d.steps[i].After
		d.payloads = append(d.payloads, e.Form())
		d.counts = append(d.counts, indicator.Of(before, after, e))
		size += len(d.payloads[i].Text)
		before = after
	}
	d.body = before.Form()
	for i := range before.Clocks {
		d.remind = append(d.remind, nextTold(&before.Clocks[i], law, before.At))
	}
	const numberRoom = 32
	d.room = make([]byte, 0, size+len(d.body.Text)+numberRoom*(len(d.steps)+1))
	return d
}

// holds reports whether the draft may still be taken as it is.
func (x *draft) holds(law workflow.Rules, now time.Time) bool {
	return x != nil && x.law == law.Rules && !now.Before(x.at) && now.Sub(x.at) < stale
}

// series is where the number of a filing comes from: the year of the instant
// that it is decided at.
func (r *request) series(law workflow.Rules, now time.Time) series {
	if r.draft.holds(law, now) {
		now = r.draft.at
	}
	return series{law.County().Prefix, calendar.On(now).Year()}
}

// drafted reports whether all of a group are filings that were decided and not
// refused: nothing need be read for them. That no key was used before, the
// unique index says.
func drafted(group []*request, law workflow.Rules, now time.Time) bool {
	for _, r := range group {
		if !r.draft.holds(law, now) || r.draft.err != nil {
			return false
		}
	}
	return len(group) > 0
}

// record writes a draft down under the number that its case has now; first is
// the hash of its first event.
func (x *draft) record(d *door, f *folding) (first ledger.Hash) {
	room := x.room[:0]
	for i := range x.steps {
		from := len(room)
		room = x.payloads[i].Fill(room, f.now.Number)
		d.chain(f, &x.steps[i].Event, &x.steps[i].After, room[from:len(room):len(room)], x.counts[i])
		if i == 0 {
			first = f.now.Head
		}
	}
	f.body = x.body.Fill(room, f.now.Number)[len(room):]
	f.remind = x.remind
	return first
}
