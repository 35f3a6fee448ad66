package handlers

import (
	"net/http"
	"strings"

	"fangxin/workflow"
)

// resource is one thing that somebody does with a case, at a path of its own.
// events are the rows of the table that it may mean, the first that the case
// allows is taken; takes are the fields of its body. With a choice, one field of
// the body narrows the events: "extent full=a,b none=c".
type resource struct {
	path, events, takes, choice string
	answer                      string   // the kind of answer that the path says
	reasons                     []string // the only codes that "reason" takes here; none: any
	status                      int      // of success; 200 when nothing is said
}

const (
	casePath   = "/api/v1/cases/{number}"
	reportPath = "/api/v1/reports/{number}"
)

// caseResources are what may be done with a complaint, stage by stage. Every row
// of the table that a person may take is here: a test says which one is not.
var caseResources = []resource{
	// receipt
	{path: "/classification", events: "classify reclassify", takes: "domain category town respondent respondent_set amount_fen requests knew_on words"},
	{path: "/recoding", events: "recode", takes: "domain category town words"},
	{path: "/correction-request", events: "request_correction", takes: "missing words"},
	{path: "/correction-request/end", events: "end_correction", takes: "words"},
	{path: "/correction", events: "supply_correction", takes: "person check respondent paper words"},
	{path: "/claim", events: "amend_claim", takes: "amount_fen requests words"},
	{path: "/reports", events: "split_report", takes: "words", status: http.StatusCreated},
	{path: "/duplicate", events: "mark_duplicate", takes: "other confirmed words"},
	{path: "/joint-complaint", events: "join_joint_complaint", takes: "other confirmed consent words"},
	{path: "/complainants", events: "add_complainant", takes: "person consent representative words", status: http.StatusCreated},
	{path: "/representation", events: "change_representative", takes: "person represented_consent representative words"},
	{path: "/relations", events: "relate_case", takes: "other words", status: http.StatusCreated},
	{path: "/findings", events: "record_finding", takes: "finding words", status: http.StatusCreated},
	{path: "/dispatch", events: "dispatch dispatch_accepted", takes: "unit officer words"},
	{path: "/assignment", events: "assign", takes: "unit officer words"},
	// negotiation
	{path: "/green-channel", events: "open_green_channel", takes: "words"},
	{path: "/green-channel/unavailability", events: "green_channel_unavailable", takes: "reason words"},
	{path: "/invitation", events: "invite_settlement", takes: "words"},
	{path: "/invitation/delivery", events: "delivered serve_by_hand", takes: "proof served_on service paper words"},
	{path: "/invitation/giving-up", events: "give_up_delivery", takes: "words"},
	{path: "/answers", events: "answer", takes: "answer_kind will_not_perform paper words", status: http.StatusCreated},
	{path: "/questions", events: "answer say", answer: "question", takes: "words", status: http.StatusCreated},
	{path: "/messages", events: "say", takes: "words", status: http.StatusCreated},
	{path: "/offers", events: "offer answer_with_offer counter", answer: "offer", takes: "offer amount_fen due_on requests words", status: http.StatusCreated},
	{path: "/offers/{offer}/acceptance", events: "accept_offer", takes: "due_on amount_fen represented_consent words"},
	{path: "/offers/{offer}/rejection", events: "reject_offer", takes: "words"},
	{path: "/offers/{offer}/withdrawal", events: "take_back_offer", takes: "words"},
	{path: "/disclaimer", events: "disclaim", takes: "reason words"},
	{path: "/disclaimer/rejection", events: "reject_disclaim", takes: "words"},
	{path: "/negotiation/refusal", events: "merchant_refuses", takes: "reason will_not_perform words"},
	{path: "/negotiation/end", events: "consumer_ends_negotiation", takes: "words"},
	{path: "/negotiation/resumption", events: "resume_negotiation", takes: "both words"},
	{path: "/settlement", events: "settle_outside settle_themselves settled_in_link", takes: "due_on amount_fen represented_consent both words"},
	{path: "/escalation", events: "escalate escalate_late", takes: "knew_on words"},
	{path: "/referral", events: "proceed_to_decision proceed_to_mediation", takes: "words"},
	{path: "/proposals", events: "propose", takes: "act due_on amount_fen words", status: http.StatusCreated},
	// acceptance
	{path: "/acceptance", events: "accept accept_meanwhile accept_settled", takes: "no_refusal_ground words"},
	{path: "/refusal", events: "refuse", takes: "ground words"},
	{path: "/refusal/preparation", events: "prepare_refusal", takes: "ground words"},
	{path: "/return", events: "return_to_hub", takes: "words"},
	{path: "/transfer", events: "transfer_out", takes: "receiver reason words"},
	{path: "/transfer/by-statute", events: "transfer_by_statute", takes: "receiver words"},
	{path: "/transfer/result", events: "foreign_result", takes: "paper words"},
	{path: "/transfer/return", events: "returned_by_other_authority returned_by_superior", takes: "paper words"},
	{path: "/superior/question", events: "ask_superior", takes: "words"},
	{path: "/superior/takeover", events: "taken_over", takes: "paper words"},
	{path: "/joint-units", events: "add_joint_unit", takes: "unit words", status: http.StatusCreated},
	{path: "/joint-units/agreement", events: "joint_units_agree", takes: "words"},
	{path: "/jurisdiction-dispute", events: "dispute_jurisdiction", takes: "words"},
	{path: "/jurisdiction-dispute/settlement", events: "settle_jurisdiction", takes: "unit words"},
	// mediation
	{path: "/mediation/consent-request", events: "ask_consent", takes: "words"},
	{path: "/mediation/consent", events: "one_consents both_consent", takes: "both words"},
	{path: "/mediation/refusal", choice: "party consumer=consumer_declines merchant=merchant_declines", takes: "words"},
	{path: "/mediation/sessions", events: "hold_session", takes: "paper words", status: http.StatusCreated},
	{path: "/mediation/entrustment", events: "entrust", takes: "both organisation organisation_kind no_conflict represented_consent words"},
	{path: "/mediation/entrustment/return", events: "entrusted_returned", takes: "words"},
	{path: "/mediation/entrustment/withdrawal", events: "withdraw_entrusting", takes: "words"},
	{path: "/mediation/recusal", events: "challenge_mediator", takes: "words"},
	{path: "/mediation/recusal/decision", events: "decide_recusal", takes: "words recused officer"},
	{path: "/mediation/appraisal", events: "commission_appraisal", takes: "body chosen payer due_on words"},
	{path: "/mediation/appraisal/report", events: "appraisal_reported", takes: "paper words"},
	{path: "/mediation/appraisal/abandonment", events: "appraisal_abandoned", takes: "words"},
	{path: "/mediation/appraisal/cost-not-agreed", events: "appraisal_cost_not_agreed", takes: "words"},
	{path: "/mediation/agreement", events: "agree", takes: "form due_on amount_fen represented_consent paper words"},
	{path: "/mediation/failure", events: "no_agreement_possible", takes: "words"},
	{path: "/mediation/resumption", events: "think_again", takes: "both words"},
	{path: "/termination", events: "decide_termination", takes: "words"},
	{path: "/termination/ground", events: "ground_found", takes: "ground words"},
	{path: "/termination/other-ground", events: "other_ground", takes: "words"},
	{path: "/termination/told", events: "told_offer_link told_close told_close_settled", takes: "words"},
	// performance
	{path: "/performance", events: "report_performance report_performance_after_closing", takes: "proof performed_on performed_fen will_not_perform words", status: http.StatusCreated},
	{path: "/performance/confirmation", takes: "performed_on performed_fen paper words", choice: "extent" +
		" full=close_settled,end_settled_in_mediation,close_mediated,end_own_settlement,confirm_performed_in_link,confirm_performed_after_closing" +
		" partly=confirm_partly" +
		" none=not_performed,not_performed_in_mediation,agreement_not_performed,own_settlement_not_performed,not_performed_in_link,settlement_not_performed,mediated_not_performed,result_not_performed"},
	{path: "/performance/challenge", events: "challenge_proof", takes: "paper words"},
	{path: "/performance/date", events: "agree_new_date", takes: "due_on both represented_consent words"},
	// court
	{path: "/court-link/transfer", events: "consent_transfer", takes: "consent items words"},
	{path: "/court-link/transfer/acceptance", events: "mediator_accepts_file", takes: "court_kind due_on words"},
	{path: "/court-link/transfer/decline", events: "mediator_declines", takes: "words"},
	{path: "/court-link/transfer/return", events: "take_back_file", takes: "words"},
	{path: "/court-link/mediation/refusal", events: "other_side_refuses", takes: "words"},
	{path: "/court-link/mediation/agreement", events: "court_agreed", takes: "due_on amount_fen paper words"},
	{path: "/court-link/mediation/failure", events: "court_failed", takes: "words"},
	{path: "/court-link/mediation/extension", events: "court_extended", takes: "consent court_kind due_on words"},
	{path: "/court-link/mediation/appraisal", events: "court_appraisal_started", takes: "body due_on words"},
	{path: "/court-link/mediation/appraisal/end", events: "court_appraisal_ended", takes: "paper words"},
	{path: "/court-link/lawsuit", events: "sue", takes: "paper words"},
	{path: "/court-link/lawsuit/result", takes: "paper due_on words", choice: "feedback_code" +
		" judged_consumer=court_result,late_result judged_partly=court_result,late_result judged_merchant=court_result,late_result not_docketed=court_result,late_result" +
		" mediated=mediated_in_suit withdrawn=not_pursued,not_pursued_unperformed,not_pursued_kept"},
	{path: "/court-link/lawsuit/given-up", events: "give_up_feedback", takes: "words"},
	{path: "/court-link/decline", events: "decline_link decline_link_unperformed", takes: "words"},
	{path: "/court-link/kept-agreement", events: "keep_agreement keep_court_agreement", takes: "words"},
	{path: "/court-link/agreement", events: "amend_agreement amend_court_agreement", takes: "both due_on amount_fen represented_consent paper words"},
	{path: "/court-link/confirmation", events: "apply_confirmation apply_confirmation_of_court_agreement", takes: "both paper words"},
	{path: "/court-link/confirmation/docketing", events: "confirmation_docketed", takes: "paper words"},
	{path: "/court-link/confirmation/extension", events: "confirmation_extended", takes: "words"},
	{path: "/court-link/confirmation/decision", choice: "decision confirmed=confirmed refused=confirmation_refused", takes: "paper words"},
	{path: "/court-link/confirmation/withdrawal", events: "confirmation_withdrawn confirmation_withdrawn_court", takes: "words"},
	// closing
	{path: "/withdrawal", events: "withdraw_before_acceptance withdraw_after_acceptance", takes: "warned represented_consent words"},
	{path: "/party-loss", events: "party_lost_before_acceptance merchant_lost party_lost", takes: "lost no_successor paper words"},
	{path: "/succession", events: "succeed_party", takes: "paper person respondent reason words"},
	{path: "/closing", events: "close_with_result", takes: "words"},
	{path: "/closing/correction", events: "correct_closing", takes: "reason words"},
	{path: "/publication", events: "publish_or_hold", takes: "publication reason words", reasons: workflow.HoldReasons},
	{path: "/publication/objection", events: "object_to_publication", takes: "reason words", reasons: workflow.Objections},
	{path: "/publication/answer", events: "answer_publicly", takes: "reason words", reasons: workflow.PublicAnswers},
	{path: "/publication/narrative", events: "propose_narrative", takes: "words"},
	{path: "/publication/narrative/confirmation", events: "confirm_narrative", takes: "words"},
	{path: "/publication/narrative/withholding", events: "withhold_narrative", takes: "words"},
	{path: "/rating", events: "rate", takes: "score words"},
	{path: "/erasure", events: "erase_person", takes: "reason words"},
	{path: "/erasure/refusal", events: "refuse_erasure", takes: "reason words"},
	// at any time
	{path: "/evidence", events: "add_evidence", takes: "paper words", status: http.StatusCreated},
	{path: "/consents", events: "change_consent", takes: "publish_consent entrust_consent words"},
	{path: "/supervision", events: "supervise", takes: "words", status: http.StatusCreated},
	{path: "/supervision/{order}/answer", events: "answer_supervision", takes: "paper words"},
	{path: "/breaches/{clock}/acknowledgement", events: "acknowledge_breach", takes: "words"},
	{path: "/breaches/{clock}/explanation", events: "explain_breach", takes: "paper reason words"},
	{path: "/notices/{notice}/sending", events: "notice_sent", takes: "source words"},
	{path: "/notices/{notice}/delivery", events: "notice_served", takes: "proof served_on service paper words"},
	{path: "/notices/{notice}/deemed-delivery", events: "deem_served", takes: "attempts words"},
}

// reportResources are what may be done with a confidential report record.
var reportResources = []resource{
	{path: "/extension", events: "extend_check", takes: "words"},
	{path: "/result", choice: "result no_case=no_case case_opened=case_opened police=hand_to_police", takes: "paper words"},
	{path: "/penalties", events: "penalty_recorded", takes: "paper words", status: http.StatusCreated},
	{path: "/breaches/{clock}/acknowledgement", events: "acknowledge_breach", takes: "words"},
	{path: "/breaches/{clock}/explanation", events: "explain_breach", takes: "paper reason words"},
}

// option is one value of a resource's choice, with the events it stands for.
type option struct {
	value  string
	events []string
}

// options splits a choice; without one there is a single nameless option.
func (r *resource) options() (field string, all []option) {
	if r.choice == "" {
		return "", []option{{"", strings.Fields(r.events)}}
	}
	words := strings.Fields(r.choice)
	for _, w := range words[1:] {
		value, events, _ := strings.Cut(w, "=")
		all = append(all, option{value, strings.Split(events, ",")})
	}
	return words[0], all
}

// candidates lists every event that the resource may mean.
func (r *resource) candidates() []string {
	var out []string
	_, all := r.options()
	for _, o := range all {
		out = append(out, o.events...)
	}
	return out
}

// rowsOf lists the rows of an event, of the complaint's table or the report's.
func rowsOf(kind workflow.Kind, event string) []*workflow.Row {
	list := workflow.Transitions
	if kind == workflow.Report {
		list = workflow.ReportTransitions
	}
	var out []*workflow.Row
	for i := range list {
		if list[i].Event == event {
			out = append(out, &list[i])
		}
	}
	return out
}

// machines act by themselves: their rows are no resource.
var machines = map[workflow.Role]bool{"job": true, "rules": true, "policy": true, "import": true}

// people lists who among people and other authorities may take a row.
func people(row *workflow.Row) []workflow.Role {
	var out []workflow.Role
	for _, by := range row.By {
		switch {
		case by == "units": // several units together: each of them enters it
			out = append(out, "unit")
		case !machines[by]:
			out = append(out, by)
		}
	}
	return out
}

// by lists who may use the resource, whatever the case's state.
func (r *resource) by(kind workflow.Kind) []workflow.Role {
	var out []workflow.Role
	seen := map[workflow.Role]bool{}
	for _, e := range r.candidates() {
		for _, row := range rowsOf(kind, e) {
			for _, role := range people(row) {
				if !seen[role] {
					seen[role] = true
					out = append(out, role)
				}
			}
		}
	}
	return out
}

// resourceOf finds where a row of the table is taken: method and path. An event
// can be of both tables.
var resourceOf = func() map[string]string {
	out := map[string]string{}
	add := func(rows []workflow.Row, path string, list []resource) {
		at := map[string]string{"file_with_authority": "POST /api/v1/cases", "file_green_channel": "POST /api/v1/cases"}
		for _, r := range list {
			for _, e := range r.candidates() {
				if at[e] == "" || len(r.candidates()) == 1 {
					at[e] = "POST " + path + r.path
				}
			}
		}
		for i := range rows {
			out[rows[i].ID] = at[rows[i].Event]
		}
	}
	add(workflow.Transitions, casePath, caseResources)
	add(workflow.ReportTransitions, reportPath, reportResources)
	return out
}()
