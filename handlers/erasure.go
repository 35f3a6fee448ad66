package handlers

import (
	"context"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// erasureDays is how long the authority has to answer a request for erasure, in
// working days. PIPL Art. 50 asks for an easy way and for reasons of a refusal and
// leaves the days open; fifteen working days is the limit that the 2019 method of
// finding unlawful collection by apps sets (国信办秘字〔2019〕191号, Art. 6).
const erasureDays = 15

type erasureView struct {
	Case     string        `json:"case"`
	No       int64         `json:"no"`
	Actor    string        `json:"actor"`
	At       time.Time     `json:"at"`
	Due      calendar.Date `json:"due"` // day by which it is answered
	Overdue  bool          `json:"overdue"`
	Answer   string        `json:"answer,omitempty"` // erase_person or refuse_erasure
	Answered *time.Time    `json:"answered_at,omitempty"`
}

type erasuresView struct {
	Requests []erasureView `json:"requests"`
}

func (s *Server) viewErasure(r store.ErasureRequest) erasureView {
	v := erasureView{Case: r.Number, No: r.No, Actor: r.Actor, At: r.At, Due: r.Due, Answer: r.Answer}
	if r.Answer != "" {
		v.Answered = &r.Answered
	} else {
		v.Overdue = !s.Now().Before(r.Due.AddDays(1).Start())
	}
	return v
}

// askErasure takes a person's wish that his data be erased (PIPL Art. 47): by his
// link, or told to the authority's people.
func (s *Server) askErasure(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	actor, err := s.concerned(c)
	if err != nil {
		return nil, err
	}
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	today := calendar.On(s.Now())
	due := s.Rules().Calendar().KnownAt(today).Count(today, erasureDays, calendar.WorkingDay, calendar.RestDay).Due
	r, err := s.Store.AskErasure(ctx, store.Once{Scope: "erasure/" + v.Number + "/" + actor, Key: c.Key}, v.Number, actor, due)
	return s.viewErasure(r), err
}

// concerned is who asks about the consumer's own data, as the log names him: the
// consumer's side with a link that is for it, or the authority's people to whom
// he came.
func (s *Server) concerned(c *Call) (string, error) {
	switch {
	case c.Link == nil && isOne(c.User, staff):
		return "officer:" + c.User.Name, nil
	case c.Link == nil || c.Link.Role != "consumer":
		return "", notFound()
	case !c.Link.May(store.ActionData):
		return "", problem("link_lacks_action")
	case c.Link.Actor == "consumer":
		return "consumer", nil
	}
	return "consumer:" + c.Link.Actor, nil
}

// erasures lists the requests that wait for an answer.
func (s *Server) erasures(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.ErasureRequests(ctx, c.User, "")
	out := erasuresView{Requests: []erasureView{}}
	for _, r := range all {
		out.Requests = append(out.Requests, s.viewErasure(r))
	}
	return out, err
}
