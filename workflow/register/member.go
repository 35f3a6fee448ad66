package register

import (
	"slices"
	"time"

	"fangxin/workflow/calendar"
)

// MemberState is where a merchant's membership of the green channel is.
type MemberState string

const (
	// Applied waits for the county.
	Applied MemberState = "applied"
	// MoreAsked waits for the merchant, who was asked for more.
	MoreAsked MemberState = "more_asked"
	// Approved takes complaints first, within its term.
	Approved MemberState = "approved"
	// Suspended takes none anew; what is under way goes on.
	Suspended MemberState = "suspended"
	// Refused, with reasons.
	Refused MemberState = "refused"
	// Withdrawn by the merchant before a decision.
	Withdrawn MemberState = "withdrawn"
	// Exited is over before its term: see Causes.
	Exited MemberState = "exited"
	// Expired is over with its term.
	Expired MemberState = "expired"
)

// MemberStates in the order of a life.
var MemberStates = []MemberState{Applied, MoreAsked, Approved, Suspended, Refused, Withdrawn, Exited, Expired}

// Live reports whether the membership is not over.
func (s MemberState) Live() bool {
	return s == Applied || s == MoreAsked || s == Approved || s == Suspended
}

// Causes of an exit: the merchant's own request, a suspension that was not cured,
// a listing as seriously untrustworthy (Order 44), an approval that should not
// have been given.
var Causes = []string{"own_request", "not_cured", "listed", "revoked"}

// Checklist is 四有一健全, what Shandong asks of a member since 2020: a fixed
// place, staff, a connected computer, a telephone of its own, a sound procedure.
type Checklist struct {
	Place     bool `json:"place"`
	Staff     bool `json:"staff"`
	Computer  bool `json:"computer"`
	Telephone bool `json:"telephone"`
	Procedure bool `json:"procedure"`
}

// Whole reports whether nothing is lacking.
func (c Checklist) Whole() bool {
	return c == Checklist{true, true, true, true, true}
}

// Pledges are what a member may promise beside the days of its answer. The plan
// of 2018 names returns without reason (domain 1) and the refund of fees
// (domain 7); the others are what members of the 12315 platform promise.
var Pledges = []string{"no_reason_return", "advance_compensation", "three_guarantees", "refund_of_fees", "price_marked", "prepaid_protected", "invoice_always", "quality_traced"}

// Terms are what a shop promises its customers.
type Terms struct {
	AnswerDays int      `json:"answer_days"` // working days within which it answers
	ReturnDays int      `json:"return_days"` // calendar days of returns without reason; 0: not promised
	Pledges    []string `json:"pledges"`
}

// Faults checks the terms: most is how many working days may be promised.
func (t *Terms) Faults(most int) []Fault {
	var out []Fault
	if t.AnswerDays < 1 || t.AnswerDays > most {
		out = append(out, Fault{"terms.answer_days", "why.answer_days"})
	}
	if t.ReturnDays < 0 || t.ReturnDays > 365 || t.ReturnDays > 0 && !slices.Contains(t.Pledges, "no_reason_return") {
		out = append(out, Fault{"terms.return_days", "why.return_days"})
	}
	for i, p := range t.Pledges {
		if !slices.Contains(Pledges, p) || slices.Contains(t.Pledges[:i], p) {
			out = append(out, Fault{"terms.pledges", "why.choice"})
			break
		}
	}
	return out
}

// Member is a merchant's membership of the green channel, from the application
// to its end. A merchant that applies again has another one.
type Member struct {
	ID        string        `json:"id"`       // g_ and 26 characters
	Merchant  string        `json:"merchant"` // entry of the register
	Version   int64         `json:"version"`
	State     MemberState   `json:"state"`
	Watched   bool          `json:"watched"`
	Checklist Checklist     `json:"checklist"`
	Terms     Terms         `json:"terms"`
	From      calendar.Date `json:"from"` // first and last day of the term; zero before approval
	To        calendar.Date `json:"to"`
	Shop      string        `json:"shop"`            // code on the wall; empty before approval
	Cause     string        `json:"cause,omitempty"` // of its exit
	Since     time.Time     `json:"since"`           // of the present state
	Created   time.Time     `json:"created_at"`
	Updated   time.Time     `json:"updated_at"`
}

// ActiveOn reports whether consumers may choose this merchant's green channel on
// a day.
func (m *Member) ActiveOn(day calendar.Date) bool {
	return m.State == Approved && m.From <= day && day <= m.To
}

// Decisions on a membership, each a person's, with reasons: the states in which
// it may be taken and the one that follows; "" stays.
var Decisions = map[string]struct {
	From []MemberState
	To   MemberState
}{
	"ask_more":  {[]MemberState{Applied}, MoreAsked},
	"approve":   {[]MemberState{Applied, MoreAsked}, Approved},
	"refuse":    {[]MemberState{Applied, MoreAsked}, Refused},
	"watch":     {[]MemberState{Approved}, ""},
	"end_watch": {[]MemberState{Approved}, ""},
	"suspend":   {[]MemberState{Approved}, Suspended},
	"resume":    {[]MemberState{Suspended}, Approved},
	"exit":      {[]MemberState{Approved, Suspended}, Exited},
	"renew":     {[]MemberState{Approved}, ""},
	"no_action": {[]MemberState{Approved, Suspended}, ""},
}

// DecisionNames in the order of a life.
var DecisionNames = []string{"ask_more", "approve", "refuse", "watch", "end_watch", "suspend", "resume", "exit", "renew", "no_action"}

// Decide takes a decision at an instant, or says false where it does not fit the
// state.
func (m *Member) Decide(decision string, at time.Time) bool {
	d, known := Decisions[decision]
	switch {
	case !known, !slices.Contains(d.From, m.State), decision == "watch" && m.Watched, decision == "end_watch" && !m.Watched:
		return false
	case decision == "watch", decision == "end_watch":
		m.Watched = decision == "watch"
	case d.To != "":
		m.State, m.Since = d.To, at
		m.Watched = m.Watched && d.To == Suspended
	}
	return true
}

// Figures are how a member kept its clocks within a window, and what they were
// read from: anybody with the log can count them again.
type Figures struct {
	From   calendar.Date `json:"from"` // both days included
	To     calendar.Date `json:"to"`
	Clocks int64         `json:"clocks"`  // that ended in the window: met, or run out
	InTime int64         `json:"in_time"` // of them, met in time
	Failed int64         `json:"failed"`  // last invitations in a row that did not reach it
	Height int64         `json:"height"`  // last block of the log when this was counted
	Late   []string      `json:"late"`    // the clocks that ran out: number of the case / number of the clock
}

// ExitRule is when figures are put before a person.
type ExitRule struct {
	Least, Watch, Suspend int // clocks in the window; percent in time
	Failed                int // invitations in a row
	ExitAfter             int // calendar days of suspension
}

// below reports whether the share in time lies under percent, where the window
// says anything.
func (r ExitRule) below(f *Figures, percent int) bool {
	return f.Clocks >= int64(r.Least) && f.InTime*100 < int64(percent)*f.Clocks
}

// Lead is what a person should decide about a member, by its figures on a day:
// watch, suspend, exit, cured, or "" for nothing.
func (r ExitRule) Lead(m *Member, f *Figures, day calendar.Date) string {
	bad := r.below(f, r.Suspend) || f.Failed >= int64(r.Failed)
	slow := r.below(f, r.Watch)
	switch {
	case m.State == Suspended && (bad || slow) && day >= calendar.On(m.Since).AddDays(r.ExitAfter):
		return "exit"
	case m.State == Suspended && !bad && !slow, m.State == Approved && m.Watched && !bad && !slow:
		return "cured"
	case m.State == Approved && bad:
		return "suspend"
	case m.State == Approved && slow && !m.Watched:
		return "watch"
	}
	return ""
}

// Leads are the kinds of lead.
var Leads = []string{"watch", "suspend", "exit", "cured"}
