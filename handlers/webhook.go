package handlers

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"fangxin/store"
)

// Hooks reaches the machines that are told of events. Each says by a code why it
// could not, empty when it could; nil is not asked.
type Hooks struct {
	Check func(ctx context.Context, url string) string
	Test  func(ctx context.Context, w store.Webhook) string
}

// newWebhook is a machine to be told.
type newWebhook struct {
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Topics      []string `json:"topics"` // names of events; none: all
}

type webhookView struct {
	ID          string     `json:"id"`
	URL         string     `json:"url"`
	Description string     `json:"description"`
	Topics      []string   `json:"topics"`
	CreatedBy   string     `json:"created_by"`
	Created     time.Time  `json:"created_at"`
	State       string     `json:"state"` // live, failing, paused
	PausedAt    *time.Time `json:"paused_at,omitempty"`
	PausedBy    string     `json:"paused_by,omitempty"`
	PausedWhy   string     `json:"paused_why,omitempty"`
	Failures    int64      `json:"failures"`
	LastError   string     `json:"last_error,omitempty"`
	NextAt      *time.Time `json:"next_at,omitempty"`
	SentAt      *time.Time `json:"sent_at,omitempty"`
	Secrets     int        `json:"secrets"`
}

type webhooksView struct {
	Webhooks []webhookView `json:"webhooks"`
}

// webhookSecret is shown once; asked again with the same key it is the same.
type webhookSecret struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

type webhookTest struct {
	Arrived bool   `json:"arrived"`
	Code    string `json:"code"`
}

func viewWebhook(w store.Webhook) webhookView {
	some := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	v := webhookView{ID: w.Ref, URL: w.URL, Description: w.Description, Topics: append([]string{}, w.Topics...), CreatedBy: w.CreatedBy, Created: w.Created, State: "live",
		PausedAt: some(w.Paused), PausedBy: w.PausedBy, PausedWhy: w.PausedWhy, Failures: w.Failures, LastError: w.Error, SentAt: some(w.Sent), Secrets: len(w.Secrets)}
	switch {
	case v.PausedAt != nil:
		v.State = "paused"
	case w.Failures > 0:
		v.State, v.NextAt = "failing", some(w.Next)
	}
	return v
}

func (s *Server) webhooks(ctx context.Context, _ *Call) (any, error) {
	all, err := s.Store.Webhooks(ctx)
	out := webhooksView{Webhooks: []webhookView{}}
	for _, w := range all {
		out.Webhooks = append(out.Webhooks, viewWebhook(w))
	}
	return out, err
}

func (s *Server) webhook(ctx context.Context, c *Call) (any, error) {
	w, err := s.Store.Webhook(ctx, c.Param("webhook"))
	return viewWebhook(w), err
}

// wanted reads and checks what a machine is to be told, and where.
func (s *Server) wanted(ctx context.Context, c *Call) (in newWebhook, err error) {
	if err := strict(c.Body, &in); err != nil {
		return in, err
	}
	if in.URL == "" {
		return in, badField("url", "why.needed")
	}
	if s.Hooks.Check != nil {
		if code := s.Hooks.Check(ctx, in.URL); code != "" {
			return in, badField("url", "why."+code)
		}
	}
	if utf8.RuneCountInString(in.Description) > 500 {
		return in, badField("description", "why.long_line")
	}
	for _, topic := range in.Topics {
		if !slices.Contains(eventNames(), topic) {
			return in, badField("topics", "why.choice")
		}
	}
	return in, nil
}

// onceHook is whose key it is; a secret is made from it, so there must be one.
func (c *Call) onceHook(asked any) (store.Once, error) {
	key, err := c.key()
	return store.Once{Scope: "webhook/" + c.Param("webhook") + "/" + c.User.Name, Key: key, Asked: asked}, err
}

// addWebhook names a machine that is told what happens from now on.
func (s *Server) addWebhook(ctx context.Context, c *Call) (any, error) {
	in, err := s.wanted(ctx, c)
	if err != nil {
		return nil, err
	}
	q, err := c.onceHook(in)
	if err != nil {
		return nil, err
	}
	ref, secret, err := s.Store.AddWebhook(ctx, q, store.Webhook{URL: in.URL, Description: in.Description, Topics: in.Topics, CreatedBy: c.User.Name})
	if errors.Is(err, store.ErrManyWebhooks) {
		return nil, badField("url", "why.webhook.many")
	}
	return webhookSecret{ref, writeSecret(secret)}, err
}

// writeSecret writes a secret as Standard Webhooks does.
func writeSecret(raw []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(raw) }

func (s *Server) changeWebhook(ctx context.Context, c *Call) (any, error) {
	in, err := s.wanted(ctx, c)
	if err != nil {
		return nil, err
	}
	q, err := c.onceHook(in)
	if err != nil {
		return nil, err
	}
	if err := s.Store.ChangeWebhook(ctx, q, store.Webhook{Ref: c.Param("webhook"), URL: in.URL, Description: in.Description, Topics: in.Topics}); err != nil {
		return nil, err
	}
	return s.webhook(ctx, c)
}

func (s *Server) rotateWebhook(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	q, err := c.onceHook("rotate")
	if err != nil {
		return nil, err
	}
	secret, err := s.Store.RotateWebhook(ctx, q, c.Param("webhook"))
	return webhookSecret{c.Param("webhook"), writeSecret(secret)}, err
}

// onWebhook does what takes nothing but its name.
func (s *Server) onWebhook(ctx context.Context, c *Call, what string, do func(q store.Once) error) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	q, err := c.onceHook(what)
	if err != nil {
		return nil, err
	}
	return nothing{}, do(q)
}

func (s *Server) pauseWebhook(ctx context.Context, c *Call) (any, error) {
	return s.onWebhook(ctx, c, "pause", func(q store.Once) error { return s.Store.PauseWebhook(ctx, q, c.Param("webhook"), c.User.Name) })
}

func (s *Server) resumeWebhook(ctx context.Context, c *Call) (any, error) {
	return s.onWebhook(ctx, c, "resume", func(q store.Once) error { return s.Store.ResumeWebhook(ctx, q, c.Param("webhook")) })
}

func (s *Server) endWebhook(ctx context.Context, c *Call) (any, error) {
	return s.onWebhook(ctx, c, "end", func(q store.Once) error { return s.Store.EndWebhook(ctx, q, c.Param("webhook")) })
}

// testWebhook tells a machine one thing that means nothing, and says at once
// what it answered.
func (s *Server) testWebhook(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	w, err := s.Store.Webhook(ctx, c.Param("webhook"))
	if err != nil {
		return nil, err
	}
	out := webhookTest{Arrived: true}
	if s.Hooks.Test != nil {
		out.Code = s.Hooks.Test(ctx, w)
		out.Arrived = out.Code == ""
	}
	return out, nil
}
