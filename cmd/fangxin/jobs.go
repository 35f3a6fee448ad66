package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
)

// runner is the periodic work of a node that serves.
func (g *Globals) runner(e *engine, log *slog.Logger, post *jobs.Post, mailbox *channel.Mailbox) *jobs.Runner {
	const day = 24 * time.Hour
	return &jobs.Runner{Store: e.Store, Log: log, Data: g.Data, Beats: e.refresh, Post: post, Mailbox: mailbox, Webhooks: g.webhooks(),
		KeepAnswers: time.Duration(g.KeepAnswers) * day, KeepMessages: time.Duration(g.KeepMessages) * day}
}

// JobsCmd is the operator's view of what is owed. It reads the database, which is
// the authority whoever carries the messages.
type JobsCmd struct {
	List  JobsList  `cmd:"" help:"What waits in each queue, and since when."`
	Dead  JobsDead  `cmd:"" help:"Messages that were tried too often, with the reason."`
	Retry JobsRetry `cmd:"" help:"Give dead messages new attempts."`
}

// JobsList lists the queues.
type JobsList struct {
	JSON bool `help:"For a script."`
}

// Run prints queue, state, how many, and since when the oldest is owed.
func (c *JobsList) Run(g *Globals) error {
	s, err := g.connect()
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	all, err := s.Backlogs(g.Context)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(g.Out).Encode(all)
	}
	for _, b := range all {
		fmt.Fprintf(g.Out, "%-10s %-5s %7d  oldest %s (%s)\n", b.Queue, b.State, b.Count, b.Oldest.Format(time.RFC3339), g.clock().Sub(b.Oldest).Truncate(time.Second))
	}
	if len(all) == 0 {
		fmt.Fprintln(g.Out, "nothing waits")
	}
	return nil
}

// deadMost is how many dead messages are shown at once.
const deadMost = 1000

// JobsDead lists dead messages.
type JobsDead struct {
	JSON bool `help:"For a script."`
}

// deadLetter is a dead message as it is shown: nothing personal.
type deadLetter struct {
	ID        string    `json:"id"`
	Queue     string    `json:"queue"`
	Recipient string    `json:"recipient"`
	Template  string    `json:"template"`
	Since     time.Time `json:"since"`
	Attempts  int64     `json:"attempts"`
	Reason    string    `json:"reason"`
}

// Run prints them, the oldest first; exit 1 when there are any.
func (c *JobsDead) Run(g *Globals) error {
	s, err := g.connect()
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	all, err := s.Messages(g.Context, "dead", deadMost)
	if err != nil {
		return err
	}
	letters := []deadLetter{}
	for _, o := range all {
		letters = append(letters, deadLetter{o.ID(), o.Queue, o.Recipient, o.Template, o.At, o.Attempts, o.Error})
	}
	if c.JSON {
		err = json.NewEncoder(g.Out).Encode(letters)
	} else {
		for _, l := range letters {
			fmt.Fprintf(g.Out, "%-36s %-10s %-10s %-24s since %s, %d attempts: %s\n", l.ID, l.Queue, l.Recipient, l.Template, l.Since.Format(time.RFC3339), l.Attempts, l.Reason)
		}
		if len(letters) == deadMost {
			fmt.Fprintf(g.Out, "these are the oldest %d\n", deadMost)
		}
	}
	if err == nil && len(letters) > 0 {
		err = errFinding
	}
	return err
}

// JobsRetry revives dead messages.
type JobsRetry struct {
	IDs []string `arg:"" optional:"" name:"id" help:"As fangxin jobs dead prints them."`
	All bool     `help:"All of them."`
}

// Run gives them new attempts, at once.
func (c *JobsRetry) Run(g *Globals) error {
	if c.All == (len(c.IDs) > 0) {
		return errUse{errors.New("jobs retry: name messages by id, or write --all")}
	}
	s, err := g.connect()
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	n, err := s.Revive(g.Context, c.IDs...)
	if err != nil {
		return err
	}
	fmt.Fprintf(g.Out, "%d messages will be tried again\n", n)
	return nil
}
