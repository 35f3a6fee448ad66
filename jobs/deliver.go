package jobs

import (
	"context"
	"errors"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"

	"github.com/hibiken/asynq"
)

// linkTerm is how long the link in a message works: the longest course of a
// case, with room.
const linkTerm = 3 * 366 * 24 * time.Hour

// notice tells somebody what the law owes him, and says so in the log: sent, or
// failed when he cannot be reached. The event's idempotency key is the message's
// id, so that it stands there once however often this runs.
func (p *Post) notice(ctx context.Context, t *asynq.Task) error {
	o, err := p.held(ctx, t)
	if err != nil {
		return err
	}
	m, link, reached, err := p.compose(ctx, &o, o.Recipient)
	if err != nil {
		return err
	}
	var links []store.NewLink
	if o.Recipient == "consumer" {
		links = link // kept with the event; a merchant's must name the respondent that the case has
	} else if err := p.give(ctx, &o, link); err != nil {
		return err
	}
	event, how := "notice_sent", p.Channel.Name
	if !reached {
		event, how, links = "notice_failed", "no_contact", nil
	} else if err := p.send(ctx, t, m); err != nil {
		return err
	}
	_, err = p.Store.Execute(ctx, store.Request{Case: o.Number, Scope: "outbox", Key: o.ID(), Links: links, Command: workflow.Command{Event: event,
		Actor: workflow.Actor{Role: "job", ID: "notices"}, Input: workflow.Input{Notice: o.No, Source: how}}})
	var r *workflow.Refusal
	if errors.As(err, &r) && r.Code == "no_such_notice" { // an act of its recipient came first
		return p.Store.Settle(ctx, &o, "void", r.Code)
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
	while := workflow.Running
	if kind(o.Topic) == "escalation" {
		while = workflow.Owed
	}
	if k := c.ClockNo(o.No); k == nil || k.State != while {
		return p.Store.Settle(ctx, &o, "void", "clock_ended")
	}
	m, link, reached, err := p.compose(ctx, &o, o.Recipient)
	if err == nil {
		err = p.give(ctx, &o, link)
	}
	if err != nil {
		return err
	}
	if !reached {
		return p.Store.Settle(ctx, &o, "void", "no_contact")
	}
	if err := p.send(ctx, t, m); err != nil {
		return err
	}
	return p.Store.Settle(ctx, &o, "done", "")
}

// held reads the message that a task names, if this attempt still holds it.
func (p *Post) held(ctx context.Context, t *asynq.Task) (store.Owed, error) {
	x, err := decode(t)
	if err != nil {
		return store.Owed{}, err
	}
	return p.Store.Holding(ctx, x.ID, x.Fence)
}

// send asks once more whether this attempt holds the message, then hands it
// over: a handler that was given up and wakes again tells nobody.
func (p *Post) send(ctx context.Context, t *asynq.Task, m channel.Message) error {
	if _, err := p.held(ctx, t); err != nil {
		return err
	}
	_, err := p.Channel.Send(ctx, m)
	return err
}

// compose makes the message to a recipient. A party is reached when it left a
// telephone number or an address for mail, and gets a link of its own, the same
// one when the message is sent again; an office needs neither.
func (p *Post) compose(ctx context.Context, o *store.Owed, recipient string) (m channel.Message, link []store.NewLink, reached bool, err error) {
	m = channel.Message{ID: o.ID(), Number: o.Number, Recipient: recipient, Template: o.Template}
	if recipient != "consumer" && recipient != "merchant" {
		return m, nil, true, nil
	}
	if m.Phone, m.Email, err = p.Store.Contacts(ctx, o.CaseID, recipient); err != nil || m.Phone == "" && m.Email == "" {
		return m, nil, false, err
	}
	token, hash := p.Store.NewToken("outbox", o.ID(), recipient)
	m.Link = "/c/" + o.Number + "#" + token // what follows # is sent to no server
	return m, []store.NewLink{{Hash: hash, Role: recipient, Recipient: recipient, Actor: recipient, Actions: []string{store.ActionAct}, GivenBy: "notices",
		Expires: p.Now().Add(linkTerm)}}, true, nil
}

// give keeps the link of a message, once.
func (p *Post) give(ctx context.Context, o *store.Owed, link []store.NewLink) error {
	for _, l := range link {
		if _, err := p.Store.GiveLink(ctx, store.Once{Scope: "outbox.link", Key: o.ID() + "/" + l.Recipient, Asked: l.Recipient}, o.Number, l); err != nil {
			return err
		}
	}
	return nil
}
