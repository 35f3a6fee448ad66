package handlers

import (
	"context"
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
)

// newCheck asks for a code: to a phone or to a mailbox, one of the two.
type newCheck struct {
	Phone string `json:"phone"`
	Email string `json:"email"`
}

type enteredCode struct {
	Code string `json:"code"`
}

type checkView struct {
	ID      string    `json:"id"` // 43 characters: names the check when confirming and when filing
	Kind    string    `json:"kind"`
	Expires time.Time `json:"expires_at"`
	// Channel is ok, or failing while codes of this kind cannot be sent: file
	// without, the complaint is taken all the same.
	Channel string `json:"channel"`
	Pause   int    `json:"again_after_seconds"`
}

type confirmedCheck struct {
	Confirmed bool `json:"confirmed"`
}

var phoneForm = regexp.MustCompile(`^\+?[0-9][0-9 -]{5,18}[0-9]$`)

// askCheck sends a code to a phone or mailbox. Whoever's it is, and however often
// it was sent one, the answer is the same.
func (s *Server) askCheck(ctx context.Context, c *Call) (any, error) {
	var in newCheck
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	ask := store.Check{Kind: "phone", Value: strings.TrimSpace(in.Phone), Language: c.Language}
	switch {
	case in.Phone != "" && in.Email != "":
		return nil, badField("email", "why.one_contact")
	case in.Email != "":
		if a, err := mail.ParseAddress(in.Email); err != nil || a.Address != strings.TrimSpace(in.Email) || len(in.Email) > 254 {
			return nil, badField("email", "why.email")
		}
		ask.Kind, ask.Value = "email", strings.TrimSpace(in.Email)
	case !phoneForm.MatchString(ask.Value):
		return nil, badField("phone", "why.phone")
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	ask.Token, _ = s.Store.NewToken("check", key, ask.Kind)
	until, err := s.Store.AskCheck(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := checkView{ID: ask.Token, Kind: ask.Kind, Expires: until, Channel: "ok", Pause: s.Rules().ContactCheck().Pause}
	fails, err := s.Store.CheckFails(ctx, ask.Kind)
	if fails {
		out.Channel = "failing"
	}
	return out, err
}

// confirmCheck takes the code that somebody was sent.
func (s *Server) confirmCheck(ctx context.Context, c *Call) (any, error) {
	var in enteredCode
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	err := s.Store.ConfirmCheck(ctx, c.Param("check"), strings.TrimSpace(in.Code))
	if errors.Is(err, store.ErrCode) {
		return nil, problem("wrong_code")
	}
	return confirmedCheck{err == nil}, err
}

// takeCheck uses the check that an act names for the person that it names.
func (s *Server) takeCheck(ctx context.Context, in *act, by string) (workflow.Checked, error) {
	if in.Check == "" {
		return workflow.Checked{}, nil
	}
	if in.Person == nil {
		return workflow.Checked{}, badField("check", "why.check")
	}
	k, err := s.Store.TakeCheck(ctx, in.Check, by, in.Person)
	if errors.Is(err, store.ErrCheck) {
		err = badField("check", "why.check")
	}
	return k, err
}

// giveBackCheck lets a check be used again by a corrected request, when the one
// that took it was refused.
func (s *Server) giveBackCheck(ctx context.Context, in *act, by string, refused error) {
	var r *workflow.Refusal
	if in.Check != "" && errors.As(refused, &r) && r.Code != "key_reused" {
		if err := s.Store.GiveBackCheck(ctx, in.Check, by); err != nil {
			s.Log.ErrorContext(ctx, "a check stays used by a request that was refused", "error", err)
		}
	}
}

// contactOf says what is checked of the person that an act names: by a check of
// its own, or as before when the contact is the same.
func (s *Server) contactOf(ctx context.Context, v *store.View, in *act, by string) (workflow.Checked, error) {
	before := v.Facts["contact_checked"]
	if in.Check != "" || in.Person == nil || before != "phone" && before != "email" {
		return s.takeCheck(ctx, in, by)
	}
	same, err := s.Store.SameContact(ctx, v.ID, before, in.Person)
	if err != nil || !same {
		return workflow.Checked{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, v.Facts["contact_checked_at"])
	return workflow.Checked{Method: before, At: at}, err
}
