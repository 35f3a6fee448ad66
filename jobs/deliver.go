package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"

	"github.com/hibiken/asynq"
)

// linkTerm is how long the link in a message works: the longest course of a
// case, with room.
const linkTerm = 3 * 366 * 24 * time.Hour

// errExhausted says that no way to the recipient is left.
var errExhausted = errors.New("no way to the recipient is left")

// notice tells somebody what the law owes him, and says so in the log: sent; a
// way that failed; and when none is left, that a person must serve it. The
// events' idempotency keys are made from the message's id, so that each stands
// there once however often this runs.
func (p *Post) notice(ctx context.Context, t *asynq.Task) error {
	o, err := p.held(ctx, t)
	if err != nil {
		return err
	}
	c, err := p.Store.Case(ctx, o.Number)
	if err != nil {
		return err
	}
	a, links, err := p.tell(ctx, &o, &c)
	if errors.Is(err, errExhausted) {
		return p.exhausted(ctx, &o, a)
	}
	if err != nil {
		return err
	}
	if err := p.sent(ctx, &o, &a, links); err != nil {
		return err
	}
	return p.caughtUp(ctx, &a)
}

// tell hands a message over by the first way that is left and says which attempt
// it was. One that was handed over before, and not written into the log because
// this process ended, is not sent again. c is the case as it was read for this
// attempt.
func (p *Post) tell(ctx context.Context, o *store.Owed, c *store.View) (store.Attempt, []store.NewLink, error) {
	tried, err := p.Store.Attempts(ctx, o)
	if err != nil {
		return store.Attempt{}, nil, err
	}
	if i := slices.IndexFunc(tried, func(a store.Attempt) bool {
		return a.Round == o.Round && (a.Outcome == store.Handed || a.Outcome == store.Delivered)
	}); i >= 0 {
		_, links := p.link(o)
		return tried[i], later(o, links), nil
	}
	ways, err := p.ways(ctx, o)
	if err != nil {
		return store.Attempt{}, nil, err
	}
	for {
		w, ok := next(ways, tried, o.Round)
		if !ok {
			var last store.Attempt
			if len(tried) > 0 {
				last = tried[len(tried)-1]
			}
			return last, nil, errExhausted
		}
		if err := p.quiet(o, c, w); err != nil {
			return store.Attempt{}, nil, err
		}
		a, links, err := p.hand(ctx, o, c, w)
		if a.Outcome != store.Failed || !a.Lasting {
			return a, links, err
		}
		tried = append(tried, a)
	}
}

// hand tries one way once: written down as unknown before, as what it was after.
// Of a failure that lasts the log is told before the attempt says so, so that
// this process may end between the two.
func (p *Post) hand(ctx context.Context, o *store.Owed, c *store.View, w way) (store.Attempt, []store.NewLink, error) {
	m, links := p.compose(o, w)
	said, err := p.word(ctx, o, c, w, &m)
	if err != nil {
		return store.Attempt{}, nil, err
	}
	a := store.Attempt{Recipient: w.to, Channel: w.Name, Merchant: w.Merchant, Contact: w.Contact, Template: said.Name, Version: said.Version, Language: said.Language}
	if with := later(o, links); with == nil {
		if err := p.give(ctx, o, links); err != nil {
			return a, nil, err
		}
		links = nil
	}
	err = reserve(p.slot(o, w), func(until time.Time) bool { return p.pressing(o, c, until) }, func(slot *store.Slot) error { return p.Store.BeginAttempt(ctx, o, &a, slot) })
	if err != nil {
		return a, nil, err
	}
	sent, err := w.Send(ctx, m)
	answered(&a, sent, err)
	end := context.WithoutCancel(ctx) // what the channel did is done
	if a.Outcome == store.Failed && a.Lasting {
		if lost := p.failed(end, o, &a); lost != nil {
			return a, nil, lost
		}
	}
	if lost := p.Store.EndAttempt(end, &a); lost != nil {
		return a, nil, lost
	}
	return a, links, err
}

// answered notes what a channel said of an attempt at once.
func answered(a *store.Attempt, sent channel.Sent, err error) {
	var fault *channel.Fault
	switch {
	case err == nil:
		a.Outcome, a.Code, a.Ref = store.Handed, "", sent.Ref
	case errors.As(err, &fault):
		a.Outcome, a.Code, a.Lasting = store.Failed, codeOf(fault.Code), fault.Lasting
	default: // it may have been taken: the attempt stays unknown
		a.Code, _ = explain(err)
	}
}

// reserve begins an attempt, which takes its place in the rate of its address. What
// finds none waits for it, unless it is pressing until then.
func reserve(slot *store.Slot, pressing func(until time.Time) bool, begin func(*store.Slot) error) error {
	err := begin(slot)
	var full *store.FullError
	if !errors.As(err, &full) {
		return err
	}
	if !pressing(full.Until) {
		return &wait{full.Until, "rate"}
	}
	slot.Bounds = nil
	return begin(slot)
}

// later leaves the links that are kept with the event that says that the message
// was sent: the consumer's. A merchant's must name the respondent that the case
// has when it is made.
func later(o *store.Owed, links []store.NewLink) []store.NewLink {
	if o.Recipient == "consumer" && o.Topic == "notice" {
		return links
	}
	return nil
}

// codeOf is a channel's code as the log takes it.
func codeOf(code string) string {
	if !workflow.IsCode(code) || len(code) > 64 {
		return "failed"
	}
	return code
}

// failed says in the log that one way to the recipient of a notice failed, and
// in the register that a contact bounced.
func (p *Post) failed(ctx context.Context, o *store.Owed, a *store.Attempt) error {
	if a.Contact > 0 {
		if err := p.Store.ContactOutcome(ctx, a.Merchant, a.Contact, p.Now(), a.Code); err != nil {
			return err
		}
	}
	if o.Topic != "notice" {
		return nil
	}
	key := fmt.Sprintf("%s/failed/%d/%s/%d", o.ID(), a.Round, a.Channel, a.Contact)
	err := p.say(ctx, o, key, "notice_failed", workflow.Input{Notice: o.No, Source: a.Channel + ":" + a.Code}, nil)
	var r *workflow.Refusal
	if errors.As(err, &r) && r.Code == "key_reused" { // it failed before, for another reason: once is enough
		return nil
	}
	return err
}

// say puts an event into the log, once for a key. That the notice needs nothing
// any more is no failure.
func (p *Post) say(ctx context.Context, o *store.Owed, key, event string, in workflow.Input, links []store.NewLink) error {
	_, err := p.Store.Execute(ctx, store.Request{Case: o.Number, Scope: "outbox", Key: key, Links: links,
		Command: workflow.Command{Event: event, Actor: workflow.Actor{Role: "job", ID: "notices"}, Input: in}})
	var r *workflow.Refusal
	if errors.As(err, &r) && r.Code == "no_such_notice" {
		return nil
	}
	return err
}

// sent says in the log that the notice was handed over, unless it says so of an
// earlier way.
func (p *Post) sent(ctx context.Context, o *store.Owed, a *store.Attempt, links []store.NewLink) error {
	if a.Ordinal == 1 {
		return p.say(ctx, o, o.ID(), "notice_sent", workflow.Input{Notice: o.No, Source: a.Channel}, links)
	}
	c, err := p.Store.Case(ctx, o.Number)
	if err != nil {
		return err
	}
	if n := c.Notice(o.No); n == nil || n.Told {
		if err := p.give(ctx, o, links); err != nil {
			return err
		}
		return p.Store.Settle(ctx, o, "told", "")
	}
	return p.say(ctx, o, o.ID(), "notice_sent", workflow.Input{Notice: o.No, Source: a.Channel}, links)
}

// exhausted leaves a notice to a person: no way is left, or there never was one.
// An invitation ends in a place of its own (T11d; T11f where it had been
// delivered); for any other the service clock runs on.
func (p *Post) exhausted(ctx context.Context, o *store.Owed, last store.Attempt) error {
	if last.Ordinal == 0 {
		last.Code = "no_contact"
		if err := p.say(ctx, o, o.ID(), "notice_failed", workflow.Input{Notice: o.No, Source: last.Code}, nil); err != nil {
			return err
		}
	}
	if err := p.undeliverable(ctx, o); err != nil {
		return err
	}
	return p.Store.Settle(ctx, o, "failed", last.Code)
}

// undeliverable takes T11d or T11f of an invitation that no way is left for.
func (p *Post) undeliverable(ctx context.Context, o *store.Owed) error {
	if o.Template != "invitation" {
		return nil
	}
	c, err := p.Store.Case(ctx, o.Number)
	if err != nil || c.State != "NEGOTIATION.notified" {
		return err
	}
	event := "channels_exhausted"
	if c.Notice(o.No) == nil {
		event = "bounced_after_all"
	}
	err = p.say(ctx, o, fmt.Sprintf("%s/%s/%d", o.ID(), event, o.Round), event, workflow.Input{AllFailed: true}, nil)
	var r *workflow.Refusal
	if errors.As(err, &r) && r.Code == "not_allowed_now" { // the case went on meanwhile
		return nil
	}
	return err
}

// reminder tells somebody that a clock runs out, if it still runs, or that a duty
// is overdue, if it is still owed. It changes no case.
func (p *Post) reminder(ctx context.Context, t *asynq.Task) error {
	o, err := p.held(ctx, t)
	if err != nil {
		return err
	}
	c, err := p.Store.Case(ctx, o.Number)
	if err != nil {
		return err
	}
	if over(&o, c.ClockNo(o.No)) {
		return p.Store.Settle(ctx, &o, "void", "clock_ended")
	}
	if told, err := p.digest(ctx, &o); told || err != nil {
		return err
	}
	last, _, err := p.tell(ctx, &o, &c)
	if errors.Is(err, errExhausted) {
		return p.unreached(ctx, &o, last)
	}
	if err != nil {
		return err
	}
	return p.Store.Settle(ctx, &o, "done", "")
}

// unreached ends a message about a clock that no way is left for. That an office
// is told nothing is for the operator to mend, so he hears of it.
func (p *Post) unreached(ctx context.Context, o *store.Owed, last store.Attempt) error {
	code := "no_contact"
	if last.Ordinal > 0 {
		code = last.Code
	}
	if slices.Contains(parties, o.Recipient) {
		return p.Store.Settle(ctx, o, "void", code)
	}
	if err := p.Store.SettleUnreached(ctx, o, code); err != nil {
		return err
	}
	p.Log.WarnContext(ctx, "an office was told nothing: give it a mailbox (fangxin user mail, or mail: of the county's file)", "message", o.ID(), "recipient", o.Recipient, "reason", code)
	return nil
}

// held reads the message that a task names, if this attempt still holds it.
func (p *Post) held(ctx context.Context, t *asynq.Task) (store.Owed, error) {
	x, err := decode(t)
	if err != nil {
		return store.Owed{}, err
	}
	return p.Store.Holding(ctx, x.ID, x.Fence)
}

// send hands a message that belongs to no case to the first channel that takes
// it. It asks once more whether this attempt holds the message: a handler that
// was given up and wakes again tells nobody.
func (p *Post) send(ctx context.Context, t *asynq.Task, m channel.Message) error {
	if _, err := p.held(ctx, t); err != nil {
		return err
	}
	err := error(&channel.Fault{Code: "no_channel", Lasting: true})
	for _, c := range p.order(m.Recipient) {
		if !reaches(c, m) {
			continue
		}
		_, err = c.Send(ctx, m)
		var fault *channel.Fault
		if !errors.As(err, &fault) || !fault.Lasting {
			return err
		}
	}
	return err
}

// compose makes the message to a recipient by one way. A party gets a link of
// its own, the same one when the message is sent again; an office needs none.
func (p *Post) compose(o *store.Owed, w way) (channel.Message, []store.NewLink) {
	m := channel.Message{ID: messageID(o, w), Number: o.Number, Recipient: o.Recipient, Template: o.Template, Phone: w.Phone, Email: w.Email}
	path, links := p.link(o)
	m.Link = path
	return m, links
}

// link makes the link of a message, for a party.
func (p *Post) link(o *store.Owed) (path string, links []store.NewLink) {
	if !slices.Contains(parties, o.Recipient) {
		return "", nil
	}
	token, hash := p.Store.LinkOf(o)
	return "/c/" + o.Number + "#" + token, // what follows # is sent to no server
		[]store.NewLink{{Hash: hash, Role: o.Recipient, Recipient: o.Recipient, Actor: o.Recipient, Actions: []string{store.ActionAct}, GivenBy: "notices",
			Expires: p.Now().Add(linkTerm)}}
}

// give keeps the link of a message, once.
func (p *Post) give(ctx context.Context, o *store.Owed, link []store.NewLink) error {
	for _, l := range link {
		if _, err := p.Store.GiveLink(ctx, store.Once{Scope: "outbox.link", Key: o.LinkKey() + "/" + l.Recipient, Asked: l.Recipient}, o.Number, l); err != nil {
			return err
		}
	}
	return nil
}
