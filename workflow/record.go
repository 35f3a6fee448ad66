package workflow

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// record keeps what later guards, papers and indicators need of the input:
// facts are folded, info is said of this event alone.
func (d *draft) record() {
	d.recordInfo()
	d.recordFiling()
	d.recordTalks()
	d.recordMediation()
	d.recordJoint()
	d.recordTalksLeft()
	d.recordPublication()
}

func (d *draft) recordInfo() {
	in, a := &d.cmd.Input, d.cmd.Actor
	for _, x := range [...][2]string{
		{"proof", in.Proof}, {"paper", in.Paper}, {"reason", in.Reason}, {"ground", in.Ground}, {"feedback_code", in.FeedbackCode},
		{"due_on", in.DueOn.String()}, {"performed_on", in.PerformedOn.String()}, {"received_on", in.ReceivedOn.String()}, {"served_on", in.ServedOn.String()},
		{"receiver", in.Receiver}, {"other", in.Other}, {"finding", in.Finding}, {"publication", in.Publication}, {"form", in.Form},
		{"answer_kind", in.AnswerKind}, {"act", in.Act}, {"missing", strings.Join(in.Missing, " ")}, {"court_kind", in.CourtKind},
		{"body", in.Body}, {"chosen", in.Chosen}, {"payer", in.Payer}, {"lost", in.Lost},
		{"notice", number(in.Notice)}, {"clock", number(in.Clock)}, {"offer", number(in.Offer)}, {"score", number(int64(in.Score))}, {"performed_fen", number(in.Performed)},
		{"on_behalf_of", string(a.For)}, {"channel", a.Channel}, {"identity", a.Identity},
	} {
		d.info(x[0], x[1])
	}
	if a.For != "" {
		d.info("read_back", yesNo(a.ReadBack))
	}
	if d.row.Event == "agree" || d.row.Event == "accept_offer" {
		d.info("amount_agreed_fen", strconv.FormatInt(in.AmountFen, 10))
	}
	if d.row.Event == "refuse" {
		d.info("routes", "消法39") // every refusal notice carries the five routes
	}
	if x := d.cmd.Related; d.row.Event == "relate_case" && x != nil {
		d.info("other_closed_on", x.ClosedOn.String())
	}
	if n := len(in.Items); n > 0 {
		kinds := make([]string, 0, n)
		for _, item := range in.Items {
			kinds = append(kinds, item.Kind+"="+item.Ref)
		}
		slices.Sort(kinds)
		d.info("items", strings.Join(kinds, " "))
	}
	for i, t := range in.Attempts {
		d.info("attempt."+strconv.Itoa(i+1), t.On.String()+" "+t.Channel+" "+t.Paper)
	}
}

// number writes what is not zero.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (d *draft) keep(name, value string) {
	if value != "" && value != "0" {
		d.set(name, value)
	}
}

func (d *draft) recordFiling() {
	in := &d.cmd.Input
	switch d.row.Event {
	case "supply_correction":
		if p := d.cmd.Private; p != nil && p.Person != nil { // another contact is not checked by the old code
			d.recordChecked()
		}
		return
	case "file_with_authority", "file_green_channel", "archive", "classify", "reclassify", "recode", "amend_claim", "open_report":
	case "assign", "dispatch", "dispatch_accepted", "transfer_by_statute":
		if unit := (&asking{c: &d.was, cmd: d.cmd, r: d.r, now: d.eff, row: d.row}).unit(); unit != "" {
			d.set(factUnit, unit)
		}
		d.keep(factOfficer, in.Officer)
		d.keep(factReceiver, in.Receiver)
		return
	case "transfer_out", "taken_over":
		d.keep(factReceiver, in.Receiver)
		return
	case "returned_by_other_authority", "returned_by_superior":
		if d.c.Facts[factReceiver] != "" {
			d.set(factReceiver, "")
		}
		return
	case "return_to_hub":
		d.set(factReturned, d.c.Facts[factUnit])
		d.set(factUnit, "")
		return
	case "settle_jurisdiction":
		d.keep(factUnit, in.Unit)
		return
	case "change_consent":
		d.recordConsents()
		return
	case "prepare_refusal":
		d.set(factPreparedBy, d.cmd.Actor.ID)
		return
	case "record_finding":
		d.keep(factFinding, in.Finding)
		return
	default:
		return
	}
	d.keep(factDomain, number(int64(in.Domain)))
	d.keep(factCategory, in.Category)
	d.keep(factTown, in.Town)
	d.keep(factAmount, number(in.AmountFen))
	d.keep(factRequests, strings.Join(in.Requests, " "))
	d.keep(factKnewOn, in.KnewOn.String())
	d.keep(factSource, in.Source)
	d.keep(factTicket, in.Ticket)
	d.keep(factLanguage, in.Language)
	d.keep(factFirst, in.ReceivedOn.String())
	if d.was.Version == 0 && d.c.Kind == Complaint && d.row.Event != "archive" {
		d.recordChecked()
	}
	d.recordConsents()
	if p := d.cmd.Private; d.row.Event != "recode" && p != nil && p.Respondent != nil && p.Respondent.Name != "" {
		d.set(factRespondent, strconv.FormatInt(d.c.Facts.int(factRespondent)+1, 10))
		d.set(factReachable, yesNo(p.Respondent.reachable()))
	}
}

// recordChecked keeps by which way the consumer was shown to be reached.
func (d *draft) recordChecked() {
	k := d.cmd.Checked
	d.set(factChecked, cmp.Or(k.Method, "none"))
	if !k.At.IsZero() {
		d.set(factCheckedAt, k.At.UTC().Format("2006-01-02T15:04:05.000000Z"))
	} else if d.c.Facts[factCheckedAt] != "" {
		d.set(factCheckedAt, "")
	}
}

func (d *draft) recordConsents() {
	in := &d.cmd.Input
	if in.PublishConsent != nil {
		d.set(factPublish, yesNo(*in.PublishConsent))
	}
	if in.EntrustConsent != nil {
		d.set(factEntrust, yesNo(*in.EntrustConsent))
	}
}

func (d *draft) recordTalks() {
	switch d.row.Event {
	case "offer", "answer_with_offer", "counter":
		d.set(factOffer, strconv.FormatInt(d.c.Facts.int(factOffer)+1, 10))
		d.set(factOfferBy, d.cmd.Actor.Side())
	case "delivery_failed", "channels_exhausted", "bounced_after_all":
		d.set(factReachable, no)
	case "disclaim":
		d.set(factDisclaimed, d.c.Facts[factRespondent])
	case "resume_negotiation":
		d.set(factResumed, strconv.FormatInt(d.c.Facts.int(factResumed)+1, 10))
	}
	if d.c.Facts[factOfferBy] != "" && d.was.State == "NEGOTIATION.offer_pending" && d.row.target(d.was.State) != d.was.State {
		d.set(factOfferBy, "") // whatever ends the talk takes the offer off the table
	}
	if d.cmd.Input.WillNot && d.cmd.Actor.Side() == "merchant" {
		d.set(factWillNot, yes)
	}
	if d.cmd.Input.PerformedOn != 0 {
		d.set(factPerformedOn, d.cmd.Input.PerformedOn.String())
	}
	d.keep(factPerformed, number(d.cmd.Input.Performed))
	if d.cmd.Input.Lost != "" {
		d.set(factLost+d.cmd.Input.Lost, yes)
	}
}

func (d *draft) recordMediation() {
	in := &d.cmd.Input
	switch d.row.Event {
	case "ask_consent", "think_again":
		for _, side := range []string{"consumer", "merchant"} {
			if d.c.Facts[factConsent+side] != "" {
				d.set(factConsent+side, "")
			}
		}
		if side := d.cmd.Actor.Side(); side != "" {
			d.set(factConsent+side, yes)
		}
	case "one_consents", "both_consent":
		if side := d.cmd.Actor.Side(); side != "" {
			d.set(factConsent+side, yes)
		}
	case "entrust":
		d.set(factOrganisation, in.Organisation)
		d.keep(factOrgKind, in.OrgKind)
		d.set(factEligible, yesNo(slices.Contains(d.r.ConfirmationEligibleKinds(), in.OrgKind)))
	case "add_joint_unit":
		d.set(factCoUnits, strconv.FormatInt(d.c.Facts.int(factCoUnits)+1, 10))
	case "decide_recusal":
		if in.Recused != "" {
			if d.c.Facts[factOfficer] == in.Recused {
				d.set(factOfficer, "")
			}
			d.set(factRecused, "|"+strings.Trim(d.c.Facts[factRecused]+in.Recused, "|")+"|")
		}
		d.keep(factOfficer, in.Officer)
	case "confirmation_extended":
		d.set(factExtended, yes)
	case "erase_person":
		d.set(factErased, yes)
	case "split_report":
		d.set(factReports, strconv.FormatInt(d.c.Facts.int(factReports)+1, 10))
	case "succeed_party":
		d.info("successor_of", in.Reason)
	case "acknowledge_breach":
		d.set(factAcknowledged+number(in.Clock), number(d.e.Seq))
	case "explain_breach":
		d.set(factExplained+number(in.Clock), number(d.e.Seq))
	}
}

// recordJoint keeps a proposal, ends the one that its joint act fulfils, and
// counts the complainants of a joint complaint (Order 121 Art. 12).
func (d *draft) recordJoint() {
	switch d.row.Event {
	case "propose":
		d.set(factProposal+d.cmd.Input.Act, d.cmd.Actor.Side())
	case "proposal_lapsed":
		d.set(factProposal+d.due.About, "")
	case "add_complainant":
		d.set(factComplainants, strconv.FormatInt(max(1, d.c.Facts.int(factComplainants))+1, 10))
		if d.cmd.Input.Representative {
			d.set(factRepresent, strconv.FormatInt(d.c.Facts.int(factRepresent)+1, 10))
		}
	}
	if d.c.Facts[factProposal+d.row.Event] == "" {
		return
	}
	d.set(factProposal+d.row.Event, "")
	for i := range d.c.Clocks {
		if k := d.c.Clocks[i]; k.Code == "proposal" && k.State.Open() && k.About == d.row.Event {
			d.meet(k)
		}
	}
}

// talksLeft says by which events the talk with a merchant is left, and as what;
// any other way out of it is `ended`.
var talksLeft = map[string]string{
	"accept_offer": "settled", "settle_outside": "settled", "merchant_refuses": "refused", "green_channel_expired": "expired", "extension_ended": "expired",
	"consumer_ends_negotiation": "escalated", "escalate": "escalated", "withdraw_before_acceptance": "withdrawn", "withdraw_after_acceptance": "withdrawn",
	"delivery_failed": "undeliverable", "channels_exhausted": "undeliverable", "bounced_after_all": "undeliverable", "disclaim": "disclaimed",
	"mark_duplicate": "merged",
}

// recordTalksLeft keeps when and how a talk with a merchant was left who had been
// told of it: I-01A counts it, once for each dispute, so that talking again takes
// it back and a settlement afterwards takes its place.
func (d *draft) recordTalksLeft() {
	to := d.row.target(d.was.State)
	settled := to == "NEGOTIATION.settled_pending_performance" && d.was.State != to
	switch {
	case d.c.Facts[factDelivered] != yes:
	case talking(to) && !talking(d.was.State):
		if d.c.Facts[factTalksLeft] != "" {
			d.set(factTalksLeft, "")
		}
	case talking(d.was.State) && !talking(to), settled:
		class := cmp.Or(talksLeft[d.row.Event], "ended")
		first := d.was.Clock("merchant_first_answer")
		switch {
		case class == "settled" && d.c.Acceptance == "accepted":
			class = "settled_late"
		case class == "withdrawn" && first != nil && (first.State == Waiting || first.State == Running):
			class = "withdrawn_early"
		}
		d.set(factTalksLeft, d.day.String()+"."+class+"."+d.c.Facts[factUnit])
	}
}

// talking reports whether merchant and consumer talk in the state.
func talking(s State) bool { return slices.Contains(groups["negotiation_open"], string(s)) }
