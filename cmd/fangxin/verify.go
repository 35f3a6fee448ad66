package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
)

// VerifyCmd proves the log and what was derived from it.
type VerifyCmd struct {
	What       string `arg:"" optional:"" default:"" enum:",log,clocks,statistics,publication,files,papers,receipt,handover" help:"log, clocks, statistics, publication, papers; files, which also reads every byte of them; receipt FILE; handover FILE; nothing: all, without the bytes."`
	File       string `arg:"" optional:"" help:"The receipt, or the hand-over file."`
	SiteKey    string `help:"receipt, handover: the site's public keys, a file or one key; empty: those of the database, or keys.json in the data folder."`
	Proof      string `help:"receipt: the proof that the case is counted, a file as GET /api/v1/cases/NUMBER/proof gives it." type:"path"`
	Since      string `help:"receipt, with --proof: another statement of statistics, kept earlier or by somebody else, to compare with." type:"path"`
	Path       string `help:"receipt, with --since: the hashes between the two, a file as GET /api/v1/statistics/consistency gives it; none are needed where the proof names them." type:"path"`
	Words      string `help:"receipt: a file with what was filed, to show that it was that." type:"path"`
	Checkpoint string `help:"A checkpoint kept outside the database; empty: the one in the data folder." type:"path"`
	JSON       bool   `name:"json" help:"For programs."`
}

// Run exits 0 when all is good and 1 when something was found.
func (c *VerifyCmd) Run(g *Globals) error {
	if (c.What == "receipt" || c.What == "handover") != (c.File != "") {
		return errUse{errors.New("verify receipt FILE, verify handover FILE, or verify without a file")}
	}
	if c.What == "handover" {
		return c.handover(g)
	}
	if c.What == "receipt" {
		return c.receipt(g)
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	opt := audit.Options{Now: g.clock(), Unseal: unsealer(e.Store), Paper: func(ctx context.Context, id, no int64) ([]byte, []byte, bool, error) {
		salt, pdf, err := e.PaperBox(ctx, id, no)
		if errors.Is(err, store.ErrErased) {
			return nil, nil, false, nil
		}
		return salt, pdf, true, err
	}}
	if c.What != "" {
		opt.Parts = []string{c.What}
	}
	keys, err := e.PublicKeys(g.Context)
	if err == nil {
		opt.Keys = &keys
		opt.Checkpoint, err = c.checkpoint(g, keys)
	}
	if err != nil {
		return err
	}
	if !c.JSON && terminal(g.Err) {
		opt.Progress = func(cases int64) { fmt.Fprintf(g.Err, "\r%d cases", cases) }
	}
	r, err := audit.Verify(g.Context, e.Pool(), e.Dialect(), opt)
	if err != nil {
		return err
	}
	if c.What == "files" {
		if err := readFiles(g, e.Store, &r); err != nil {
			return err
		}
	}
	if c.What == "" || c.What == "statistics" {
		if err := readTotals(g.Context, e.Store, &r); err != nil {
			return err
		}
	}
	return c.print(g.Out, &r)
}

// readTotals divides the counts of every snapshot out again, and holds what was
// signed against that. The counts themselves were made again from the log.
func readTotals(ctx context.Context, s *store.Store, r *audit.Report) error {
	all, err := s.Snapshots(ctx)
	if err != nil {
		return err
	}
	find := func(id, what string) {
		r.Findings = append(r.Findings, audit.Finding{Part: "statistics", Case: "snapshot " + id, What: what})
	}
	for _, x := range all {
		f, err := s.Frozen(ctx, x.ID)
		if err != nil {
			find(x.ID, err.Error())
			continue
		}
		said, err := ledger.ParseStatement(x.Statement)
		switch {
		case err != nil: // the audit has named it
		case f.Definitions != indicator.Version:
			r.Notes = append(r.Notes, fmt.Sprintf("snapshot %s was divided by the definitions of %s, and this program has those of %s: its counts were checked, its totals were not", x.ID, f.Definitions, indicator.Version))
		case !slices.Equal(said.Totals, indicator.Totals(f.Report("").Groups[0].Figures)):
			find(x.ID, "the totals that were signed are not what its counts give")
		}
	}
	return nil
}

// readFiles holds the bytes of every file against its row.
func readFiles(g *Globals, s *store.Store, r *audit.Report) error {
	read, err := s.CheckFiles(g.Context, func(f store.File, err error) {
		r.Findings = append(r.Findings, audit.Finding{Part: "files", What: fmt.Sprintf("file %s: %v", f.ID, err)})
	})
	r.Notes = append(r.Notes, fmt.Sprintf("%d files were read to their end", read))
	return err
}

// terminal reports whether a person looks on.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// unsealer lets the auditor check what was sealed against its commitments.
func unsealer(s *store.Store) func(context.Context, int64, int64) ([]byte, []byte, bool, error) {
	return func(ctx context.Context, id, seq int64) ([]byte, []byte, bool, error) {
		u, err := s.Unseal(ctx, id, seq)
		if errors.Is(err, store.ErrErased) {
			return nil, nil, false, nil
		}
		return u.Salt, u.Text, true, err
	}
}

func (c *VerifyCmd) checkpoint(g *Globals, keys ledger.KeyList) (*ledger.Checkpoint, error) {
	path := c.Checkpoint
	if path == "" {
		path = filepath.Join(g.Data, "checkpoint")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && c.Checkpoint == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	point, err := ledger.ParseCheckpoint(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := ledger.VerifyCheckpoint(string(text), keys); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &point, nil
}

func (c *VerifyCmd) print(w io.Writer, r *audit.Report) error {
	if c.JSON {
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return err
		}
	} else {
		for _, f := range r.Findings {
			fmt.Fprintln(w, f)
		}
		for _, n := range r.Notes {
			fmt.Fprintln(w, "note:", n)
		}
		word := "good"
		if len(r.Findings) > 0 {
			word = fmt.Sprintf("NOT GOOD, %d findings", len(r.Findings))
		}
		fmt.Fprintf(w, "%s: %d cases, %d events, %d clocks, %d expiries, %d blocks, %d sealed parts\n", word, r.Cases, r.Events, r.Clocks, r.Expiries, r.Blocks, r.Commitments)
	}
	if len(r.Findings) > 0 {
		return errFinding
	}
	return nil
}
