package audit

import (
	"slices"
	"strconv"
	"strings"

	"fangxin/workflow/calendar"
)

// count is one signed count, as the log says or as its row does.
type count struct {
	seq, value, measure, domain                             int64
	indicator, day, category, town, unit, channel, mediator string
}

// tally counts a case again. It remembers what it counted before, where what it
// checks works it out from the case: so a slip in either shows.
type tally struct {
	counts    []count
	stood     []count         // what the case stands for now
	ends      map[int64]count // what each clock's end was counted as
	owed      map[int64]count
	filed     string // days
	closed    string
	left      string // how the talk with the merchant was left, and when, under whom
	leftOn    string
	leftUnder string
	decided   string // on publication since the case was closed, and when
	decidedOn string
	accepted  bool
}

// glance is what an event changes and what must be known of before it.
type glance struct {
	state, outcome, performance string
	slices                      count
	undecided                   bool
}

func (t *tally) seen(f *fold) glance {
	g := glance{state: f.state, outcome: f.named["outcome"], performance: f.named["performance"], slices: f.cut()}
	for _, k := range f.clocks {
		if k.code == "merchant_first_answer" && (k.state == "waiting" || k.state == "running") {
			g.undecided = true
		}
	}
	return g
}

// cut is a count without anything but its slices.
func (f *fold) cut() count {
	domain, _ := strconv.ParseInt(f.slice("domain"), 10, 64)
	c := count{domain: domain, category: f.slice("category"), town: f.slice("town"), unit: f.slice("unit"), channel: f.slice("source")}
	if f.named["acceptance"] == "accepted" {
		c.mediator = f.named["mediator"]
		if kind := f.slice("organisation_kind"); c.mediator == "organisation" && kind != "" {
			c.mediator = kind
		}
	}
	return c
}

func (c count) as(code, day string, measure, value int64) count {
	c.indicator, c.day, c.measure, c.value = code, day, measure, value
	return c
}

func (t *tally) put(seq int64, c count) { c.seq = seq; t.counts = append(t.counts, c) }

func (t *tally) back(seq int64, c count) { c.value = -c.value; t.put(seq, c) }

// event makes the statistics of one event again.
func (t *tally) event(f *fold, e *entry, was glance) {
	day, now := calendar.On(e.effective()).String(), f.cut()
	if strings.HasPrefix(e.Case, "JB-") {
		was.slices, now = count{}, count{}
		if code := map[string]string{"case_opened": "lead_opened", "no_case": "lead_no_case", "hand_to_police": "lead_to_police"}[e.Event]; code != "" {
			t.put(e.Seq, now.as(code, day, 0, 1))
		}
		t.clocks(f, e, was, now, day)
		return
	}
	if e.Seq == 1 {
		t.begin(f, e, now, day)
	}
	if f.named["outcome"] == "ARCHIVED" {
		return
	}
	ended := t.closed // before this event opens it again
	if f.named["outcome"] != "" && was.outcome == "" {
		t.closed = day
	}
	t.publication(f, e, was, day)
	t.talk(f, e, was, day)
	t.stands(f, e, was, now)
	t.happened(f, e, was, now, day, ended)
	t.clocks(f, e, was, now, day)
}

func (t *tally) begin(f *fold, e *entry, now count, day string) {
	if f.named["outcome"] == "ARCHIVED" {
		t.put(1, now.as("archived", day, 0, 1))
	}
	t.filed = day
}

// publication follows what was decided since the case was closed.
func (t *tally) publication(f *fold, e *entry, was glance, day string) {
	switch {
	case f.named["outcome"] == "" || was.outcome == "":
		t.decided = ""
	case e.Event != "publish_or_hold":
	case e.Data.Info["publication"] == "publish":
		t.decided, t.decidedOn = "publish", day
	case e.Data.Info["reason"] == "":
		t.decided, t.decidedOn = "hold.under_review", day
	default:
		t.decided, t.decidedOn = "hold."+e.Data.Info["reason"], day
	}
}

// talk follows how the negotiation with a merchant who was told was left.
func (t *tally) talk(f *fold, e *entry, was glance, day string) {
	inside := func(state string) bool {
		return state == "NEGOTIATION.notified" || state == "NEGOTIATION.in_negotiation" || state == "NEGOTIATION.offer_pending"
	}
	if f.slice("delivered") != "yes" || e.Event == "correct_closing" {
		if e.Event == "correct_closing" { // as it stood before the closing
			t.left, t.leftOn, t.leftUnder = "", "", ""
			if part := strings.SplitN(f.slice("talks_left"), ".", 3); len(part) == 3 {
				t.leftOn, t.left, t.leftUnder = part[0], part[1], part[2]
			}
		}
		return
	}
	settled := f.state == "NEGOTIATION.settled_pending_performance" && was.state != f.state
	switch {
	case inside(f.state) && !inside(was.state):
		t.left, t.leftOn, t.leftUnder = "", "", ""
	case settled || inside(was.state) && !inside(f.state):
		t.left, t.leftOn, t.leftUnder = leftAs(e.Event), day, f.slice("unit")
		switch {
		case t.left == "settled" && f.named["acceptance"] == "accepted":
			t.left = "settled_late"
		case t.left == "withdrawn" && was.undecided:
			t.left = "withdrawn_early"
		}
	}
}

func leftAs(event string) string {
	switch event {
	case "accept_offer", "settle_outside":
		return "settled"
	case "merchant_refuses":
		return "refused"
	case "green_channel_expired", "extension_ended":
		return "expired"
	case "consumer_ends_negotiation", "escalate":
		return "escalated"
	case "withdraw_before_acceptance", "withdraw_after_acceptance":
		return "withdrawn"
	case "delivery_failed", "channels_exhausted", "bounced_after_all":
		return "undeliverable"
	case "disclaim":
		return "disclaimed"
	case "mark_duplicate":
		return "merged"
	}
	return "ended"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func between(from, to string) int64 {
	a, _ := calendar.ParseDate(from)
	b, _ := calendar.ParseDate(to)
	return int64(b - a)
}

// stands takes back what the case does not stand for any more and counts what it
// stands for now.
func (t *tally) stands(f *fold, e *entry, was glance, now count) {
	list := []count{now.as("filed", t.filed, 0, 1)}
	if outcome := f.named["outcome"]; outcome != "" {
		list = append(list, t.ending(f, now, outcome)...)
		if t.decided != "" {
			list = append(list, now.as("publication."+t.decided, t.decidedOn, 0, 1))
		}
	}
	if t.left != "" {
		as := t.left
		if f.slice("finding") != "" {
			as = "not_a_consumer"
		}
		if f.named["outcome"] == "MERGED" {
			as = "merged"
		}
		c := now.as("talks."+as, t.leftOn, 0, 1)
		c.unit = t.leftUnder
		list = append(list, c)
	}
	if result := f.named["result"]; !strings.HasPrefix(result, "JUDGED") && result != "NOT_DOCKETED" {
		list = append(list, t.promise(f, now)...)
	}
	for _, c := range t.stood {
		history := strings.HasPrefix(c.indicator, "kept.") && e.Data.Set["performance"] == "due" && e.Event != "correct_closing" && was.performance != "due" && was.performance != "reported"
		if !slices.Contains(list, c) && !history {
			t.back(e.Seq, c)
		}
	}
	for _, c := range list {
		if !slices.Contains(t.stood, c) {
			t.put(e.Seq, c)
		}
	}
	t.stood = list
}

func (t *tally) ending(f *fold, now count, outcome string) []count {
	so := outcome + "." + dash(f.named["acceptance"]) + "." + dash(f.named["agreement"]) + "." + dash(f.named["ground"])
	days := between(t.filed, t.closed)
	list := []count{now.as("ended."+so+"."+dash(f.named["performance"]), t.filed, 0, 1), now.as("closed."+so, t.closed, days, 1)}
	var still int64
	for _, k := range f.clocks {
		if k.code == "mediation_end" || k.code == "court_mediation" {
			still += k.pausedDays
		}
	}
	if still > 0 {
		list = append(list, now.as("net", t.closed, days, -1), now.as("net", t.closed, days-still, 1))
	}
	if first := f.slice("first_received_on"); first != "" && first < t.filed && outcome != "MERGED" {
		list = append(list, now.as("whole", t.closed, days, -1), now.as("whole", t.closed, between(first, t.closed), 1))
	}
	return list
}

func (t *tally) promise(f *fold, now count) []count {
	due, how := f.slice("due_on"), f.named["performance"]
	if due == "" || how == "none" {
		return nil
	}
	who := f.named["agreement"]
	switch {
	case who != "none" && who != "self":
	case t.left == "settled":
		who = "talks"
	default:
		who = "self"
	}
	on, code := f.slice("performed_on"), "kept."+who+"."+how
	paid := how == "done" || how == "presumed"
	if paid {
		code += map[bool]string{true: ".in_time", false: ".late"}[on <= due]
		if on == "" {
			code = strings.TrimSuffix(code, ".in_time") + ".undated"
		}
	}
	list := []count{now.as(code, due, 0, 1)}
	if !paid && how != "partly" {
		return list
	}
	if on == "" {
		on = due
	}
	if fen := f.slice("performed_fen"); fen != "" {
		n, _ := strconv.ParseInt(fen, 10, 64)
		return append(list, now.as("recovered", on, n, 1))
	}
	return append(list, now.as("recovered_unknown", on, 0, 1))
}

// happened counts events that are counted as themselves.
func (t *tally) happened(f *fold, e *entry, was glance, now count, day, ended string) {
	one := func(code string) { t.put(e.Seq, now.as(code, day, 0, 1)) }
	switch e.Event {
	case "dispatch", "dispatch_accepted", "transfer_out", "transfer_by_statute", "taken_over":
		one("referred")
	case "return_to_hub", "returned_by_other_authority", "returned_by_superior":
		one("bounced")
	case "split_report":
		one("lead")
	case "channels_exhausted":
		one("undelivered")
	case "bounced_after_all":
		one("undelivered_after_all")
	case "confirmed":
		one("confirmation.confirmed")
	case "confirmation_refused":
		one("confirmation.refused")
	case "confirmation_withdrawn", "confirmation_withdrawn_court":
		one("confirmation.withdrawn")
	case "rate":
		one("rated." + dash(e.Data.Info["score"]))
	case "agree":
		one("mediation.agreed")
		window := false
		for _, op := range e.Data.Clocks {
			window = window || op.Op == "start" && op.Code == "confirmation_application"
		}
		if !window {
			one("unconfirmable")
		}
	case "decide_termination":
		if ground := f.named["ground"]; ground != "TER5" {
			one("mediation." + ground)
		}
	case "mediation_period_ended":
		switch was.state {
		case "REFERRAL.consent_pending", "REFERRAL.mediating", "REFERRAL.recusal_suspended", "REFERRAL.appraisal":
			one("mediation.TER5")
		default:
			one("mediation.TER5_unasked")
		}
	case "settlement_not_performed", "mediated_not_performed", "result_not_performed", "escalate_late":
		if between(ended, day) <= 90 {
			t.put(e.Seq, was.slices.as("again", ended, 0, 1))
		}
	case "correct_closing":
		t.put(e.Seq, was.slices.as("reopened", ended, 0, 1))
	case "relate_case":
		if other := e.Data.Info["other_closed_on"]; other != "" && t.filed >= other && between(other, t.filed) <= 90 {
			t.put(e.Seq, now.as("again", other, 0, 1))
		}
	}
	if f.named["acceptance"] == "accepted" && !t.accepted {
		one("accepted")
	}
	t.accepted = f.named["acceptance"] == "accepted"
	t.court(f, e, was, one)
}

func (t *tally) court(f *fold, e *entry, was glance, one func(string)) {
	if was.state == "LITIGATION_LINK.court_mediation" && f.state != was.state {
		switch e.Event {
		case "court_agreed":
			one("linked.agreed")
		case "court_failed", "court_period_ended", "other_side_refuses":
			one("linked.failed")
		case "take_back_file":
			one("linked.taken_back")
		case "settled_in_link":
			one("linked.settled_apart")
		}
	} else if e.Event == "other_side_refuses" {
		one("linked.refused_at_once")
	}
}

// followed are the clocks whose end in time is counted too.
var followed = " accept_decision merchant_first_answer mediation_end termination_decision termination_notice confirmation_application delivery service survey publish "

// clocks counts how clocks ended, on their due day, and what is owed.
func (t *tally) clocks(f *fold, e *entry, was glance, now count, day string) {
	for _, op := range e.Data.Clocks {
		k := f.find(op.No)
		if op.Op == "start" || k == nil {
			continue
		}
		switch {
		case op.Op == "expire":
			c := now.as("expired."+op.Code, k.due, 0, 1)
			t.put(e.Seq, c)
			if op.State != "owed" {
				t.ends[op.No] = c
			}
		case op.Op == "restore":
			if c, ok := t.ends[op.No]; ok {
				c = was.slices.as(c.indicator, c.day, c.measure, c.value)
				t.back(e.Seq, c)
				delete(t.ends, op.No)
			}
		case (op.Op == "meet" || op.Op == "void") && k.due != "" && strings.Contains(followed, " "+op.Code+" "):
			if code := f.ending(k, op.State); code != "" {
				t.ends[op.No] = now.as(code, k.due, 0, 1)
				t.put(e.Seq, t.ends[op.No])
			}
		}
		if op.Op == "meet" && op.Code == "termination_decision" && op.State == "met" {
			t.lawful(f, e, now)
		}
		t.owes(e, op.No, k, day, was, now)
	}
	if was.slices == now {
		return
	}
	for _, k := range f.clocks { // whose case it is answers for what is owed
		if c, ok := t.owed[k.no]; ok && c.seq != e.Seq {
			t.back(e.Seq, was.slices.as(c.indicator, day, c.measure, 1))
			t.owed[k.no] = now.as(c.indicator, day, c.measure, 1)
			t.put(e.Seq, t.owed[k.no])
		}
	}
}

// ending names how a clock ended that had not run out before.
func (f *fold) ending(k *clock, state string) string {
	outcome := f.named["outcome"]
	switch {
	case state == "met_late":
		return "late." + k.code
	case state == "met" && k.code == "accept_decision" && outcome == "TRANSFERRED":
		return "moved." + k.code
	case state == "met":
		return "met." + k.code
	case state == "void" && k.was != "waiting" && outcome == "":
		return "void." + k.code + ".OPEN"
	case state == "void" && k.was != "waiting":
		return "void." + k.code + "." + outcome
	}
	return ""
}

func (t *tally) lawful(f *fold, e *entry, now count) {
	last := -1
	for i := range f.clocks {
		if f.clocks[i].code == "mediation_end" {
			last = i
		}
	}
	if last >= 0 && f.clocks[last].state == "expired" {
		t.put(e.Seq, now.as("lawful.mediation_end", f.clocks[last].due, 0, 1))
	}
}

func (t *tally) owes(e *entry, no int64, k *clock, day string, was glance, now count) {
	c, before := t.owed[no]
	switch is := k.state == "owed"; {
	case before && !is:
		t.put(e.Seq, was.slices.as(c.indicator, day, c.measure, -1))
		delete(t.owed, no)
	case is && !before:
		due, _ := calendar.ParseDate(k.due)
		c = now.as("owed."+k.code, day, int64(due), 1)
		t.put(e.Seq, c)
		c.seq = e.Seq
		t.owed[no] = c
	}
}
