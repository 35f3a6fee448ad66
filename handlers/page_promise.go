package handlers

import (
	"slices"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// promise are the answers to "did they do what they promised?": yes, partly, no,
// a new date. Which of them may be given now, the table says.
var promise = [][]string{
	{"close_settled", "end_settled_in_mediation", "close_mediated", "end_own_settlement", "confirm_performed_in_link", "confirm_performed_after_closing"},
	{"confirm_partly"},
	{"challenge_proof", "not_performed", "not_performed_in_mediation", "agreement_not_performed", "own_settlement_not_performed", "not_performed_in_link",
		"settlement_not_performed", "mediated_not_performed", "result_not_performed"},
	{"agree_new_date"},
}

// promised asks the consumer whether it was done. The answers leave the list of
// other acts.
func (x *shown) promised(p *view.Page, out *view.Case) {
	if x.side != "consumer" {
		return
	}
	for _, answer := range promise {
		for _, event := range answer {
			if m := x.move(event); m != nil && x.proposal(event) == nil {
				out.Promise = append(out.Promise, x.act(p, *m))
			}
		}
	}
	if len(out.Promise) == 0 {
		return
	}
	out.Promise[0].Main = out.Offer == nil
	if due, err := calendar.ParseDate(x.v.Facts["due_on"]); err == nil && due != 0 {
		out.Due = p.T("page.promise.due", "Day", dateWords(p, due))
	}
}

func ofPromise(event string) bool {
	return slices.ContainsFunc(promise, func(answer []string) bool { return slices.Contains(answer, event) })
}

// proposal is what waits for the other half of a joint act; nil when nobody has
// proposed it.
func (x *shown) proposal(act string) *workflow.Event {
	if x.v.Facts["proposal."+act] == "" {
		return nil
	}
	for i := len(x.events) - 1; i >= 0; i-- {
		if e := &x.events[i]; e.Event == "propose" && e.Data.Info["act"] == act {
			return e
		}
	}
	return nil
}

// proposals are what lies on the table beside offers: to agree to, when the other
// side proposed it.
func (x *shown) proposals(p *view.Page, out *view.Case) {
	for _, act := range jointActs() {
		e := x.proposal(act)
		if e == nil {
			continue
		}
		by := x.v.Facts["proposal."+act]
		name := x.named(p, act)
		o := view.Offer{ID: act, Title: p.T("page.proposal.theirs", "Who", p.T("page.who."+by), "Act", name), Meta: dayWords(p, e.At), Facts: x.proposedTerms(p, e)}
		if x.reads(e) || by != x.side {
			t := termsIn(x.parts[e.Seq].Words)
			if o.Words = t.words; t.fen > 0 {
				o.Amount = yuan(t.fen)
			}
		}
		if by == x.side {
			o.Title = p.T("page.proposal.mine", "Act", name)
		} else if m := x.move(act); m != nil {
			a := x.act(p, *m)
			a.Label, a.Main = p.T("page.proposal.agree"), true
			o.Acts = []view.Act{a}
		}
		out.Proposals = append(out.Proposals, o)
	}
}

// proposedTerms are what a proposal fixes.
func (x *shown) proposedTerms(p *view.Page, e *workflow.Event) []view.Row {
	due, err := calendar.ParseDate(e.Data.Info["due_on"])
	if err != nil || due == 0 {
		return nil
	}
	return []view.Row{{Name: p.T("page.ask.due_on"), Value: dateWords(p, due)}}
}
