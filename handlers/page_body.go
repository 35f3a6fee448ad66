package handlers

import (
	"maps"
	"slices"
	"strconv"

	"fangxin/handlers/view"
	"fangxin/workflow/calendar"
)

// bodyOf turns an act's form into the body of its command.
func (x *shown) bodyOf(p *view.Page, m *MoveView, typed *unsent) (map[string]any, []view.Wrong) {
	body := map[string]any{"event": m.Event}
	if x.proposes(*m) {
		body["event"], body["act"] = "propose", m.Event
	}
	var wrong []view.Wrong
	bad := func(field, key string) { wrong = append(wrong, view.Wrong{Field: field, Text: p.T(key)}) }
	var t offerTerms
	t.words = typed.get("words")
	for _, name := range slices.Concat(extras[m.Event], []string{"knew_on"}) {
		text := typed.get(name)
		if text == "" {
			continue
		}
		switch name {
		case "amount", "performed":
			n, ok := fen(text)
			if !ok {
				bad(name, "page.bad.amount")
				continue
			}
			t.fen = n
			body[map[string]string{"amount": "amount_fen", "performed": "performed_fen"}[name]] = n
		case "due_on", "knew_on", "performed_on":
			d, err := calendar.ParseDate(text)
			if err != nil {
				bad(name, "page.bad.date")
				continue
			}
			if name == "due_on" {
				t.due = d
			}
			body[name] = text
		case "score":
			body[name], _ = strconv.Atoi(text)
		case "publish_consent", "entrust_consent":
			body[name] = text == "yes"
		case "requests":
			body[name] = typed.Form[name]
		default:
			body[name] = text
		}
	}
	for _, name := range []string{"warned", "consent", "represented_consent"} {
		if typed.get(name) == "yes" {
			body[name] = true
		}
	}
	if _, why := tidyText(t.words, false); why != "" {
		wrong = append(wrong, view.Wrong{Field: "words", Text: p.T("page.bad.text", "Name", p.T("page.ask.words"), "Why", p.T(why))})
	}
	if m.Event == transfer {
		body["items"] = x.itemsTyped(typed)
	}
	x.offered(m, typed, body, &t)
	if name := fileOf(m.Event); name != "" && x.first != "" {
		body[name] = x.first
	}
	if e := x.proposal(m.Event); e != nil && !x.proposes(*m) { // whatever the form says
		delete(body, "due_on")
		if due := e.Data.Info["due_on"]; due != "" {
			body["due_on"] = due
		}
		if agreed := termsIn(x.parts[e.Seq].Words); agreed.fen > 0 {
			body["amount_fen"] = agreed.fen
		}
	}
	if words := t.String(); words != "" {
		body["words"] = words
	}
	return body, append(wrong, x.lacking(p, m, typed, body)...)
}

// offered names the offer that is answered, and keeps what is offered out of
// every field: terms are words.
func (x *shown) offered(m *MoveView, typed *unsent, body map[string]any, t *offerTerms) {
	if slices.Contains(offerActs, m.Event) {
		if n, err := strconv.ParseInt(typed.get("offer"), 10, 64); err == nil {
			body["offer"] = n
		}
	}
	switch m.Event {
	case "offer", "counter", "answer_with_offer":
		delete(body, "amount_fen")
		delete(body, "due_on")
	case "accept_offer": // what was offered is what is agreed
		if e := x.lastOffer(); e != nil {
			agreed := termsIn(x.parts[e.Seq].Words)
			if agreed.fen > 0 {
				body["amount_fen"] = agreed.fen
			}
			if agreed.due != 0 {
				body["due_on"] = agreed.due.String()
			}
		}
		*t = offerTerms{words: t.words}
	default:
		if !x.proposes(*m) {
			t.fen = 0
		} else { // as of an offer, the log has no amount of a proposal
			delete(body, "amount_fen")
		}
		t.due = 0
	}
}

// lacking says which answers an act cannot do without.
func (x *shown) lacking(p *view.Page, m *MoveView, typed *unsent, body map[string]any) []view.Wrong {
	var out []view.Wrong
	need := func(field string) {
		out = append(out, view.Wrong{Field: field, Text: p.T("page.need." + field)})
	}
	switch m.Event {
	case "offer", "counter", "answer_with_offer":
		if body["words"] == nil {
			need("words")
		}
	case "agree_new_date":
		if body["due_on"] == nil {
			need("due_on")
		}
	case "rate":
		if body["score"] == nil {
			need("score")
		}
	case "answer":
		if body["answer_kind"] == nil {
			need("answer_kind")
		}
	case "court_result", "late_result":
		if body["feedback_code"] == nil {
			need("feedback_code")
		}
	case "disclaim", "merchant_refuses", "object_to_publication", "answer_publicly":
		if body["reason"] == nil {
			need("reason")
		}
	}
	if fileNeeded(m) && x.first == "" {
		need(filesField)
	}
	if x.wordsNeeded(m) && (m.Event != "add_evidence" || x.first == "") && typed.get("words") == "" && body["words"] == nil {
		need("words")
	}
	return out
}

// typedRows are a form's answers, to be carried through the page that asks for
// a link that works.
func typedRows(c *Call) []view.Row {
	out := []view.Row{{Name: "then", Value: c.Param("event")}}
	for _, name := range slices.Sorted(maps.Keys(c.Form)) {
		if slices.Contains(notTyped, name) && name != "uploads" {
			continue
		}
		for _, v := range c.Form[name] {
			out = append(out, view.Row{Name: name, Value: v})
		}
	}
	return out
}
