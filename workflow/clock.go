package workflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// several reports whether more than one instance of the clock may be open.
func several(code string) bool {
	return code == "service" || code == "proposal" || code == "supervision"
}

// end does the row's - ! x p r m.
func (d *draft) end(op ClockEffect) {
	switch op.Op {
	case '+':
		return
	case 'p':
		if k := d.c.Clock(op.Code); k != nil && k.State == Running {
			d.clock(ClockOp{Op: "pause", No: k.No, Code: k.Code, State: Paused, On: d.day})
		}
	case 'r':
		d.resume(op.Code)
	case 'm':
		d.extendCheck(op.Code)
	case '!':
		if d.due != nil && d.due.Code == op.Code {
			d.expire()
		}
	case '-':
		if d.due != nil && d.due.Code == op.Code { // T54: closing with the result is the expiry
			d.expire()
			return
		}
		d.meetAll(op.Code)
	case 'x':
		d.rest(op.Code)
		d.voidAll(op.Code)
	}
}

func (d *draft) expire() {
	state := Expired
	def := table.clock[d.due.Code]
	if def.Expiry == Breach && !slices.Contains([]string{"merchant", "consumer", "party"}, def.Whose) {
		state = Owed
	}
	d.clock(ClockOp{Op: "expire", No: d.due.No, Code: d.due.Code, State: state})
}

// meetAll meets the open clocks of a code; of those with several instances, the
// one that the command is about. An until-told clock is decided, and met when
// its notice is told.
func (d *draft) meetAll(code string) {
	for i := range d.c.Clocks {
		k := d.c.Clocks[i]
		if k.Code != code || !k.State.Open() || several(code) && !d.about(k) {
			continue
		}
		if k.Decided != 0 {
			continue // decided before: it waits for its own notice
		}
		if table.clock[code].UntilTold && d.c.exists("consumer") {
			d.clock(ClockOp{Op: "decide", No: k.No, Code: code, State: k.State})
			continue
		}
		d.meet(k)
	}
}

func (d *draft) about(k Clock) bool {
	switch k.Code {
	case "service":
		return k.Notice == d.cmd.Input.Notice
	case "supervision":
		first := supervisionOf(&d.c, d.cmd.Input.Order)
		return first != nil && first.No == k.No
	}
	return true
}

func (d *draft) meet(k Clock) {
	state := Met
	if k.State == Owed {
		state = MetLate
	}
	d.clock(ClockOp{Op: "meet", No: k.No, Code: k.Code, State: state})
}

func (d *draft) void(k Clock) {
	state := Void
	if k.State == Owed {
		state = Expired
	}
	d.clock(ClockOp{Op: "void", No: k.No, Code: k.Code, State: state})
}

// resume ends a pause: the clock gets back the days it stood still, by the rule
// of its own unit (rules: pause_length).
func (d *draft) resume(code string) {
	k := d.c.Clock(code)
	if k == nil || k.State != Paused {
		return
	}
	n := *k
	n.PausedDays += int(d.day - k.PausedOn)
	n.PausedWork += d.view(d.day).WorkingDaysBetween(k.PausedOn, d.day)
	n.State, n.PausedOn = Running, 0
	q := d.question(code, k.Starts)
	if k.N == 0 { // an agreed day moves by the days it stood still
		q.Agreed = k.Due.AddDays(int(d.day - k.PausedOn))
	}
	d.project(&n, q)
	d.clock(ClockOp{Op: "resume", No: k.No, Code: code, State: Running, Clock: &n})
}

// rest remembers what is left of a clock that will go on later: working days
// for the merchant's, calendar days for mediation_end.
func (d *draft) rest(code string) {
	k := d.c.Clock(code)
	if k == nil || d.row.Event != "disclaim" && d.row.Event != "taken_over" {
		return
	}
	var left int
	switch {
	case k.State == Waiting:
		left = d.term(code, d.day).N
	case k.Unit == calendar.WorkingDay:
		left = max(1, d.view(d.day).WorkingDaysBetween(d.day, k.Due))
	default:
		left = max(1, int(k.Due-d.day))
	}
	d.set(factRest+code, strconv.Itoa(left))
}

// extendCheck lengthens the check of a lead once (Order 121 Art. 27).
func (d *draft) extendCheck(code string) {
	k := d.c.Clock(code)
	n := *k
	n.N += 15
	d.project(&n, d.question(code, n.Starts))
	d.set(factExtended, yes)
	d.clock(ClockOp{Op: "move", No: k.No, Code: code, State: k.State, Clock: &n, Cause: "extended"})
}

// starts lists the row's + whose condition holds.
func (d *draft) starts() []ClockEffect {
	var out []ClockEffect
	for _, op := range d.row.Clocks {
		if op.Op == '+' && d.begins(op) {
			out = append(out, op)
		}
	}
	return out
}

func (d *draft) begins(op ClockEffect) bool {
	switch {
	case strings.Contains(op.When, "acceptance none"):
		return d.was.Acceptance == "none"
	case strings.Contains(op.When, "performance over"):
		return d.was.Clock("performance") == nil
	case strings.Contains(op.When, "performance open"):
		open := d.was.Clock("performance") != nil || d.was.Clock("proof_challenge") != nil || d.was.Clock("performance_election") != nil
		return !open && d.c.Performance != "done" && d.c.Performance != "presumed"
	case strings.Contains(op.When, "eligible"):
		return eligible(&d.c, d.r)
	case strings.Contains(op.When, "first co-unit"):
		return d.was.Facts.int(factCoUnits) == 0
	}
	return true
}

// start begins clocks. Those that wait for a notice owe it, one notice for each
// party; the invitation is watched by `delivery`, every other by `service`.
func (d *draft) start(list []ClockEffect) {
	owed := map[string]int64{}
	invited := slices.ContainsFunc(list, func(op ClockEffect) bool { return op.Code == "delivery" })
	for _, op := range list {
		def := table.clock[op.Code]
		if def.Starts == OnNotice && !d.served() {
			party := d.party(def)
			if _, ok := owed[party]; !ok {
				kind := op.Code
				if invited && party == "merchant" {
					kind = "invitation"
				}
				owed[party] = d.owe(party, kind)
			}
			d.begin1(op, owed[party])
			continue
		}
		d.begin1(op, 0)
	}
	for _, party := range []string{"consumer", "merchant"} {
		if no := owed[party]; no != 0 && !invited && d.e.Data.To != Closed {
			d.begin1(ClockEffect{Op: '+', Code: "service"}, no)
		}
	}
	d.dutyNotices()
}

// served: the row is itself the delivery of the invitation, so that what it
// starts runs at once.
func (d *draft) served() bool {
	return d.row.Event == "delivered_after_all" || d.row.Event == "serve_by_hand"
}

// party is who must be told before the clock runs: of an offer or a proposal,
// the other side.
func (d *draft) party(def *ClockDef) string {
	if def.Whose != "party" {
		return def.Whose
	}
	if side := other(d.cmd.Actor.Side()); side != "" {
		return side
	}
	return "consumer"
}

// begin1 starts one clock: waiting for the notice, or running from today.
func (d *draft) begin1(op ClockEffect, notice int64) {
	def := table.clock[op.Code]
	if open := d.c.Clock(op.Code); open != nil && open.State != Owed && open.Decided == 0 && !several(op.Code) {
		panic(fmt.Sprintf("workflow: %s starts %s twice in %s", d.row.ID, op.Code, d.was.State))
	}
	k := Clock{No: d.c.Last.Clock + 1, Code: op.Code, Seq: d.e.Seq, Notice: notice, State: Waiting}
	if op.Code == "proposal" {
		k.About = d.cmd.Input.Act
	}
	if strings.Contains(op.When, "rest") {
		k.N = int(d.c.Facts.int(factRest + op.Code))
	}
	if def.Starts == OnEvent || notice == 0 {
		d.run(&k, op.When)
	}
	d.clock(ClockOp{Op: "start", No: k.No, Code: k.Code, State: k.State, Clock: &k})
	switch {
	case op.Code == "performance" && k.Due != 0:
		d.set(factDueOn, k.Due.String())
	case op.Code == "feedback":
		d.set(factAsked, strconv.FormatInt(d.c.Facts.int(factAsked)+1, 10))
	}
}

// run gives the clock its term under the law of the day and its due day.
func (d *draft) run(k *Clock, when string) {
	q := d.question(k.Code, d.day)
	rest := k.N
	if strings.Contains(when, "10 days more") { // counted from the end of the first fifteen
		for i := range d.was.Clocks {
			if o := d.was.Clocks[i]; o.Code == k.Code && o.State.Open() {
				q.Start, rest = o.Due, 10
			}
		}
	}
	if strings.Contains(when, "performance open") {
		q.Agreed = max(d.c.Facts.date(factDueOn), d.day)
	}
	k.State, k.Starts, k.N = Running, q.Start, rest
	d.project(k, q)
}

// project pins rule and length and counts the due day, with what was known of
// the calendar on the legal day of the event.
func (d *draft) project(k *Clock, q policy.Question) {
	t, err := d.r.Term(k.Code, q)
	if err != nil {
		panic(fmt.Sprintf("workflow: no length for %s: %v", k.Code, err))
	}
	if k.N != 0 && k.N != t.N && (t.Overlay == nil || k.N != t.Overlay.N) { // a rest, or an extension
		t.N, t.Overlay = k.N, nil
	}
	due, t := d.r.Due(t, q, policy.Pause{Days: k.PausedDays, WorkingDays: k.PausedWork}, d.day)
	k.Rule, k.N, k.Unit, k.Roll = t.Rule, t.N, t.Unit, t.Roll
	k.Due, k.LateFrom, k.Calendar, k.Provisional = due.Due, due.LateFrom, due.Version, due.Provisional
	if k.Code == "correction" {
		d.shorten(k)
	}
}

// shorten keeps the correction inside the decision's term: due never later than
// the working day before accept_decision.
func (d *draft) shorten(k *Clock) {
	decision := d.c.Clock("accept_decision")
	if decision == nil || decision.State != Running || k.Due < decision.Due {
		return
	}
	v := d.view(d.day)
	day := decision.Due.AddDays(-1)
	for !v.Working(day) {
		day = day.AddDays(-1)
	}
	k.Due = max(day, k.Starts)
	k.LateFrom = k.Due.AddDays(1).Start()
}

func (d *draft) term(code string, day calendar.Date) policy.Term {
	t, _ := d.r.Term(code, d.question(code, day))
	return t
}

func (d *draft) question(code string, start calendar.Date) policy.Question {
	q := policy.Question{Start: start, Domain: d.c.Domain(), Kind: d.cmd.Input.CourtKind}
	switch code {
	case "performance", "appraisal_report", "court_mediation":
		q.Agreed = d.cmd.Input.DueOn
	case "result_close", "performance_watch":
		q.After = d.c.Facts.date(factDueOn)
	}
	return q
}

func (d *draft) view(day calendar.Date) *calendar.View { return d.r.Calendar().KnownAt(day) }
