package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// attempt runs one transaction: read, settle what is due, decide in memory,
// write, commit. With overdue > 0 it is a sweep and has no commands. Unless told
// to look, it reads nothing for a group of drafts.
func (d *door) attempt(ctx context.Context, group []*request, overdue int, look bool) (int, error) {
	now := d.s.cfg.Now().UTC().Truncate(time.Microsecond)
	law := d.s.cfg.Rules()
	if err := d.provide(ctx, group, now, law); err != nil {
		return 0, err
	}
	got := &d.found
	clear(got.cases)
	clear(got.keys)
	got.order = got.order[:0]
	if look || !drafted(group, law, now) {
		if err := d.db.read(ctx, d.want(group, overdue, now), got); err != nil {
			return 0, err
		}
	}
	d.rows.reset()
	d.numbers.begin()
	if overdue > 0 && len(got.order) == 0 {
		d.swept = place{}
	}
	for _, id := range got.order { // what is due comes first
		f := got.cases[id]
		if overdue > 0 {
			d.swept = later(d.swept, firstDue(&f.now, id))
		}
		d.expire(f, law, now)
	}
	for _, r := range group {
		r.answer, r.err = Answer{}, nil
		d.decide(r, got, law, now)
	}
	return d.finish(ctx, got, law)
}

// want lists what the group must know.
func (d *door) want(group []*request, overdue int, now time.Time) *wanted {
	want := &wanted{dueAt: now, overdue: overdue, after: d.swept}
	for _, r := range group {
		want.keys = append(want.keys, r.Key)
		if r.Unique != "" {
			want.keys = append(want.keys, r.Unique)
		}
		if r.caseID != 0 {
			want.cases = append(want.cases, r.caseID)
		}
	}
	slices.Sort(want.cases)
	want.cases = slices.Compact(want.cases)
	return want
}

func (d *door) finish(ctx context.Context, got *found, law workflow.Rules) (int, error) {
	if d.rows.empty() {
		d.rollback()
		return 0, nil
	}
	moved := 0
	for _, id := range got.order {
		if f := got.cases[id]; f.moved {
			d.rows.fold(f, law)
			moved++
		}
	}
	d.rows.blocks = d.numbers.used()
	err := d.db.write(ctx, &d.rows)
	if err != nil {
		d.numbers.revert()
		return moved, err
	}
	d.s.enforced.add(d.rows.expired)
	return moved, nil
}

func firstDue(c *workflow.Case, id int64) place {
	var p place
	for _, k := range c.Clocks {
		if k.State == workflow.Running && (p.due.IsZero() || k.LateFrom.Before(p.due)) {
			p = place{k.LateFrom, id}
		}
	}
	return p
}

func later(a, b place) place {
	if b.due.After(a.due) || b.due.Equal(a.due) && b.caseID > a.caseID {
		return b
	}
	return a
}

// expire enforces every clock of the case that ran out. A panic in it leaves
// the case as it was and the rest of the group alone.
func (d *door) expire(f *folding, law workflow.Rules, now time.Time) {
	before, rows := f.now, d.rows
	defer func() {
		if p := recover(); p != nil {
			f.now, f.moved, d.rows = before, false, rows
			f.broken = fmt.Errorf("%w: case %s: %v", ErrBug, f.now.Number, p)
		}
	}()
	for {
		steps, due := workflow.DueSteps(f.now, law, now)
		if !due {
			return
		}
		d.record(f, steps)
		for i := range steps {
			d.rows.expired = append(d.rows.expired, steps[i].Event)
		}
	}
}

// record writes down what was decided.
func (d *door) record(f *folding, steps []workflow.Step) {
	for i := range steps {
		e := &steps[i].Event
		d.chain(f, e, &steps[i].After, e.Payload(make([]byte, 0, 2048), f.now.Number), indicator.Of(&f.now, &steps[i].After, e))
	}
}

// chain adds one event with its payload to the case's chain.
func (d *door) chain(f *folding, e *workflow.Event, after *workflow.Case, payload []byte, counts []indicator.Count) {
	id, number, hash := f.now.ID, f.now.Number, d.rows.event(&f.now, e, payload)
	f.now, f.moved = *after, true
	f.now.ID, f.now.Number, f.now.Head = id, number, hash
	d.rows.count(f.now.ID, e.Seq, counts)
}

// decide answers one command against the case as the commands before it left
// it. Whoever is refused, stale or panics leaves no row behind.
func (d *door) decide(r *request, got *found, law workflow.Rules, now time.Time) {
	if k, ok := got.keys[r.Key]; ok {
		if !bytes.Equal(k.print, r.print) {
			r.err = &workflow.Refusal{Code: "key_reused", Event: r.Command.Event}
			return
		}
		r.answer = k.answer
		r.answer.Replayed = true
		return
	}
	if k, ok := got.keys[r.Unique]; ok && r.Unique != "" {
		r.err = &workflow.Refusal{Code: "entered_before", Event: r.Command.Event, Number: k.answer.Number}
		return
	}
	f := got.cases[r.caseID]
	switch {
	case r.caseID == 0:
		d.file(r, got, law, now)
		return
	case f == nil:
		r.err = ErrNoSuchCase
		return
	case f.broken != nil:
		r.err = f.broken
		return
	}
	steps, err := decideSafely(f.now, r.Command, law, now)
	if err != nil {
		r.err = err
		return
	}
	d.record(f, steps)
	d.answer(r, f, steps)
	d.split(r, steps[0].Event, got, law, now)
	d.keepAnswer(r, got, now)
}

// file takes a new case: as it was drafted, or decided anew where the draft is
// too old. A number is taken only by what is not refused.
func (d *door) file(r *request, got *found, law workflow.Rules, now time.Time) {
	x := r.draft
	if !x.holds(law, now) {
		x = newDraft(r.Command, law, now)
	}
	if x.err != nil {
		r.err = x.err
		return
	}
	s := series{law.County().Prefix, calendar.On(x.at).Year()}
	f := d.fresh(workflow.Complaint, s, x.at)
	first := x.record(d, f)
	d.keep(f, s, got)
	d.answer(r, f, x.steps)
	d.keepAnswer(r, got, now)
	r.answer.filed = &filed{View{f.now, f.filed}, first, &x.steps[0].Event, r.sealed.salt}
}

// fresh is a case that may be filed under the next number; the number is taken
// only when it is kept.
func (d *door) fresh(kind workflow.Kind, s series, at time.Time) *folding {
	serial := d.numbers.next(s)
	return &folding{now: workflow.New(kind, caseID(s.prefix, s.year, serial), ledger.Number(s.prefix, s.year, serial)), filed: at}
}

func (d *door) keep(f *folding, s series, got *found) {
	d.numbers.take(s)
	got.cases[f.now.ID] = f
	got.order = append(got.order, f.now.ID)
}

// answer says what became of a command, and stores what came with it.
func (d *door) answer(r *request, f *folding, steps []workflow.Step) {
	d.attach(r, f, &steps[0].Event)
	r.answer = Answer{CaseID: f.now.ID, Number: f.now.Number, Version: f.now.Version, State: f.now.State, Outcome: f.now.Outcome, Events: make([]Done, len(steps))}
	for i := range steps {
		e := &steps[i].Event
		r.answer.Events[i] = Done{e.Seq, e.ID, e.Event}
	}
}

// attach stores what came sealed with the command, and its links.
func (d *door) attach(r *request, f *folding, e *workflow.Event) {
	box := &r.sealed
	if r.Command.Event == "split_report" {
		return // its words belong to the report record
	}
	d.attachBox(box, f, e.Seq)
	x := &d.rows.files
	for _, b := range box.files {
		x.id, x.wrapped, x.caseID, x.seq = append(x.id, b.id), append(x.wrapped, b.wrapped), append(x.caseID, f.now.ID), append(x.seq, e.Seq)
		x.actor, x.side, x.respondent = append(x.actor, e.Actor), append(x.side, r.Command.Actor.Side()), append(x.respondent, factInt(&f.now, "respondent"))
	}
	l := &d.rows.links
	for _, link := range r.Links {
		l.hash, l.caseID, l.role, l.actor = append(l.hash, link.Hash), append(l.caseID, f.now.ID), append(l.role, link.Role), append(l.actor, link.Actor)
		l.expires, l.since = append(l.expires, link.Expires), append(l.since, f.now.At)
	}
	if r.Command.Event == "erase_person" {
		d.rows.erased, d.rows.erasedAt = append(d.rows.erased, f.now.ID), f.now.At
	}
}

func (d *door) attachBox(box *sealedBox, f *folding, seq int64) {
	if box.box == nil {
		return
	}
	x := &d.rows.sealed
	x.caseID, x.seq, x.box = append(x.caseID, f.now.ID), append(x.seq, seq), append(x.box, box.box)
	if box.key != nil {
		k := &d.rows.keys
		k.caseID, k.kek, k.wrapped = append(k.caseID, f.now.ID), append(k.kek, box.kek), append(k.wrapped, box.key)
	}
	b := &d.rows.blind
	for _, m := range box.blind {
		b.caseID, b.kind, b.mac = append(b.caseID, f.now.ID), append(b.kind, m.kind), append(b.mac, m.mac)
	}
}

// split opens the confidential report record in the same transaction.
func (d *door) split(r *request, e workflow.Event, got *found, law workflow.Rules, now time.Time) {
	cmd, ok := workflow.SplitReport(e, r.Command)
	if !ok {
		return
	}
	series := series{reportPrefix, calendar.On(now).Year()}
	f := d.fresh(workflow.Report, series, now)
	cmd.Commitment = r.reportCommitment()
	steps, err := decideSafely(f.now, cmd, law, now)
	if err != nil {
		panic(fmt.Sprintf("a report that may be split could not be opened: %v", err))
	}
	d.record(f, steps)
	d.keep(f, series, got)
	d.attachBox(&r.sealed, f, steps[0].Event.Seq)
	r.answer.Report = f.now.Number
}

// keepAnswer stores the answer under the caller's key, and under the one that no
// two callers share.
func (d *door) keepAnswer(r *request, got *found, now time.Time) {
	text := string(r.answer.append(nil))
	for _, key := range [...]string{r.Key, r.Unique} {
		if key == "" {
			continue
		}
		k := &d.rows.answers
		k.key, k.print, k.answer, k.at = append(k.key, key), append(k.print, r.print), append(k.answer, text), append(k.at, now)
		got.keys[key] = kept{r.print, r.answer} // the same key again within this group
	}
}

// decideSafely turns a panic of the law into an answer for its command alone,
// before any row is written.
func decideSafely(c workflow.Case, cmd workflow.Command, law workflow.Rules, now time.Time) (steps []workflow.Step, err error) {
	defer func() {
		if p := recover(); p != nil {
			steps, err = nil, fmt.Errorf("%w: %v", ErrBug, p)
		}
	}()
	return workflow.Steps(c, cmd, law, now)
}
