package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/register"
)

// intakers are who may enter a complaint for somebody (T01).
var intakers = []workflow.Role{"officer", "hub", "town"}

// intakeFields are the questions of the form at the window, in order.
var intakeFields = []string{"source", "ticket", "track", "on_behalf.identity", "person.name", "person.phone", "person.email", "person.address", "person.identity",
	"respondent.name", "respondent.code", "respondent.address", "respondent.phone", "words", "domain", "category", "town", "amount_fen", "requests", "knew_on", "publish_consent", "entrust_consent"}

// intakeNeeds are those that a complaint cannot do without.
var intakeNeeds = []string{"source", "track", "on_behalf.identity", "person.name", "respondent.name", "words", "publish_consent", "entrust_consent"}

// intakeSources are where a complaint at the desk comes from.
var intakeSources = []string{"window", "telephone", "letter", "12345", "12315"}

// showIntake is the form for a person at the window or on the telephone.
func (s *Server) showIntake(_ context.Context, c *Call) (any, error) {
	typed := newUnsent()
	typed.Form.Set("track", "authority")
	return s.intakePage(c, typed, nil, nil, http.StatusOK), nil
}

func (s *Server) intakePage(c *Call, typed *unsent, wrong []view.Wrong, found *view.Found, status int) page {
	p := s.base(c, "page.desk.intake.title")
	p.Path, p.Form, p.Search = "/desk/intake", "act", true
	f := &view.Form{Action: "/desk/intake", Key: formKey(c.token), Faults: wrong, Submit: p.T("page.desk.intake.check")}
	for _, name := range intakeFields {
		if name == "on_behalf.identity" && !forConsumer(c) {
			continue
		}
		q := s.intakeField(p, typed, name)
		q.Optional = !slices.Contains(intakeNeeds, name)
		f.Fields = append(f.Fields, q)
	}
	mark(f.Fields, wrong)
	return page{status: status, body: view.IntakePage(p, &view.Intake{Form: f, Found: found})}
}

// forConsumer reports whether the reader enters it as an officer or the hub, for the
// consumer; a town files it itself.
func forConsumer(c *Call) bool { return isOne(c.User, []workflow.Role{"officer", "hub"}) }

func (s *Server) intakeField(p *view.Page, typed *unsent, name string) view.Field {
	a := &deskAct{}
	switch name {
	case "source":
		f := codes(p, typed, name, nil)
		f.Options = options(p, typed, name, "source.", intakeSources)
		return f
	case "track":
		return view.Field{Name: name, Kind: "choice", Label: p.T("page.desk.ask.track"), Hint: p.T("page.desk.hint.track"), Options: typed.options(p, name, "page.desk.opt.track.", "authority", "green_channel")}
	case "on_behalf.identity":
		return codes(p, typed, name, append(slices.Clone(identityCodes), "ticket_checked"))
	case "ticket":
		return (&looked{}).plain(p, a, typed, name, "text")
	}
	f := s.deskField(p, &looked{}, a, typed, name)
	f.Label = intakeName(p, name)
	switch name {
	case "words":
		f.Hint = p.T("page.desk.intake.words_hint")
	case "respondent.name":
		f.Finds = "/desk/intake/merchants"
	case "person.phone", "respondent.phone":
		f.Kind = "tel"
	case "person.email":
		f.Kind = "email"
	}
	return f
}

// findRespondent completes a merchant's name out of the register, as it is typed.
func (s *Server) findRespondent(ctx context.Context, c *Call) (any, error) {
	return s.foundShops(ctx, s.base(c, "page.desk.intake.title"), c.Query("respondent.name"))
}

// takeIntake goes through the form: a merchant is picked, everything is read back
// with the open complaints that it may repeat, and only then is it filed.
func (s *Server) takeIntake(ctx context.Context, c *Call) (any, error) {
	typed := &unsent{Form: c.Form}
	ours := c.ourForm(c.token)
	if set := s.preferences(c); set != nil {
		out := s.intakePage(c, typed, nil, nil, http.StatusOK)
		out.cookies = set
		return out, nil
	}
	p := s.base(c, "page.desk.intake.title")
	if id := typed.get("pick"); id != "" {
		s.pickRespondent(ctx, typed, id)
		return s.intakePage(c, typed, nil, nil, http.StatusOK), nil
	}
	switch typed.get("go") {
	case "edit":
		return s.intakePage(c, typed, nil, nil, http.StatusOK), nil
	case "find":
		found, err := s.foundFor(ctx, p, typed.get("respondent.name"))
		if err != nil {
			return nil, err
		}
		return s.intakePage(c, typed, nil, found, http.StatusOK), nil
	}
	if !ours {
		return s.intakePage(c, typed, []view.Wrong{{Text: p.T(c.staleWords())}}, nil, http.StatusConflict), nil
	}
	body, wrong := intakeBody(p, c, typed)
	if len(wrong) > 0 {
		return s.intakePage(c, typed, wrong, nil, http.StatusUnprocessableEntity), nil
	}
	if typed.get("go") != "file" {
		return s.readBack(ctx, c, typed, nil)
	}
	if typed.get("on_behalf.read_back") != "yes" {
		return s.readBack(ctx, c, typed, []view.Wrong{{Field: "on_behalf.read_back", Text: p.T("page.desk.need.read_back")}})
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	out, err := s.file(ctx, &Call{Param: c.Param, Body: text, Key: c.Key, Language: c.Language, User: c.User})
	if err != nil {
		problem := problemOf(err)
		if problem.Status >= http.StatusInternalServerError {
			return nil, err
		}
		problem.say(c.Language, "")
		wrong := wrongOf(p, err, problem)
		if problem.Case != "" {
			wrong = append(wrong, view.Wrong{Text: p.T("page.case.number", "Number", problem.Case)})
		}
		return s.intakePage(c, typed, wrong, nil, problem.Status), nil
	}
	return s.taken(c, out.(filed))
}

// pickRespondent fills in what the register has of a merchant.
func (s *Server) pickRespondent(ctx context.Context, typed *unsent, id string) {
	m, err := s.Store.Merchant(ctx, id)
	if err != nil || m.Status != register.Active {
		return // an entry that is not there fills in nothing
	}
	typed.Form.Set("respondent.name", m.Name)
	if m.CodeValid {
		typed.Form.Set("respondent.code", m.Code)
	}
	if m.ShopAddress != "" {
		typed.Form.Set("respondent.address", m.ShopAddress)
	}
	if m.Town != "" {
		typed.Form.Set("town", m.Town)
	}
}

// intakeBody is what a program would send.
func intakeBody(p *view.Page, c *Call, typed *unsent) (map[string]any, []view.Wrong) {
	body := map[string]any{}
	var wrong []view.Wrong
	for _, name := range intakeNeeds {
		if typed.get(name) == "" && (name != "on_behalf.identity" || forConsumer(c)) {
			wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.desk.intake.need", "What", intakeName(p, name))})
		}
	}
	for _, name := range []string{"source", "ticket", "track", "person", "respondent", "words", "domain", "category", "town", "amount_fen", "requests", "knew_on", "publish_consent", "entrust_consent"} {
		v, field, why := answerOf(typed, name)
		if why != "" {
			wrong = append(wrong, view.Wrong{Field: field, Text: p.T(why)})
		} else if v != nil {
			body[name] = v
		}
	}
	for _, name := range intakeFields {
		if _, why := tidyText(typed.get(name), name != "words"); why != "" {
			wrong = append(wrong, view.Wrong{Field: name, Text: p.T("page.bad.text", "Name", intakeName(p, name), "Why", p.T(why))})
		}
	}
	if typed.get("track") == "green_channel" {
		body["elected"] = true
	}
	if forConsumer(c) {
		channel := typed.get("source")
		if channel == "12345" || channel == "12315" {
			channel = "telephone"
		}
		body["on_behalf"] = map[string]any{"party": "consumer", "channel": channel, "identity": typed.get("on_behalf.identity"), "read_back": true}
	}
	return body, wrong
}

func intakeName(p *view.Page, name string) string {
	if name == "words" {
		return p.T("page.desk.intake.words")
	}
	base, _, _ := strings.Cut(name, ".")
	if base == "person" || base == "respondent" {
		return p.T("page.desk.intake.of", "Who", p.T("page.desk."+base), "What", p.T("page.desk.ask."+name))
	}
	return p.T("page.desk.ask." + name)
}

// readBack shows everything that was entered, to be read to the person, and the open
// complaints that it may be the same as.
func (s *Server) readBack(ctx context.Context, c *Call, typed *unsent, wrong []view.Wrong) (any, error) {
	p := s.base(c, "page.desk.intake.read_back")
	out := &view.ReadBack{Key: formKey(c.token), Faults: wrong}
	for _, name := range intakeFields {
		if name == "on_behalf.identity" && !forConsumer(c) {
			continue
		}
		q := s.intakeField(p, typed, name)
		if text := answered(p, &q); text != "" {
			out.Rows = append(out.Rows, view.Row{Name: intakeName(p, name), Value: text})
		}
		for _, v := range typed.Form[name] {
			out.Hidden = append(out.Hidden, view.Row{Name: name, Value: v})
		}
	}
	out.Tick = view.Field{Name: "on_behalf.read_back", Kind: "check", Label: p.T("page.desk.ask.on_behalf.read_back")}
	for _, w := range wrong {
		if w.Field == out.Tick.Name {
			out.Tick.Error = w.Text
		}
	}
	about := &workflow.Private{Person: &workflow.Person{Phone: typed.get("person.phone")}, Respondent: &workflow.Respondent{Name: typed.get("respondent.name"), Code: typed.get("respondent.code"), Address: typed.get("respondent.address")}}
	alike, err := s.Store.Alike(ctx, about, nil)
	if err != nil {
		return nil, err
	}
	for _, a := range alike {
		if v, err := s.Store.Case(ctx, a.Number); err == nil && c.User.Scope().Sees(&v.Case) {
			out.Alike = append(out.Alike, view.Row{Name: a.Number, Value: p.T("page.alike.line", "Day", dayWords(p, a.Filed), "State", stateWords(p.Lang, a.State)), To: deskCasePath(a.Number)})
		}
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return page{status: status, body: view.ReadBackPage(p, out)}, nil
}

// taken is the receipt for the person: number, link and the days that run. The link
// is shown here only; the same form sent again shows the same.
func (s *Server) taken(c *Call, f filed) (any, error) {
	p := s.base(c, "page.desk.intake.done")
	p.Path = "/desk/intake"
	out := &view.Taken{Number: f.Case.Number, Case: deskCasePath(f.Case.Number), Link: s.address(c) + "/c/" + f.Case.Number + "#" + f.Token, Key: formKey(c.token), Sees: strconv.FormatInt(f.Case.Version, 10)}
	var err error
	if out.QR, out.Size, err = qrPath(out.Link); err != nil {
		return nil, err
	}
	for i := range f.Case.Clocks {
		k := &f.Case.Clocks[i]
		if k.State == workflow.Running && !slices.Contains(background, k.Code) && k.Code != "service" {
			out.Clocks = append(out.Clocks, view.Row{Name: capital(p.T("clock." + k.Code)), Value: dateWords(p, k.Due)})
		}
	}
	if f.Receipt != nil {
		out.Rows = append(out.Rows, view.Row{Name: p.T("page.desk.intake.receipt"), Value: strings.TrimSpace(f.Case.Filed.In(china).Format("2006-01-02 15:04"))})
	}
	return page{status: http.StatusCreated, body: view.TakenPage(p, out)}, nil
}
