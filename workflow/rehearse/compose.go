// Package rehearse composes lawful commands: for a case and an event it fills in
// an actor who may, and an input that every guard accepts. The simulator lives
// whole lives with it, and tests exercise every row.
package rehearse

import (
	"slices"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// ID names the officer who acts for the authority; prepared refusals of REF3
// need another one.
const ID = "rehearsal"

// Second is the officer who confirms what another one proposed.
const Second = "rehearsal-second"

// Compose returns a command for the event of a row that leaves the case's state
// (or, for a case not filed yet, that makes it). The caller may change the
// input before it is decided.
func Compose(c workflow.Case, row *workflow.Row, r workflow.Rules, now time.Time) workflow.Command {
	cmd := workflow.Command{Event: row.Event, Actor: actor(c, row)}
	day := calendar.On(now)
	cmd.Private = &workflow.Private{Words: "演练：按规定办理 " + row.ID}
	in := &cmd.Input
	yes, no := true, false
	*in = workflow.Input{
		Proof: "confirmed", Paper: "paper:1", AnswerKind: "question", NoGround: true, Warned: true, Consent: true, Confirmed: true,
		Represented: true, Elected: true, PublishConsent: &yes, EntrustConsent: &no, AllFailed: row.Event != "say", NoSuccessor: true,
		Chosen: "agreed", Body: "body:1", Payer: "both", Form: "signed", Organisation: "org:1", OrgKind: "people_mediation_committee",
		NoConflict: true, FeedbackCode: "judged_consumer", Missing: []string{"identity"}, Source: "web", Score: 4,
	}
	in.AllFailed = row.Event == "channels_exhausted" || row.Event == "bounced_after_all"
	in.Attempts = []workflow.Attempt{{On: day - 1, Channel: "sms", Paper: "paper:2"}, {On: day - 1, Channel: "post", Paper: "paper:3"}}
	for _, kind := range workflow.TransferItems {
		in.Items = append(in.Items, workflow.Item{Kind: kind, Ref: "file:" + kind})
	}
	named(&cmd, c, row, r, day)
	joint(&cmd, row)
	return cmd
}

// Everybody is who may act by a role of the table when nothing else is said.
var everybody = []workflow.Role{"officer", "hub", "unit", "supervisor", "coordinator", "mediator", "court", "superior", "other_authority", "town", "import", "units", "policy", "job", "rules"}

func actor(c workflow.Case, row *workflow.Row) workflow.Actor {
	side := party(c, row)
	if side != "" && slices.Contains(row.By, workflow.Role(side)) {
		return workflow.Actor{Role: workflow.Role(side), ID: side}
	}
	for _, role := range append([]workflow.Role{"consumer", "merchant"}, everybody...) {
		if slices.Contains(row.By, role) {
			return workflow.Actor{Role: role, ID: ID}
		}
	}
	return workflow.Actor{Role: "officer", ID: ID}
}

// party picks the side that may act where both are named.
func party(c workflow.Case, row *workflow.Row) string {
	_, by := c.OpenOffer()
	switch {
	case slices.Contains(row.If, "not_own_offer"):
		return map[string]string{"consumer": "merchant", "merchant": "consumer"}[by]
	case slices.Contains(row.If, "own_offer"):
		return by
	case row.Event == "one_consents", row.Event == "both_consent":
		if c.Facts["consent.consumer"] == "yes" {
			return "merchant"
		}
		return "consumer"
	case row.Event == "offer", row.Event == "merchant_refuses", row.Event == "disclaim":
		return "merchant"
	}
	return ""
}

// joint lets somebody who heard both record a joint act at once.
func joint(cmd *workflow.Command, row *workflow.Row) {
	if !slices.ContainsFunc(row.If, func(g string) bool { return len(g) > 5 && g[:5] == "both_" && g != "both_told_who_can_be" }) {
		return
	}
	cmd.Input.Both = true
	for _, role := range everybody {
		if slices.Contains(row.By, role) {
			cmd.Actor = workflow.Actor{Role: role, ID: ID}
			return
		}
	}
}

// named fills what the event names: people, places, notices, offers, grounds.
func named(cmd *workflow.Command, c workflow.Case, row *workflow.Row, r workflow.Rules, day calendar.Date) {
	in := &cmd.Input
	switch row.Event {
	case "file_with_authority", "file_green_channel":
		cmd.Private.Person = &workflow.Person{Name: "演练人", Phone: "13800000000", Address: "演练路一号三单元"}
		fallthrough
	case "classify":
		if c.Facts["respondent"] != "" && c.Facts["domain"] != "" { // what was filed stays: another name would be another respondent
			break
		}
		in.Domain, in.Category, in.Town, in.AmountFen = 1, "false_publicity", r.County().Towns[0].Code, 12800
		cmd.Private.Respondent = &workflow.Respondent{Name: "演练商店", Address: "演练路二号", Phone: "05330000000"}
	case "archive":
		in.EndedElsewhere = true
	case "refuse":
		in.Ground = "REF1"
	case "ground_found":
		in.Ground = "REF1"
	case "dispatch", "dispatch_accepted", "assign":
		in.Unit = competent(c, r, day)
	case "transfer_by_statute", "transfer_out":
		in.Receiver, in.Reason = "neighbour", "place"
	case "settle_jurisdiction":
		in.Unit = r.County().Hub
	case "party_lost":
		in.Lost = "consumer"
	case "party_lost_before_acceptance":
		in.Lost = "consumer"
	case "merchant_lost":
		in.Lost = "merchant"
	case "correct_closing":
		in.Reason = "wrong"
	case "erase_person":
		in.Reason = "pipl_47"
	case "answer_with_offer":
		in.AnswerKind = "offer"
	case "propose":
		in.Act = "apply_confirmation"
	case "mark_duplicate", "join_joint_complaint", "relate_case":
		in.Other = "HT-2026-000001-0"
		cmd.Related = &workflow.Related{Number: in.Other, Known: true, Open: true, Earlier: true, SamePerson: true, SameRespondent: true}
	case "report_performance", "report_performance_after_closing", "confirm_partly":
		in.PerformedOn = day
	case "recode":
		in.Domain = 2
	case "record_finding":
		in.Finding = "ART17a"
	case "acknowledge_breach", "explain_breach":
		in.Clock = owed(c)
	case "publish_or_hold":
		in.Publication = "publish"
	case "object_to_publication":
		in.Reason = "wrong_facts"
	case "answer_publicly":
		in.Reason = "resolved"
	case "confirm_narrative":
		cmd.Actor.ID = Second
	}
	in.Offer, _ = c.OpenOffer()
	if len(c.Notices) > 0 {
		in.Notice = c.Notices[0].No
	}
}

// owed is the number of the duty that has been owed longest, 0 for none.
func owed(c workflow.Case) int64 {
	for i := range c.Clocks {
		if c.Clocks[i].Breached() {
			return c.Clocks[i].No
		}
	}
	return 0
}

// competent finds a unit that may deal with the case and has not handed it back.
func competent(c workflow.Case, r workflow.Rules, day calendar.Date) string {
	units := []string{r.County().Hub}
	for _, d := range r.County().Departments {
		units = append(units, d.Code)
	}
	for _, unit := range units {
		if unit != c.Facts["returned_by"] && r.Competent(unit, c.Domain(), c.Town(), day) {
			return unit
		}
	}
	return ""
}

// Served tells and delivers every notice that is owed, the invitation left out:
// what a post that never fails would do. It returns the commands one by one;
// apply each before asking for the next.
func Served(c workflow.Case) (workflow.Command, bool) {
	for _, n := range c.Notices {
		if n.Kind == "invitation" && c.State.Stage() != "CLOSED" {
			continue
		}
		if c.Kind == workflow.Complaint && n.Kind != "invitation" {
			return workflow.Command{Event: "notice_served", Actor: workflow.Actor{Role: "job", ID: "relay"},
				Input: workflow.Input{Notice: n.No, Proof: "sms_report"}}, true
		}
	}
	return workflow.Command{}, false
}
