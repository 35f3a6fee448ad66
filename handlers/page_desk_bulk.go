package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"fangxin/handlers/view"
	"fangxin/store"
	"fangxin/workflow"
)

// bulkMost is how many cases one move may take.
const bulkMost = pageMost

// bulkKinds are what may be done with several cases at once.
var bulkKinds = []string{"assign", "dispatch", "resend"}

// bulkLine is what a move would do, or did, with one case.
type bulkLine struct {
	number, why string // why: it will not work; empty: it will
	notices     []int64
}

// bulk moves several cases: first it shows what will not work and why, then it does
// the rest. Each case is an act of its own, with a key of its own.
func (s *Server) bulk(ctx context.Context, c *Call) (any, error) {
	p := s.base(c, "page.desk.bulk.title")
	what := c.Form.Get("what")
	numbers := c.Form["case"]
	out := &view.Bulk{What: what, Back: "/desk/cases", Key: formKey(c.token)}
	typed := &unsent{Form: c.Form}
	x := &looked{c: c}
	var err error
	if x.colleagues, err = s.colleaguesOf(ctx, c); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(bulkKinds, what):
		return nil, badField("what", "why.choice")
	case len(numbers) > bulkMost:
		return nil, badField("case", "why.range")
	case len(numbers) == 0:
		out.Bad = p.T("page.desk.bulk.none")
		return page{status: http.StatusUnprocessableEntity, body: view.BulkPage(p, out)}, nil
	}
	p.Title, p.Form = p.T("page.desk.bulk."+what), "bulk"
	if what != "resend" {
		for _, name := range []string{"unit", "officer"} {
			f := view.Field{Name: name, Kind: "select", Label: p.T("page.desk.ask." + name), Optional: name == "officer", Options: s.placesFor(p, x, nil, typed, name)}
			out.Fields = append(out.Fields, f)
		}
	}
	set := s.preferences(c)
	ours, do := c.ourForm(c.token), c.Form.Get("go") == "do"
	if do && !ours && set == nil {
		out.Bad = p.T(c.staleWords())
	}
	for _, number := range numbers {
		line, err := s.bulkCase(ctx, c, what, number, do && ours && set == nil)
		if err != nil {
			return nil, err
		}
		v := view.BulkLine{Number: number, To: deskCasePath(number), Why: line.why}
		if line.why == "" {
			out.Good = append(out.Good, v)
		} else {
			out.Not = append(out.Not, v)
		}
	}
	out.Done = do && ours && set == nil
	key := "page.desk.bulk.preview"
	if out.Done {
		key = "page.desk.bulk.done"
	}
	out.Sum = p.T(key, "Good", digit(len(out.Good)), "Not", digit(len(out.Not)))
	return page{body: view.BulkPage(p, out), cookies: set}, nil
}

// bulkCase tries, or does, a move with one case.
func (s *Server) bulkCase(ctx context.Context, c *Call, what, number string, do bool) (bulkLine, error) {
	line := bulkLine{number: number}
	v, err := s.Store.Case(ctx, number)
	if err != nil || !c.User.Scope().Sees(&v.Case) || v.Kind == workflow.Report {
		if err != nil && !errors.Is(err, store.ErrNoSuchCase) {
			return line, err
		}
		line.why = say(c.Language, "problem.not_found.title", nil)
		return line, nil
	}
	if what == "resend" {
		return s.bulkResend(ctx, c, line, do)
	}
	body := map[string]any{"event": what}
	for _, name := range []string{"unit", "officer"} {
		if text := strings.TrimSpace(c.Form.Get(name)); text != "" {
			body[name] = text
		}
	}
	in := act{}
	text, err := json.Marshal(body)
	if err != nil {
		return line, err
	}
	call := &Call{Param: func(string) string { return number }, Body: text, Key: c.Key + "/" + number, Language: c.Language, User: c.User}
	if do {
		_, err = s.command(ctx, call)
	} else {
		in.Unit, _ = body["unit"].(string)
		in.Officer, _ = body["officer"].(string)
		err = s.would(call, v, &in, what)
	}
	if err != nil {
		return s.whyNot(c, line, err)
	}
	return line, nil
}

// would asks the law, and changes nothing.
func (s *Server) would(c *Call, v store.View, in *act, event string) error {
	if err := s.known(&in.Input); err != nil {
		return err
	}
	q, err := s.request(c, v, in, event, "")
	if err != nil {
		return err
	}
	_, err = workflow.Decide(settled(v.Case, s.Rules(), s.Now()), q.Command, s.Rules(), s.Now())
	return err
}

// whyNot puts a refusal into one line; a fault of ours stays one.
func (s *Server) whyNot(c *Call, line bulkLine, err error) (bulkLine, error) {
	problem := problemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		return line, err
	}
	problem.say(c.Language, "")
	line.why = problem.Title
	if problem.Guard != "" {
		line.why = say(c.Language, "page.desk.refused.guard", vars{"Guard": say(c.Language, "guard."+problem.Guard, nil)})
	} else if problem.State != "" && problem.Code == "not_allowed_now" {
		line.why += say(c.Language, "page.desk.colon", nil) + stateWords(c.Language, workflow.State(problem.State))
	}
	return line, nil
}

// bulkResend sends those notices of a case anew that did not arrive.
func (s *Server) bulkResend(ctx context.Context, c *Call, line bulkLine, do bool) (bulkLine, error) {
	all, err := s.Store.Notices(ctx, line.number)
	if err != nil {
		return line, err
	}
	for i := range all {
		if all[i].State == "failed" || all[i].State == "dead" {
			line.notices = append(line.notices, all[i].No)
		}
	}
	if len(line.notices) == 0 {
		line.why = say(c.Language, "page.desk.bulk.arrived", nil)
		return line, nil
	}
	for _, no := range line.notices {
		if !do {
			break
		}
		param := func(name string) string {
			if name == "notice" {
				return digit(int(no))
			}
			return line.number
		}
		if _, err := s.resend(ctx, &Call{Param: param, Body: []byte("{}"), Key: c.Key + "/" + line.number + "/" + digit(int(no)), Language: c.Language, User: c.User}); err != nil {
			return s.whyNot(c, line, err)
		}
	}
	return line, nil
}
