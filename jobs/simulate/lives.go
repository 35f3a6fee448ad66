package simulate

import (
	"container/heap"
	"fmt"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/register"
)

// life is one course that a complaint may take, with its weight in a thousand.
// An event in brackets is one that a clock raises. aside is what the merchant
// does in a case that enters negotiation.
type life struct {
	name   string
	weight int
	aside  string
	course string
}

const invited = "file_with_authority classify invite_settlement "
const green = "file_green_channel classify open_green_channel "
const mediated = "file_with_authority classify dispatch accept ask_consent one_consents both_consent "
const linked = mediated + "no_agreement_possible decide_termination told_offer_link "

// lives is the realistic mix. Of the cases that enter negotiation the merchant
// is silent in 20 %, refuses in 15 %, cannot be reached in 5 % and settles in
// 40 %; the rest talk without a result. Every outcome has its share; ARCHIVED is
// history and never lived here.
var lives = []life{
	{"green channel, settled and confirmed", 120, "settles", green + "delivered answer_with_offer accept_offer report_performance close_settled"},
	{"green channel, talk, settled, unchallenged", 60, "settles", green + "delivered answer offer accept_offer report_performance (performance_unchallenged)"},
	{"invited, settled while the authority waits", 46, "settles", invited + "delivered answer_with_offer accept_offer accept_settled report_performance end_settled_in_mediation decide_termination told_close_settled"},
	{"green channel, settled outside", 14, "settles", green + "delivered settle_outside close_settled"},
	{"merchant silent, consumer gives up", 30, "silent", green + "delivered (answer_overdue) (green_channel_expired) (election_expired)"},
	{"merchant silent, consumer escalates, mediated", 60, "silent", green + "delivered (answer_overdue) (green_channel_expired) escalate accept ask_consent one_consents both_consent agree report_performance close_mediated"},
	{"invited, merchant silent, terminated", 30, "silent", invited + "delivered accept_meanwhile (green_channel_expired) ask_consent merchant_declines decide_termination told_offer_link decline_link"},
	{"merchant refuses, consumer escalates, terminated", 50, "refuses", green + "delivered merchant_refuses escalate accept ask_consent merchant_declines decide_termination told_offer_link decline_link"},
	{"merchant refuses, complaint goes on, mediated", 40, "refuses", invited + "delivered merchant_refuses accept ask_consent one_consents both_consent agree report_performance (performance_unchallenged)"},
	{"cannot be reached, dispatched and refused", 30, "undeliverable", invited + "(delivery_failed) proceed_to_decision refuse"},
	{"talk without a result, consumer withdraws", 32, "talks", invited + "delivered answer offer reject_offer withdraw_before_acceptance"},
	{"talk without a result, mediated by the committee", 32, "talks", green + "delivered answer offer reject_offer escalate accept ask_consent one_consents both_consent entrust agree report_performance close_mediated"},
	{"talk without a result, withdrawn after acceptance", 32, "talks", invited + "delivered answer accept_meanwhile withdraw_after_acceptance decide_termination told_close"},
	{"mediated", 70, "", mediated + "hold_session agree report_performance close_mediated"},
	{"mediated with appraisal", 20, "", mediated + "commission_appraisal appraisal_reported agree report_performance (performance_unchallenged)"},
	{"settled in mediation", 26, "", "file_with_authority classify dispatch accept settle_themselves report_performance end_own_settlement decide_termination told_close_settled"},
	{"refused", 30, "", "file_with_authority classify dispatch prepare_refusal refuse"},
	{"sixty days over", 20, "", mediated + "(mediation_period_ended) decide_termination told_offer_link (link_lapsed)"},
	{"food, transferred", 20, "", "file_with_authority classify recode dispatch transfer_by_statute foreign_result"},
	{"twice the same", 20, "", "file_with_authority classify mark_duplicate"},
	{"confirmed by the court", 22, "", mediated + "entrust agree apply_confirmation confirmation_docketed confirmed confirm_performed_in_link close_with_result"},
	{"court mediation", 22, "", linked + "consent_transfer mediator_accepts_file court_agreed confirm_performed_in_link close_with_result"},
	{"sued and won", 20, "", linked + "sue court_result close_with_result"},
	{"sued, partly", 16, "", linked + "sue court_result_partly close_with_result"},
	{"sued and lost", 20, "", linked + "sue court_result_merchant close_with_result"},
	{"not docketed", 20, "", linked + "sue court_result_not_docketed close_with_result"},
	{"the court never answers", 16, "", linked + "sue (feedback_due_last) give_up_feedback"},
	{"settled after all", 18, "", linked + "settled_in_link confirm_performed_in_link close_with_result"},
	{"agreed, not performed", 20, "", mediated + "agree (performance_missed) agreement_not_performed decline_link_unperformed"},
	{"consumer silent after refusal", 8, "", "file_with_authority request_correction (correction_lapsed) refuse"},
	{"green channel, talks fail, nobody asks on", 24, "talks", green + "delivered answer (green_channel_expired) (election_expired)"},
}

// reportScripts take the confidential report record through all of its rows.
var reportScripts = [][]step{
	{{Event: "file_with_authority"}, {Event: "split_report"}, {Event: "report:extend_check"}, {Event: "report:no_case"}},
	{{Event: "file_with_authority"}, {Event: "split_report"}, {Event: "report:case_opened"}, {Event: "report:penalty_recorded"}},
	{{Event: "file_with_authority"}, {Event: "split_report"}, {Event: "report:hand_to_police"}},
	{{Event: "file_with_authority"}, {Event: "split_report"}, {Event: "report:(lead_overdue)"}, {Event: "report:acknowledge_breach"}, {Event: "report:explain_breach"}},
}

func (sim *simulation) drawLife(i int) life {
	total := 0
	for _, l := range lives {
		total += l.weight
	}
	// spread evenly instead of thrown: each share is met from some hundred cases on
	at := (i*617 + sim.random.IntN(total/100+1)) % total
	for _, l := range lives {
		if at -= l.weight; at < 0 {
			return l
		}
	}
	return lives[0]
}

func (l life) steps() []step {
	var out []step
	for _, word := range strings.Fields(l.course) {
		if raised, ok := strings.CutPrefix(word, "("); ok {
			out = append(out, step{Event: strings.TrimSuffix(raised, ")"), Wait: true})
			continue
		}
		out = append(out, step{Event: word})
	}
	return out
}

// drift is what the next officer or party would do with a case that left its
// script; nothing where only time may help.
func drift(c *workflow.Case) string {
	switch c.State {
	case "RECEIVED.registered":
		return "classify"
	case "RECEIVED.triage":
		if c.Acceptance == "none" {
			return "green_channel_unavailable"
		}
		return "dispatch"
	case "NEGOTIATION.undeliverable":
		if c.Acceptance == "none" {
			return "give_up_delivery"
		}
		if c.Acceptance == "accepted" {
			return "proceed_to_mediation"
		}
		return "proceed_to_decision"
	case "NEGOTIATION.settled_pending_performance":
		if c.Acceptance == "accepted" {
			return "end_settled_in_mediation"
		}
		return "close_settled"
	case "REFERRAL.dispatching":
		return "dispatch"
	case "REFERRAL.decision_pending":
		return "accept"
	case "REFERRAL.jurisdiction_dispute":
		return "settle_jurisdiction"
	case "REFERRAL.accepted":
		return "ask_consent"
	case "REFERRAL.consent_pending":
		if c.Facts["consent.consumer"] == "yes" || c.Facts["consent.merchant"] == "yes" {
			return "both_consent"
		}
		return "one_consents"
	case "REFERRAL.mediating":
		return "no_agreement_possible"
	case "REFERRAL.recusal_suspended":
		return "decide_recusal"
	case "REFERRAL.appraisal":
		return "appraisal_reported"
	case "REFERRAL.agreed_pending_performance":
		if c.Agreement == "self" {
			return "end_own_settlement"
		}
		return "close_mediated"
	case "REFERRAL.terminating":
		return "decide_termination"
	case "REFERRAL.terminated":
		switch c.Ground {
		case "TER1a", "TER6", "TER7":
			return "told_close"
		case "TER1b":
			return "told_close_settled"
		}
		return "told_offer_link"
	case "LITIGATION_LINK.file_transferred":
		return "take_back_file"
	case "LITIGATION_LINK.court_mediation":
		return "court_failed"
	case "LITIGATION_LINK.confirmation_pending":
		return "confirmed"
	case "LITIGATION_LINK.litigation_pending":
		return "court_result"
	case "LITIGATION_LINK.result_received":
		return "confirm_performed_in_link"
	}
	return ""
}

var surnames, givens = []rune("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"), []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平")
var shops = []string{"惠民", "鑫源", "百佳", "福临", "永盛", "金桥", "天和", "顺达"}
var trades = []string{"超市", "家电商行", "餐馆", "服装店", "手机店", "健身中心", "培训学校", "汽修厂"}
var troubles = []string{"商品有质量问题，要求退货", "收取费用后不提供服务", "宣传与实际不符", "拒绝履行三包", "价格标示与结算不一致", "充值卡不能退款"}

// invent gives a filing its people, its shop and its trouble; for a complaint
// that repeats another it files the other first.
func (sim *simulation) invent(a *actor, cmd *workflow.Command) {
	if !a.lived && a.goal != "T06" && a.goal != "T07" && !repeats(a.script) {
		return
	}
	pick := func(list []string) string { return list[sim.random.IntN(len(list))] }
	p := cmd.Private
	p.Person.Name = string(surnames[sim.random.IntN(len(surnames))]) + string(givens[sim.random.IntN(len(givens))])
	p.Person.Phone = fmt.Sprintf("138%08d", sim.random.IntN(100000000))
	p.Respondent.Name = pick(shops) + pick(trades)
	known := sim.merchants
	if cmd.Event == "file_green_channel" && len(sim.members) > 0 {
		known = sim.members
	}
	p.Words = pick(troubles)
	if sim.random.IntN(10) < 6 { // the others would not wait for a code
		cmd.Checked = workflow.Checked{Method: "phone", At: sim.clock.Now()}
	}
	cmd.Input.AmountFen = int64(sim.random.IntN(500000) + 500)
	law := sim.law()
	domain := sim.random.IntN(12) + 1
	cmd.Input.Town = law.County().Towns[sim.random.IntN(len(law.County().Towns))].Code
	if len(known) > 0 {
		m := sim.shop(p.Respondent, known)
		domain, cmd.Input.Town = m.Domain, m.Town
	}
	d := law.County().Domains[domain-1]
	cmd.Input.Domain, cmd.Input.Category = d.Number, d.Categories[sim.random.IntN(len(d.Categories))].Code
	if a.told.Text != "" {
		p.Words = a.told.Text
	}
	if !repeats(a.script) {
		return
	}
	twin := *cmd
	twin.Event = "file_with_authority"
	if answer, err := sim.plan.Execute(sim.ctx, store.Request{Command: twin}); err == nil {
		a.told.Text = answer.Number
		first := &actor{at: sim.clock.Now().Add(time.Hour), number: answer.Number, goal: "the first of two", script: life{course: "classify dispatch accept withdraw_after_acceptance"}.steps(), lived: a.lived}
		first.script = append([]step{{Event: "file_with_authority"}}, first.script...)
		first.next = 1
		if a.lived {
			sim.all++
			heap.Push(&sim.queue, first)
		}
	}
}

// shop names one of these merchants as a consumer would: nearly always
// right, often with the code from the wall.
func (sim *simulation) shop(r *workflow.Respondent, all []register.Details) register.Details {
	m := all[sim.random.IntN(len(all))]
	r.Name, r.Address, r.Code = m.Name, m.ShopAddress, ""
	switch dice := sim.random.IntN(10); {
	case dice < 5 && register.ValidCode(m.Code):
		r.Code = m.Code
	case dice == 9:
		r.Name = m.Name[:len("惠民")] + "小" + m.Name[len("惠民"):]
	}
	return m
}

func repeats(script []step) bool {
	for _, s := range script {
		if s.Event == "mark_duplicate" || s.Event == "join_joint_complaint" {
			return true
		}
	}
	return false
}
