package workflow

import (
	"slices"
	"strings"
	"time"

	"fangxin/workflow/policy"
)

// Rules is everything Decide may know beside the case: law in force by date,
// the working-day calendar, the county's plan, and recorded outages.
type Rules struct {
	*policy.Rules
	Outages []Outage
}

// Outage is a time without service, as the nodes' heartbeats recorded it.
type Outage struct{ From, To time.Time }

// Decide answers what a command does to a case at an instant: the event of one
// row and of the rows that follow it at once, or a *Refusal. It changes nothing
// and settles nothing: whoever calls has asked Due first. An instant before the
// case's last one counts as that one: a clock that stepped back decides nothing.
func Decide(c Case, cmd Command, r Rules, now time.Time) ([]Event, error) {
	steps, err := Steps(c, cmd, r, now)
	return eventsOf(steps), err
}

// Step is one event and the case after it: what Apply makes of the event.
type Step struct {
	Event Event
	After Case
}

func eventsOf(steps []Step) []Event {
	var out []Event
	for i := range steps {
		out = append(out, steps[i].Event)
	}
	return out
}

// Steps is Decide for who needs the case after each event too, as Decide has
// made it already.
func Steps(c Case, cmd Command, r Rules, now time.Time) ([]Step, error) {
	now = c.notBefore(now)
	if cmd.Event == CalendarChanged && cmd.Actor.Role == "job" && c.Version > 0 {
		return reproject(c, cmd, r, now)
	}
	x := tableOf(c.Kind)
	row, refusal := choose(x, &c, &cmd)
	if refusal == nil {
		refusal = permitted(row, &c, &cmd)
	}
	g := &asking{c: &c, cmd: &cmd, r: r, now: now, row: row}
	if refusal == nil {
		refusal = g.refuse()
	}
	if _, known := r.Regime(g.day()); refusal == nil && !known && cmd.Event != "archive" {
		refusal = &Refusal{Code: "no_law"} // before 2014-03-15 no procedure is known: history only
	}
	if refusal == nil && !lawful(x, c.State, row) {
		refusal = &Refusal{Code: "not_allowed_now"}
	}
	if refusal != nil {
		refusal.Event, refusal.State = cmd.Event, c.State
		refusal.Allowed = Allowed(c, r, now)
		return nil, refusal
	}
	return take(c, row, cmd, r, now, nil), nil
}

// choose finds the row of the event in the case's state.
func choose(x *index, c *Case, cmd *Command) (*Row, *Refusal) {
	if !x.events[cmd.Event] {
		return nil, &Refusal{Code: "unknown_event"}
	}
	row := x.byFrom[c.State][cmd.Event]
	if c.Version == 0 {
		row = x.fresh[cmd.Event]
	}
	if row == nil || row.expires() {
		return nil, &Refusal{Code: "not_allowed_now"}
	}
	return row, nil
}

// permitted asks who may, whether he saw the case as it is, and whether the
// offer and the notice that he answers are the ones on the table.
func permitted(row *Row, c *Case, cmd *Command) *Refusal {
	a := cmd.Actor
	behalf := a.For != "" && (a.Role == "officer" || a.Role == "hub")
	switch {
	case a.For != "" && !behalf, !slices.Contains(row.By, a.Role) && !(behalf && slices.Contains(row.By, a.For)) && !(a.Role == "unit" && slices.Contains(row.By, "units")):
		return &Refusal{Code: "not_for_you", By: row.By}
	case behalf && (a.Channel == "" || a.Identity == ""):
		return &Refusal{Code: "missing", Missing: []string{"on_behalf.channel", "on_behalf.identity"}}
	case cmd.Sees != 0 && cmd.Sees != c.Version:
		return &Refusal{Code: "stale"}
	}
	if field := notACode(&cmd.Input, &a); field != "" {
		return &Refusal{Code: "not_a_code", Missing: []string{field}}
	}
	if field := wrongCreditCode(cmd); field != "" {
		return &Refusal{Code: "credit_code", Missing: []string{field}}
	}
	if n, _ := c.OpenOffer(); answersOffer(row) && cmd.Input.Offer != n {
		return &Refusal{Code: "wrong_offer"}
	}
	if needsNotice(row) {
		n := c.Notice(cmd.Input.Notice)
		switch {
		case n == nil:
			return &Refusal{Code: "no_such_notice"}
		case n.Kind == "invitation" && row.Event == "notice_served" && c.State == "NEGOTIATION.notified":
			return &Refusal{Code: "use_delivered"}
		}
	}
	if row.Event == "answer_supervision" && supervisionOf(c, cmd.Input.Order) == nil {
		return &Refusal{Code: "no_such_order"}
	}
	if k := c.ClockNo(cmd.Input.Clock); answersBreach(row) && (k == nil || !k.Breached()) {
		return &Refusal{Code: "no_such_duty"}
	}
	return nil
}

func answersOffer(r *Row) bool {
	return slices.Contains([]string{"accept_offer", "reject_offer", "counter", "take_back_offer"}, r.Event)
}

func answersBreach(r *Row) bool {
	return r.Event == "acknowledge_breach" || r.Event == "explain_breach"
}

func needsNotice(r *Row) bool {
	return slices.Contains([]string{"notice_served", "notice_failed", "deem_served", "notice_sent"}, r.Event)
}

// refuse asks every guard and says all that the input lacks at once, so that a
// person is sent back once and not five times.
func (g *asking) refuse() *Refusal {
	var missing []string
	first := ""
	for _, name := range g.row.If {
		def := guardOf(name)
		if def.holds(g) {
			continue
		}
		if len(def.needs) == 0 {
			return &Refusal{Code: "guard", Guard: name}
		}
		if first == "" {
			first = name
		}
		if name == "person_can_be_reached" {
			missing = append(missing, unreachable(g.cmd.Private)...)
			continue
		}
		missing = append(missing, def.needs...)
	}
	if first == "" {
		return nil
	}
	slices.Sort(missing)
	return &Refusal{Code: "missing", Guard: first, Missing: slices.Compact(missing)}
}

// notACode finds an input field that holds words where only a code or a
// reference belongs, or a number of a person: words are personal until shown
// otherwise, and the log must not hold them. A ticket may look like a telephone
// number: other systems number as they like.
func notACode(in *Input, a *Actor) string {
	bad := func(s string) bool { return !IsCode(s) || personalNumber(s) }
	for _, x := range [...][2]string{{"on_behalf.channel", a.Channel}, {"on_behalf.identity", a.Identity}, {"act", in.Act}, {"answer_kind", in.AnswerKind}, {"body", in.Body}, {"category", in.Category}, {"chosen", in.Chosen},
		{"court_kind", in.CourtKind}, {"feedback_code", in.FeedbackCode}, {"finding", in.Finding}, {"form", in.Form}, {"ground", in.Ground},
		{"language", in.Language}, {"lost", in.Lost}, {"officer", in.Officer}, {"organisation", in.Organisation}, {"organisation_kind", in.OrgKind},
		{"other", in.Other}, {"paper", in.Paper}, {"payer", in.Payer}, {"proof", in.Proof}, {"publication", in.Publication}, {"reason", in.Reason},
		{"receiver", in.Receiver}, {"recused", in.Recused}, {"source", in.Source}, {"ticket", in.Ticket}, {"town", in.Town}, {"unit", in.Unit}} {
		if x[1] != "" && bad(x[1]) && !(x[0] == "ticket" && IsCode(x[1]) && mobile(x[1])) {
			return x[0]
		}
	}
	switch {
	case slices.ContainsFunc(in.Requests, bad):
		return "requests"
	case slices.ContainsFunc(in.Missing, bad):
		return "missing"
	}
	for _, item := range in.Items {
		if bad(item.Kind) || bad(item.Ref) {
			return "items"
		}
	}
	for _, t := range in.Attempts {
		if bad(t.Channel) || bad(t.Paper) {
			return "attempts"
		}
	}
	return ""
}

// IsCode reports whether a text is a code or a reference: letters, digits and
// _ . : / # -, beginning with a letter or digit, at most 128 of them.
func IsCode(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		plain := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !plain && (i == 0 || strings.IndexByte("_.:/#-", c) < 0) {
			return false
		}
	}
	return true
}

func supervisionOf(c *Case, no int64) *Clock {
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.Code == "supervision" && k.State.Open() && (no == 0 || k.No == no) {
			return k
		}
	}
	return nil
}

// SplitReport returns the command that opens the confidential report record
// which a split_report event calls for (Order 121 Art. 9, 27). It carries the
// lead's words; the new record names nobody of the complaint.
func SplitReport(e Event, cmd Command) (Command, bool) {
	if e.Event != "split_report" {
		return Command{}, false
	}
	return Command{Event: "open_report", Actor: cmd.Actor, Private: cmd.Private}, true
}
