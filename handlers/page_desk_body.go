package handlers

import (
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// deskBody turns an act's form into the body that a program would send. What is
// not filled in is not said.
func (x *looked) deskBody(p *view.Page, a *deskAct, typed *unsent) (map[string]any, []view.Wrong) {
	body := map[string]any{}
	var wrong []view.Wrong
	if sees, err := strconv.ParseInt(typed.get("sees"), 10, 64); err == nil && sees > 0 {
		body["sees"] = sees
	}
	if a.For != "" {
		b := map[string]any{"party": string(a.For), "channel": typed.get("on_behalf.channel"), "identity": typed.get("on_behalf.identity"), "read_back": typed.get("on_behalf.read_back") == "yes"}
		for _, name := range []string{"channel", "identity"} {
			if b[name] == "" {
				wrong = append(wrong, view.Wrong{Field: "on_behalf." + name, Text: p.T("page.desk.need.on_behalf." + name)})
			}
		}
		body["on_behalf"] = b
	}
	for _, name := range takesOf(x.v.Kind, a.move.Event) {
		v, field, why := answerOf(typed, name)
		if why != "" {
			wrong = append(wrong, view.Wrong{Field: field, Text: p.T(why)})
		} else if v != nil {
			body[name] = v
		}
	}
	if _, why := tidyText(typed.get("words"), false); why != "" {
		wrong = append(wrong, view.Wrong{Field: "words", Text: p.T("page.bad.text", "Name", p.T("page.desk.ask.words"), "Why", p.T(why))})
	}
	return body, wrong
}

// answerOf reads one field of a body out of a form: nil where nothing was said,
// and what is wrong with which question.
func answerOf(typed *unsent, name string) (v any, field, why string) {
	text := typed.get(name)
	switch kind := kindOf[name]; {
	case plural[name] != nil:
		return partsOf(typed, name), "", ""
	case name == "attempts":
		return attemptsOf(typed)
	case name == "items":
		return itemsOf(typed), "", ""
	case kind == "checks":
		if list := typed.Form[name]; len(list) > 0 {
			return list, "", ""
		}
		return nil, "", ""
	case text == "":
		return nil, "", ""
	case kind == "money":
		n, ok := fen(text)
		if !ok {
			return nil, name, "page.bad.amount"
		}
		return n, "", ""
	case kind == "date":
		if _, err := calendar.ParseDate(text); err != nil {
			return nil, name, "page.bad.date"
		}
		return text, "", ""
	case kind == "check":
		return true, "", ""
	case name == "publish_consent", name == "entrust_consent":
		return text == "yes", "", ""
	case name == "domain", name == "offer", name == "notice", name == "order", name == "clock", name == "score":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, name, "page.desk.bad.number"
		}
		return n, "", ""
	}
	return text, "", ""
}

// partsOf is a person or a merchant; nil when nothing was said of it.
func partsOf(typed *unsent, name string) any {
	out := map[string]any{}
	for _, q := range plural[name] {
		if text := typed.get(q); text != "" {
			out[strings.TrimPrefix(q, name+".")] = text
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func attemptsOf(typed *unsent) (v any, field, why string) {
	var out []map[string]any
	for n := range tries {
		at := "." + strconv.Itoa(n+1)
		on, channel, paper := typed.get("attempts.on"+at), typed.get("attempts.channel"+at), typed.get("attempts.paper"+at)
		if on+channel+paper == "" {
			continue
		}
		if _, err := calendar.ParseDate(on); err != nil {
			return nil, "attempts.on" + at, "page.bad.date"
		}
		out = append(out, map[string]any{"on": on, "channel": channel, "paper": paper})
	}
	if out == nil {
		return nil, "", ""
	}
	return out, "", ""
}

func itemsOf(typed *unsent) any {
	var out []map[string]any
	for _, kind := range workflow.TransferItems {
		if ref := typed.get("items." + kind); ref != "" {
			out = append(out, map[string]any{"kind": kind, "ref": ref})
		}
	}
	if out == nil {
		return nil
	}
	return out
}
