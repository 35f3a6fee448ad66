package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"fangxin/handlers/view"
	"fangxin/workflow/policy"

	"golang.org/x/text/width"
)

// sentCode is a code that was asked for while a complaint was written.
type sentCode struct {
	ID      string    `json:"id"`    // of the check
	By      string    `json:"by"`    // key of the form that asked: a double click asks once
	Kind    string    `json:"kind"`  // phone or email
	Value   string    `json:"value"` // that it was sent to, as it was typed
	Asked   time.Time `json:"asked"`
	Failing bool      `json:"failing,omitempty"` // codes of this kind could not be sent then
	Done    time.Time `json:"done"`              // when the right code was entered; zero: not yet
}

// reach is where a code can be sent: the telephone before the mailbox.
func (u *unsent) reach() (kind, value string) {
	if phone := u.get("phone"); phone != "" {
		return "phone", phone
	}
	if mail := u.get("email"); mail != "" {
		return "email", mail
	}
	return "", ""
}

// reached reports whether a code can be sent at all.
func (u *unsent) reached() bool { kind, _ := u.reach(); return kind != "" }

// code is what was sent to the contact that the complaint names now; nil when
// nothing was, or it was sent elsewhere.
func (u *unsent) code() *sentCode {
	if kind, value := u.reach(); u.Code != nil && u.Code.Kind == kind && u.Code.Value == value {
		return u.Code
	}
	return nil
}

// checkState is done, sent or none.
func (u *unsent) checkState(now time.Time, rules policy.ContactCheck) string {
	switch k := u.code(); {
	case k == nil, !k.Done.IsZero() && now.Sub(k.Done) >= time.Duration(rules.Hours)*time.Hour:
		return "none"
	case !k.Done.IsZero():
		return "done"
	}
	return "sent"
}

// checkedBy names the confirmed check of a complaint, "" when there is none.
func (u *unsent) checkedBy(now time.Time, rules policy.ContactCheck) string {
	if u.checkState(now, rules) != "done" {
		return ""
	}
	return u.code().ID
}

// fillCheck asks for the code; going on without is a link, so that no budget, no
// gateway and no code stands between anybody and his complaint.
func fillCheck(s *Server, p *view.Page, u *unsent, f *view.Form) {
	kind, value := u.reach()
	rules := s.Rules().ContactCheck()
	f.Skip, f.SkipTo = p.T("page.check.skip"), "/file/"+u.after(stepNamed("check")).name
	f.Aside = []view.Row{{Name: p.T("page.ask." + kind), Value: value, To: "/file/you"}}
	switch u.checkState(s.Now(), rules) {
	case "done":
		f.Lead, f.Skip = []string{p.T("page.check.is_done")}, ""
	case "none":
		f.Lead, f.Submit = []string{p.T("page.check.lead"), p.T("page.check.without")}, p.T("page.check.send")
	default:
		k := u.code()
		f.Lead = []string{p.T("page.check.was_sent", "Minutes", digit(rules.Minutes)), p.T("page.check.without")}
		if k.Failing {
			f.Warning = p.T("page.check.failing")
		}
		code := u.ask(p, "code", "code")
		code.Label, code.Hint, code.Value = p.T("page.check.code"), p.T("page.check.code_hint"), ""
		f.Fields, f.Submit = []view.Field{code}, p.T("page.check.confirm")
		f.Again, f.Wait = p.T("page.check.again"), max(0, int(k.Asked.Add(time.Duration(rules.Pause)*time.Second).Sub(s.Now())/time.Second))
	}
}

// takeCheckStep sends a code, or takes the one that was entered: the API's own
// handlers do it, under the budget of secrets.
func (s *Server) takeCheckStep(ctx context.Context, c *Call) (any, error) {
	u, err := s.draftOf(ctx, c)
	if err != nil {
		return nil, err
	}
	st, token := stepNamed("check"), c.cookie(draftCookie)
	switch {
	case u == nil:
		return moved{to: "/file"}, nil
	case u.Sent != "":
		return moved{to: "/c/" + u.Sent}, nil
	case !u.reached():
		return moved{to: "/file/" + u.after(st).name}, nil
	case !c.ourForm(token):
		return s.checkAgain(c, u, http.StatusConflict, view.Wrong{Text: s.base(c, "page.file.check").T("page.form.stale")}), nil
	}
	if set := s.preferences(c); set != nil {
		return moved{c.path, set}, nil
	}
	state := u.checkState(s.Now(), s.Rules().ContactCheck())
	switch {
	case u.code() != nil && u.code().By == c.Key: // the same click twice
		return moved{to: "/file/check"}, nil
	case state == "done":
		return moved{to: "/file/" + u.after(st).name}, nil
	case state == "none" || c.Form.Get("go") == "again":
		return s.sendCode(ctx, c, u)
	}
	return s.enterCode(ctx, c, u)
}

// checkAgain shows the step with what went wrong.
func (s *Server) checkAgain(c *Call, u *unsent, status int, wrong view.Wrong) page {
	return s.stepPage(c, stepNamed("check"), u, c.cookie(draftCookie), []view.Wrong{wrong}, status)
}

func (s *Server) sendCode(ctx context.Context, c *Call, u *unsent) (any, error) {
	p := s.base(c, "page.file.check")
	if k := u.code(); k != nil {
		if left := k.Asked.Add(time.Duration(s.Rules().ContactCheck().Pause) * time.Second).Sub(s.Now()); left > 0 {
			return s.checkAgain(c, u, http.StatusUnprocessableEntity, view.Wrong{Text: p.T("page.check.wait", "N", digit(int((left+time.Second-1)/time.Second)))}), nil
		}
	}
	kind, value := u.reach()
	body, err := json.Marshal(map[string]string{kind: strings.NewReplacer("(", "", ")", "").Replace(width.Fold.String(value))})
	if err != nil {
		return nil, err
	}
	out, err := s.askCheck(ctx, &Call{Body: body, Key: c.Key, Language: c.Language})
	if err != nil {
		if problemOf(err).Status >= http.StatusInternalServerError {
			return nil, err
		}
		return s.checkAgain(c, u, http.StatusUnprocessableEntity, view.Wrong{Text: p.T("page.bad." + kind)}), nil
	}
	asked := out.(checkView)
	u.Code = &sentCode{ID: asked.ID, By: c.Key, Kind: kind, Value: value, Asked: s.Now(), Failing: asked.Channel != "ok"}
	return moved{to: "/file/check"}, s.keep(ctx, c.cookie(draftCookie), u)
}

func (s *Server) enterCode(ctx context.Context, c *Call, u *unsent) (any, error) {
	p, k := s.base(c, "page.file.check"), u.code()
	body, err := json.Marshal(map[string]string{"code": width.Fold.String(c.Form.Get("code"))})
	if err != nil {
		return nil, err
	}
	if _, err := s.confirmCheck(ctx, &Call{Param: func(string) string { return k.ID }, Body: body, Language: c.Language}); err != nil {
		if problemOf(err).Status >= http.StatusInternalServerError {
			return nil, err
		}
		return s.checkAgain(c, u, http.StatusUnprocessableEntity, view.Wrong{Field: "code", Text: p.T("page.check.wrong")}), nil
	}
	k.Done = s.Now()
	return moved{to: "/file/" + u.after(stepNamed("check")).name}, s.keep(ctx, c.cookie(draftCookie), u)
}
