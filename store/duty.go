package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// Duty is a duty of the authority that ran out and is still owed.
type Duty struct {
	Number                  string
	No                      int64  // of the clock within the case
	Clock                   string // code
	Unit, Town, Officer     string // in charge now
	Due                     calendar.Date
	Late                    time.Time // from here on it is overdue
	Steps                   []TakenStep
	Acknowledged, Explained *Said // the last of each; nil: nobody did
	Supervised              *Supervision

	id int64
}

// TakenStep is a step of escalation that was taken: when it was to be, when it
// was, and whom it names, as the outbox names them.
type TakenStep struct {
	Step      string
	Due, At   time.Time
	Told      []string // a channel took the message
	Waiting   []string // owed it still, or it was tried too often
	Unreached []string // no way led there: nobody was told
}

// Said is what somebody said of an overdue duty: the event says it in words.
type Said struct {
	Seq   int64
	Actor string
	At    time.Time
}

// DutyFilter narrows the list; what is empty asks nothing.
type DutyFilter struct {
	Kind         workflow.Kind // empty: complaints
	Unit, Clock  string
	Step         string // reached this step
	Acknowledged string // yes, no
}

// authorityClocks are the codes of the authority's duties, as a list in SQL.
var authorityClocks = func() string {
	var out []string
	for _, d := range workflow.ClockDefs {
		if d.Whose == "authority" {
			out = append(out, "'"+d.Code+"'")
		}
	}
	return strings.Join(out, ", ")
}()

// Duties reads a page of the overdue duties in the cases that the user may see,
// the longest overdue first, and the cursor of the next page, empty at the end.
func (s *Store) Duties(ctx context.Context, u *User, f DutyFilter, after string, limit int) (list []Duty, next string, err error) {
	q := s.dutiesFor(u, &f)
	mark := s.markOf(u.Name, "duties", f)
	if !s.behind(q, mark, after) {
		return nil, "", ErrCursor
	}
	page := fmt.Sprintf(" order by late, no, case_id limit %d", limit+1)
	rows, err := s.pool.QueryContext(ctx, "select t.case_id, c.number, t.unit, t.town, t.officer, k.no, k.code, k.due, k.late_from from (select * from "+
		lateWhere("case_id, no, late, unit, town, officer", q.where(), page)+" z"+page+") t join cases c on c.id = t.case_id join clocks k on k.case_id = t.case_id and k.no = t.no"+
		" order by t.late, t.no, t.case_id", q.values...)
	if err != nil {
		return nil, "", err
	}
	err = scan(rows, func() error {
		var d Duty
		var due string
		var late instant
		if err := rows.Scan(&d.id, &d.Number, &d.Unit, &d.Town, &d.Officer, &d.No, &d.Clock, &due, &late); err != nil {
			return err
		}
		d.Late = late.Time
		d.Due, _ = calendar.ParseDate(due)
		list = append(list, d)
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		next = clockCursor(mark, last.Late, last.No, last.id)
	}
	return list, next, s.dressDuties(ctx, list)
}

// clockCursor is the place behind a clock in a list by deadlines. A deadline ends
// with a day, so whole seconds tell it.
func clockCursor(mark []byte, late time.Time, no, caseID int64) string {
	return closeCursor(mark, late.Unix()<<20|no, caseID)
}

// behind lets a list by deadlines go on at a cursor; false: it is none of its own.
func (s *Store) behind(q *selection, mark []byte, after string) bool {
	if after == "" {
		return true
	}
	key, id, ok := openCursor(mark, after)
	if ok {
		q.and("(late, no, case_id) > (" + q.add(time.Unix(key>>20, 0).UnixMicro()) + ", " + q.add(key&(1<<20-1)) + ", " + q.add(id) + ")")
	}
	return ok
}

func (s *Store) dutiesFor(u *User, f *DutyFilter) *selection {
	q := &selection{}
	q.scope = u.Scope().rule.where(&q.binds)
	if f.Kind == "" {
		f.Kind = workflow.Complaint
	}
	q.and("owed = 1 and " + s.ofAuthority())
	q.and(is("kind", string(f.Kind)).where(&q.binds))
	if f.Unit != "" {
		q.and(is("unit", f.Unit).where(&q.binds))
	}
	if f.Clock != "" {
		q.and("code = " + q.add(f.Clock))
	}
	if f.Step != "" {
		q.and("exists (select 1 from escalations e where e.case_id = b.case_id and e.no = b.no and e.step = " + q.add(f.Step) + ")")
	}
	said := `json_extract(c.body, '$.facts."acknowledged.' || b.no || '"') is not null`
	if s.dialect == "postgres" {
		said = `jsonb_exists(c.body::jsonb -> 'facts', 'acknowledged.' || b.no)`
	}
	switch f.Acknowledged {
	case "yes":
		q.and("exists (select 1 from cases c where c.id = b.case_id and " + said + ")")
	case "no":
		q.and("not exists (select 1 from cases c where c.id = b.case_id and " + said + ")")
	}
	return q
}

// dressDuties adds to a page who was told, and who said what.
func (s *Store) dressDuties(ctx context.Context, list []Duty) error {
	if len(list) == 0 {
		return nil
	}
	var b binds
	at := map[[2]int64]*Duty{}
	ids := make([]int64, 0, len(list))
	for i := range list {
		at[[2]int64{list[i].id, list[i].No}] = &list[i]
		ids = append(ids, list[i].id)
	}
	in := b.list(ids)
	waiting, err := s.waitingSteps(ctx, in, b.values)
	if err != nil {
		return err
	}
	rows, err := s.pool.QueryContext(ctx, "select case_id, no, step, due_at, at, told, unreached from escalations where case_id in ("+in+") order by case_id, no, place", b.values...)
	if err != nil {
		return err
	}
	err = scan(rows, func() error {
		var id, no int64
		var t TakenStep
		var due, when instant
		var told, unreached string
		if err := rows.Scan(&id, &no, &t.Step, &due, &when, &told, &unreached); err != nil {
			return err
		}
		t.Due, t.At, t.Unreached = due.Time, when.Time, strings.Fields(unreached)
		for _, who := range strings.Fields(told) {
			switch {
			case slices.Contains(t.Unreached, who):
			case waiting[waits{id, no, t.Step, who}]:
				t.Waiting = append(t.Waiting, who)
			default:
				t.Told = append(t.Told, who)
			}
		}
		if d := at[[2]int64{id, no}]; d != nil {
			d.Steps = append(d.Steps, t)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.saidOf(ctx, list, in, b.values)
}

// waits is a recipient who was not told yet of a step that a duty took.
type waits struct {
	id, no    int64
	step, who string
}

// waitingSteps finds the messages of steps that are not delivered.
func (s *Store) waitingSteps(ctx context.Context, in string, ids []any) (map[waits]bool, error) {
	rows, err := s.pool.QueryContext(ctx, "select case_id, no, topic, recipient from outbox where case_id in ("+in+") and topic like 'escalation.%' and state in ('owed', 'dead')", ids...)
	if err != nil {
		return nil, err
	}
	out := map[waits]bool{}
	err = scan(rows, func() error {
		var w waits
		var topic string
		err := rows.Scan(&w.id, &w.no, &topic, &w.who)
		if parts := strings.Split(topic, "."); len(parts) > 1 {
			w.step = parts[1]
		}
		out[w] = true
		return err
	})
	return out, err
}

// saidOf finds the last acknowledgement and explanation of each duty: the case
// knows their events.
func (s *Store) saidOf(ctx context.Context, list []Duty, in string, ids []any) error {
	rows, err := s.pool.QueryContext(ctx, "select id, body from cases where id in ("+in+")", ids...)
	if err != nil {
		return err
	}
	facts := map[int64]workflow.Facts{}
	err = scan(rows, func() error {
		var id int64
		var body string
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		c, err := workflow.ParseBody(id, []byte(body))
		facts[id] = c.Facts
		return err
	})
	if err != nil {
		return err
	}
	supervised, err := s.supervisions(ctx, in, ids)
	if err != nil {
		return err
	}
	var told []claimed
	for i := range list {
		d := &list[i]
		acknowledged, explained := facts[d.id].BreachOf(d.No)
		if d.Supervised = supervised[d.id]; d.Supervised != nil {
			told = append(told, claimed{d.id, d.Supervised.Seq})
		}
		told = append(told, claimed{d.id, acknowledged}, claimed{d.id, explained})
	}
	who, err := s.whoSaid(ctx, told)
	for i := range list {
		d := &list[i]
		acknowledged, explained := facts[d.id].BreachOf(d.No)
		d.Acknowledged, d.Explained = who[claimed{d.id, acknowledged}], who[claimed{d.id, explained}]
		if d.Supervised == nil {
			continue
		}
		if said := who[claimed{d.id, d.Supervised.Seq}]; said != nil {
			d.Supervised.Said = *said
		}
	}
	return err
}

// Owing counts the messages about clocks that are owed by now, by kind (reminder,
// escalation) and mark or step.
func (s *Store) Owing(ctx context.Context) (map[[2]string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, "select topic, count(*) from outbox where state = 'owed' and topic <> 'notice' group by topic")
	if err != nil {
		return nil, err
	}
	out := map[[2]string]int64{}
	err = scan(rows, func() error {
		var topic string
		var n int64
		if err := rows.Scan(&topic, &n); err != nil {
			return err
		}
		if parts := strings.Split(topic, "."); len(parts) > 1 {
			out[[2]string{parts[0], parts[1]}] += n
		}
		return nil
	})
	return out, err
}

// DutiesByStep counts the authority's overdue duties by the highest step that they
// took: "" before the first.
func (s *Store) DutiesByStep(ctx context.Context) (map[string]int64, error) {
	rows, err := s.pool.QueryContext(ctx, `select coalesce((select e.step from escalations e where e.case_id = k.case_id and e.no = k.no order by e.place desc limit 1), ''), count(*)
		from clocks k where k.state = 'owed' and k.code in (`+authorityClocks+`) group by 1`)
	if err != nil {
		return nil, err
	}
	return tally(rows)
}

// markOf is the key of the cursors of one list: another's do not open.
func (s *Store) markOf(parts ...any) []byte {
	text, _ := json.Marshal(parts)
	m := hmac.New(sha256.New, s.cfg.Keys.links)
	m.Write([]byte("cursor\x00"))
	m.Write(text)
	return m.Sum(nil)
}
