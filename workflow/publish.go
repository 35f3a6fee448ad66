package workflow

import (
	"slices"
	"strings"

	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// Facts of the public form of a closed complaint: what was decided about it, by
// which event, and what the merchant and two officers said (docs/publication.md).
const (
	factPublication    = "publication"        // publish, hold: the last decision
	factPublicationAt  = "publication_at"     // seq of that decision
	factPublicationDay = "publication_day"    // of that decision
	factPublicationOn  = "publication_on"     // of publish: first day on which it may be read
	factPublications   = "publications"       // how often publishing was decided
	factHeldFor        = "publication_reason" // of hold: one of HoldReasons or of what the engine finds
	factObjection      = "objection"          // the merchant's, one of Objections
	factObjectionAt    = "objection_at"       // seq
	factPublicAnswer   = "public_answer"      // one of PublicAnswers
	factShown          = "public_shown"       // yes: the entry could be read when something happened to the case
	factNarrative      = "narrative"          // proposed, confirmed, withheld
	factNarrativeAt    = "narrative_at"       // seq of the event whose sealed words it is
	factNarrativeBy    = "narrative_by"       // officer who proposed it
)

// HoldReasons are the codes by which an officer keeps a complaint from being
// published. The law's own list is not established: docs/divergences.md.
var HoldReasons = []string{"secret", "minor_or_sensitive", "small_area", "wrong_respondent", "medical", "fraud", "objection_upheld", "under_review"}

// Objections are the reasons for which a merchant may object to an entry before
// it is published.
var Objections = []string{"wrong_respondent", "wrong_facts", "secret", "other"}

// PublicAnswers are what a merchant may say beside an entry: a code, no words,
// so that nothing needs to be looked through.
var PublicAnswers = []string{"resolved", "refunded", "repaired_or_replaced", "apologised", "improved", "facts_disputed", "no_comment"}

// Publication is what the log says of the public form of a case.
type Publication struct {
	Decision    string        // publish, hold; empty: nobody decided since it was closed
	Reason      string        // of hold
	Seq         int64         // of the decision
	Day         calendar.Date // of the decision
	On          calendar.Date
	Times       int64  // how often publishing was decided
	Objection   string // open: nobody decided since
	Answer      string
	Narrative   string // proposed, confirmed, withheld
	NarrativeAt int64  // seq of the event whose words it is
	NarrativeBy string
}

// Publication reads what was decided about the public form since the case was
// last closed: what was decided before a case was opened again counts no more.
func (c *Case) Publication() Publication {
	f := c.Facts
	p := Publication{Times: f.int(factPublications), Answer: f[factPublicAnswer],
		Narrative: f[factNarrative], NarrativeAt: f.int(factNarrativeAt), NarrativeBy: f[factNarrativeBy]}
	if at := f.int(factPublicationAt); at > c.closedAt() {
		p.Decision, p.Reason, p.Seq, p.Day, p.On = f[factPublication], f[factHeldFor], at, f.date(factPublicationDay), f.date(factPublicationOn)
	}
	if at := f.int(factObjectionAt); at > max(p.Seq, c.closedAt()) {
		p.Objection = f[factObjection]
	}
	return p
}

// Consents reports whether the complainant agreed to publication (form 1); known
// is false while nobody asked.
func (c *Case) Consents() (agreed, known bool) {
	return c.Facts[factPublish] == yes, c.Facts[factPublish] != ""
}

// Shown reports whether the public form could be read when something happened to
// the case: what ended that leaves a tombstone.
func (c *Case) Shown() bool { return c.Facts[factShown] == yes }

// Requests are the codes of what the complainant asks for.
func (c *Case) Requests() []string { return strings.Fields(c.Facts[factRequests]) }

// closedAt is the seq of the event that closed the case last, 0 for none.
func (c *Case) closedAt() int64 {
	_, last, _ := strings.Cut(c.Facts[factClosedBy], "-")
	return Facts{factClosedBy: last}.int(factClosedBy)
}

// ClosedOn is the day on which a closed case was closed last, 0 for an open one.
func (c *Case) ClosedOn() calendar.Date {
	if c.State != Closed {
		return 0
	}
	for i := len(c.Clocks) - 1; i >= 0; i-- {
		if c.Clocks[i].Code == "publish" {
			return c.Clocks[i].Starts
		}
	}
	return 0
}

// recordPublication folds the acts that a closed complaint's public form takes.
func (d *draft) recordPublication() {
	in, seq := &d.cmd.Input, number(d.e.Seq)
	d.recordShown()
	switch d.row.Event {
	case "publish_or_hold":
		d.decidePublication()
	case "object_to_publication":
		d.set(factObjection, in.Reason)
		d.set(factObjectionAt, seq)
	case "answer_publicly":
		d.set(factPublicAnswer, in.Reason)
	case "propose_narrative":
		d.set(factNarrative, "proposed")
		d.set(factNarrativeAt, seq)
		d.set(factNarrativeBy, d.cmd.Actor.ID)
	case "confirm_narrative":
		d.set(factNarrative, "confirmed")
	case "withhold_narrative":
		d.set(factNarrative, "withheld")
	}
}

// recordShown notes that the entry could be read when something happened to its
// case: a tombstone stays when that took it away.
func (d *draft) recordShown() {
	if was := d.was.Publication(); was.Decision == "publish" && was.On <= calendar.On(d.eff) && was.Objection == "" && !d.was.Shown() && d.was.State == Closed {
		d.set(factShown, yes)
	}
}

// decidePublication keeps the decision and, for publishing, the first day: the
// merchant sees the entry some working days before. Whoever decides on an
// objection has heard the merchant: it may be read from that day on.
func (d *draft) decidePublication() {
	was := d.was.Publication()
	decision, reason, day, on := "hold", d.cmd.Input.Reason, calendar.On(d.eff), ""
	if d.cmd.Input.Publication == "publish" {
		decision, reason = "publish", ""
		on = day.String()
		if was.Objection == "" {
			on = d.objectionEnds(day).String()
		}
		d.set(factPublications, number(was.Times+1))
	} else if reason == "" {
		reason = "under_review"
	}
	for _, x := range [][2]string{{factPublication, decision}, {factPublicationAt, number(d.e.Seq)}, {factPublicationDay, day.String()}, {factPublicationOn, on}, {factHeldFor, reason}} {
		if d.c.Facts[x[0]] != x[1] {
			d.set(x[0], x[1])
		}
	}
}

// objectionEnds is the first day after the merchant's time to object.
func (d *draft) objectionEnds(day calendar.Date) calendar.Date {
	t, err := d.r.Term("publication_objection", policy.Question{Start: day, Domain: d.c.Domain()})
	if err != nil {
		return day.AddDays(7)
	}
	return d.r.Calendar().KnownAt(day).Count(day, t.N, t.Unit, t.Roll).Due.AddDays(1)
}

// publicationGuards are those of the engine's own rows on the public form.
func publicationGuards() map[string]guard {
	named := func(list []string) guard {
		return says(func(g *asking) bool { return slices.Contains(list, g.in().Reason) }, "reason")
	}
	return map[string]guard{
		"objection_named":     named(Objections),
		"public_answer_named": named(PublicAnswers),
		"publication_decided": sees(func(g *asking) bool { return g.c.Publication().Decision == "publish" }),
		"not_objected_before": sees(func(g *asking) bool {
			p := g.c.Publication()
			return p.Objection == "" && g.c.Facts.int(factObjectionAt) <= g.c.closedAt()
		}),
		"publication_consented": sees(func(g *asking) bool { agreed, _ := g.c.Consents(); return agreed }),
		"narrative_given": says(func(g *asking) bool {
			return g.cmd.Private != nil && strings.TrimSpace(g.cmd.Private.Words) != ""
		}, "words"),
		"narrative_proposed_by_another": sees(func(g *asking) bool {
			return g.c.Facts[factNarrative] == "proposed" && g.c.Facts[factNarrativeBy] != g.cmd.Actor.ID
		}),
		"narrative_there": sees(func(g *asking) bool {
			return g.c.Facts[factNarrativeAt] != "" && g.c.Facts[factNarrative] != "withheld"
		}),
	}
}
