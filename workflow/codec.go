package workflow

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// Payload appends the canonical text of the event: what is hashed and stored.
// Keys are in byte order; docs/ledger.md describes every one.
func (e Event) Payload(b []byte, number string) []byte { return e.entry(number).Append(b) }

// Form is the payload of an event whose case has no number yet.
func (e Event) Form() ledger.Form { return e.entry("").Form(make([]byte, 0, 2048)) }

func (e *Event) entry(number string) ledger.Entry {
	return ledger.Entry{Actor: e.Actor, At: e.At, Case: number, Data: e.Data.append(make([]byte, 0, 2048)), Event: e.Event, ID: e.ID,
		LawfulAt: e.LawfulAt, Rules: e.Rules, Seq: e.Seq, V: ledger.Version}
}

func (d *Data) append(b []byte) []byte {
	b = append(b, `{"clocks":[`...)
	for i, op := range d.Clocks {
		if i > 0 {
			b = append(b, ',')
		}
		b = op.append(b)
	}
	b = ledger.AppendMap(append(b, `],"info":`...), d.Info)
	b = append(b, `,"notices":[`...)
	for i, op := range d.Notices {
		if i > 0 {
			b = append(b, ',')
		}
		b = ledger.AppendString(append(b, `{"how":`...), op.How)
		b = ledger.AppendString(append(b, `,"kind":`...), op.Kind)
		b = ledger.AppendInt(append(b, `,"no":`...), op.No)
		b = ledger.AppendString(append(b, `,"op":`...), op.Op)
		b = append(ledger.AppendString(append(b, `,"to":`...), op.To), '}')
	}
	b = ledger.AppendString(append(b, `],"sealed":`...), d.Sealed)
	b = ledger.AppendMap(append(b, `,"set":`...), d.Set)
	return append(ledger.AppendString(append(b, `,"to":`...), string(d.To)), '}')
}

func (op *ClockOp) append(b []byte) []byte {
	b = ledger.AppendString(append(b, `{"cause":`...), op.Cause)
	b = append(b, `,"clock":`...)
	if op.Clock == nil {
		b = append(b, "null"...)
	} else {
		b = op.Clock.append(b)
	}
	b = ledger.AppendString(append(b, `,"code":`...), op.Code)
	b = ledger.AppendInt(append(b, `,"no":`...), op.No)
	b = ledger.AppendString(append(b, `,"on":`...), op.On.String())
	b = ledger.AppendString(append(b, `,"op":`...), op.Op)
	return append(ledger.AppendString(append(b, `,"state":`...), string(op.State)), '}')
}

// append writes all of a clock but its number, code and state, which its
// operation carries.
func (k *Clock) append(b []byte) []byte {
	b = ledger.AppendString(append(b, `{"about":`...), k.About)
	b = ledger.AppendString(append(b, `,"calendar":`...), k.Calendar)
	b = ledger.AppendInt(append(b, `,"decided":`...), k.Decided)
	b = ledger.AppendString(append(b, `,"due":`...), k.Due.String())
	b = ledger.AppendTime(append(b, `,"late_from":`...), k.LateFrom)
	b = ledger.AppendInt(append(b, `,"n":`...), int64(k.N))
	b = ledger.AppendInt(append(b, `,"notice":`...), k.Notice)
	b = ledger.AppendInt(append(b, `,"paused_days":`...), int64(k.PausedDays))
	b = ledger.AppendString(append(b, `,"paused_on":`...), k.PausedOn.String())
	b = ledger.AppendInt(append(b, `,"paused_working_days":`...), int64(k.PausedWork))
	b = strconv.AppendBool(append(b, `,"provisional":`...), k.Provisional)
	b = ledger.AppendString(append(b, `,"roll":`...), string(k.Roll))
	b = ledger.AppendString(append(b, `,"rule":`...), k.Rule)
	b = ledger.AppendInt(append(b, `,"seq":`...), k.Seq)
	b = ledger.AppendString(append(b, `,"starts":`...), k.Starts.String())
	return append(ledger.AppendString(append(b, `,"unit":`...), string(k.Unit)), '}')
}

// Body appends the canonical projection of the case: everything but its clocks,
// which are rows of their own, and its head.
func (c Case) Body(b []byte) []byte {
	b, _ = c.body(b)
	return b
}

// Form is the projection of a case that has no number yet.
func (c Case) Form() ledger.Form {
	b, gap := c.body(make([]byte, 0, 768))
	return ledger.Form{Text: b, Gap: gap}
}

func (c *Case) body(b []byte) (_ []byte, gap int) {
	b = ledger.AppendString(append(b, `{"acceptance":`...), c.Acceptance)
	b = ledger.AppendString(append(b, `,"agreement":`...), c.Agreement)
	b = ledger.AppendTime(append(b, `,"at":`...), c.At)
	b = ledger.AppendString(append(b, `,"broken":`...), c.Broken)
	b = ledger.AppendInt(append(b, `,"clock":`...), c.Last.Clock)
	b = ledger.AppendMap(append(b, `,"facts":`...), c.Facts)
	b = ledger.AppendString(append(b, `,"ground":`...), c.Ground)
	b = ledger.AppendString(append(b, `,"kind":`...), string(c.Kind))
	b = ledger.AppendString(append(b, `,"mediator":`...), c.Mediator)
	b = ledger.AppendInt(append(b, `,"notice":`...), c.Last.Notice)
	b = append(b, `,"notices":[`...)
	for i, n := range c.Notices {
		if i > 0 {
			b = append(b, ',')
		}
		b = ledger.AppendString(append(b, `{"kind":`...), n.Kind)
		b = ledger.AppendInt(append(b, `,"no":`...), n.No)
		b = ledger.AppendInt(append(b, `,"seq":`...), n.Seq)
		b = ledger.AppendString(append(b, `,"to":`...), n.To)
		b = append(strconv.AppendBool(append(b, `,"told":`...), n.Told), '}')
	}
	b = ledger.AppendString(append(b, `],"number":`...), c.Number)
	gap = len(b) - 1
	b = ledger.AppendString(append(b, `,"outcome":`...), c.Outcome)
	b = ledger.AppendString(append(b, `,"performance":`...), c.Performance)
	b = ledger.AppendString(append(b, `,"result":`...), c.Result)
	b = ledger.AppendString(append(b, `,"state":`...), string(c.State))
	return append(ledger.AppendInt(append(b, `,"version":`...), c.Version), '}'), gap
}

// object reads the fields of one JSON object and remembers the first fault.
type object struct {
	m   map[string]any
	err error
}

func readObject(v any) *object {
	m, ok := v.(map[string]any)
	o := &object{m: m}
	if !ok {
		o.err = errors.New("an object is missing")
	}
	return o
}

func (o *object) text(key string) string {
	s, ok := o.m[key].(string)
	if !ok && o.err == nil {
		o.err = fmt.Errorf("%s is no text", key)
	}
	return s
}

func (o *object) int(key string) int64 {
	n, ok := o.m[key].(int64)
	if !ok && o.err == nil {
		o.err = fmt.Errorf("%s is no whole number", key)
	}
	return n
}

func (o *object) bool(key string) bool {
	b, ok := o.m[key].(bool)
	if !ok && o.err == nil {
		o.err = fmt.Errorf("%s is neither true nor false", key)
	}
	return b
}

func (o *object) time(key string) time.Time {
	if o.m[key] == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, o.text(key))
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("%s is no instant", key)
	}
	return t.UTC()
}

func (o *object) date(key string) calendar.Date {
	s := o.text(key)
	if s == "" {
		return 0
	}
	d, err := calendar.ParseDate(s)
	if err != nil && o.err == nil {
		o.err = err
	}
	return d
}

func (o *object) list(key string) []any {
	l, ok := o.m[key].([]any)
	if !ok && o.err == nil {
		o.err = fmt.Errorf("%s is no list", key)
	}
	return l
}

func (o *object) texts(key string) map[string]string {
	m, ok := o.m[key].(map[string]any)
	if !ok {
		o.err = fmt.Errorf("%s is no object", key)
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		s, ok := v.(string)
		if !ok {
			o.err = fmt.Errorf("%s.%s is no text", key, k)
		}
		out[k] = s
	}
	return out
}

// ParseEvent reads a payload back; it returns the number of the case too.
func ParseEvent(payload []byte) (Event, string, error) {
	v, err := ledger.Parse(payload)
	if err != nil {
		return Event{}, "", err
	}
	o := readObject(v)
	e := Event{Seq: o.int("seq"), ID: o.text("id"), Event: o.text("event"), Actor: o.text("actor"), At: o.time("at"), LawfulAt: o.time("lawful_at"), Rules: o.text("rules")}
	number := o.text("case")
	d := readObject(o.m["data"])
	e.Data = Data{To: State(d.text("to")), Sealed: d.text("sealed"), Set: d.texts("set"), Info: d.texts("info")}
	if len(e.Data.Set) == 0 {
		e.Data.Set = nil
	}
	if len(e.Data.Info) == 0 {
		e.Data.Info = nil
	}
	for _, item := range d.list("clocks") {
		c := readObject(item)
		op := ClockOp{Op: c.text("op"), No: c.int("no"), Code: c.text("code"), State: ClockState(c.text("state")), On: c.date("on"), Cause: c.text("cause")}
		if c.m["clock"] != nil {
			k := readObject(c.m["clock"])
			op.Clock = k.clock()
			op.Clock.No, op.Clock.Code, op.Clock.State = op.No, op.Code, op.State
			d.err = errors.Join(d.err, k.err)
		}
		e.Data.Clocks = append(e.Data.Clocks, op)
		d.err = errors.Join(d.err, c.err)
	}
	for _, item := range d.list("notices") {
		n := readObject(item)
		e.Data.Notices = append(e.Data.Notices, NoticeOp{Op: n.text("op"), No: n.int("no"), To: n.text("to"), Kind: n.text("kind"), How: n.text("how")})
		d.err = errors.Join(d.err, n.err)
	}
	return e, number, errors.Join(o.err, d.err)
}

func (o *object) clock() *Clock {
	return &Clock{Seq: o.int("seq"), Rule: o.text("rule"), N: int(o.int("n")), Unit: calendar.Unit(o.text("unit")),
		Roll: calendar.Roll(o.text("roll")), Starts: o.date("starts"), Due: o.date("due"), LateFrom: o.time("late_from"), Calendar: o.text("calendar"),
		Provisional: o.bool("provisional"), Notice: o.int("notice"), About: o.text("about"), PausedOn: o.date("paused_on"), PausedDays: int(o.int("paused_days")),
		PausedWork: int(o.int("paused_working_days")), Decided: o.int("decided")}
}
