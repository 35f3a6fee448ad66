package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// receiptReport is what was found of a receipt, for programs.
type receiptReport struct {
	Good  bool   `json:"good"`
	Why   string `json:"why,omitempty"` // not good
	Case  string `json:"case,omitempty"`
	Site  string `json:"site,omitempty"`
	Key   string `json:"key,omitempty"`
	Log   bool   `json:"log"`             // the log was at hand, and holds the event
	Block int64  `json:"block,omitempty"` // a block that seals it
	Words bool   `json:"words"`           // the file given is what was filed
	// Counted is the snapshot in which the case is counted, by the proof given.
	Counted string `json:"counted,omitempty"`
	Since   string `json:"since,omitempty"` // the statement that was compared
	filing  ledger.Receipt
	totals  []string
	parts   []ledger.Part
}

// receipt checks a receipt against the site's public keys, and against the log
// where there is one. It makes nothing: no folder, no key, no database.
func (c *VerifyCmd) receipt(g *Globals) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return errUse{err}
	}
	return c.inspect(g, func(keys ledger.KeyList, db *store.Store) (finding, error) {
		r, err := c.examine(g, data, keys, db)
		return &r, err
	})
}

// finding is what was found of a paper that the site signed.
type finding interface {
	verdict(err error)
	print(w io.Writer)
}

// inspect examines a paper against the site's public keys and the log, where there
// is one, and says what was found.
func (c *VerifyCmd) inspect(g *Globals, examine func(ledger.KeyList, *store.Store) (finding, error)) error {
	db, err := g.atHand()
	if err != nil {
		return err
	}
	if db != nil {
		defer func() { _ = db.Close() }()
	}
	keys, err := c.keys(g, db)
	if err != nil {
		return err
	}
	report, err := examine(keys, db)
	report.verdict(err)
	if c.JSON {
		if err := json.NewEncoder(g.Out).Encode(report); err != nil {
			return err
		}
	} else if err != nil {
		fmt.Fprintf(g.Out, "NOT GOOD: %v\n", err)
	} else {
		report.print(g.Out)
	}
	if err != nil {
		return errFinding
	}
	return nil
}

func (r *receiptReport) verdict(err error) { r.Good, r.Why = judged(err) }

// judged is whether a paper is good, and if not why.
func judged(err error) (good bool, why string) {
	if err != nil {
		return false, err.Error()
	}
	return true, ""
}

// atHand connects to a database that is there already; nil when there is none.
func (g *Globals) atHand() (*store.Store, error) {
	if _, err := os.Stat(filepath.Join(g.Data, "fangxin.db")); g.DatabaseURL == "" && err != nil {
		return nil, nil
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	return store.Connect(g.Context, store.Config{URL: g.DatabaseURL, Data: g.Data, Now: g.clock})
}

// keys are the site's public keys: as named, of the database, or beside it.
func (c *VerifyCmd) keys(g *Globals, db *store.Store) (ledger.KeyList, error) {
	path := c.SiteKey
	if path == "" {
		if db != nil {
			return db.PublicKeys(g.Context)
		}
		path = filepath.Join(g.Data, "keys.json")
	}
	data, err := os.ReadFile(path)
	switch {
	case err != nil && c.SiteKey == "":
		return ledger.KeyList{}, errUse{errors.New("--site-key: the site's public key is needed; GET /api/v1/keys of the site gives it")}
	case err != nil: // no file: the key itself
		data = []byte(c.SiteKey)
	}
	keys, err := ledger.ParseKeys(data)
	if err != nil {
		return keys, errUse{fmt.Errorf("--site-key: %w", err)}
	}
	return keys, nil
}

func (c *VerifyCmd) examine(g *Globals, data []byte, keys ledger.KeyList, db *store.Store) (r receiptReport, err error) {
	if r.filing, err = ledger.ParseReceipt(data); err != nil {
		return r, err
	}
	r.Case, r.Site, r.Key = r.filing.Case, r.filing.Site, r.filing.Key
	if err := r.filing.Verify(keys); err != nil {
		return r, err
	}
	if db != nil {
		if r.Block, err = audit.VerifyReceipt(g.Context, db.Pool(), r.filing); err != nil {
			return r, fmt.Errorf("the site signed this receipt, and the log does not bear it out: %w", err)
		}
		r.Log = true
	}
	if err := c.counted(&r, keys); err != nil {
		return r, err
	}
	if c.Words == "" {
		return r, nil
	}
	text, err := os.ReadFile(c.Words)
	if err != nil {
		return r, errUse{err}
	}
	if r.Words = shows(r.filing, text); !r.Words {
		return r, fmt.Errorf("what was filed is not what %s says", c.Words)
	}
	return r, nil
}

// counted checks the proof that the case is counted, and that another statement
// belongs to the same tree.
func (c *VerifyCmd) counted(r *receiptReport, keys ledger.KeyList) error {
	if c.Proof == "" {
		return nil
	}
	data, err := os.ReadFile(c.Proof)
	if err != nil {
		return errUse{err}
	}
	p, err := ledger.ParseProof(data)
	if err != nil {
		return err
	}
	s, err := p.Verify(keys, r.filing)
	if err != nil {
		return err
	}
	r.Counted, r.totals, r.parts = s.Snapshot, s.Totals, p.Parts
	if c.Since == "" {
		return nil
	}
	text, err := os.ReadFile(c.Since)
	if err != nil {
		return errUse{err}
	}
	kept, err := ledger.OpenStatement(string(text), keys)
	if err != nil {
		return err
	}
	newest, err := ledger.OpenStatement(p.Newest, keys)
	if err != nil {
		return err
	}
	r.Since = kept.Snapshot
	return c.between(&kept, &s, &newest, p.Since)
}

// between checks that three statements speak of one tree that only grew. since leads
// from the second to the third.
func (c *VerifyCmd) between(kept, counted, newest *ledger.Statement, since []ledger.Hash) error {
	switch kept.Size {
	case counted.Size:
		return counted.Follows(kept, nil)
	case newest.Size:
		return newest.Follows(kept, nil)
	}
	if c.Path == "" {
		return errUse{fmt.Errorf("--path: the hashes between a tree of %d leaves and one of %d are needed: GET /api/v1/statistics/consistency?from=%d&to=%d", kept.Size, newest.Size,
			min(kept.Size, newest.Size), max(kept.Size, newest.Size))}
	}
	data, err := os.ReadFile(c.Path)
	if err != nil {
		return errUse{err}
	}
	var path struct{ Hashes []string }
	if err := json.Unmarshal(data, &path); err != nil {
		return errUse{fmt.Errorf("--path: %w", err)}
	}
	hashes, err := ledger.ParseHashes(path.Hashes)
	if err != nil {
		return errUse{fmt.Errorf("--path: %w", err)}
	}
	if kept.Size > newest.Size {
		return kept.Follows(newest, hashes)
	}
	return newest.Follows(kept, hashes)
}

// shows reports whether a text is what was filed: the text as it was sealed, or
// the people and words of a filing in any layout, which are then written as they
// were sealed.
func shows(r ledger.Receipt, text []byte) bool {
	if r.Shows(text) {
		return true
	}
	var p workflow.Private
	if err := json.Unmarshal(text, &p); err != nil {
		return false
	}
	sealed, err := json.Marshal(&p)
	return err == nil && r.Shows(sealed)
}

// print says in words what is proven and what is not.
func (r *receiptReport) print(w io.Writer) {
	f := r.filing
	fmt.Fprintf(w, "good: %s gave this receipt, as it is, for complaint %s, filed %s under %s (key %s)\n", f.Site, f.Case, beijing(f.At), f.Rules, f.Key)
	for _, k := range f.Clocks {
		if k.Waiting() {
			fmt.Fprintf(w, "  %s: begins when its notice is delivered\n", k.Code)
		} else {
			fmt.Fprintf(w, "  %s: due %s, late from %s\n", k.Code, k.Due, beijing(*k.LateFrom))
		}
	}
	switch {
	case !r.Log:
		fmt.Fprintln(w, "  the log was not at hand: that it still holds the filing is not proven here")
	case r.Block == 0:
		fmt.Fprintln(w, "  the log holds the filing as the receipt says; no block seals it yet")
	default:
		fmt.Fprintf(w, "  the log holds the filing as the receipt says; block %d seals it\n", r.Block)
	}
	if r.Counted != "" {
		fmt.Fprintf(w, "  the case is counted in the statistics of %s that %s signed, as:\n", r.Counted, f.Site)
		for _, p := range r.parts {
			fmt.Fprintf(w, "    %+d %s\n", p.Value, p.Code)
		}
		fmt.Fprintf(w, "  under %d totals, to which that signature binds the site; that they are the sum of all cases only an auditor of the log can show\n", len(r.totals))
	}
	if r.Since != "" {
		fmt.Fprintf(w, "  the statement of %s belongs to the same tree, which only grew\n", r.Since)
	}
	if r.Words {
		fmt.Fprintln(w, "  what was filed is what the file says")
	}
}

// beijing is an instant on the clock of the county.
func beijing(t time.Time) string {
	return t.In(time.FixedZone("CST", 8*3600)).Format("2006-01-02 15:04:05 (UTC+8)")
}
