package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/ledger"

	"filippo.io/age"
)

// RestoreCmd puts a backup into an empty place.
type RestoreCmd struct {
	File           string   `arg:"" help:"The backup." type:"existingfile"`
	Identity       string   `help:"File of the identity that opens it." type:"path"`
	PassphraseFile string   `help:"File whose first line is the passphrase that opens it." type:"path"`
	Keys           string   `name:"case-keys" help:"The keys of the cases; empty: FILE.keys." type:"path"`
	WithoutKeys    bool     `help:"Restore without the keys of the cases: nothing personal can be read."`
	Erasures       []string `help:"Lists of erasures; the one in the data folder is taken anyway. The newest counts." type:"existingfile"`
	Into           string   `help:"Another data folder, or the URL of another database."`
	Owed           string   `default:"hold" enum:"hold,send" help:"Notices that were owed: hold them (fangxin jobs retry sends them), or send them, though somebody may have been told since."`
	SkipNumbers    int64    `default:"10000" help:"How many numbers of each series may have been given out since; they are never given again."`
	Force          bool     `help:"Take keys that were to be deleted by now."`
}

// Run restores and says what is missing and what to do next.
func (c *RestoreCmd) Run(g *Globals) error {
	if err := c.place(g); err != nil {
		return err
	}
	ids, err := c.identities()
	if err != nil {
		return err
	}
	cfg, err := c.config(g)
	if err != nil {
		return err
	}
	main, err := opened(c.File, ids)
	if err != nil {
		return err
	}
	defer func() { _ = main.Close() }()
	opt, done, err := c.options(g, ids)
	if err != nil {
		return err
	}
	defer done()
	r, err := store.Restore(g.Context, cfg, main, opt)
	if err != nil {
		return readable(c.File, err)
	}
	return c.report(g, &r, opt)
}

// place points the settings to where --into says.
func (c *RestoreCmd) place(g *Globals) error {
	if strings.HasPrefix(c.Into, "postgres") && strings.Contains(c.Into, "://") {
		g.DatabaseURL = c.Into
	} else if c.Into != "" {
		g.Data, g.DatabaseURL = c.Into, ""
	}
	if c.SkipNumbers < 0 {
		return errUse{errors.New("--skip-numbers: not less than 0")}
	}
	return g.check()
}

func (c *RestoreCmd) identities() ([]age.Identity, error) {
	switch {
	case c.PassphraseFile != "":
		words, err := passphrase(c.PassphraseFile)
		if err != nil {
			return nil, err
		}
		id, err := age.NewScryptIdentity(words)
		return []age.Identity{id}, err
	case c.Identity != "":
		f, err := os.Open(c.Identity)
		if err != nil {
			return nil, errUse{fmt.Errorf("--identity: %w", err)}
		}
		defer func() { _ = f.Close() }()
		ids, err := age.ParseIdentities(f)
		if err != nil {
			return nil, errUse{fmt.Errorf("--identity: %w", err)}
		}
		return ids, nil
	}
	return nil, errUse{errors.New("--identity FILE or --passphrase-file FILE opens the backup")}
}

// config is the place, with the keys that seal if they are there: none is made.
func (c *RestoreCmd) config(g *Globals) (store.Config, error) {
	law, err := g.rules()
	if err != nil {
		return store.Config{}, err
	}
	cfg := store.Config{URL: g.DatabaseURL, Data: g.Data, Files: g.Files, Now: g.clock, Rules: func() workflow.Rules { return workflow.Rules{Rules: law} }}
	if _, err := os.Stat(g.keyFile()); g.Key == "" && errors.Is(err, os.ErrNotExist) {
		return cfg, nil
	}
	cfg.Keys, err = g.keys()
	return cfg, err
}

// options opens the keys and gathers what lies beside the data.
func (c *RestoreCmd) options(g *Globals, ids []age.Identity) (opt store.RestoreOptions, done func(), err error) {
	opt, done = store.RestoreOptions{Force: c.Force, Send: c.Owed == "send", Skip: c.SkipNumbers}, func() {}
	paths := c.Erasures
	if _, err := os.Stat(filepath.Join(g.Data, "erasures")); err == nil {
		paths = append(paths, filepath.Join(g.Data, "erasures"))
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return opt, done, err
		}
		list, err := store.ParseErasures(string(text))
		if err != nil {
			return opt, done, fmt.Errorf("%s: %w", path, err)
		}
		opt.Erasures = append(opt.Erasures, list...)
	}
	if text, err := os.ReadFile(filepath.Join(g.Data, "checkpoint")); err == nil {
		point, err := ledger.ParseCheckpoint(string(text))
		if err != nil {
			return opt, done, fmt.Errorf("%s: %w", filepath.Join(g.Data, "checkpoint"), err)
		}
		opt.Lost = &point
	}
	if text, err := os.ReadFile(filepath.Join(g.Data, "keys.json")); err == nil {
		if opt.Published, err = ledger.ParseKeys(text); err != nil {
			return opt, done, fmt.Errorf("%s: %w", filepath.Join(g.Data, "keys.json"), err)
		}
	}
	if c.WithoutKeys {
		return opt, done, nil
	}
	path := c.Keys
	if path == "" {
		path = c.File + ".keys"
	}
	if _, err := os.Stat(path); err != nil {
		return opt, done, errUse{fmt.Errorf("%w: the keys of the cases are needed (--case-keys), or say --without-keys: nothing personal can be read then", err)}
	}
	keys, err := opened(path, ids)
	if err != nil {
		return opt, done, err
	}
	opt.Keys = keys
	return opt, func() { _ = keys.Close() }, nil
}

// plain reads an encrypted file.
type plain struct {
	io.Reader
	io.Closer
}

func opened(path string, ids []age.Identity) (*plain, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bufio.NewReaderSize(f, 1<<20), ids...)
	if err != nil {
		_ = f.Close()
		return nil, readable(path, err)
	}
	return &plain{r, f}, nil
}

// readable puts what age says into words.
func readable(path string, err error) error {
	var no *age.NoIdentityMatchError
	switch {
	case errors.As(err, &no), errors.Is(err, age.ErrIncorrectIdentity):
		return fmt.Errorf("%s: this identity or passphrase does not open it", path)
	case errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "decrypt and authenticate"), strings.Contains(err.Error(), "failed to read header"),
		strings.Contains(err.Error(), "bad header MAC"), strings.Contains(err.Error(), "last chunk"):
		return fmt.Errorf("%s is damaged or cut off, nothing was restored: %w", path, err)
	}
	return err
}

// report says what was restored, what is missing, and what comes next.
func (c *RestoreCmd) report(g *Globals, r *store.Restored, opt store.RestoreOptions) error {
	fmt.Fprintf(g.Out, "restored: %d cases, log up to block %d, as of %s\n", r.Cases, r.Height, r.At.Format(time.RFC3339))
	if opt.Lost != nil && opt.Lost.Height > r.Height {
		fmt.Fprintf(g.Out, "MISSING: blocks %d to %d at least, by the checkpoint in %s; verify says so until the next block is sealed, and notes it for ever\n", r.Height+1, opt.Lost.Height, g.Data)
	}
	fmt.Fprintf(g.Out, "missing: whatever was recorded after %s; whoever holds a receipt from after it files again\n", r.At.Format(time.RFC3339))
	for _, s := range r.Skipped {
		fmt.Fprintf(g.Out, "not given out again: %s\n", s)
	}
	fmt.Fprintf(g.Out, "erased again: %d people\n", r.Erased)
	if r.NoKeys > 0 {
		fmt.Fprintf(g.Out, "NO KEYS: nothing personal can be read in %d cases\n", r.NoKeys)
	}
	if r.Files > 0 {
		fmt.Fprintf(g.Out, "files of cases: %d\n", r.Files)
	}
	if r.NoFiles > 0 {
		fmt.Fprintf(g.Out, "NO BYTES: %d of them are not in the backup\n", r.NoFiles)
	}
	switch {
	case r.Owed > 0 && opt.Send:
		fmt.Fprintf(g.Out, "%d notices that were owed will be sent; somebody may be told twice\n", r.Owed)
	case r.Owed > 0:
		fmt.Fprintf(g.Out, "%d notices that were owed are held, since they may have been sent: fangxin jobs dead lists them, fangxin jobs retry sends them\n", r.Owed)
	}
	for _, kek := range r.UnknownKek {
		fmt.Fprintf(g.Out, "KEY MISSING: key %s wraps keys of cases and is not in %s or FANGXIN_KEY; the server does not start without it\n", kek, g.keyFile())
	}
	if _, err := os.Stat(g.keyFile()); g.Key == "" && err != nil {
		fmt.Fprintf(g.Out, "BEFORE STARTING put the key file into %s: a new one would be made, and nothing could be read\n", g.Data)
	}
	if _, err := os.Stat(filepath.Join(g.Data, "signing-key")); g.SigningKey == "" && err != nil {
		fmt.Fprintf(g.Out, "the signing key is not in %s: put it there, or a new one signs and the old one must be retired (fangxin keys retire)\n", g.Data)
	}
	return keepList(g)
}

// keepList joins the lists of erasures in the data folder, so that the next
// restore knows them too.
func keepList(g *Globals) error {
	s, err := store.Connect(g.Context, store.Config{URL: g.DatabaseURL, Data: g.Data, Now: g.clock})
	if err != nil {
		return err
	}
	return errors.Join(jobs.KeepErasures(g.Context, s, g.Data), s.Close())
}
