package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"fangxin/store"
)

// KeepCheckpoint writes the last block's height and hash, signed, beside the
// data, so that an old backup put back shows. Copy it elsewhere: then nobody with
// access to this machine alone can hide a loss. A checkpoint that the log does
// not have, as after a restore, is kept as checkpoint.lost-HEIGHT. The site's
// public keys and the list of erasures lie beside it.
func KeepCheckpoint(ctx context.Context, s *store.Store, data string) error {
	c, text, err := s.SignedCheckpoint(ctx)
	if err != nil || c.Height == 0 {
		return err
	}
	path := filepath.Join(data, "checkpoint")
	if err := keepLost(ctx, s, path); err != nil {
		return err
	}
	if err := replace(path, []byte(text)); err != nil {
		return err
	}
	return errors.Join(KeepKeys(ctx, s, data), KeepErasures(ctx, s, data))
}

func keepLost(ctx context.Context, s *store.Store, path string) error {
	old, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	height, lost, err := s.Lost(ctx, string(old))
	if err != nil || !lost {
		return err
	}
	return os.Rename(path, fmt.Sprintf("%s.lost-%d", path, height))
}

// KeepKeys writes every public key of the site beside the data: receipts and
// checkpoints are checked with it where there is no database.
func KeepKeys(ctx context.Context, s *store.Store, data string) error {
	keys, err := s.PublicKeys(ctx)
	if err != nil {
		return err
	}
	return replace(filepath.Join(data, "keys.json"), append(keys.Append(nil), '\n'))
}

// KeepStatements writes what the site signed of every snapshot into statements/ in
// the data folder, one file each. One that the database does not have, or has
// otherwise, as after a restore, stays as NAME.lost: whoever holds the first one can
// show that there were two.
func KeepStatements(ctx context.Context, s *store.Store, data string) error {
	all, err := s.Snapshots(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	folder := filepath.Join(data, "statements")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, x := range all {
		path := filepath.Join(folder, x.ID)
		old, err := os.ReadFile(path)
		if err == nil && string(old) == x.Statement {
			continue
		}
		if err == nil {
			err = os.Rename(path, path+".lost")
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := replace(path, []byte(x.Statement)); err != nil {
			return err
		}
	}
	return nil
}

// KeepErasures joins the list of erasures in the database with the one beside it.
// What only the file knows was erased and came back, with an old database that
// was put in place: it is erased again. After a new erasure the database is made
// to forget.
func KeepErasures(ctx context.Context, s *store.Store, data string) error {
	known, err := s.Erasures(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(data, "erasures")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if len(known) == 0 {
			return nil
		}
		text, err = []byte(store.ErasureList(nil)), nil
	}
	if err != nil {
		return err
	}
	kept, err := store.ParseErasures(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	all := store.MergeErasures(kept, known)
	if len(all) == len(known) && len(all) == len(kept) {
		return nil
	}
	if len(all) > len(known) {
		if _, err := s.EraseAgain(ctx, all); err != nil {
			return err
		}
	}
	return errors.Join(replace(path, []byte(store.ErasureList(all))), s.Scrub(ctx))
}

// replace writes a file whole or not at all, and only when it differs.
func replace(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
