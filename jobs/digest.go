package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"
)

// mostGathered is how many messages one digest tells of; the next tells of more.
const mostGathered = 200

// ofTheCase are offices whose address depends on the case: their messages are
// told one by one.
var ofTheCase = []string{"mediator", "court", "other_authority"}

// digest tells an office in one message of everything about clocks that waits for
// it, when that is more than the county's measure; false when it is not, and o is
// told alone. Every message of the lot has its own attempt and its own end, so
// that a process that dies in between leaves each as it is: not known to have
// gone, and told again, under the same name when the lot is the same.
func (p *Post) digest(ctx context.Context, o *store.Owed) (bool, error) {
	if p.Rules == nil || !gathers(o) {
		return false, nil
	}
	most, _ := p.Rules().Telling().Digest()
	lot, err := p.Store.Gather(ctx, o, p.Node, p.hold(), most, mostGathered)
	if err != nil || len(lot) == 0 {
		return false, err
	}
	p.tellAll(ctx, lot)
	return true, nil
}

// gathers reports whether a message is one about a clock for an office whose
// address is the same in every case.
func gathers(o *store.Owed) bool {
	return o.Topic != "notice" && !slices.Contains(parties, o.Recipient) && !slices.Contains(ofTheCase, o.Recipient)
}

// line is one message of a digest and what it says.
type line struct {
	owed store.Owed
	view store.View
	text string
}

// tellAll tells of a lot and writes down what became of each message in it.
func (p *Post) tellAll(ctx context.Context, lot []store.Owed) {
	lines, err := p.lines(ctx, lot)
	if err == nil && len(lines) > 0 {
		lot = owedOf(lines)
		err = p.handAll(ctx, lines)
	}
	for i := range lot {
		p.settle(context.WithoutCancel(ctx), &lot[i], err)
	}
}

func owedOf(lines []line) []store.Owed {
	out := make([]store.Owed, len(lines))
	for i := range lines {
		out[i] = lines[i].owed
	}
	return out
}

// lines reads what each message of a lot has to say today; what is over ends.
func (p *Post) lines(ctx context.Context, lot []store.Owed) ([]line, error) {
	var out []line
	for i := range lot {
		o := lot[i]
		c, err := p.Store.Case(ctx, o.Number)
		if err != nil {
			return nil, err
		}
		k := c.ClockNo(o.No)
		if over(&o, k) {
			if err := p.Store.Settle(ctx, &o, "void", "clock_ended"); err != nil && !errors.Is(err, store.ErrNotHeld) {
				return nil, err
			}
			continue
		}
		what := "将满"
		if k.State == workflow.Owed {
			what = "逾期"
		}
		out = append(out, line{o, c, fmt.Sprintf("%s  %s  %s", k.Due, what, o.Number)})
	}
	slices.SortStableFunc(out, func(a, b line) int { return strings.Compare(a.text, b.text) })
	return out, nil
}

// over reports whether a message about a clock is of no use any more.
func over(o *store.Owed, k *workflow.Clock) bool {
	while := workflow.Running
	if kind(o.Topic) == "escalation" {
		while = workflow.Owed
	}
	return k == nil || k.State != while
}

// handAll hands one message over for all lines, by the first way that is left to
// the first of them, and ends what it told. An error is every message's own.
func (p *Post) handAll(ctx context.Context, lines []line) error {
	first := &lines[0]
	tried, err := p.Store.Attempts(ctx, &first.owed)
	if err != nil {
		return err
	}
	ways, err := p.ways(ctx, &first.owed)
	if err != nil {
		return err
	}
	w, ok := next(ways, tried, first.owed.Round)
	if !ok {
		return p.reachNobody(ctx, lines)
	}
	for i := range lines {
		if err = p.quiet(&lines[i].owed, &lines[i].view, w); err == nil { // one of them is pressing
			break
		}
	}
	if err != nil {
		return err
	}
	m, said, err := p.composeAll(ctx, lines, w)
	if err != nil {
		return err
	}
	like := store.Attempt{Recipient: w.to, Channel: w.Name, Template: said.Name, Version: said.Version, Language: m.Language}
	var held []store.Owed
	var begun []store.Attempt
	pressing := func(until time.Time) bool {
		return slices.ContainsFunc(lines, func(l line) bool { return p.pressing(&l.owed, &l.view, until) })
	}
	err = reserve(p.slot(&first.owed, w), pressing, func(slot *store.Slot) (err error) {
		held, begun, err = p.Store.BeginDigest(ctx, owedOf(lines), like, slot)
		return err
	})
	if err != nil {
		return err
	}
	sent, err := w.Send(ctx, m)
	return p.endAll(context.WithoutCancel(ctx), held, begun, sent, err)
}

// endAll writes down what a channel answered to a digest, for each message of it.
func (p *Post) endAll(ctx context.Context, held []store.Owed, begun []store.Attempt, sent channel.Sent, err error) error {
	for i := range begun {
		answered(&begun[i], sent, err)
		if lost := p.Store.EndAttempt(ctx, &begun[i]); lost != nil {
			return lost
		}
		if err != nil {
			continue
		}
		if lost := p.Store.Settle(ctx, &held[i], "done", ""); lost != nil && !errors.Is(lost, store.ErrNotHeld) {
			return lost
		}
	}
	if a := begun[0]; a.Lasting { // the next way has its turn at once
		return &wait{p.Now(), a.Code}
	}
	return err
}

// reachNobody ends messages that no way is left for.
func (p *Post) reachNobody(ctx context.Context, lines []line) error {
	for i := range lines {
		o := &lines[i].owed
		tried, err := p.Store.Attempts(ctx, o)
		if err != nil {
			return err
		}
		var last store.Attempt
		if n := len(tried); n > 0 {
			last = tried[n-1]
		}
		if err := p.unreached(ctx, o, last); err != nil && !errors.Is(err, store.ErrNotHeld) {
			return err
		}
	}
	return nil
}

// composeAll makes the one message. Its name is made of those of the lot: the
// same lot, told again, has the same.
func (p *Post) composeAll(ctx context.Context, lines []line, w way) (channel.Message, store.Template, error) {
	recipient := lines[0].owed.Recipient
	m := channel.Message{Number: "digest", Recipient: recipient, Template: "digest", Language: "zh", Phone: w.Phone, Email: w.Email}
	said, err := p.said(ctx, "digest", recipient, m.Language)
	if err != nil {
		return m, said, err
	}
	ids, list := make([]string, len(lines)), make([]string, len(lines))
	for i := range lines {
		ids[i], list[i] = messageID(&lines[i].owed, w), lines[i].text
	}
	slices.Sort(ids)
	sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
	m.ID = "digest/" + hex.EncodeToString(sum[:12])
	fields := map[string]string{"count": strconv.Itoa(len(lines)), "list": strings.Join(list, "\n"), "bureau": p.bureau(m.Language)}
	fillIn(&m, said, w, fields)
	return m, said, nil
}
