package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// attempt runs one transaction: read, settle what is due, decide in memory,
// write, commit. With overdue > 0 it is a sweep and has no commands.
func (d *door) attempt(ctx context.Context, group []*request, overdue int) (int, error) {
	now := d.s.cfg.Now().UTC().Truncate(time.Microsecond)
	law := d.s.cfg.Rules()
	if err := d.provide(ctx, group, now, law); err != nil {
		return 0, err
	}
	want := wanted{dueAt: now, overdue: overdue, after: d.swept}
	for _, r := range group {
		r.answer, r.err = Answer{}, nil
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
	got := &d.found
	clear(got.cases)
	clear(got.keys)
	got.order = got.order[:0]
	if err := d.db.read(ctx, &want, got); err != nil {
		return 0, err
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
		d.decide(r, got, law, now)
	}
	return d.finish(ctx, got, law)
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
		events, due := workflow.Due(f.now, law, now)
		if !due {
			return
		}
		d.record(f, events, nil)
		d.rows.expired = append(d.rows.expired, events...)
	}
}

// record writes events down; states are the case after each, if they are known.
func (d *door) record(f *folding, events []workflow.Event, states []workflow.Case) {
	for i, e := range events {
		before := f.now
		hash := d.rows.event(&f.now, e)
		if states != nil {
			f.now = states[i]
		} else {
			f.now = workflow.Apply(f.now, e)
		}
		f.now.Head = hash
		f.moved = true
		d.rows.count(f.now.ID, e.Seq, workflow.Contributions(before, f.now, e))
	}
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
		f = d.fresh(workflow.Complaint, law, now)
	case f == nil:
		r.err = ErrNoSuchCase
		return
	case f.broken != nil:
		r.err = f.broken
		return
	}
	events, states, err := decideSafely(f.now, r.Command, law, now)
	if err != nil {
		r.err = err
		return
	}
	before := f.now.Version
	d.record(f, events, states)
	if before == 0 {
		d.keep(f, got)
	}
	d.attach(r, f, events[0].Seq)
	r.answer = Answer{CaseID: f.now.ID, Number: f.now.Number, Version: f.now.Version, State: f.now.State, Outcome: f.now.Outcome}
	for _, e := range events {
		r.answer.Events = append(r.answer.Events, Done{e.Seq, e.ID, e.Event})
	}
	d.split(r, events[0], got, law, now)
	d.answer(r, got, now)
}

// fresh is a case that may be filed under the next number; the number is taken
// only when it is kept.
func (d *door) fresh(kind workflow.Kind, law workflow.Rules, now time.Time) *folding {
	prefix := law.County().Prefix
	if kind == workflow.Report {
		prefix = reportPrefix
	}
	year := calendar.On(now).Year()
	serial := d.numbers.next(series{prefix, year})
	return &folding{now: workflow.New(kind, caseID(prefix, year, serial), ledger.Number(prefix, year, serial)), filed: now}
}

func (d *door) keep(f *folding, got *found) {
	prefix, year, _, _ := ledger.ParseNumber(f.now.Number)
	d.numbers.take(series{prefix, year})
	got.cases[f.now.ID] = f
	got.order = append(got.order, f.now.ID)
}

// attach stores what came sealed with the command, and its links.
func (d *door) attach(r *request, f *folding, seq int64) {
	box := &r.sealed
	if r.Command.Event == "split_report" {
		return // its words belong to the report record
	}
	d.attachBox(box, f, seq)
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
	f := d.fresh(workflow.Report, law, now)
	cmd.Commitment = r.reportCommitment()
	events, states, err := decideSafely(f.now, cmd, law, now)
	if err != nil {
		panic(fmt.Sprintf("a report that may be split could not be opened: %v", err))
	}
	d.record(f, events, states)
	d.keep(f, got)
	d.attachBox(&r.sealed, f, events[0].Seq)
	r.answer.Report = f.now.Number
}

func (d *door) answer(r *request, got *found, now time.Time) {
	text, err := json.Marshal(r.answer)
	if err != nil {
		panic(err)
	}
	for _, key := range []string{r.Key, r.Unique} {
		if key == "" {
			continue
		}
		k := &d.rows.answers
		k.key, k.print, k.answer, k.at = append(k.key, key), append(k.print, r.print), append(k.answer, string(text)), append(k.at, now)
		got.keys[key] = kept{r.print, r.answer} // the same key again within this group
	}
}

// decideSafely turns a panic of the law, in deciding or in applying, into an
// answer for its command alone: both come before any row is written.
func decideSafely(c workflow.Case, cmd workflow.Command, law workflow.Rules, now time.Time) (events []workflow.Event, states []workflow.Case, err error) {
	defer func() {
		if p := recover(); p != nil {
			events, states, err = nil, nil, fmt.Errorf("%w: %v", ErrBug, p)
		}
	}()
	if events, err = workflow.Decide(c, cmd, law, now); err != nil {
		return nil, nil, err
	}
	for _, e := range events {
		c = workflow.Apply(c, e)
		states = append(states, c)
	}
	return events, states, nil
}
