package handlers

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// snapshotView is a frozen month or year as others may see it.
type snapshotView struct {
	Period    string    `json:"period"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	TakenAt   time.Time `json:"taken_at"`
	First     int64     `json:"first"`
	Size      int64     `json:"size"`
	Statement string    `json:"statement"`
}

type snapshotsView struct {
	Snapshots []snapshotView `json:"snapshots"`
}

// consistencyView shows that one tree begins with another.
type consistencyView struct {
	From   int64    `json:"from"`
	To     int64    `json:"to"`
	Hashes []string `json:"hashes"`
}

// proofView is ledger.Proof as the document describes it.
type proofView struct {
	Case      string        `json:"case"`
	Salt      string        `json:"salt"`
	Parts     []ledger.Part `json:"parts"`
	Index     int64         `json:"index"`
	Hashes    []string      `json:"hashes"`
	Lead      []string      `json:"lead"`
	Statement string        `json:"statement"`
	Newest    string        `json:"newest"`
	Since     []string      `json:"since"`
	V         int           `json:"v"`
}

// snapshots lists what was signed of every frozen period.
func (s *Server) snapshots(ctx context.Context, _ *Call) (any, error) {
	all, err := s.Store.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	out := snapshotsView{Snapshots: []snapshotView{}}
	for _, x := range all {
		out.Snapshots = append(out.Snapshots, snapshotView{x.ID, x.From.String(), x.To.String(), x.Taken, x.First, x.Size, x.Statement})
	}
	return out, nil
}

// snapshot answers with a frozen period of the county as it was published, as it
// would read now, and what changed it. The county's own numbers are exact.
func (s *Server) snapshot(ctx context.Context, c *Call) (any, error) {
	if _, ok := indicator.SpanOf(c.Param("period")); !ok {
		return nil, notFound()
	}
	r, err := s.Store.Restated(ctx, c.Param("period"), "")
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound()
	}
	return r.Figures(), err
}

// consistency gives the hashes between the trees of two statements.
func (s *Server) consistency(ctx context.Context, c *Call) (any, error) {
	var sizes [2]int64
	for i, name := range []string{"from", "to"} {
		n, err := strconv.ParseInt(c.Query(name), 10, 64)
		if err != nil || n < 1 {
			return nil, badQuery(name, "why.tree_size")
		}
		sizes[i] = n
	}
	hashes, err := s.Store.Consistency(ctx, sizes[0], sizes[1])
	if errors.Is(err, store.ErrTree) {
		return nil, badQuery("from", "why.tree_size")
	}
	out := consistencyView{From: sizes[0], To: sizes[1], Hashes: []string{}}
	for _, h := range hashes {
		out.Hashes = append(out.Hashes, base64.StdEncoding.EncodeToString(h[:]))
	}
	return out, err
}

// proof shows the consumer, or who hands it over at the window, that his case is
// counted in a snapshot: as with the receipt, nobody else.
func (s *Server) proof(ctx context.Context, c *Call) (any, error) {
	atWindow := c.User != nil && isOne(c.User, []workflow.Role{"officer", "hub"})
	if !atWindow && !c.mine() {
		return nil, notFound()
	}
	return s.proven(ctx, c.Param("number"), c.Query("snapshot"))
}

// proofOf gives the proof to whoever sends a receipt of this site: he holds it.
func (s *Server) proofOf(ctx context.Context, c *Call) (any, error) {
	r, err := ledger.ParseReceipt(c.Body)
	if err == nil {
		err = s.Store.Held(ctx, r)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case err != nil:
		return nil, badField("", "why.receipt")
	}
	return s.proven(ctx, r.Case, "")
}

func (s *Server) proven(ctx context.Context, number, snapshot string) (any, error) {
	p, err := s.Store.Proof(ctx, number, snapshot)
	if errors.Is(err, store.ErrNotCounted) {
		return nil, problem("not_counted")
	}
	if err != nil {
		return nil, err
	}
	text, err := p.Append(nil)
	return rawJSON(text), err
}
