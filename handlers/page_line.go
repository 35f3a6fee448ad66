package handlers

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// openly are the steps of authority, court and clocks that the parties are shown.
// What is not here, findings and reports among it, is not for them.
var openly = strings.Fields(`request_correction correction_lapsed end_correction open_green_channel green_channel_unavailable
	invite_settlement dispatch delivered delivery_failed channels_exhausted delivered_after_all serve_by_hand answer_overdue offer_lapsed
	green_channel_expired green_channel_expired_on_offer extension_ended proceed_to_decision proceed_to_mediation election_expired
	close_settled_unchallenged performance_unchallenged performance_missed performance_unknown performance_unknown_pending
	performance_unknown_in_link performance_unknown_in_mediation accept accept_meanwhile accept_settled accept_overdue refuse transfer_by_statute
	transfer_out foreign_result returned_by_other_authority returned_by_superior ask_consent hold_session entrust entrusted_returned
	decide_recusal commission_appraisal appraisal_reported appraisal_abandoned appraisal_overdue appraisal_cost_not_agreed agree mediation_period_ended
	mediation_period_ended_settled decide_termination told_offer_link told_close told_close_settled link_lapsed link_lapsed_unperformed link_lapsed_kept
	link_lapsed_kept_court mediator_accepts_file mediator_declines mediator_silent court_agreed court_failed court_extended court_period_ended
	confirmation_docketed confirmation_extended confirmed confirmation_refused court_result mediated_in_suit late_result close_with_result reject_disclaim`)

// toBoth are acts whose words are meant for the other side as well.
var toBoth = append([]string{"merchant_refuses", "report_performance", "report_performance_after_closing", "challenge_proof", "confirm_partly"}, talks...)

// toConsumer are acts of the authority whose words are meant for the consumer.
var toConsumer = []string{"request_correction", "refuse", "transfer_by_statute", "transfer_out", "decide_termination", "ask_consent", "green_channel_unavailable"}

// sideOf is whose act an event is: consumer, merchant, authority or clock.
func sideOf(e *workflow.Event) string {
	role, _, _ := strings.Cut(e.Actor, ":")
	switch {
	case role == "consumer" || role == "merchant":
		return role
	case e.Data.Info["on_behalf_of"] != "":
		return e.Data.Info["on_behalf_of"]
	case machines[workflow.Role(role)]:
		return "clock"
	}
	return "authority"
}

// reads reports whether the party may read what an event says.
func (x *shown) reads(e *workflow.Event) bool {
	side := sideOf(e)
	return side == x.side || slices.Contains(toBoth, e.Event) && side != "clock" || x.side == "consumer" && slices.Contains(toConsumer, e.Event)
}

// line is what happened, the newest first.
func (x *shown) line(p *view.Page, out *view.Case) {
	for i := len(x.events) - 1; i >= 0; i-- {
		e := &x.events[i]
		side := sideOf(e)
		party := side == "consumer" || side == "merchant"
		if !party && !slices.Contains(openly, e.Event) || e.Event == "change_consent" && side != x.side || e.Event == "rate" && side != x.side {
			continue
		}
		who := side
		if side == x.side {
			who = "you"
		}
		entry := view.Entry{Dot: p.T("page.dot." + who), Class: dotClass[side], Title: capital(p.T("event." + e.Event)), Stamp: stamp(e.At),
			When: p.T("page.when", "When", momentWords(p, e.At), "Who", x.whose(p, e, side))}
		if act := e.Data.Info["act"]; e.Event == "propose" && act != "" {
			entry.Title, entry.Facts = p.T("page.act.propose", "Act", x.named(p, act)), x.proposedTerms(p, e)
		}
		x.say(p, e, &entry)
		if n := x.came[e.Seq]; n > 0 {
			entry.Facts = append(entry.Facts, view.Row{Name: p.T("page.files.title"), Value: p.T("page.files.count", "N", digit(n))})
		}
		out.Entries = append(out.Entries, entry)
	}
}

// whose says whose act an event is; of the reader's own side, which of its people:
// several of one shop must see who answered.
func (x *shown) whose(p *view.Page, e *workflow.Event, side string) string {
	switch {
	case side != x.side:
		return p.T("page.who." + side)
	case x.byReader(e), e.Data.Info["on_behalf_of"] != "":
		return p.T("page.who.you")
	case x.names[e.Seq] != "" && !strings.HasPrefix(x.names[e.Seq], "p_"): // of the same member, and still with it
		return x.names[e.Seq]
	}
	_, id, _ := strings.Cut(e.Actor, ":")
	kind, n, _ := strings.Cut(cmp.Or(id, side), "_")
	if store.Recipients[kind] != "" {
		return p.T("page.who.of."+kind, "N", n)
	}
	return p.T("page.who.of.member")
}

// byReader reports whether the holder of this very link did it.
func (x *shown) byReader(e *workflow.Event) bool {
	side, id, _ := strings.Cut(e.Actor, ":")
	return side == x.side && cmp.Or(id, side) == x.link.Actor
}

var dotClass = map[string]string{"consumer": "c", "merchant": "m", "authority": "g", "clock": ""}

// say puts an act's words into its entry, as far as the reader may know them.
func (x *shown) say(p *view.Page, e *workflow.Event, entry *view.Entry) {
	words := x.parts[e.Seq].Words
	if e.Seq == 1 {
		words = x.told()
	} else if !x.reads(e) {
		return
	}
	t := termsIn(words)
	if t.fen > 0 {
		entry.Facts = append(entry.Facts, view.Row{Name: p.T("page.case.offered"), Value: "¥" + yuan(t.fen)})
	}
	if t.words != "" {
		entry.Words = strings.Split(strings.TrimSpace(t.words), "\n\n")
	}
}

// offerTerms are an offer's terms. They are words and nothing else: an offer is
// confidential, so no field of the log holds it. The first line of a text that a
// page made has the amount and the day, for whoever reads it.
type offerTerms struct {
	fen   int64
	due   calendar.Date
	words string
}

var termsLine = regexp.MustCompile(`^¥([0-9,]+\.[0-9]{2})?｜([0-9]{4}-[0-9]{2}-[0-9]{2})?(?:\n|$)`)

func termsIn(text string) offerTerms {
	m := termsLine.FindStringSubmatch(text)
	if m == nil {
		return offerTerms{words: text}
	}
	out := offerTerms{words: text[len(m[0]):]}
	out.fen, _ = fen(m[1])
	out.due, _ = calendar.ParseDate(m[2])
	return out
}

// line is the terms as a page writes them down.
func (t offerTerms) String() string {
	amount, due := "", ""
	if t.fen > 0 {
		amount = yuan(t.fen)
	}
	if t.due != 0 {
		due = t.due.String()
	}
	if amount == "" && due == "" {
		return t.words
	}
	return strings.TrimRight("¥"+amount+"｜"+due+"\n"+t.words, "\n")
}

func number(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

// lastOffer finds the event of the offer on the table.
func (x *shown) lastOffer() *workflow.Event {
	for i := len(x.events) - 1; i >= 0; i-- {
		if slices.Contains([]string{"offer", "answer_with_offer", "counter"}, x.events[i].Event) {
			return &x.events[i]
		}
	}
	return nil
}

// offer is what lies on the table, with what may be done about it.
func (x *shown) offer(p *view.Page, out *view.Case) {
	n, by := x.v.OpenOffer()
	e := x.lastOffer()
	if n == 0 || e == nil {
		return
	}
	t := termsIn(x.parts[e.Seq].Words)
	o := &view.Offer{ID: "offer", Title: p.T("page.offer.theirs", "Who", p.T("page.who."+by)), Meta: p.T("page.offer.meta", "N", strconv.FormatInt(n, 10), "Day", dayWords(p, e.At)), Words: t.words}
	if by == x.side {
		o.Title = p.T("page.offer.mine")
	}
	if t.fen > 0 {
		o.Amount = yuan(t.fen)
		if claim, ok := number(x.v.Facts["amount_fen"]); ok {
			o.Claim = p.T("page.offer.claim", "Amount", "¥"+yuan(claim))
		}
	}
	if t.due != 0 {
		o.Facts = append(o.Facts, view.Row{Name: p.T("page.offer.due"), Value: dateWords(p, t.due)})
	}
	for _, event := range offerActs {
		for _, m := range x.moves {
			if m.Event == event {
				o.Acts = append(o.Acts, x.act(p, m))
			}
		}
	}
	out.Offer = o
}
