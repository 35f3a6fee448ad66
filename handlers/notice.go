package handlers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// noticeFact is a notice as a fact: why it is owed, what waits for it, and what
// became of it. No address is in it.
type noticeFact struct {
	No          int64               `json:"no"`
	To          string              `json:"to"`
	Kind        string              `json:"kind"`
	Seq         int64               `json:"seq"` // of the event that owes it
	Event       string              `json:"event"`
	Owed        time.Time           `json:"owed_at"`
	Starts      []clockOf           `json:"starts"`  // clocks that begin with its delivery
	Meets       []clockOf           `json:"meets"`   // clocks that it meets
	Service     *clockOf            `json:"service"` // the duty to serve it
	State       string              `json:"state"`
	Code        string              `json:"code,omitempty"`
	Next        *time.Time          `json:"next_at"`
	DeliveredAt *time.Time          `json:"delivered_at"`
	Proof       string              `json:"proof,omitempty"`
	Attempts    []noticeAttemptView `json:"attempts"`
	Resends     []resendView        `json:"resends"`
}

// clockOf is a clock of the case that has to do with a notice.
type clockOf struct {
	No    int64               `json:"no"`
	Code  string              `json:"code"`
	State workflow.ClockState `json:"state"`
	Due   calendar.Date       `json:"due"`
	Late  *time.Time          `json:"late_from"`
}

// noticeAttemptView is one try to tell somebody.
type noticeAttemptView struct {
	Ordinal  int64      `json:"ordinal"`
	Round    int64      `json:"round"`
	Channel  string     `json:"channel"`
	Template string     `json:"template"`
	Version  int64      `json:"version"`
	Language string     `json:"language"`
	At       time.Time  `json:"at"`
	Outcome  string     `json:"outcome"`
	Code     string     `json:"code,omitempty"`
	Reported *time.Time `json:"reported_at"`
}

// resendView is who had a notice sent anew, and when.
type resendView struct {
	Round int64     `json:"round"`
	By    string    `json:"by,omitempty"` // for the authority's people only
	At    time.Time `json:"at"`
}

type noticeFacts struct {
	Notices []noticeFact `json:"notices"`
}

// notices lists every notice of a case: to a party only its own, and to a
// merchant none that was for another respondent before him.
func (s *Server) notices(ctx context.Context, c *Call) (any, error) {
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Notices(ctx, v.Number)
	out := noticeFacts{[]noticeFact{}}
	for i := range all {
		n := &all[i]
		if c.Link != nil && (n.To != c.Link.Role || n.ForAnother(&v.Case)) {
			continue
		}
		out.Notices = append(out.Notices, factOf(&v.Case, n, c.Link == nil))
	}
	return out, err
}

func factOf(c *workflow.Case, n *store.NoticeFact, official bool) noticeFact {
	out := noticeFact{No: n.No, To: n.To, Kind: n.Kind, Seq: n.Seq, Event: n.Event, Owed: n.At, State: n.State, Code: n.Code, Next: unlessZero(n.Next),
		DeliveredAt: unlessZero(n.Delivered), Proof: n.Proof, Starts: []clockOf{}, Meets: []clockOf{}, Attempts: []noticeAttemptView{}, Resends: []resendView{}}
	for i := range c.Clocks {
		k := &c.Clocks[i]
		is := clockOf{k.No, k.Code, k.State, k.Due, unlessZero(k.LateFrom)}
		switch {
		case k.Code == "service" && k.Notice == n.No:
			out.Service = &is
		case k.Notice == n.No:
			out.Starts = append(out.Starts, is)
		case k.Decided == n.Seq && n.To == "consumer", k.Code == "delivery" && k.Seq == n.Seq && n.Kind == "invitation":
			out.Meets = append(out.Meets, is)
		}
	}
	for _, a := range n.Attempts {
		out.Attempts = append(out.Attempts, noticeAttemptView{a.Ordinal, a.Round, a.Channel, a.Template, a.Version, a.Language, a.At, a.Outcome, a.Code, unlessZero(a.Reported)})
	}
	for _, r := range n.Resends {
		view := resendView{r.Round, r.By, r.At}
		if !official {
			view.By = ""
		}
		out.Resends = append(out.Resends, view)
	}
	return out
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// resend has a notice that was not served sent anew, with another link; the one
// that it carried before is dead at once.
func (s *Server) resend(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	v, err := s.seen(ctx, c)
	if err != nil {
		return nil, err
	}
	no, err := strconv.ParseInt(c.Param("notice"), 10, 64)
	if err != nil {
		return nil, notFound()
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	scope := fmt.Sprintf("resend/%s/%d/%s", v.Number, no, c.User.Name)
	r, err := s.Store.Resend(ctx, store.Once{Scope: scope, Key: key}, v.Number, no, c.User.Name)
	switch {
	case errors.Is(err, store.ErrNoMessage):
		err = notFound()
	case errors.Is(err, store.ErrNoticeServed):
		err = problem("notice_served")
	case errors.Is(err, store.ErrNoticeOnItsWay):
		err = problem("notice_on_its_way")
	case errors.Is(err, store.ErrNoticeOver):
		err = problem("notice_over")
	}
	return resendView(r), err
}
