package publication

import (
	"encoding/json"
	"slices"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// Form is everything that anybody may read about one complaint. What is not a
// field here is published nowhere: no name, number or address of the complainant,
// no day of purchase, no amount, no offer, no file, no officer.
type Form struct {
	ID        string   `json:"id"` // says nothing of the case's number
	Merchant  Trader   `json:"merchant"`
	Domain    int      `json:"domain"`   // 1 to 12
	Category  string   `json:"category"` // code of the county's plan
	Town      string   `json:"town"`     // division code of the merchant's place
	Received  string   `json:"received"` // month, 2026-05
	Closed    string   `json:"closed"`   // month
	Days      int      `json:"days"`     // calendar days from receipt to closing
	Outcome   string   `json:"outcome"`
	Requests  []string `json:"requests"`            // with the complainant's consent only
	Narrative string   `json:"narrative,omitempty"` // scrubbed, and confirmed by two officers
	Answer    string   `json:"answer,omitempty"`    // the merchant's, one of workflow.PublicAnswers
	Published string   `json:"published"`           // first day, 2026-05-06
	Until     string   `json:"until"`               // last day
	Corrected bool     `json:"corrected"`
}

// Trader is the respondent as the register knows it. Of a sole trader (个体工商户)
// the trade name stands here, never the person's (DOMAIN.md 3.3).
type Trader struct {
	ID   string `json:"id"` // m_…
	Name string `json:"name"`
	Code string `json:"code"` // unified credit code
}

// State is where a public form stands in its own course.
type State string

// States of a public form. An entry that was shown and is not any more is
// expired or removed: its id stays as a tombstone, and nothing else.
const (
	Held      State = "held"
	Scheduled State = "scheduled"
	Published State = "published"
	Corrected State = "corrected"
	Expired   State = "expired"
	Removed   State = "removed"
)

// Visible reports whether an entry in this state may be read.
func (s State) Visible() bool { return s == Published || s == Corrected }

// Source is what is known of a closed complaint.
type Source struct {
	ID       string // public id
	Case     *workflow.Case
	Filed    calendar.Date
	Merchant *Trader  // nil: not identified by a credit code in the register
	Words    string   // of the event that Publication().NarrativeAt names
	Known    []string // names, numbers and addresses that were told to be somebody's
	Erased   bool
}

// Entry is what becomes of a complaint's public form on a day.
type Entry struct {
	State     State // empty: there is none
	Code      string
	On, Until calendar.Date // first and last day of what is or was to be read
	Next      calendar.Date // on which this changes by itself, 0 for never
	Form      *Form         // of a visible entry, nil of any other
	Decide    string        // publish, hold: what is to be decided by T65 now
}

// reversible are reasons that the engine found itself, and that may end.
var reversible = []string{"no_consent", "consent_unknown", "not_identified"}

// Derive says where a complaint's public form stands on a day: a function of the
// case, which its log makes, of the register and the county's rules. Nothing that
// was decided before is needed, and nothing is remembered.
func Derive(s Source, law workflow.Rules, today calendar.Date) Entry {
	c := s.Case
	if c.Kind != workflow.Complaint || c.Outcome == "ARCHIVED" {
		return Entry{}
	}
	p := c.Publication()
	why, open := withheld(s, law), c.State != workflow.Closed
	if open && !c.Shown() {
		return Entry{}
	}
	e := Entry{On: p.On}
	if e.On != 0 {
		e.Until = e.On.AddDays(law.Publication().EntryDays - 1)
	}
	switch {
	case open:
		e.Code = "reopened"
	case s.Erased, p.Decision == "publish" && why != "":
		e.Code = why
	case p.Objection != "":
		e.Code = "objection"
	case p.Decision == "publish":
	case p.Decision == "hold" && (why != "" || !slices.Contains(reversible, p.Reason)):
		e.Code = p.Reason
	default:
		return undecided(c, why, today)
	}
	return e.onDay(s, p, law, today)
}

// undecided asks for the decision that the authority owes. A merchant that the
// register does not know may still be found: that decision waits for its last day.
func undecided(c *workflow.Case, why string, today calendar.Date) Entry {
	if why == "" {
		return Entry{State: Held, Code: "undecided", Decide: "publish", Next: today + 1}
	}
	e := Entry{State: Held, Code: why, Decide: "hold", Next: today + 1}
	if k := c.Clock("publish"); why == "not_identified" && k != nil && k.Due > today {
		e.Decide, e.Next = "", k.Due
	}
	if c.Shown() {
		e.State = Removed
	}
	return e
}

// onDay tells what is to come, may be read, and may be read no more.
func (e Entry) onDay(s Source, p workflow.Publication, law workflow.Rules, today calendar.Date) Entry {
	switch {
	case e.Code != "":
		e.State = Held
		if s.Case.Shown() || p.Decision == "publish" && p.Objection == "" && e.On <= today && slices.Contains([]string{"not_in_pilot", "domain", "not_identified"}, e.Code) {
			e.State = Removed
		}
	case today < e.On:
		e.State, e.Next = Scheduled, e.On
	case today > e.Until:
		e.State = Expired
	default:
		e.State, e.Next = Published, e.Until+1
		if p.Times > 1 {
			e.State = Corrected
		}
		e.Form = form(s, p, e, law)
	}
	return e
}

// withheld is why a complaint must not be published, by the codes of DOMAIN.md
// 3.3, or empty.
func withheld(s Source, law workflow.Rules) string {
	c := s.Case
	agreed, known := c.Consents()
	ended := map[string]string{"MERGED": "merged", "WITHDRAWN": "withdrawn", "REFUSED": "refused", "TRANSFERRED": "transferred"}[c.Outcome]
	switch {
	case s.Erased:
		return "erased"
	case ended != "":
		return ended
	case c.Acceptance != "accepted":
		return "not_accepted"
	case c.Ground == "FRAUD":
		return "fraud"
	case !known:
		return "consent_unknown"
	case !agreed && law.Publication().NoConsent == "hold":
		return "no_consent"
	case law.NeverPublished(c.Domain()):
		return "domain"
	case !law.TakesPart(c.Domain(), c.Town()):
		return "not_in_pilot"
	case s.Merchant == nil:
		return "not_identified"
	}
	return ""
}

// form is the one place that makes something public of a case.
func form(s Source, p workflow.Publication, e Entry, law workflow.Rules) *Form {
	c := s.Case
	f := &Form{ID: s.ID, Merchant: *s.Merchant, Domain: c.Domain(), Category: c.Category(), Town: c.Town(), Received: month(s.Filed), Closed: month(c.ClosedOn()),
		Days: int(c.ClosedOn() - s.Filed), Outcome: c.Outcome, Requests: []string{}, Answer: p.Answer, Published: e.On.String(), Until: e.Until.String(), Corrected: e.State == Corrected}
	if !slices.Contains(workflow.PublicAnswers, p.Answer) {
		f.Answer = ""
	}
	if agreed, _ := c.Consents(); !agreed {
		return f
	}
	f.Requests = append(f.Requests, c.Requests()...)
	if law.Publication().Narratives && p.Narrative == "confirmed" && Publishable(s.Words, s.Known...) {
		f.Narrative = s.Words
	}
	return f
}

func month(d calendar.Date) string { return d.String()[:7] }

// Bytes are the form as it is kept and shown, the same for the same form.
func (f *Form) Bytes() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// ParseForm reads what Bytes wrote.
func ParseForm(b []byte) (f Form, err error) {
	err = json.Unmarshal(b, &f)
	return f, err
}
