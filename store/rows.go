package store

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"fangxin/workflow"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// rows is what one group writes, by column, because PostgreSQL takes arrays.
type rows struct {
	cases struct {
		id, version, domain                            []int64
		number, kind, state, outcome, unit, town, body []string
		head                                           [][]byte
		filed                                          []time.Time
	}
	moved struct { // projections that changed, guarded by the version they had
		id, was, version, domain         []int64
		state, outcome, unit, town, body []string
		head                             [][]byte
	}
	events struct {
		caseID, seq []int64
		prev, hash  [][]byte
		payload     []string
	}
	clocks, changed clockRows
	owed            struct {
		caseID, no, seq                   []int64
		topic, recipient, template, queue []string
		at                                []time.Time
	}
	noticed struct { // what became of owed notices
		caseID, no []int64
		state      []string
	}
	sealed struct {
		caseID, seq []int64
		box         [][]byte
	}
	keys struct {
		caseID  []int64
		kek     []string
		wrapped [][]byte
	}
	blind struct {
		caseID []int64
		kind   []string
		mac    [][]byte
	}
	counts struct {
		caseID, seq, value, domain, measure                     []int64
		indicator, day, town, unit, category, channel, mediator []string
	}
	links struct {
		hash           [][]byte
		caseID         []int64
		role, actor    []string
		expires, since []time.Time
	}
	files struct { // that waited and are a case's now
		id, actor, side         []string
		caseID, seq, respondent []int64
		wrapped                 [][]byte
	}
	answers struct {
		key, answer []string
		print       [][]byte
		at          []time.Time
	}
	heads struct {
		caseID, seq []int64
		hash        [][]byte
	}
	erased   []int64
	erasedAt time.Time
	expired  []workflow.Event // what was enforced, for the node's own count
	blocks   []int64          // of numbers that were used: they must still be ours
}

// clockRows are clocks as rows.
type clockRows struct {
	caseID, no, seq, n, notice, ended                          []int64
	code, state, rule, unit, roll, starts, due, calendar, more []string
	late, remind                                               []*time.Time
	provisional                                                []bool
}

// rare is what few clocks have: kept in one column, so that a pending deadline
// stays small.
type rare struct {
	About      string              `json:"about,omitempty"`
	PausedOn   string              `json:"paused_on,omitempty"`
	PausedDays int                 `json:"paused_days,omitempty"`
	PausedWork int                 `json:"paused_working_days,omitempty"`
	Decided    int64               `json:"decided,omitempty"`
	Was        workflow.ClockState `json:"was,omitempty"`
}

func (r *rows) empty() bool { return len(r.events.seq) == 0 && len(r.answers.key) == 0 }

// reset empties the rows and keeps their room for the next group.
func (r *rows) reset() { shorten(reflect.ValueOf(r).Elem()) }

func shorten(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			shorten(f)
		case reflect.Slice:
			if f.Len() > 0 {
				// the fields are this package's own; only their length changes
				header := reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()
				header.SetLen(0)
			}
		}
	}
}

// event adds the row of one event and returns its hash.
func (r *rows) event(c *workflow.Case, e *workflow.Event, payload []byte) ledger.Hash {
	prev := c.Head
	hash := ledger.Chain(prev, payload)
	both := make([]byte, 0, 64)
	both = append(append(both, prev[:]...), hash[:]...)
	x := &r.events
	x.caseID, x.seq = append(x.caseID, c.ID), append(x.seq, e.Seq)
	x.prev, x.hash = append(x.prev, both[:32:32]), append(x.hash, both[32:])
	x.payload = append(x.payload, asText(payload))
	for _, n := range e.Data.Notices {
		if n.Op == "owe" {
			o := &r.owed
			o.caseID, o.no, o.seq = append(o.caseID, c.ID), append(o.no, n.No), append(o.seq, e.Seq)
			o.topic, o.recipient, o.template = append(o.topic, "notice"), append(o.recipient, n.To), append(o.template, n.Kind)
			o.queue, o.at = append(o.queue, queueOf(&e.Data, &n)), append(o.at, e.At)
			continue
		}
		if n.Op != "failed" { // one way failed: whether another is left, who delivers knows
			r.became(c.ID, n.No, n.Op)
		}
	}
	return hash
}

// asText is a text that nobody writes to any more, without a copy.
func asText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// became notes the last thing said of a notice: of several in one group the
// last counts.
func (r *rows) became(caseID, no int64, state string) {
	x := &r.noticed
	for i := range x.no {
		if x.caseID[i] == caseID && x.no[i] == no {
			x.state[i] = state
			return
		}
	}
	x.caseID, x.no, x.state = append(x.caseID, caseID), append(x.no, no), append(x.state, state)
}

func (r *rows) count(id, seq int64, list []indicator.Count) {
	x := &r.counts
	for _, c := range list {
		x.caseID, x.seq, x.value, x.domain = append(x.caseID, id), append(x.seq, seq), append(x.value, c.Value), append(x.domain, int64(c.Domain))
		x.indicator, x.day, x.measure = append(x.indicator, c.Code), append(x.day, c.Day.String()), append(x.measure, c.Measure)
		x.town, x.unit, x.category = append(x.town, c.Town), append(x.unit, c.Unit), append(x.category, c.Category)
		x.channel, x.mediator = append(x.channel, c.Channel), append(x.mediator, c.Mediator)
	}
}

// fold adds what became of one case: projection, clocks, head.
func (r *rows) fold(f *folding, law workflow.Rules) {
	c := &f.now
	if f.body == nil {
		f.body = c.Body(make([]byte, 0, 768))
	}
	body, head := asText(f.body), slices.Clone(c.Head[:])
	if f.was.Version == 0 {
		x := &r.cases
		x.id, x.version, x.domain = append(x.id, c.ID), append(x.version, c.Version), append(x.domain, int64(c.Domain()))
		x.number, x.kind, x.state = append(x.number, c.Number), append(x.kind, string(c.Kind)), append(x.state, string(c.State))
		x.outcome, x.unit, x.town = append(x.outcome, c.Outcome), append(x.unit, c.Unit()), append(x.town, c.Town())
		x.body, x.head, x.filed = append(x.body, body), append(x.head, head), append(x.filed, f.filed)
	} else {
		x := &r.moved
		x.id, x.was, x.version = append(x.id, c.ID), append(x.was, f.was.Version), append(x.version, c.Version)
		x.domain, x.state, x.outcome = append(x.domain, int64(c.Domain())), append(x.state, string(c.State)), append(x.outcome, c.Outcome)
		x.unit, x.town, x.body, x.head = append(x.unit, c.Unit()), append(x.town, c.Town()), append(x.body, body), append(x.head, head)
	}
	h := &r.heads
	h.caseID, h.seq, h.hash = append(h.caseID, c.ID), append(h.seq, c.Version), append(h.hash, head)
	for i := range c.Clocks {
		switch {
		case i < len(f.remind):
			r.clocks.add(c.ID, &c.Clocks[i], f.remind[i])
		case i >= len(f.was.Clocks):
			r.clocks.add(c.ID, &c.Clocks[i], nextTold(&c.Clocks[i], law, c.At))
		case c.Clocks[i] != f.was.Clocks[i]:
			r.changed.add(c.ID, &c.Clocks[i], nextTold(&c.Clocks[i], law, c.At))
		}
	}
}

// nextTold is when somebody is to be told of the clock next, seen from an
// instant: of a running one by a reminder, of an owed one by a step of
// escalation. What came before the instant is taken again, for it may have been
// missed; nobody is told twice.
func nextTold(k *workflow.Clock, law workflow.Rules, at time.Time) *time.Time {
	var last *time.Time
	for _, m := range workflow.Reminders(*k, law, at) {
		if m.At.After(at) && last == nil {
			return &m.At
		}
		if m.At.After(at) {
			break
		}
		last = &m.At
	}
	if steps := workflow.Escalations(*k, law, at); len(steps) > 0 {
		return &steps[0].At
	}
	return last
}

func (x *clockRows) add(caseID int64, k *workflow.Clock, remind *time.Time) {
	x.caseID, x.no, x.seq = append(x.caseID, caseID), append(x.no, k.No), append(x.seq, k.Seq)
	x.n, x.notice, x.ended = append(x.n, int64(k.N)), append(x.notice, k.Notice), append(x.ended, k.Ended)
	x.code, x.state, x.rule = append(x.code, k.Code), append(x.state, string(k.State)), append(x.rule, k.Rule)
	x.unit, x.roll = append(x.unit, string(k.Unit)), append(x.roll, string(k.Roll))
	x.starts, x.due, x.calendar = append(x.starts, k.Starts.String()), append(x.due, k.Due.String()), append(x.calendar, k.Calendar)
	x.provisional = append(x.provisional, k.Provisional)
	var late *time.Time
	if !k.LateFrom.IsZero() {
		late = &k.LateFrom
	}
	x.late, x.remind = append(x.late, late), append(x.remind, remind)
	more := ""
	if m := (rare{k.About, k.PausedOn.String(), k.PausedDays, k.PausedWork, k.Decided, k.Was}); m != (rare{}) {
		text, _ := json.Marshal(m)
		more = string(text)
	}
	x.more = append(x.more, more)
}
