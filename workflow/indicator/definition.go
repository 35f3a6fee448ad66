package indicator

import "strings"

// Version names the definitions as a whole. It changes whenever one of them does
// or what an event counts for.
const Version = "2026-11"

// Basis says what puts a count into a period; the two bases are never mixed
// within a rate.
type Basis string

const (
	// Event counts what happened in the period.
	Event Basis = "event"
	// Cohort counts what became, so far, of what was received in the period.
	Cohort Basis = "cohort"
	// ByDue counts duties whose last day lies in the period, done early or not.
	ByDue Basis = "due"
	// OnDate counts what stands at the end of the period's last day.
	OnDate Basis = "date"
)

// Definition is one indicator. Its words are those of DOMAIN 8.3; docs/indicators.md
// explains each with an example.
type Definition struct {
	ID      string
	Version int
	Basis   Basis
	Zh, En  string
	Lines   []Line // the first is the indicator itself
	// Each makes a line of every value that a part of a code has: of a refusal its
	// ground.
	Each     *Each
	Excluded []Sum // counted apart, each code by its own name
	Open     *Sum  // not known yet
	Spread   []Line
}

// Line is a rate: a pair of sums. A line of a spread has no denominator: it is a
// histogram of the measures of what its sum counts.
type Line struct {
	Key, Zh, En string
	Num, Den    Sum
}

// Each is lines by the part of a code; its denominator is that of the first line.
type Each struct {
	Of   string
	Part int
}

// Sum adds up the counts whose codes match: patterns of parts, where * is any
// part, A|B is either, and a last ** is any rest. What ~ matches is left out, what !
// matches is taken away.
type Sum []string

// Has says whether a code is counted (1), taken away (-1) or neither.
func (s Sum) Has(code string) int64 {
	has := int64(0)
	for _, p := range s {
		rest := strings.TrimLeft(p, "~!")
		if !matches(rest, code) {
			continue
		}
		switch p[0] {
		case '~':
			return 0
		case '!':
			has = -1
		default:
			has = 1
		}
	}
	return has
}

func matches(pattern, code string) bool {
	for {
		p, prest, pmore := strings.Cut(pattern, ".")
		c, crest, cmore := strings.Cut(code, ".")
		switch {
		case p == "**":
			return true
		case p != "*" && p != c && !oneOf(p, c), pmore != cmore && prest != "**":
			return false
		case !pmore || !cmore:
			return true
		}
		pattern, code = prest, crest
	}
}

func oneOf(list, part string) bool {
	for rest, more := list, true; more; {
		var x string
		if x, rest, more = strings.Cut(rest, "|"); x == part {
			return true
		}
	}
	return false
}

const (
	won     = "SETTLED_SELF|SETTLED_SELF_IN_MEDIATION|MEDIATED|MEDIATED_ENTRUSTED|MEDIATED_COURT|CONFIRMED|JUDGED_CONSUMER|SETTLED_AFTER_TERMINATION"
	notKept = "missed|denied|partly"
)

// the sums that several indicators share
var (
	leftTalks  = Sum{"talks.settled|settled_late|refused|expired|escalated|withdrawn|ended"}
	disputes   = Sum{"ended.**", "~ended.MERGED.**"}
	resolvable = Sum{"ended.**", "~ended.MERGED|TRANSFERRED.**"}
	resolved   = Sum{"ended." + won + ".**", "~ended.*.*.*.*." + notKept}
	closedOnce = Sum{"closed.**"}
	tried      = Sum{"mediation.agreed|TER2a|TER2b|TER3|TER4|TER5"}
	dueTalks   = Sum{"kept.talks.**", "~kept.talks.due|reported"}
	dueAll     = Sum{"kept.**", "~kept.*.due|reported"}
	stillOpen  = Sum{"filed", "!ended.**"}
)

// Definitions lists I-01A to I-20 in their order.
var Definitions = []Definition{
	{ID: "I-01A", Version: 1, Basis: Event, Zh: "自行协商和解率", En: "settled by negotiation, of negotiations that ended", Lines: []Line{
		{"settled", "和解", "settled before acceptance", Sum{"talks.settled"}, leftTalks},
		{"refused", "商家拒绝", "the merchant refused", Sum{"talks.refused"}, leftTalks},
		{"silence", "期满未成", "the period ended", Sum{"talks.expired"}, leftTalks},
		{"escalated", "消费者转请处理", "the consumer went on to the authority", Sum{"talks.escalated"}, leftTalks},
		{"settled_late", "受理后和解", "settled after acceptance", Sum{"talks.settled_late"}, leftTalks},
		{"withdrawn", "撤回", "withdrawn", Sum{"talks.withdrawn"}, leftTalks},
		{"ended", "其他", "ended otherwise", Sum{"talks.ended"}, leftTalks},
	}, Excluded: []Sum{{"talks.undeliverable"}, {"talks.disclaimed"}, {"talks.merged"}, {"talks.withdrawn_early"}, {"talks.not_a_consumer"}}},
	{ID: "I-01B", Version: 1, Basis: Cohort, Zh: "自行协商和解率（全部投诉）", En: "settled by negotiation, of all disputes closed", Lines: []Line{
		{"settled", "受理前和解", "settled before acceptance", Sum{"ended.SETTLED_SELF.**"}, disputes},
		{"settled_in_mediation", "加受理后自行和解", "and settled between themselves after it", Sum{"ended.SETTLED_SELF|SETTLED_SELF_IN_MEDIATION.**"}, disputes},
		{"silence", "期满未选择", "nobody answered when asked how to go on", Sum{"ended.EXPIRED_NO_ELECTION.**"}, disputes},
	}, Excluded: []Sum{{"ended.MERGED.**"}}, Open: &stillOpen},
	{ID: "I-01C", Version: 1, Basis: ByDue, Zh: "协商和解履约率", En: "settlements by negotiation performed in time", Lines: []Line{
		{"in_time", "按时全部履行", "performed in full and in time", Sum{"kept.talks.done|presumed.in_time"}, dueTalks},
		{"late", "逾期履行", "late", Sum{"kept.talks.done|presumed.late"}, dueTalks},
		{"not", "未履行或部分履行", "partly or not", Sum{"kept.talks.missed|denied|partly"}, dueTalks},
		{"unknown", "不明", "not known", Sum{"kept.talks.unknown", "kept.talks.done|presumed.undated"}, dueTalks},
	}, Excluded: []Sum{{"kept.talks.due"}, {"kept.talks.reported"}}},
	{ID: "I-02", Version: 1, Basis: ByDue, Zh: "按时响应率", En: "merchants answered in time", Lines: []Line{
		{"in_time", "按时实质答复", "answered in substance in time", Sum{"met.merchant_first_answer"}, Sum{"met|expired.merchant_first_answer"}},
		{"silence", "到期未答复", "no answer by then", Sum{"expired.merchant_first_answer"}, Sum{"met|expired.merchant_first_answer"}},
	}, Excluded: []Sum{{"void.merchant_first_answer.*"}}},
	{ID: "I-03a", Version: 1, Basis: Event, Zh: "调解成功率（已调解）", En: "agreed, of mediations tried", Lines: []Line{
		{"agreed", "达成协议", "agreed", Sum{"mediation.agreed"}, tried},
	}, Excluded: []Sum{{"mediation.TER5_unasked"}, {"mediation.TER1a|TER1b|TER6|TER7|TER8"}}},
	{ID: "I-03b", Version: 1, Basis: Event, Zh: "调解成功率（受理且办结）", En: "agreed, of accepted and closed", Lines: []Line{
		{"agreed", "达成协议", "agreed", Sum{"closed.*.accepted.mediated|entrusted.*"}, Sum{"closed.*.accepted.*.*"}},
		{"with_own", "加自行和解", "and settled between themselves", Sum{"closed.*.accepted.mediated|entrusted.*", "closed.SETTLED_SELF_IN_MEDIATION.**"}, Sum{"closed.*.accepted.*.*"}},
	}},
	{ID: "I-03c", Version: 1, Basis: Cohort, Zh: "调解成功率（接收）", En: "agreed, of received and closed", Lines: []Line{
		{"agreed", "达成协议", "agreed", Sum{"ended.*.*.mediated|entrusted.*.*"}, disputes},
	}, Excluded: []Sum{{"ended.MERGED.**"}}, Open: &stillOpen},
	{ID: "I-04", Version: 1, Basis: Cohort, Zh: "解决率", En: "resolved", Lines: []Line{
		{"resolved", "已解决", "the consumer got a settlement, an agreement or a judgment and did not report that it was not kept", resolved, resolvable},
		{"of_these_unknown", "其中履行不明", "of these, performance not known", Sum{"ended." + won + ".*.*.*.unknown|due|reported|none"}, resolvable},
		{"not_kept", "未履行", "not performed, or partly", Sum{"ended." + won + ".*.*.*." + notKept, "ended.AGREED_NOT_PERFORMED.**"}, resolvable},
		{"judged_partly", "判决部分支持", "judged partly for the consumer", Sum{"ended.JUDGED_PARTLY.**"}, resolvable},
		{"result_unknown", "结果不明", "result not known", Sum{"ended.RESULT_UNKNOWN.**"}, resolvable},
		{"silence", "期满未选择", "nobody answered when asked how to go on", Sum{"ended.EXPIRED_NO_ELECTION.**"}, resolvable},
	}, Excluded: []Sum{{"ended.MERGED.**"}, {"ended.TRANSFERRED.**"}}, Open: &stillOpen},
	{ID: "I-05", Version: 1, Basis: Cohort, Zh: "办结率", En: "closed, for whatever reason: says nothing about quality", Lines: []Line{
		{"closed", "已办结", "closed", Sum{"ended.**"}, Sum{"filed"}},
	}, Open: &stillOpen},
	{ID: "I-06a", Version: 1, Basis: ByDue, Zh: "按时受理率", En: "decided and told in time whether it is accepted", Lines: []Line{
		{"in_time", "按时决定并告知", "decided and told in time", Sum{"met.accept_decision"}, Sum{"met|expired.accept_decision"}},
	}, Excluded: []Sum{{"moved.accept_decision"}, {"void.accept_decision.*"}}},
	{ID: "I-06b", Version: 1, Basis: ByDue, Zh: "按期办结率", En: "mediation ended in time", Lines: []Line{
		{"in_time", "按期结束", "ended in time", Sum{"met|lawful.mediation_end"}, Sum{"met|expired.mediation_end"}},
	}, Excluded: []Sum{{"void.mediation_end.*"}}},
	{ID: "I-06c", Version: 1, Basis: ByDue, Zh: "按期告知率", En: "told in time of the end of mediation", Lines: []Line{
		{"in_time", "按期告知双方", "both told in time", Sum{"met.termination_notice"}, Sum{"met|expired.termination_notice"}},
	}, Excluded: []Sum{{"void.termination_notice.*"}}},
	{ID: "I-07", Version: 1, Basis: Event, Zh: "公示率", En: "published", Lines: []Line{
		{"published", "已公示", "published, of what was decided and not held", Sum{"publication.publish"}, Sum{"publication.publish"}},
		{"decided_in_time", "按期决定（按到期日）", "decided in the set days, by due day", Sum{"met.publish"}, Sum{"met|expired.publish"}},
	}, Excluded: []Sum{{"publication.hold.**"}}},
	{ID: "I-08", Version: 1, Basis: Event, Zh: "满意率", En: "satisfied", Lines: []Line{
		{"satisfied", "满意", "satisfied or very satisfied", Sum{"rated.4|5"}, Sum{"rated.*"}},
		{"very", "非常满意", "very satisfied", Sum{"rated.5"}, Sum{"rated.*"}},
		{"fair", "一般", "fair", Sum{"rated.3"}, Sum{"rated.*"}},
		{"dissatisfied", "不满意", "dissatisfied", Sum{"rated.1|2"}, Sum{"rated.*"}},
		{"response", "评价率（按到期日）", "answered the survey, by due day", Sum{"met.survey"}, Sum{"met|expired.survey"}},
	}},
	{ID: "I-09", Version: 1, Basis: ByDue, Zh: "履约率", En: "agreements performed", Lines: []Line{
		{"in_time", "按时全部履行", "in full and in time", Sum{"kept.*.done.in_time"}, dueAll},
		{"presumed", "无异议推定按时履行", "in time, as nobody challenged", Sum{"kept.*.presumed.in_time"}, dueAll},
		{"late", "逾期履行", "late", Sum{"kept.*.done|presumed.late"}, dueAll},
		{"partly", "部分履行", "partly", Sum{"kept.*.partly"}, dueAll},
		{"missed", "到期未履行", "not by the due day", Sum{"kept.*.missed"}, dueAll},
		{"denied", "消费者否认", "the consumer denies it", Sum{"kept.*.denied"}, dueAll},
		{"unknown", "不明", "not known", Sum{"kept.*.unknown", "kept.*.done|presumed.undated"}, dueAll},
	}, Excluded: []Sum{{"kept.*.due"}, {"kept.*.reported"}}},
	{ID: "I-10a", Version: 1, Basis: ByDue, Zh: "司法确认申请率", En: "confirmation by the court applied for", Lines: []Line{
		{"applied", "期内申请", "applied in the window", Sum{"met.confirmation_application"}, Sum{"met|expired.confirmation_application"}},
	}, Excluded: []Sum{{"void.confirmation_application.*"}, {"unconfirmable"}}},
	{ID: "I-10b", Version: 1, Basis: Event, Zh: "司法确认成功率", En: "confirmed by the court", Lines: []Line{
		{"confirmed", "确认", "confirmed", Sum{"confirmation.confirmed"}, Sum{"confirmation.confirmed|refused"}},
	}, Excluded: []Sum{{"confirmation.withdrawn"}}},
	{ID: "I-10c", Version: 1, Basis: Event, Zh: "诉调对接成功率", En: "agreed before the court's mediator", Lines: []Line{
		{"agreed", "达成协议", "agreed", Sum{"linked.agreed"}, Sum{"linked.agreed|failed|taken_back|settled_apart"}},
	}, Excluded: []Sum{{"linked.refused_at_once"}}},
	{ID: "I-11", Version: 1, Basis: Event, Zh: "平均办理时长", En: "days from receipt to closing", Spread: []Line{
		{"gross", "自然日", "calendar days", Sum{"closed.**", "~closed.MERGED.**"}, nil},
		{"net", "扣除法定中止", "net of legal pauses", Sum{"closed.**", "~closed.MERGED.**", "net"}, nil},
		{"whole", "自首次接收", "from the first receipt by any authority", Sum{"closed.**", "~closed.MERGED.**", "whole"}, nil},
	}, Excluded: []Sum{{"closed.MERGED.**"}}},
	{ID: "I-12a", Version: 1, Basis: Event, Zh: "重复投诉率", En: "another person had complained of the same merchant and category", Lines: []Line{
		{"repeated", "重复投诉", "within the 365 days before", Sum{"repeated"}, Sum{"repeatable"}},
	}},
	{ID: "I-12b", Version: 1, Basis: Event, Zh: "重复诉求率", En: "came back within 90 days of closing, by the day of closing", Lines: []Line{
		{"again", "再次诉求", "came back", Sum{"again"}, Sum{"closed.**", "~closed.MERGED.**"}},
		{"reopened", "更正结案", "closings that were corrected", Sum{"reopened"}, Sum{"closed.**", "reopened", "~closed.MERGED.**"}},
	}},
	{ID: "I-13", Version: 1, Basis: Event, Zh: "撤诉率", En: "withdrawn", Lines: []Line{
		{"withdrawn", "撤回", "withdrawn", Sum{"closed.WITHDRAWN.*.*.*", "closed.TERMINATED.*.*.TER1a", "~closed.WITHDRAWN.*.*.TER7"}, closedOnce},
	}},
	{ID: "I-14", Version: 1, Basis: Event, Zh: "不予受理率", En: "refused, by ground", Lines: []Line{
		{"refused", "不予受理", "refused", Sum{"closed.REFUSED.**"}, Sum{"accepted", "closed.REFUSED.**"}},
	}, Each: &Each{"closed.REFUSED.*.*.*", 4}},
	{ID: "I-15", Version: 1, Basis: Event, Zh: "诉转案率", En: "leads that became penalty cases", Lines: []Line{
		{"opened", "立案", "a case was opened", Sum{"lead_opened"}, Sum{"lead"}},
		{"no_case", "不予立案", "no case", Sum{"lead_no_case"}, Sum{"lead"}},
		{"to_police", "移送公安", "handed to the police", Sum{"lead_to_police"}, Sum{"lead"}},
	}},
	{ID: "I-16", Version: 1, Basis: Event, Zh: "挽回经济损失", En: "recovered, in fen", Spread: []Line{
		{"performed", "已履行金额（分）", "amounts performed, in fen", Sum{"recovered"}, nil},
	}, Excluded: []Sum{{"recovered_unknown"}}},
	{ID: "I-17", Version: 1, Basis: OnDate, Zh: "绿色通道覆盖率", En: "large and medium merchants in the green channel", Lines: []Line{
		{"covered", "已入驻且可联系", "active and reached", Sum{"covered"}, Sum{"coverable"}},
	}},
	{ID: "I-18", Version: 1, Basis: OnDate, Zh: "超期存量", En: "overdue duties, by days late", Spread: []Line{
		{"days_late", "逾期自然日", "calendar days late", Sum{"owed.*"}, nil},
	}, Each: &Each{"owed.*", 1}},
	{ID: "I-19", Version: 1, Basis: ByDue, Zh: "送达失败率", En: "notices not delivered in time by any channel", Lines: []Line{
		{"failed", "未送达", "not delivered", Sum{"expired.service|delivery", "undelivered", "undelivered_after_all"}, Sum{"met|expired.service|delivery", "undelivered"}},
		{"served_late", "其中其后送达", "of these, served later", Sum{"late.service"}, Sum{"met|expired.service|delivery", "undelivered"}},
	}},
	{ID: "I-20", Version: 1, Basis: Event, Zh: "转办弹回率", En: "referrals that came back", Lines: []Line{
		{"bounced", "退回", "returned", Sum{"bounced"}, Sum{"referred"}},
	}},
}
