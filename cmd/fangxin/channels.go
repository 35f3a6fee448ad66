package main

import (
	"context"
	"errors"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"

	"github.com/google/uuid"
)

// webhooks posts to machines, within what the settings allow.
func (g *Globals) webhooks() *channel.Webhooks {
	return channel.NewWebhooks(g.WebhookPrivate == "allow", nil, nil, g.clock)
}

// hooks is what the API asks of machines while somebody waits.
func (g *Globals) hooks() handlers.Hooks {
	to := g.webhooks()
	return handlers.Hooks{Check: to.Check, Test: func(ctx context.Context, w store.Webhook) string {
		h, err := jobs.TestHook(w, uuid.NewString(), g.clock())
		if err == nil {
			err = to.Send(ctx, h)
		}
		var fault *channel.Fault
		switch {
		case err == nil:
			return ""
		case errors.As(err, &fault):
			return fault.Code
		}
		return "error"
	}}
}
