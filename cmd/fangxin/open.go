package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"

	"github.com/google/uuid"
)

// engine is an open store with the law that it was opened with.
type engine struct {
	*store.Store
	law atomic.Pointer[workflow.Rules]
}

// rules loads the county's plan.
func (g *Globals) rules() (*policy.Rules, error) {
	if g.Policy == "" {
		return policy.Default(), nil
	}
	data, err := os.ReadFile(g.Policy)
	if err != nil {
		return nil, errUse{fmt.Errorf("policy (FANGXIN_POLICY): %w", err)}
	}
	r, err := policy.Load(g.Policy, data)
	if err != nil {
		return nil, errUse{fmt.Errorf("policy: %w", err)}
	}
	return r, nil
}

// keys reads the keys from the settings or the key file, and says so when it
// made one.
func (g *Globals) keys() (*store.Keys, error) {
	if g.Key != "" {
		k, err := store.ParseKeys(g.Key)
		if err != nil {
			return nil, errUse{fmt.Errorf("key (FANGXIN_KEY): %w", err)}
		}
		return k, nil
	}
	if err := os.MkdirAll(g.Data, 0o700); err != nil {
		return nil, errUse{fmt.Errorf("data (FANGXIN_DATA): %w", err)}
	}
	k, made, err := store.KeyFile(g.keyFile())
	if err != nil {
		return nil, errUse{err}
	}
	if made {
		fmt.Fprintf(g.Err, "made the key file %s: keep a copy apart from the database; without it nobody's data can be read again\n", g.keyFile())
	}
	return k, nil
}

// signing reads the signing keys from the settings or their file. Where the key
// that seals is a setting and no file is there, nil: one made from it signs, on
// every node the same.
func (g *Globals) signing(site string) (*store.Signing, error) {
	if g.SigningKey != "" {
		s, err := store.ParseSigning(g.SigningKey)
		if err != nil {
			return nil, errUse{fmt.Errorf("signing-key (FANGXIN_SIGNING_KEY): %w", err)}
		}
		return s, nil
	}
	path := filepath.Join(g.Data, "signing-key")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && g.Key != "" {
		return nil, nil
	}
	s, made, err := store.SigningFile(path, site)
	if err != nil {
		return nil, errUse{err}
	}
	if made {
		fmt.Fprintf(g.Err, "made the file %s, whose key signs receipts: keep a copy; every node of the site needs the same\n", path)
	}
	return s, nil
}

// open opens the engine on a clock. The SQLite default migrates itself.
func (g *Globals) open(now func() time.Time) (*engine, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	law, err := g.rules()
	if err != nil {
		return nil, err
	}
	keys, err := g.keys()
	if err != nil {
		return nil, err
	}
	signing, err := g.signing(law.County().Zh)
	if err != nil {
		return nil, err
	}
	e := &engine{}
	e.law.Store(&workflow.Rules{Rules: law})
	cfg := store.Config{URL: g.DatabaseURL, Data: g.Data, Node: uuid.NewString(), Keys: keys, Signing: signing, Now: now, Doubt: g.time.doubt, Migrate: g.DatabaseURL == "",
		Rules: func() workflow.Rules { return *e.law.Load() }, Files: g.Files}
	if cfg.Uploads, err = g.uploads(); err != nil {
		return nil, err
	}
	if g.Clamd != "" {
		network, address, err := jobs.ParseClamd(g.Clamd)
		if err != nil {
			return nil, err
		}
		cfg.Scan = jobs.Clamd(network, address)
	}
	if e.Store, err = store.Connect(g.Context, cfg); err != nil {
		return nil, err
	}
	if err = g.time.begin(g.Context, e.ServerTime); err == nil {
		err = e.Start(g.Context)
	}
	if err != nil {
		_ = e.Close()
		return nil, err
	}
	if err := e.refresh(g.Context); err != nil {
		_ = e.Close()
		return nil, err
	}
	return e, nil
}

// refresh takes over imported calendars and recorded outages.
func (e *engine) refresh(ctx context.Context) error {
	cal, err := e.Calendar(ctx)
	if err != nil {
		return err
	}
	outages, err := e.Outages(ctx)
	if err != nil {
		return err
	}
	old := e.law.Load()
	e.law.Store(&workflow.Rules{Rules: old.WithCalendar(cal), Outages: outages})
	return nil
}

// clock is the node's time.
func (g *Globals) clock() time.Time { return g.time.now() }
