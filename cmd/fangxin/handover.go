package main

import (
	"fmt"
	"io"
	"os"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/workflow/ledger"
)

// handoverReport is what was found of a hand-over file, for programs.
type handoverReport struct {
	Good  bool                  `json:"good"`
	Why   string                `json:"why,omitempty"` // not good
	Case  string                `json:"case,omitempty"`
	Site  string                `json:"site,omitempty"`
	Key   string                `json:"key,omitempty"`
	Seq   int64                 `json:"seq,omitempty"`
	Pages []ledger.HandoverPage `json:"pages,omitempty"`
	Log   bool                  `json:"log"` // the log was at hand, and holds the event
	Block int64                 `json:"block,omitempty"`
	list  ledger.Handover
}

// handover checks a hand-over file against the site's public keys, and against the
// log where there is one. It unpacks and makes nothing.
func (c *VerifyCmd) handover(g *Globals) error {
	f, err := os.Open(c.File)
	if err != nil {
		return errUse{err}
	}
	defer func() { _ = f.Close() }()
	return c.inspect(g, func(keys ledger.KeyList, db *store.Store) (finding, error) {
		r, err := examineHandover(g, f, keys, db)
		return &r, err
	})
}

func (r *handoverReport) verdict(err error) { r.Good, r.Why = judged(err) }

func examineHandover(g *Globals, f *os.File, keys ledger.KeyList, db *store.Store) (r handoverReport, err error) {
	info, err := f.Stat()
	if err != nil {
		return r, err
	}
	if r.list, err = ledger.CheckHandover(f, info.Size(), keys); err != nil {
		return r, err
	}
	r.Case, r.Site, r.Key, r.Seq, r.Pages = r.list.Case, r.list.Site, r.list.Key, r.list.Seq, r.list.Pages
	if db == nil {
		return r, nil
	}
	if r.Block, err = audit.VerifyHandover(g.Context, db.Pool(), r.list); err != nil {
		return r, fmt.Errorf("the site signed this file, and the log does not bear it out: %w", err)
	}
	r.Log = true
	return r, nil
}

// print says in words what is proven and what is not.
func (r *handoverReport) print(w io.Writer) {
	fmt.Fprintf(w, "good: %s made this file, as it is, of complaint %s as of event %d, %s (key %s)\n", r.Site, r.Case, r.Seq, beijing(r.list.At), r.Key)
	for _, p := range r.Pages {
		fmt.Fprintf(w, "  %s  %s  %d bytes\n", p.SHA256, p.Name, p.Size)
	}
	switch {
	case !r.Log:
		fmt.Fprintln(w, "  the log was not at hand: that it still holds the event is not proven here")
	case r.Block == 0:
		fmt.Fprintln(w, "  the log holds the event; no block seals it yet")
	default:
		fmt.Fprintf(w, "  the log holds the event; block %d seals it\n", r.Block)
	}
}
