package handlers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fangxin/handlers/paper"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// sections are what a court is told of a case, from what is named here and from
// nothing else: parties, complaint, decisions, the dates of the mediation, what was
// agreed, the time sheet.
func (h *handed) sections() []paper.Section {
	out := []paper.Section{
		{Heading: "一、当事人", Text: h.partiesText()},
		{Heading: "二、投诉事实和请求", Text: h.claimText()},
		{Heading: "三、受理和终止调解", Text: h.decisionsText()},
		{Heading: "四、调解经过（仅列日期）", Text: h.datesText()},
		{Heading: "五、移送同意和无争议事实", Text: h.consentText()},
		{Heading: "六、协议和履行", Text: h.agreementText()},
		{Heading: "七、时限表", Text: h.timesText()},
	}
	return out
}

func labelled(pairs ...string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, pairs[i]+"："+pairs[i+1])
		}
	}
	return strings.Join(out, "；")
}

func (h *handed) partiesText() string {
	p, r := h.person, h.respondent
	return labelled("投诉人", p.Name, "电话", p.Phone, "电子邮箱", p.Email, "地址", p.Address, "身份证件号码", p.Identity) + "。\n" +
		labelled("被投诉人", r.Name, "统一社会信用代码", r.Code, "电话", r.Phone, "电子邮箱", r.Email, "地址", r.Address) + "。"
}

func (h *handed) claimText() string {
	var out []string
	for i := range h.events {
		e := &h.events[i]
		if tells(e) {
			out = append(out, h.words(e))
		}
	}
	return strings.Join(out, "\n") + "\n" + labelled("请求", strings.ReplaceAll(h.asks(), "\n", ""), "涉及金额", h.amount(), "领域", h.goods(), "来源编号", h.v.Facts["ticket"]) + "。"
}

func (h *handed) decisionsText() string {
	var out []string
	for i := range h.events {
		e := &h.events[i]
		day := calendar.On(e.Effective())
		switch {
		case slices.Contains(forms["acceptance"].events, e.Event):
			out = append(out, paper.Day(day)+"受理。")
		case e.Event == "decide_termination":
			f := *h.filling
			f.event, f.on = e, day
			f.law, _ = h.s.Rules().Articles(day)
			g := f.ground(h.s.Rules().TerminationGrounds(day), f.law.End)
			out = append(out, fmt.Sprintf("%s终止调解，依据《%s》%s%s：%s。理由：%s", paper.Day(day), f.law.Law, g.Article, g.Item, g.Text, cmp.Or(h.words(e), "见决定书")))
		}
	}
	return strings.Join(out, "\n")
}

// dated are the steps of a mediation of which the day travels and no word.
var dated = []string{"ask_consent", "both_consent", "entrust", "entrusted_returned", "hold_session", "challenge_mediator", "decide_recusal", "commission_appraisal", "appraisal_reported", "appraisal_abandoned", "told_offer_link"}

func (h *handed) datesText() string {
	var out []string
	for _, e := range h.events {
		if slices.Contains(dated, e.Event) {
			out = append(out, paper.Day(calendar.On(e.Effective()))+"　"+say("zh", "event."+e.Event, nil))
		}
	}
	return cmp.Or(strings.Join(out, "\n"), "没有组织调解。")
}

func (h *handed) consentText() string {
	e := lastOf(h.events, []string{"consent_transfer"})
	if e == nil {
		return "尚未记录移送同意。"
	}
	out := paper.Day(calendar.On(e.Effective())) + "同意移送。"
	for _, item := range strings.Fields(e.Data.Info["items"]) {
		kind, ref, _ := strings.Cut(item, "=")
		if ref == noFacts {
			ref = "无"
		}
		out += "\n" + say("zh", "item."+kind, nil) + "：" + ref
	}
	return out
}

// agreementText is what was agreed before the bureau, an organisation or a court.
// What the parties settled among themselves is theirs: it grew from offers.
func (h *handed) agreementText() string {
	status := "履行情况：" + h.v.Performance
	if !slices.Contains([]string{"mediated", "entrusted", "court"}, h.v.Agreement) {
		return "没有经调解达成的协议。"
	}
	e := lastOf(h.events, []string{"agree", "amend_agreement"})
	if e == nil {
		return status
	}
	return labelled("达成日期", paper.Day(calendar.On(e.Effective())), "调解组织", h.v.Facts["organisation"], "协议内容", h.told[e.Seq].Words, "履行期限", e.Data.Info["due_on"]) + "。\n" + status
}

// telltale are clocks that would tell of an offer by being there.
var telltale = []string{"offer_reply", "proposal", "negotiation_extension"}

func (h *handed) timesText() string {
	var out []string
	for _, k := range h.v.Clocks {
		if slices.Contains(telltale, k.Code) {
			continue
		}
		line := say("zh", "clock."+k.Code, nil)
		if k.Starts != 0 {
			line += "：自" + paper.Day(k.Starts) + "起"
		}
		if k.Due != 0 {
			line += "，至" + paper.Day(k.Due)
		}
		if k.PausedDays > 0 {
			line += fmt.Sprintf("，中止%d日", k.PausedDays)
		}
		out = append(out, line+"，"+clockWords[k.State])
	}
	return strings.Join(out, "\n")
}

var clockWords = map[workflow.ClockState]string{workflow.Waiting: "等待通知送达", workflow.Running: "进行中", workflow.Paused: "中止", workflow.Owed: "已逾期，仍须办理", workflow.Met: "按时完成", workflow.MetLate: "逾期完成",
	workflow.Void: "不再适用", workflow.Expired: "已届满"}
