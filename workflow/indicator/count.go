package indicator

import (
	"slices"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// Slices are what a count can be asked by without the register: of the case at
// the time, empty or 0 while it is not known.
type Slices struct {
	Domain                                  int
	Category, Town, Unit, Channel, Mediator string
}

// Count is one signed count that an event adds to the statistics. A change is a
// minus and a plus, never an update. Day is the legal day that it counts for: of
// the event, of receipt (codes filed and ended: the cohort), or of the due day.
// Measure is what a histogram is made of: days, fen, or a due day.
type Count struct {
	Code    string
	Day     calendar.Date
	Measure int64
	Value   int64
	Slices
}

// Of lists what an event counts for, given the case before and after it. An
// archived case counts once, as archived; a report record by its duties and its
// end, and by no slice.
func Of(before, after *workflow.Case, e *workflow.Event) []Count {
	x := counter{before: before, after: after, e: e, day: calendar.On(e.Effective()), was: slicesOf(before), now: slicesOf(after)}
	if after.Kind == workflow.Report {
		x.was, x.now = Slices{}, Slices{}
		x.report()
		x.clocks()
		return x.out
	}
	x.standing()
	x.flow()
	x.clocks()
	return x.out
}

func slicesOf(c *workflow.Case) Slices {
	return Slices{c.Domain(), c.Category(), c.Town(), c.Unit(), c.Channel(), c.MediatorKind()}
}

type counter struct {
	before, after *workflow.Case
	e             *workflow.Event
	day           calendar.Date
	was, now      Slices
	out           []Count
}

func (x *counter) add(code string, day calendar.Date, measure int64) {
	x.out = append(x.out, Count{code, day, measure, 1, x.now})
}

func (x *counter) take(code string, day calendar.Date, measure int64) {
	x.out = append(x.out, Count{code, day, measure, -1, x.was})
}

// received is the day on which the case was filed: day 0 of the clock that filing
// it started. False for history, which has no clock.
func received(c *workflow.Case) (calendar.Date, bool) {
	if len(c.Clocks) == 0 || c.Clocks[0].Seq != 1 {
		return 0, false
	}
	return c.Clocks[0].Starts, true
}

// closedOn is the day on which a closed case was closed: that of the clock that
// every closing starts.
func closedOn(c *workflow.Case) calendar.Date {
	for i := len(c.Clocks) - 1; i >= 0; i-- {
		if c.Clocks[i].Code == "correction_of_closing" {
			return c.Clocks[i].Starts
		}
	}
	return 0
}

// standing counts what the case is, as a difference between before and after: a
// recoded case moves from slice to slice, a reopened one is taken back.
func (x *counter) standing() {
	if x.after.Outcome == "ARCHIVED" {
		if x.before.Version == 0 {
			x.add("archived", x.day, 0)
		}
		return
	}
	before, after := stands(x.before, x.was), stands(x.after, x.now)
	if len(before) == 0 {
		x.out = append(x.out, after...)
		return
	}
	for _, c := range before {
		if slices.Contains(after, c) || x.settledBefore(c) {
			continue
		}
		c.Value = -1
		x.out = append(x.out, c)
	}
	for _, c := range after {
		if !slices.Contains(before, c) {
			x.out = append(x.out, c)
		}
	}
}

// settledBefore reports whether a count of performance stays although the case is
// about another promise now: what was known of the one before it is history. Only
// an act that corrects a closing undoes it.
func (x *counter) settledBefore(c Count) bool {
	return strings.HasPrefix(c.Code, "kept.") && x.e.Data.Set["performance"] == "due" && x.e.Event != "correct_closing" &&
		x.before.Performance != "due" && x.before.Performance != "reported"
}

// stands lists what a case counts as, as long as it is so.
func stands(c *workflow.Case, s Slices) []Count {
	on, ok := received(c)
	if !ok || c.Version == 0 {
		return nil
	}
	room := 1 // few cases are counted as more while they are open
	if c.Outcome != "" {
		room = 7
	}
	out := make([]Count, 0, room)
	add := func(code string, day calendar.Date, measure int64) {
		out = append(out, Count{code, day, measure, 1, s})
	}
	add("filed", on, 0)
	if c.Outcome != "" {
		if p := c.Publication(); p.Decision != "" { // the last one; a case that was opened again has none
			add(strings.TrimSuffix("publication."+p.Decision+"."+p.Reason, "."), p.Day, 0)
		}
		closed, so := closedOn(c), c.Outcome+"."+or(c.Acceptance)+"."+or(c.Agreement)+"."+or(c.Ground)
		add("ended."+so+"."+or(c.Performance), on, 0)
		gross := int64(closed - on)
		add("closed."+so, closed, gross)
		if net := gross - paused(c); net != gross {
			out = append(out, Count{"net", closed, gross, -1, s}, Count{"net", closed, net, 1, s})
		}
		if first := c.FirstReceived(); first != 0 && first < on && c.Outcome != "MERGED" {
			out = append(out, Count{"whole", closed, gross, -1, s}, Count{"whole", closed, int64(closed - first), 1, s})
		}
	}
	if day, class, unit := c.TalksLeft(); class != "" {
		switch {
		case c.Outcome == "MERGED":
			class = "merged"
		case c.Finding() != "":
			class = "not_a_consumer"
		}
		out = append(out, Count{"talks." + class, day, 0, 1, s})
		out[len(out)-1].Unit = unit
	}
	if !judged(c) {
		out = append(out, kept(c, s)...)
	}
	return out
}

// or names what is not set, so that every code has as many parts.
func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// paused are the calendar days that an appraisal stopped the period, by law.
func paused(c *workflow.Case) (days int64) {
	for i := range c.Clocks {
		if k := &c.Clocks[i]; k.Code == "mediation_end" || k.Code == "court_mediation" {
			days += int64(k.PausedDays)
		}
	}
	return days
}

// judged: what is to be performed is a judgment's and no agreement's.
func judged(c *workflow.Case) bool {
	return strings.HasPrefix(c.Result, "JUDGED") || c.Result == "NOT_DOCKETED"
}

// kept counts how an agreement was performed, on the day by which it was to be.
func kept(c *workflow.Case, s Slices) []Count {
	due := c.DueOn()
	if due == 0 || c.Performance == "none" {
		return nil
	}
	kind := c.Agreement
	if kind == "none" || kind == "" {
		kind = "self" // given up because it was not performed
	}
	if _, class, _ := c.TalksLeft(); kind == "self" && class == "settled" {
		kind = "talks"
	}
	how, on := c.Performance, c.PerformedOn()
	performed := how == "done" || how == "presumed"
	switch {
	case !performed:
	case on == 0:
		how += ".undated"
	case on <= due:
		how += ".in_time"
	default:
		how += ".late"
	}
	out := []Count{{"kept." + kind + "." + how, due, 0, 1, s}}
	if on == 0 {
		on = due
	}
	if performed || how == "partly" {
		fen, known := c.PerformedFen()
		if known {
			return append(out, Count{"recovered", on, fen, 1, s})
		}
		return append(out, Count{"recovered_unknown", on, 0, 1, s})
	}
	return out
}

// flows are events that count as themselves, on their day.
var flows = map[string]string{
	"dispatch": "referred", "dispatch_accepted": "referred", "transfer_out": "referred", "transfer_by_statute": "referred", "taken_over": "referred",
	"return_to_hub": "bounced", "returned_by_other_authority": "bounced", "returned_by_superior": "bounced",
	"split_report": "lead", "agree": "mediation.agreed", "channels_exhausted": "undelivered", "bounced_after_all": "undelivered_after_all",
	"confirmed": "confirmation.confirmed", "confirmation_refused": "confirmation.refused",
	"confirmation_withdrawn": "confirmation.withdrawn", "confirmation_withdrawn_court": "confirmation.withdrawn",
}

// linked are the ways out of a mediation that the court leads.
var linked = map[string]string{"court_agreed": "agreed", "court_failed": "failed", "court_period_ended": "failed", "other_side_refuses": "failed",
	"take_back_file": "taken_back", "settled_in_link": "settled_apart"}

func (x *counter) flow() {
	if code := flows[x.e.Event]; code != "" {
		x.add(code, x.day, 0)
	}
	if x.before.Acceptance != "accepted" && x.after.Acceptance == "accepted" {
		x.add("accepted", x.day, 0)
	}
	switch x.e.Event {
	case "agree":
		if !slices.ContainsFunc(x.e.Data.Clocks, func(op workflow.ClockOp) bool { return op.Op == "start" && op.Code == "confirmation_application" }) {
			x.add("unconfirmable", x.day, 0)
		}
	case "decide_termination":
		if x.after.Ground != "TER5" {
			x.add("mediation."+x.after.Ground, x.day, 0)
		}
	case "mediation_period_ended":
		code := "mediation.TER5_unasked"
		if slices.Contains(asked, x.before.State) {
			code = "mediation.TER5"
		}
		x.add(code, x.day, 0)
	case "rate":
		x.add("rated."+or(x.e.Data.Info["score"]), x.day, 0)
	}
	x.link()
	x.again()
}

// asked are the states of a mediation whose parties were asked.
var asked = []workflow.State{"REFERRAL.consent_pending", "REFERRAL.mediating", "REFERRAL.recusal_suspended", "REFERRAL.appraisal"}

func (x *counter) link() {
	const court = "LITIGATION_LINK.court_mediation"
	how := linked[x.e.Event]
	switch {
	case how == "":
	case x.before.State == court && x.after.State != court:
		x.add("linked."+how, x.day, 0)
	case x.e.Event == "other_side_refuses":
		x.add("linked.refused_at_once", x.day, 0)
	}
}

// againWithin is how long after closing a return counts, in days.
const againWithin = 90

// again counts who came back about a closed dispute, on the day of that closing.
func (x *counter) again() {
	switch x.e.Event {
	case "settlement_not_performed", "mediated_not_performed", "result_not_performed", "escalate_late":
		if on := closedOn(x.before); x.day <= on+againWithin {
			x.back("again", on)
		}
	case "correct_closing":
		x.back("reopened", closedOn(x.before))
	case "relate_case":
		on, err := calendar.ParseDate(x.e.Data.Info["other_closed_on"])
		from, ok := received(x.after)
		if err == nil && ok && from >= on && from <= on+againWithin {
			x.add("again", on, 0)
		}
	}
}

// back adds a count in the slices that the closing had.
func (x *counter) back(code string, day calendar.Date) {
	x.out = append(x.out, Count{code, day, 0, 1, x.was})
}

func (x *counter) report() {
	if code := map[string]string{"case_opened": "lead_opened", "no_case": "lead_no_case", "hand_to_police": "lead_to_police"}[x.e.Event]; code != "" {
		x.add(code, x.day, 0)
	}
}

// told are the clocks whose good end is counted too: those that a rate asks for.
var told = []string{"accept_decision", "merchant_first_answer", "mediation_end", "termination_decision", "termination_notice", "confirmation_application",
	"delivery", "service", "survey", "publish"}

// clocks counts how clocks ended, on their due day, and what is owed.
func (x *counter) clocks() {
	for i := range x.e.Data.Clocks {
		op := &x.e.Data.Clocks[i]
		if op.Op == "start" {
			continue
		}
		before, after := x.before.ClockNo(op.No), x.after.ClockNo(op.No)
		if before == nil {
			continue
		}
		switch op.Op {
		case "expire":
			x.add("expired."+op.Code, after.Due, 0)
		case "meet", "void":
			if code := ended(after, x.after.Outcome); code != "" {
				x.add(code, after.Due, 0)
			}
			if op.Code == "termination_decision" && after.State == workflow.Met {
				x.lawful()
			}
		case "restore":
			x.restored(before)
		}
		if was, is := before.State == workflow.Owed, after.State == workflow.Owed; was && !is {
			x.take("owed."+op.Code, x.day, int64(before.Due))
		} else if is && !was {
			x.add("owed."+op.Code, x.day, int64(after.Due))
		}
	}
	if x.was != x.now {
		x.moveOwed()
	}
}

// ended is what a clock's end counts as, unless it had run out before: that was
// counted then. Was, because a notice may be delivered by the event that voids.
func ended(k *workflow.Clock, outcome string) string {
	if k.Due == 0 || !slices.Contains(told, k.Code) {
		return ""
	}
	switch {
	case k.State == workflow.MetLate:
		return "late." + k.Code
	case k.State == workflow.Met && k.Code == "accept_decision" && outcome == "TRANSFERRED":
		return "moved." + k.Code
	case k.State == workflow.Met:
		return "met." + k.Code
	case k.State == workflow.Void && k.Was != workflow.Waiting:
		if outcome == "" {
			outcome = "OPEN"
		}
		return "void." + k.Code + "." + outcome
	}
	return ""
}

// restored takes back what the end of a clock counted as.
func (x *counter) restored(k *workflow.Clock) {
	switch {
	case k.State == workflow.Expired && k.Was == workflow.Running:
		x.take("expired."+k.Code, k.Due, 0)
	case !k.State.Open():
		if code := ended(k, x.before.Outcome); code != "" {
			x.take(code, k.Due, 0)
		}
	}
}

// lawful: the sixty days ended first, and the decision that follows came in time.
func (x *counter) lawful() {
	for i := len(x.after.Clocks) - 1; i >= 0; i-- {
		if k := &x.after.Clocks[i]; k.Code == "mediation_end" {
			if k.State == workflow.Expired {
				x.add("lawful.mediation_end", k.Due, 0)
			}
			return
		}
	}
}

// moveOwed takes what is owed to the slices that the case has now: who answers
// for it is whose case it is.
func (x *counter) moveOwed() {
	for i := range x.before.Clocks {
		b := &x.before.Clocks[i]
		if a := x.after.ClockNo(b.No); b.State == workflow.Owed && a.State == workflow.Owed {
			x.take("owed."+b.Code, x.day, int64(b.Due))
			x.add("owed."+b.Code, x.day, int64(a.Due))
		}
	}
}
