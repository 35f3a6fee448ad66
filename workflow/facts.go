package workflow

import (
	"strconv"
	"strings"

	"fangxin/workflow/calendar"
)

// Names of facts. Each holds a word from a fixed list, a number or a date.
const (
	factDomain       = "domain"   // 1 to 12
	factCategory     = "category" // code of the county's plan
	factTown         = "town"     // division code
	factAmount       = "amount_fen"
	factRequests     = "requests"
	factPublish      = "publish_consent" // yes, no (form 1)
	factEntrust      = "entrust_consent"
	factKnewOn       = "knew_on"
	factSource       = "source"
	factTicket       = "ticket"
	factRespondent   = "respondent"  // number of the respondent within the case, from 1
	factDisclaimed   = "disclaimed"  // respondent number that said "not our shop"
	factReachable    = "reachable"   // yes, no: the merchant has a channel that did not fail last
	factDelivered    = "delivered"   // yes: the invitation reached the merchant
	factOffer        = "offer"       // number of the last offer
	factOfferBy      = "offer_by"    // side of the open offer
	factResumed      = "resumed"     // how often T18b
	factAsked        = "court_asked" // how often the court was asked for feedback
	factPreparedBy   = "prepared_by" // who prepared a refusal (REF3 needs a second person)
	factUnit         = "unit"        // department in charge
	factReturned     = "returned_by" // unit that said it is not competent
	factOfficer      = "officer"
	factComplainants = "complainants" // joint complaint: how many, when more than one
	factRepresent    = "representatives"
	factCoUnits      = "co_units"
	factOrganisation = "organisation"
	factEligible     = "organisation_eligible" // yes: its agreements are confirmed by the court
	factDueOn        = "due_on"
	factPerformedOn  = "performed_on"
	factWillNot      = "will_not_perform"
	factExtended     = "extended" // confirmation or check, once
	factErased       = "erased"
	factFinding      = "finding"
	factTalksLeft    = "talks_left"        // how and when the talk with the merchant was left: day.class.unit
	factPerformed    = "performed_fen"     // amount that was performed, as last reported
	factFirst        = "first_received_on" // receipt by the authority that had it before
	factOrgKind      = "organisation_kind" // of the entrusted organisation
	factLanguage     = "language"
	factChecked      = "contact_checked"    // none, phone, email: what the consumer entered a code for
	factCheckedAt    = "contact_checked_at" // when, UTC
	factBefore       = "before"             // attributes before closing, and the seq that closed it
	factClosedBy     = "closed_seq"
	factReports      = "reports"
	factReceiver     = "receiver" // authority that the case was transferred to
	factRecused      = "recused"  // |ids| of mediators who were replaced after a challenge
	// with a side, an act or a clock behind it
	factConsent  = "consent."  // consumer, merchant: yes
	factLost     = "lost."     // consumer, merchant: yes
	factProposal = "proposal." // event of the joint act → side that proposed
	factRest     = "rest."     // clock → working days or days left
	// with the number of a clock behind it: seq of the last such event
	factAcknowledged = "acknowledged."
	factExplained    = "explained."
)

const (
	yes = "yes"
	no  = "no"
)

func (f Facts) int(name string) int64 {
	n, _ := strconv.ParseInt(f[name], 10, 64)
	return n
}

func (f Facts) date(name string) calendar.Date {
	d, _ := calendar.ParseDate(f[name])
	return d
}

func yesNo(b bool) string {
	if b {
		return yes
	}
	return no
}

// Domain is the consumption domain, 1 to 12; 0 while it is not known.
func (c *Case) Domain() int { return int(c.Facts.int(factDomain)) }

// Town is the division code of the respondent's place, "" while not known.
func (c *Case) Town() string { return c.Facts[factTown] }

// Unit is the department in charge, "" while nobody is.
func (c *Case) Unit() string { return c.Facts[factUnit] }

// Category is the code of the county's plan, "" while not known.
func (c *Case) Category() string { return c.Facts[factCategory] }

// Channel is the source through which the case came, "" if it was not said.
func (c *Case) Channel() string { return c.Facts[factSource] }

// MediatorKind says who mediates a case that was accepted: unit, or the kind of
// the entrusted organisation; "" before.
func (c *Case) MediatorKind() string {
	switch {
	case c.Acceptance != "accepted":
		return ""
	case c.Mediator == "organisation":
		if kind := c.Facts[factOrgKind]; kind != "" {
			return kind
		}
	}
	return c.Mediator
}

// TalksLeft says when and how the talk with a merchant who had been told was left,
// and under which department; no class if it was not, or goes on.
func (c *Case) TalksLeft() (day calendar.Date, class, unit string) {
	left := c.Facts[factTalksLeft]
	if left == "" {
		return 0, "", ""
	}
	on, rest, _ := strings.Cut(left, ".")
	class, unit, _ = strings.Cut(rest, ".")
	day, _ = calendar.ParseDate(on)
	return day, class, unit
}

// Finding is the code of what an officer found of the person (Order 121 Art. 17).
func (c *Case) Finding() string { return c.Facts[factFinding] }

// DueOn is the day by which performance was agreed or ordered, 0 if none was.
func (c *Case) DueOn() calendar.Date { return c.Facts.date(factDueOn) }

// PerformedOn is the day on which it was performed, as far as anybody said.
func (c *Case) PerformedOn() calendar.Date { return c.Facts.date(factPerformedOn) }

// PerformedFen is the amount that was performed; false if nobody said.
func (c *Case) PerformedFen() (fen int64, known bool) {
	_, known = c.Facts[factPerformed]
	return c.Facts.int(factPerformed), known
}

// FirstReceived is when another authority received the complaint first, 0 if none
// did.
func (c *Case) FirstReceived() calendar.Date { return c.Facts.date(factFirst) }

// OpenOffer is the number and side of the offer on the table; 0 if none.
func (c *Case) OpenOffer() (number int64, side string) {
	if c.Facts[factOfferBy] == "" {
		return 0, ""
	}
	return c.Facts.int(factOffer), c.Facts[factOfferBy]
}

// exists reports whether the side is still there to be told.
func (c *Case) exists(side string) bool { return c.Facts[factLost+side] != yes }

// BreachOf gives the last events that acknowledged and that explained the overdue
// duty of a clock, by their seq; 0 for none.
func (f Facts) BreachOf(clock int64) (acknowledged, explained int64) {
	return f.int(factAcknowledged + number(clock)), f.int(factExplained + number(clock))
}
