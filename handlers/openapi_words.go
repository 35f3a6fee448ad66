package handlers

import (
	"net/url"
	"slices"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// tags group the operations of the reference by what comes first in their path.
var tagGroups = []struct {
	name     string
	segments string
}{
	{"cases", ""},
	{"receipt", "classification recoding correction-request correction claim reports duplicate joint-complaint complainants representation relations findings dispatch assignment"},
	{"negotiation", "green-channel invitation answers questions messages offers disclaimer negotiation settlement escalation referral proposals"},
	{"acceptance", "acceptance refusal return transfer superior joint-units jurisdiction-dispute"},
	{"mediation", "mediation termination"},
	{"performance", "performance"},
	{"court", "court-link"},
	{"closing", "withdrawal party-loss succession closing publication rating erasure"},
	{"anytime", "evidence consents supervision breaches notices"},
	{"report", ""},
	{"files", "files"},
	{"register", "merchants"},
	{"green", ""},
	{"service", ""},
}

func tagOf(path string) string {
	rest, inCase := strings.CutPrefix(path, casePath+"/")
	switch {
	case strings.HasPrefix(path, reportPath):
		return "report"
	case strings.HasPrefix(path, "/api/v1/member"), path == "/api/v1/coverage", strings.HasPrefix(path, "/api/v1/shops"):
		return "green"
	case strings.HasPrefix(path, "/api/v1/merchant"):
		return "register"
	case strings.HasPrefix(path, "/api/v1/uploads"):
		return "files"
	case !strings.HasPrefix(path, "/api/v1/cases"):
		return "service"
	case !inCase:
		return "cases"
	}
	first, _, _ := strings.Cut(rest, "/")
	for _, t := range tagGroups {
		if slices.Contains(strings.Fields(t.segments), first) {
			return t.name
		}
	}
	return "cases"
}

func tagList(lang string) []any {
	var out []any
	for _, t := range tagGroups {
		out = append(out, object{"name": t.name, "description": say(lang, "tag."+t.name, nil)})
	}
	return out
}

// examples are values that a field may have; the reference shows them in its
// bodies, and tests hold each to its schema.
var examples = object{
	"track": "authority", "words": "购买的商品存在质量问题，要求退货退款", "domain": 1, "category": "false_publicity", "town": "370321001", "amount_fen": 12800,
	"requests": []string{"return", "refund"}, "publish_consent": true, "entrust_consent": false, "person": object{"name": "王芳", "phone": "13800000000"},
	"respondent": object{"name": "惠民超市", "address": "索镇街道中心大街1号"}, "offer": 1, "due_on": "2026-05-20", "performed_on": "2026-05-18", "served_on": "2026-05-06", "service": object{"taken_by": "李强", "relation": "店长", "mail": "1020030045678"}, "performed_fen": 12800,
	"answer_kind": "question", "ground": "REF1", "proof": "hand_receipt", "paper": "file:17", "unit": "amr", "warned": true, "no_refusal_ground": true, "score": 4,
	"extent": "full", "party": "consumer", "decision": "confirmed", "result": "no_case", "feedback_code": "judged_consumer", "missing": []string{"identity"},
	"other": "HT-2026-000001-7", "confirmed": true, "consent": true, "receiver": "neighbour", "finding": "ART17a", "lost": "merchant", "no_successor": true,
	"organisation": "org:1", "organisation_kind": "people_mediation_committee", "no_conflict": true, "body": "body:1", "chosen": "agreed", "payer": "both", "form": "signed",
	"act": "resume_negotiation", "both": true, "event": "classify", "publication": "publish", "reason": "other",
	"items":    []any{object{"kind": "parties", "ref": "file:1"}, object{"kind": "complaint", "ref": "file:2"}},
	"attempts": []any{object{"on": "2026-05-04", "channel": "sms", "paper": "file:3"}, object{"on": "2026-05-05", "channel": "post", "paper": "file:4"}},
}

// exampleOf fills a body from the examples.
func exampleOf(schema object) object {
	out := object{}
	properties, _ := schema["properties"].(object)
	for name := range properties {
		if v, ok := examples[name]; ok {
			out[name] = v
		}
	}
	return out
}

// knows refuses a query parameter that the route does not have, or that stands
// there twice.
func (r Route) knows(raw string) error {
	given, err := url.ParseQuery(raw)
	if err != nil {
		return badQuery("(the query)", "why.syntax")
	}
	names := queries[r.name()]
	bad, why := "", ""
	for name, list := range given {
		if bad != "" && name > bad {
			continue
		}
		switch {
		case !slices.Contains(names, name):
			bad, why = name, "why.unknown_parameter"
		case len(list) > 1:
			bad, why = name, "why.repeated"
		case !ledger.Clean(list[0]):
			bad, why = name, "why.text"
		}
	}
	if why == "" {
		return nil
	}
	if !ledger.Clean(bad) {
		bad = "(the query)"
	}
	return badQuery(bad, why)
}

func eventNames() []string {
	var out []string
	for _, rows := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, row := range rows {
			if !slices.Contains(out, row.Event) {
				out = append(out, row.Event)
			}
		}
	}
	return out
}

func rowIDs() []string {
	var out []string
	for _, rows := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, row := range rows {
			out = append(out, row.ID)
		}
	}
	return out
}

// The log also holds what no row does: clocks that a new calendar moved.
func loggedEvents() []string { return append(eventNames(), workflow.CalendarChanged) }
func loggedIDs() []string    { return append(rowIDs(), "K1") }

func clockCodes() []string {
	var out []string
	for _, d := range workflow.ClockDefs {
		out = append(out, d.Code)
	}
	return out
}

func problemCodes() []string {
	var out []string
	for code := range problemStatus {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

func guardNames() []string {
	var out []string
	for _, rows := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, row := range rows {
			out = append(out, row.If...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func roleCodes() []string {
	var out []string
	for _, rows := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, row := range rows {
			for _, by := range row.By {
				out = append(out, string(by))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
