package handlers

import (
	"context"
	"slices"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
)

// dataCopy is everything that is held about the consumer (PIPL Art. 45): what he
// told, what was decided of his case and told to him, who may act for him. What
// the other side or the authority's people wrote is theirs.
type dataCopy struct {
	Case     CaseView      `json:"case"`
	Told     []toldView    `json:"told"`     // what he said, and what was recorded as said by him
	Steps    []stepView    `json:"steps"`    // how the case went on
	Notices  []servedView  `json:"notices"`  // what he was owed and what became of it
	Links    []linkView    `json:"links"`    // of his side
	Files    []fileView    `json:"files"`    // that he brought: each is at files/{id}/content
	Erasures []erasureView `json:"erasures"` // what he asked for under PIPL Art. 47
	Purpose  string        `json:"purpose"`
	Without  string        `json:"without"` // what is not in the copy, and why
	Made     time.Time     `json:"made_at"`
}

type toldView struct {
	Seq        int64                `json:"seq"`
	Event      string               `json:"event"`
	At         time.Time            `json:"at"`
	Actor      string               `json:"actor"`
	Info       map[string]string    `json:"info,omitempty"`
	Person     *workflow.Person     `json:"person,omitempty"`
	Respondent *workflow.Respondent `json:"respondent,omitempty"`
	Words      string               `json:"words,omitempty"`
	Commitment string               `json:"commitment,omitempty"` // of these words, as the log holds it
}

type stepView struct {
	Seq        int64          `json:"seq"`
	At         time.Time      `json:"at"`
	State      workflow.State `json:"state"`
	StateWords string         `json:"state_words"`
}

type servedView struct {
	No   int64     `json:"no"`
	Kind string    `json:"kind"`
	What string    `json:"what"` // owe, told, delivered, failed
	How  string    `json:"how,omitempty"`
	At   time.Time `json:"at"`
}

// data hands a consumer the copy of his data: by his link, or at the window.
func (s *Server) data(ctx context.Context, c *Call) (any, error) {
	actor, err := s.concerned(c)
	if err != nil {
		return nil, err
	}
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Events(ctx, v.Number)
	if err != nil {
		return nil, err
	}
	out := dataCopy{Case: s.caseView(v, "consumer", c.Language), Told: []toldView{}, Steps: []stepView{}, Notices: []servedView{}, Links: []linkView{}, Erasures: []erasureView{},
		Purpose: say(c.Language, "data.purpose", nil), Without: say(c.Language, "data.without", nil), Made: s.Now()}
	state := workflow.State("")
	for i := range all {
		e := &all[i]
		if isHis(e, actor) {
			t, err := s.told(ctx, v.ID, e)
			if err != nil {
				return nil, err
			}
			out.Told = append(out.Told, t)
		}
		if e.Data.To != state {
			state = e.Data.To
			out.Steps = append(out.Steps, stepView{e.Seq, e.At, state, stateWords(c.Language, state)})
		}
		for _, n := range e.Data.Notices {
			if n.To == "consumer" {
				out.Notices = append(out.Notices, servedView{n.No, n.Kind, n.Op, n.How, e.At})
			}
		}
	}
	if out.Files, err = s.ownFiles(ctx, v, actor, c.Language); err != nil {
		return nil, err
	}
	return out, s.beside(ctx, v.Number, &out)
}

// isHis reports whether an event is the act of who asks, entered for him, or of
// those who act for him: not of the other representative of a joint complaint.
func isHis(e *workflow.Event, actor string) bool {
	if strings.HasPrefix(actor, "consumer:") {
		return e.Actor == actor
	}
	mine := e.Actor == "consumer" || strings.HasPrefix(e.Actor, "consumer:agent_") || strings.HasPrefix(e.Actor, "consumer:guardian_")
	return mine || e.Data.Info["on_behalf_of"] == "consumer" || e.Seq == 1 // a hub files for him too
}

func (s *Server) told(ctx context.Context, id int64, e *workflow.Event) (toldView, error) {
	t := toldView{Seq: e.Seq, Event: e.Event, At: e.At, Actor: e.Actor, Info: e.Data.Info, Commitment: e.Data.Sealed}
	if e.Data.Sealed == "" {
		return t, nil
	}
	u, err := s.Store.Unseal(ctx, id, e.Seq)
	t.Person, t.Respondent, t.Words = u.Person, u.Respondent, u.Words
	return t, err
}

// beside adds what is kept of him beside the log.
func (s *Server) beside(ctx context.Context, number string, out *dataCopy) error {
	links, err := s.Store.Links(ctx, number)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Role == "consumer" && slices.Contains([]string{"consumer", "agent", "guardian"}, l.Recipient) {
			out.Links = append(out.Links, viewLink(l))
		}
	}
	asked, err := s.Store.ErasureRequests(ctx, &store.User{}, number)
	for _, r := range asked {
		out.Erasures = append(out.Erasures, s.viewErasure(r))
	}
	return err
}
