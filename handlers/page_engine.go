package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"fangxin/handlers/view"
	"fangxin/store"
)

// enginePath shows whether the engine does its own work.
const enginePath = "/desk/engine"

// deadShown is how many messages that were given up one page lists, and attemptsOver
// how far back attempts are counted.
const (
	deadShown    = 50
	attemptsOver = 24 * time.Hour
)

func init() { queries["GET "+enginePath] = []string{"done"} }

// enginePages are the operator's page. It names no person: a message is an id, a
// kind and the code of its failure.
func (s *Server) enginePages() []deskPage {
	return []deskPage{
		{"GET", enginePath, watchers, Reading, s.engineState},
		{"POST", enginePath, keepers, Writing, s.reviveDead},
	}
}

func (s *Server) engineState(ctx context.Context, c *Call) (any, error) {
	return s.enginePage(ctx, c, nil, http.StatusOK)
}

func (s *Server) enginePage(ctx context.Context, c *Call, wrong []view.Wrong, status int) (any, error) {
	p := s.base(c, "page.engine.title")
	p.Path = enginePath
	q := &view.Queue{Base: enginePath, Faults: wrong, None: p.T("page.queue.none")}
	if n := c.Query("done"); n != "" {
		q.News = p.T("page.engine.revived")
	}
	for _, part := range []func(context.Context, *view.Page) (view.QueueItem, error){s.enforcing, s.outboxState, s.channelState} {
		item, err := part(ctx, p)
		if err != nil {
			return nil, err
		}
		q.Items = append(q.Items, item)
	}
	dead, err := s.Store.Messages(ctx, "dead", deadShown)
	if err != nil {
		return nil, err
	}
	q.Items = append(q.Items, deadLetters(p, dead))
	if len(dead) > 0 && isOne(c.User, keepers) {
		again := view.Field{Name: "id", Kind: "choice", Label: p.T("page.engine.which"), Options: []view.Option{{Value: "all", Label: p.T("page.engine.all"), On: true}}}
		for i := range dead {
			again.Options = append(again.Options, view.Option{Value: dead[i].ID(), Label: dead[i].ID()})
		}
		q.Form = &view.Form{Action: enginePath, Key: formKey(c.token), Lead: []string{p.T("page.engine.again_text")}, Submit: p.T("page.engine.again"), Fields: []view.Field{again}}
	}
	return page{status: status, body: view.QueuePage(p, q)}, nil
}

// enforcing says since when every deadline is enforced, and what waits to be.
func (s *Server) enforcing(ctx context.Context, p *view.Page) (out view.QueueItem, err error) {
	out.Title, out.Lead = p.T("page.engine.deadlines"), p.T("page.engine.deadlines_text")
	swept, err := s.Store.LastSweep(ctx)
	if err != nil {
		return out, err
	}
	last := p.T("page.engine.never")
	if !swept.IsZero() {
		last = momentWords(p, swept)
	}
	out.Facts = append(out.Facts, view.Row{Name: p.T("page.engine.swept"), Value: last})
	due, err := s.Store.Overdue(ctx)
	if err != nil {
		return out, err
	}
	for _, d := range due {
		out.Facts = append(out.Facts, view.Row{Name: p.T("clock." + d.Code), Value: p.T("page.engine.since", "N", digit(int(d.Count)), "When", momentWords(p, d.Oldest))})
	}
	for _, reason := range s.unready(ctx) {
		out.Facts = append(out.Facts, view.Row{Name: p.T("page.engine.unready"), Value: p.T("page.engine.unready." + reason)})
	}
	return out, nil
}

// outboxState is what is owed and not told, by queue.
func (s *Server) outboxState(ctx context.Context, p *view.Page) (out view.QueueItem, err error) {
	out.Title, out.Lead = p.T("page.engine.queues"), p.T("page.engine.queues_text")
	all, err := s.Store.Backlogs(ctx)
	for _, b := range all {
		out.Facts = append(out.Facts, view.Row{Name: p.T("page.engine.queue", "Queue", p.T("page.engine.queue."+b.Queue), "State", p.T("page.engine.state."+b.State)),
			Value: p.T("page.engine.since", "N", digit(int(b.Count)), "When", momentWords(p, b.Oldest))})
	}
	if len(all) == 0 {
		out.Facts = []view.Row{{Name: p.T("page.engine.queues"), Value: p.T("page.engine.empty")}}
	}
	return out, err
}

// channelState is what became of the last day's attempts, by channel.
func (s *Server) channelState(ctx context.Context, p *view.Page) (out view.QueueItem, err error) {
	out.Title, out.Lead = p.T("page.engine.channels"), p.T("page.engine.channels_text")
	all, err := s.Store.ChannelStates(ctx, s.Now().Add(-attemptsOver))
	for _, x := range all {
		out.Facts = append(out.Facts, view.Row{Name: p.T("page.engine.attempts", "Channel", x.Channel, "Outcome", p.T("page.engine.outcome."+x.Outcome)),
			Value: p.T("page.engine.last", "N", digit(int(x.Count)), "When", momentWords(p, x.Last))})
	}
	if len(all) == 0 {
		out.Facts = []view.Row{{Name: p.T("page.engine.channels"), Value: p.T("page.engine.quiet")}}
	}
	return out, err
}

// deadLetters are the messages that were tried too often.
func deadLetters(p *view.Page, dead []store.Owed) view.QueueItem {
	out := view.QueueItem{Title: p.T("page.engine.dead"), Lead: p.T("page.engine.dead_text")}
	for i := range dead {
		o := &dead[i]
		out.Facts = append(out.Facts, view.Row{Name: o.ID(), Value: p.T("page.engine.letter", "Template", o.Template, "Error", o.Error, "N", digit(int(o.Attempts)), "When", momentWords(p, o.At))})
	}
	if len(dead) == 0 {
		out.Facts = []view.Row{{Name: p.T("page.engine.dead"), Value: p.T("page.engine.none_dead")}}
	}
	return out
}

// reviveDead gives messages that were given up a new set of attempts, as `fangxin
// jobs` does.
func (s *Server) reviveDead(ctx context.Context, c *Call) (any, error) {
	typed := &unsent{Form: c.Form}
	if !c.ourForm(c.token) {
		return s.staleQueue(c, enginePath, func(wrong []view.Wrong, status int) (any, error) { return s.enginePage(ctx, c, wrong, status) })
	}
	var ids []string
	if id := typed.get("id"); id != "all" {
		ids = []string{id}
	}
	n, err := s.Store.Revive(ctx, ids...)
	if errors.Is(err, store.ErrNoMessage) {
		return s.enginePage(ctx, c, []view.Wrong{{Text: say(c.Language, "page.engine.gone", nil)}}, http.StatusConflict)
	}
	if err != nil {
		return nil, err
	}
	s.Log.InfoContext(ctx, "messages get new attempts", "messages", n, "by", c.User.Name)
	return moved{to: enginePath + "?done=yes"}, nil
}
