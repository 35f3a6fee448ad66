package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"
)

// proofs are what a channel's report of a delivery proves it by; a channel that
// is not here proves nothing, whatever it says.
var proofs = map[string]string{"sms": "sms_report", "mail": "dsn"}

// Reported takes what a channel says of a message after it took it. It is kept
// before anything comes of it, so an error means that it should be said again,
// and a report that comes before the sending was written down waits for it. One
// that comes twice does nothing the second time.
func (p *Post) Reported(ctx context.Context, r channel.Report) error {
	kept := store.Report{Channel: r.Channel, Ref: r.Ref, Delivered: r.Delivered, Code: codeOf(r.Code), Lasting: r.Lasting, At: r.At}
	if kept.At.IsZero() || kept.At.After(p.Now()) {
		kept.At = p.Now()
	}
	if kept.Delivered {
		kept.Code = ""
	}
	if err := p.Store.KeepReport(ctx, &kept); err != nil {
		return err
	}
	return p.applyKept(ctx, r.Channel, r.Ref)
}

// applyKept applies the reports of one reference, if its sending is written down.
func (p *Post) applyKept(ctx context.Context, channel, ref string) error {
	all, err := p.Store.KeptReports(ctx, channel, ref)
	for i := 0; err == nil && i < len(all); i++ {
		err = p.apply(ctx, &all[i])
	}
	return err
}

// ripeLot is how many reports that were left over are looked at in one run.
const ripeLot = 1000

// ripe applies reports that nobody applied because a process ended in between,
// and forgets those that named nothing of ours.
func (p *Post) ripe(ctx context.Context) error {
	lot, err := p.Store.RipeReports(ctx, ripeLot)
	if err != nil {
		return err
	}
	for i := range lot {
		if err := p.apply(ctx, &lot[i]); err != nil {
			return err
		}
	}
	n, err := p.Store.DropStrays(ctx)
	if n > 0 {
		p.Log.WarnContext(ctx, "reports named no message of ours", "reports", n)
	}
	return err
}

func (p *Post) apply(ctx context.Context, r *store.Report) error {
	a, err := p.Store.AttemptOf(ctx, r.Channel, r.Ref)
	if errors.Is(err, store.ErrNoAttempt) {
		return nil // kept
	}
	if err != nil {
		return err
	}
	o, err := p.Store.Message(ctx, a.CaseID, a.No, a.Topic)
	switch {
	case errors.Is(err, store.ErrNoMessage): // its row went with the years
		err = p.Store.ReportAttempt(ctx, r)
	case err == nil && a.Outcome == store.Failed && r.At.Before(a.Reported): // older than what is known
	case err == nil && r.Delivered:
		err = p.arrived(ctx, &o, &a, r)
	case err == nil:
		err = p.cameBack(ctx, &o, &a, r)
	}
	if err != nil || o.State == "owed" && !r.Delivered { // whoever delivers it may write down later that it was told
		return err
	}
	return p.Store.DropReport(ctx, r)
}

// arrived is a report that the message was delivered.
func (p *Post) arrived(ctx context.Context, o *store.Owed, a *store.Attempt, r *store.Report) error {
	if a.Contact > 0 {
		if err := p.Store.ContactOutcome(ctx, a.Merchant, a.Contact, r.At, ""); err != nil {
			return err
		}
	}
	if err := p.Store.ReportAttempt(ctx, r); err != nil {
		return err
	}
	if proof := proofs[a.Channel]; o.Topic == "notice" && proof != "" {
		return p.served(ctx, o, a, proof)
	}
	return nil
}

// served says in the log that the notice was delivered: of an invitation by the
// row of the place where the case is, T11 or T11e.
func (p *Post) served(ctx context.Context, o *store.Owed, a *store.Attempt, proof string) error {
	c, err := p.Store.Case(ctx, o.Number)
	if err != nil || c.Notice(o.No) == nil {
		return err
	}
	event := "notice_served"
	if o.Template == "invitation" {
		switch c.State {
		case "NEGOTIATION.notified":
			event = "delivered"
		case "NEGOTIATION.undeliverable":
			event = "delivered_after_all"
		}
	}
	key := fmt.Sprintf("%s/served/%d/%s/%d/%d", o.ID(), a.Round, a.Channel, a.Contact, c.Version)
	return p.say(ctx, o, key, event, workflow.Input{Notice: o.No, Proof: proof, Source: a.Channel}, nil)
}

// cameBack is a report that the message was not delivered: the next way has its
// turn; when none is left, a person has.
func (p *Post) cameBack(ctx context.Context, o *store.Owed, a *store.Attempt, r *store.Report) error {
	a.Code = r.Code
	if err := p.failed(ctx, o, a); err != nil {
		return err
	}
	if err := p.Store.ReportAttempt(ctx, r); err != nil {
		return err
	}
	return p.goOn(ctx, o)
}

// caughtUp applies what was reported of an attempt while it was written down.
func (p *Post) caughtUp(ctx context.Context, a *store.Attempt) error {
	if a.Ref == "" {
		return nil
	}
	if err := p.applyKept(ctx, a.Channel, a.Ref); err != nil {
		return err
	}
	o, err := p.Store.Message(ctx, a.CaseID, a.No, a.Topic)
	if err != nil {
		return err
	}
	return p.goOn(ctx, &o)
}

// goOn looks whether a notice that was told still is: when its last sending came
// back, the next way is tried, or a person is left with it. A delivery that
// other proof stands for stays one.
func (p *Post) goOn(ctx context.Context, o *store.Owed) error {
	if o.Topic != "notice" || o.State != "told" && o.State != "delivered" {
		return nil
	}
	tried, err := p.Store.Attempts(ctx, o)
	if err != nil {
		return err
	}
	var last *store.Attempt
	for i := range tried {
		switch a := &tried[i]; {
		case a.Round != o.Round:
		case a.Outcome == store.Handed || a.Outcome == store.Delivered:
			return nil
		case a.Outcome == store.Failed:
			last = a
		}
	}
	if last == nil {
		return nil
	}
	if o.State == "delivered" {
		if undone, err := p.undone(ctx, o); err != nil || !undone {
			return err
		}
	}
	ways, err := p.ways(ctx, o)
	if err != nil {
		return err
	}
	if _, left := next(ways, tried, o.Round); left {
		_, err := p.Store.Reopen(ctx, o, last.Code)
		return err
	}
	if err := p.undeliverable(ctx, o); err != nil {
		return err
	}
	_, err = p.Store.GiveUp(ctx, o, last.Code)
	return err
}

// undone reports whether a delivery is undone because the sending that proved it
// came back. Only an invitation's is (T11f): what a delivery started for anybody
// else runs on, as the table says.
func (p *Post) undone(ctx context.Context, o *store.Owed) (bool, error) {
	if o.Template != "invitation" {
		return false, nil
	}
	c, err := p.Store.Case(ctx, o.Number)
	return err == nil && c.State == "NEGOTIATION.notified", err
}

// readingLimit bounds one look at the mailbox: a server that hangs ends with it.
const readingLimit = time.Minute

// bounces reads what came back to the mailbox.
func (r *Runner) bounces(ctx context.Context) error {
	if r.Mailbox == nil || r.Post == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readingLimit)
	defer cancel()
	return r.Mailbox.Read(ctx, r.Post.Reported)
}
