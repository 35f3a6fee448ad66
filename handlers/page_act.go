package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"fangxin/handlers/view"
	"fangxin/workflow"
)

// offerActs stand under the offer, the wished one first.
var offerActs = []string{"accept_offer", "counter", "reject_offer", "take_back_offer"}

// first are the moves that most people look for, in this order; the others are
// one tap further.
var first = []string{"answer_with_offer", "answer", "offer", "report_performance", "report_performance_after_closing", "one_consents", "both_consent", "close_settled", "close_mediated", "end_settled_in_mediation", "end_own_settlement",
	"confirm_performed_in_link", "confirm_performed_after_closing", "confirm_partly", "challenge_proof", "not_performed", "not_performed_in_mediation", "agreement_not_performed",
	"own_settlement_not_performed", "not_performed_in_link", "settlement_not_performed", "mediated_not_performed", "result_not_performed", "escalate", "escalate_late", "supply_correction",
	"say", "sue", "keep_agreement", "keep_court_agreement", "decline_link", "decline_link_unperformed", "rate", "disclaim", "merchant_refuses"}

// acts lists what the reader may do now: the table's rows, in words.
func (x *shown) acts(p *view.Page, out *view.Case) {
	slices.SortStableFunc(x.moves, func(a, b MoveView) int { return place(a.Event) - place(b.Event) })
	seen := map[string]bool{}
	for _, m := range x.moves {
		if seen[m.Event] || slices.Contains(offerActs, m.Event) || m.Event == "propose" || x.proposal(m.Event) != nil || x.side == "consumer" && ofPromise(m.Event) {
			continue
		}
		seen[m.Event] = true
		a := x.act(p, m)
		if slices.Contains(first, m.Event) {
			a.Main = len(out.Acts) == 0 && out.Offer == nil && len(out.Promise)+len(out.Proposals) == 0 && m.Event != "say"
			out.Acts = append(out.Acts, a)
			continue
		}
		out.Rare = append(out.Rare, a)
	}
}

func place(event string) int {
	if i := slices.Index(first, event); i >= 0 {
		return i
	}
	return len(first)
}

func (x *shown) act(p *view.Page, m MoveView) view.Act {
	a := view.Act{To: "/c/" + x.v.Number + "/act/" + m.Event, Label: x.label(p, m), Main: m.Event == "accept_offer", No: m.Event == "reject_offer"}
	if key := "page.means." + m.Event; has(p.Lang, key) {
		a.Means = p.T(key)
	}
	return a
}

// label is what a button says: an act of both sides that the other has not
// proposed is a proposal.
func (x *shown) label(p *view.Page, m MoveView) string {
	name := x.named(p, m.Event)
	if x.proposes(m) {
		return p.T("page.act.propose", "Act", name)
	}
	return capital(name)
}

// named is an act as the page's reader calls it.
func (x *shown) named(p *view.Page, event string) string {
	if key := "page.act." + event; has(p.Lang, key) {
		return p.T(key)
	}
	return p.T("event." + event)
}

// proposes reports whether the move is the first half of a joint act.
func (x *shown) proposes(m MoveView) bool {
	if !slices.Contains(jointActs(), m.Event) {
		return false
	}
	by := x.v.Facts["proposal."+m.Event]
	return by == "" || by == x.side
}

// move finds a move among those that are allowed now.
func (x *shown) move(event string) *MoveView {
	for i := range x.moves {
		if x.moves[i].Event == event {
			return &x.moves[i]
		}
	}
	return nil
}

// extras are the questions that an act asks beside its words.
var extras = map[string][]string{"offer": {"amount", "due_on"}, "counter": {"amount", "due_on"}, "answer_with_offer": {"amount", "due_on"},
	"settle_outside": {"amount", "due_on"}, "settle_themselves": {"amount", "due_on"}, "settled_in_link": {"amount", "due_on"}, "amend_claim": {"amount", "requests"},
	"confirm_partly": {"performed"}, "report_performance": {"performed_on", "performed"}, "report_performance_after_closing": {"performed_on", "performed"},
	"court_result": {"feedback_code"}, "late_result": {"feedback_code"}, "agree_new_date": {"due_on"}, "change_consent": {"publish_consent", "entrust_consent"}, "rate": {"score"}, "answer": {"answer_kind"},
	"disclaim": {"reason"}, "merchant_refuses": {"reason"},
	"object_to_publication": {"reason"}, "answer_publicly": {"reason"}}

// silent are acts that need no explanation at all.
var silent = []string{"change_consent", "answer_publicly"}

// needWords are acts that are nothing without words.
var needWords = []string{"say", "add_evidence", "supply_correction", "challenge_proof", "answer", "disclaim", "merchant_refuses"}

func (x *shown) wordsNeeded(m *MoveView) bool {
	return slices.Contains(needWords, m.Event) || slices.ContainsFunc(m.Needs, func(g string) bool { return slices.Contains(workflow.Needs(g), "words") })
}

// questions are the fields of an act's form.
func (s *Server) questions(p *view.Page, x *shown, m *MoveView, typed *unsent) []view.Field {
	var out []view.Field
	for _, name := range extras[m.Event] {
		if x.proposal(m.Event) == nil || x.proposes(*m) { // what was proposed is what is agreed
			out = append(out, s.question(p, x, m, typed, name))
		}
	}
	if !slices.Contains(silent, m.Event) {
		words := typed.ask(p, "words", "area")
		words.Optional = !x.wordsNeeded(m)
		if key := "page.words." + m.Event; has(p.Lang, key) {
			words.Label = p.T(key)
		}
		out = append(out, words)
	}
	if slices.Contains(withFiles, m.Event) {
		out = append(out, s.actFiles(p, x, m))
	}
	if m.Event == transfer {
		out = append(out, x.undisputed(p, typed))
	}
	for _, g := range m.Needs {
		for _, field := range workflow.Needs(g) {
			switch field {
			case "knew_on":
				out = append(out, typed.ask(p, "knew_on", "date"))
			case "consent":
				out = append(out, typed.ask(p, "consent", "check"))
			case "represented_consent":
				if n, _ := number(x.v.Facts["complainants"]); n > 1 {
					out = append(out, typed.ask(p, "represented_consent", "check"))
				}
			case "warned":
				out = append(out, typed.ask(p, "warned", "check"))
			case "offer":
				out = append(out, view.Field{Name: "offer", Kind: "hidden", Value: typed.Form.Get("offer")})
			}
		}
	}
	return out
}

func (s *Server) question(p *view.Page, _ *shown, m *MoveView, typed *unsent, name string) view.Field {
	kind := map[string]string{"amount": "money", "performed": "money", "due_on": "date", "performed_on": "date", "requests": "checks"}[name]
	if kind == "" {
		kind = "choice"
	}
	q := typed.ask(p, name, kind)
	switch name {
	case "requests":
		q.Options = typed.options(p, name, "request.", requestCodes...)
	case "performed", "performed_on":
		q.Optional = m.Event != "confirm_partly"
	case "feedback_code":
		q.Options = typed.options(p, name, "feedback.", "judged_consumer", "judged_partly", "judged_merchant", "not_docketed")
	case "score":
		q.Options = typed.options(p, name, "page.score.", "5", "4", "3", "2", "1")
	case "answer_kind":
		q.Options = typed.options(p, name, "page.answer_kind.", "refusal", "question")
	case "reason":
		codes := []string{"no_defect", "no_proof", "too_late", "settled_already", "amount", "other"}
		switch m.Event {
		case "disclaim":
			codes = []string{"other_shop", "closed_shop", "platform_only"}
		case "object_to_publication":
			codes = workflow.Objections
		case "answer_publicly":
			codes = workflow.PublicAnswers
		}
		q.Options = typed.options(p, name, "reason.", codes...)
	case "publish_consent", "entrust_consent":
		q.Options = typed.options(p, name, "page.consent."+name+".", "yes", "no")
	case "amount", "due_on":
		q.Optional = m.Event != "agree_new_date"
		if m.Event == "offer" || m.Event == "counter" || m.Event == "answer_with_offer" {
			q.Label = p.T("page.ask.offer_" + name)
		}
	}
	return q
}

// showAct says what an act means, before it is done.
func (s *Server) showAct(ctx context.Context, c *Call) (any, error) {
	if c.Link == nil {
		return s.askLink(c, "", nil), nil
	}
	x, err := s.look(ctx, c)
	if err != nil {
		return nil, err
	}
	m := x.move(c.Param("event"))
	if m == nil {
		return s.notNow(c, x), nil
	}
	typed, err := s.typedBefore(ctx, c, x, m.Event)
	if err != nil {
		return nil, err
	}
	return s.actPage(c, x, m, typed, nil, http.StatusOK), nil
}

// before is what a form holds before anybody typed.
func (x *shown) before() *unsent {
	u := newUnsent()
	n, _ := x.v.OpenOffer()
	u.Form.Set("offer", strconv.FormatInt(n, 10))
	for _, name := range []string{"publish_consent", "entrust_consent"} {
		u.Form.Set(name, x.v.Facts[name])
	}
	return u
}

func (s *Server) notNow(c *Call, x *shown) page {
	p := s.base(c, "page.act.not_now.title")
	return page{status: http.StatusConflict, body: view.WordsPage(p, []string{p.T("page.act.not_now", "State", stateWords(c.Language, x.v.State))})}
}

func (s *Server) actPage(c *Call, x *shown, m *MoveView, typed *unsent, wrong []view.Wrong, status int) page {
	p := s.base(c, "event."+m.Event)
	p.Title, p.Form = x.label(p, *m), "act"
	f := &view.Form{Action: "/c/" + x.v.Number + "/act/" + m.Event, Key: formKey(c.token), Faults: wrong, Submit: p.T("page.act.do"), Back: "/c/" + x.v.Number,
		Kicker: p.T("page.case.number", "Number", x.v.Number), Fields: s.questions(p, x, m, typed)}
	if slices.Contains(withFiles, m.Event) {
		f.Upload, f.Action = true, f.Action+"/files"
	}
	if key := "page.means." + m.Event; has(p.Lang, key) {
		f.Lead = []string{p.T(key)}
	}
	if slices.ContainsFunc(m.Needs, func(g string) bool { return slices.Contains(workflow.Needs(g), "warned") }) {
		f.Warning, f.Danger, f.Submit = warningOf(&x.v.Case, c.Language).Warning, true, p.T("page.act.withdraw")
	}
	if m.Event == transfer {
		f.Aside = handedRows(p)
	}
	if e := x.proposal(m.Event); e != nil && !x.proposes(*m) {
		f.Aside = x.proposedTerms(p, e)
	}
	if e := x.lastOffer(); e != nil && slices.Contains(offerActs, m.Event) {
		t := termsIn(x.parts[e.Seq].Words)
		if t.fen > 0 {
			f.Aside = append(f.Aside, view.Row{Name: p.T("page.case.offered"), Value: "¥" + yuan(t.fen)})
		}
		if t.due != 0 {
			f.Aside = append(f.Aside, view.Row{Name: p.T("page.offer.due"), Value: dateWords(p, t.due)})
		}
		if t.words != "" {
			f.Aside = append(f.Aside, view.Row{Name: p.T("page.offer.terms"), Value: t.words})
		}
	}
	mark(f.Fields, wrong)
	return page{status: status, body: view.FormPage(p, f)}
}

// takeAct does it: the form becomes the body that a program would send.
func (s *Server) takeAct(ctx context.Context, c *Call) (any, error) {
	if c.Link == nil {
		return s.askLink(c, "", typedRows(c)), nil
	}
	return s.doAct(ctx, c, nil, nil)
}

// doAct does an act whose form was read; got are the files that came with it, and
// draft is the hash under which they wait.
func (s *Server) doAct(ctx context.Context, c *Call, got *chosenFiles, draft []byte) (any, error) {
	x, err := s.look(ctx, c)
	if err != nil {
		return nil, err
	}
	event := c.Param("event")
	if got != nil {
		if x.waiting, err = s.waitingUnder(ctx, draft); err != nil {
			return nil, err
		}
		if x.first, err = s.firstFile(ctx, c, x, got); err != nil {
			return nil, err
		}
	}
	typed := &unsent{Form: c.Form}
	p := s.base(c, "event.say")
	m := x.move(event)
	ours := c.ourForm(c.token)
	switch {
	case m == nil && !ours:
		return s.notNow(c, x), nil
	case m == nil: // done by now, perhaps by this very form: its key says so
		m = &MoveView{Event: event}
	case !ours:
		return s.actPage(c, x, m, typed, []view.Wrong{{Text: p.T("page.form.stale")}}, http.StatusConflict), nil
	}
	if set := s.preferences(c); set != nil {
		out := s.actPage(c, x, m, typed, nil, http.StatusOK)
		out.cookies = set
		return out, nil
	}
	if got != nil {
		if out := s.halfway(c, x, m, typed, got); out != nil {
			return out, nil
		}
	}
	body, wrong := x.bodyOf(p, m, typed)
	if len(wrong) > 0 {
		return s.actPage(c, x, m, typed, wrong, http.StatusUnprocessableEntity), nil
	}
	if x.first == "" && x.saidJust(event, body) {
		return moved{to: "/c/" + x.v.Number + "?done=" + event}, nil
	}
	if x.first == "" {
		draft = nil
	}
	if err := s.send(ctx, c, body, draft); err != nil {
		if got != nil && problemOf(err).Code == "key_reused" { // it was done: what came once more is not for another
			for i := range got.taken {
				err = errors.Join(err, s.dropChosen(ctx, draft, got.taken[i].ID))
			}
		}
		return s.refusedAct(c, x, m, typed, err)
	}
	return moved{to: "/c/" + x.v.Number + "?done=" + event}, nil
}

// saidJust reports whether the very same words are the last that happened: the form
// was gone back to and sent once more.
func (x *shown) saidJust(event string, body map[string]any) bool {
	last := &x.events[len(x.events)-1]
	return slices.Contains([]string{"say", "add_evidence"}, event) && last.Event == event && x.byReader(last) && body["words"] == x.parts[last.Seq].Words
}

// refusedAct shows the form again with the reason, every word in its place.
func (s *Server) refusedAct(c *Call, x *shown, m *MoveView, typed *unsent, err error) (any, error) {
	problem := problemOf(err)
	switch {
	case problem.Code == "key_reused": // it was sent before, with other words: look first
		return moved{to: "/c/" + x.v.Number}, nil
	case problem.Status >= http.StatusInternalServerError:
		return nil, err
	case x.move(m.Event) == nil:
		return s.notNow(c, x), nil
	}
	problem.say(c.Language, "")
	p := s.base(c, "event.say")
	wrong := []view.Wrong{{Text: p.T("page.act.refused", "Why", problem.Title)}}
	if problem.Guard != "" {
		wrong[0].Text = problem.Detail
	}
	for _, f := range problem.Missing {
		wrong = append(wrong, view.Wrong{Field: f.Field, Text: f.Why})
	}
	return s.actPage(c, x, m, typed, wrong, problem.Status), nil
}
