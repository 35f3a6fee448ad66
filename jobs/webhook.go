package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
)

// webhookMost is how many failures in a row pause a webhook: with the pauses
// between, more than a day, so that it outlives a bad one by itself.
const webhookMost = 16

// hookBody is what a webhook is told: which case, what happened, when. Who it
// happened to, whoever has the right to know reads with his own token.
type hookBody struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      hookData  `json:"data"`
}

type hookData struct {
	Case  string `json:"case"`
	Event string `json:"event"`
	Seq   int64  `json:"seq"`
}

// HookOf is an event as it goes to a webhook. Its id is the same whenever and
// to whomever it is told.
func HookOf(w store.Webhook, t store.Told) (channel.Hook, error) {
	id := fmt.Sprintf("%s/%d", t.Number, t.Seq)
	body, err := json.Marshal(hookBody{id, "case." + t.Event, t.At.UTC(), hookData{t.Number, t.Event, t.Seq}})
	return channel.Hook{URL: w.URL, Secrets: w.Secrets, ID: id, Body: body}, err
}

// TestHook is a message that tells nothing but that it arrived.
func TestHook(w store.Webhook, id string, now time.Time) (channel.Hook, error) {
	body, err := json.Marshal(hookBody{ID: id, Type: "test", Timestamp: now.UTC()})
	return channel.Hook{URL: w.URL, Secrets: w.Secrets, ID: id, Body: body}, err
}

// webhooksAtOnce is how many webhooks a node tells at the same time: one that
// hangs keeps the others waiting no longer than they must.
const webhooksAtOnce = 8

// TellWebhooks tells every webhook what it has not been told, in the order of the
// blocks, one event after the other. Nodes take webhooks by turns.
func (r *Runner) TellWebhooks(ctx context.Context) error {
	if r.Webhooks == nil {
		return nil
	}
	var busy sync.WaitGroup
	defer busy.Wait()
	places := make(chan struct{}, webhooksAtOnce)
	for ctx.Err() == nil {
		w, ok, err := r.Store.ClaimWebhook(ctx)
		if err != nil || !ok {
			return err
		}
		places <- struct{}{}
		busy.Go(func() {
			defer func() { <-places }()
			if err := r.tell(ctx, w); err != nil && !errors.Is(err, store.ErrNotHeld) {
				r.fault(ctx, "webhooks", err)
			}
		})
	}
	return nil
}

// tell tells one webhook what a look at the blocks found. What arrived is written
// down before the next is told: whatever breaks in between is told again under
// the same id.
func (r *Runner) tell(ctx context.Context, w store.Webhook) error {
	untold, upto, err := r.Store.Untold(ctx, w)
	if err != nil {
		return err
	}
	for _, t := range untold {
		h, err := HookOf(w, t)
		if err != nil {
			return err
		}
		if err := r.Webhooks.Send(ctx, h); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the node stops; another goes on when nobody holds it
			}
			return r.untold(ctx, w, err)
		}
		if err := r.Store.Arrived(context.WithoutCancel(ctx), w, t); err != nil {
			return err
		}
		w.Failures = 0
	}
	return r.Store.Release(ctx, upto)
}

// untold writes down what a webhook did not take.
func (r *Runner) untold(ctx context.Context, w store.Webhook, err error) error {
	code, lasting := explain(err)
	n := w.Failures + 1
	pause := lasting || n >= webhookMost
	next := r.Webhooks.Now().Add(max(restAfter(w.Ref, n), asked(err)))
	if pause {
		r.Log.ErrorContext(ctx, "a webhook is paused", "webhook", w.Ref, "reason", code, "failures", n)
	} else {
		r.Log.WarnContext(ctx, "a webhook was not told and will be tried again", "webhook", w.Ref, "reason", code, "failures", n)
	}
	return r.Store.Failed(ctx, w, code, next, pause)
}
