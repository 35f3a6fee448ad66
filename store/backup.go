package store

import (
	"archive/tar"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A backup is two archives. The main one holds the database without the keys of
// the cases, the other those keys, with a term: a person is erased for good only
// when no archive of keys from before is left. Both are tar, written in one go
// from one snapshot; who stores them encrypts them.

// archiveForm is the form of archives that this program writes.
const archiveForm = 1

// endEntry is the last of a main archive: one that was cut between two entries
// reads as one that ends there.
const endEntry = "end"

// Manifest is the first entry of an archive.
type Manifest struct {
	Form      int       `json:"form"`
	Kind      string    `json:"kind"`    // main or keys
	Pair      string    `json:"pair"`    // the same in both archives of a backup
	At        time.Time `json:"at"`      // of the snapshot, UTC
	Expires   time.Time `json:"expires"` // when the keys are to be deleted
	Dialect   string    `json:"dialect"`
	Schema    int64     `json:"schema"`
	Height    int64     `json:"height"` // the last block, 0 for none
	Hash      string    `json:"hash"`   // its hash, hexadecimal
	Cases     int64     `json:"cases"`
	Keys      int64     `json:"keys"`
	Erasures  int64     `json:"erasures"`
	NotSealed int64     `json:"not_sealed"` // cases whose last events no block had sealed
}

// KeyTerm is how long the keys of a backup may be kept unless told otherwise.
const KeyTerm = 30 * 24 * time.Hour

// Backup writes both archives from one snapshot, beside running nodes, which go
// on writing. keep is how long the keys may be kept.
func (s *Store) Backup(ctx context.Context, main, keys io.Writer, keep time.Duration) (Manifest, error) {
	m := Manifest{Form: archiveForm, Kind: "main", Pair: hex.EncodeToString(random(16)), At: s.cfg.Now().UTC().Truncate(time.Second), Dialect: s.dialect}
	m.Expires = m.At.Add(keep)
	snapshot := s.snapshotPostgres
	if s.dialect == "sqlite" {
		snapshot = s.snapshotLite
	}
	return m, snapshot(ctx, func(q queryer, write func(*archive) error) error {
		if err := m.read(ctx, q); err != nil {
			return err
		}
		if err := m.writeKeys(ctx, q, keys); err != nil {
			return err
		}
		a := &archive{tar.NewWriter(main), m.At}
		if err := a.json("manifest.json", m); err != nil {
			return err
		}
		if err := write(a); err != nil {
			return err
		}
		if err := a.bytes(endEntry, nil); err != nil {
			return err
		}
		return a.Close()
	})
}

// read fills in what the snapshot says of itself.
func (m *Manifest) read(ctx context.Context, q queryer) error {
	var hash []byte
	for query, into := range map[string]any{
		"select coalesce(max(version_id), 0) from goose_db_version":   &m.Schema,
		"select coalesce(max(height), 0) from blocks":                 &m.Height,
		"select count(*) from cases":                                  &m.Cases,
		"select count(*) from case_keys":                              &m.Keys,
		"select count(*) from erasures":                               &m.Erasures,
		"select count(*) from (select distinct case_id from moved) x": &m.NotSealed,
	} {
		if err := q.QueryRowContext(ctx, query).Scan(into); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	if m.Height > 0 {
		if err := q.QueryRowContext(ctx, "select hash from blocks where height = $1", m.Height).Scan(&hash); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	m.Hash = hex.EncodeToString(hash)
	return nil
}

// keyRow is a wrapped case key in an archive.
type keyRow struct {
	ID      int64  `json:"id"`
	Kek     string `json:"kek"`
	Wrapped string `json:"wrapped"` // base64
}

// writeKeys writes the archive of keys, ten thousand to an entry.
func (m Manifest) writeKeys(ctx context.Context, q queryer, to io.Writer) error {
	m.Kind = "keys"
	a := &archive{tar.NewWriter(to), m.At}
	if err := a.json("manifest.json", m); err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, "select case_id, kek, wrapped from case_keys order by case_id")
	if err != nil {
		return err
	}
	var lot []keyRow
	for n := 1; rows.Next(); {
		var k keyRow
		var wrapped []byte
		if err := rows.Scan(&k.ID, &k.Kek, &wrapped); err != nil {
			return errors.Join(err, rows.Close())
		}
		k.Wrapped = base64.StdEncoding.EncodeToString(wrapped)
		if lot = append(lot, k); len(lot) == 10_000 {
			if err := a.json(fmt.Sprintf("keys/%06d.json", n), lot); err != nil {
				return errors.Join(err, rows.Close())
			}
			lot, n = lot[:0], n+1
		}
	}
	if err := errors.Join(rows.Err(), rows.Close(), a.json("keys/last.json", lot)); err != nil {
		return err
	}
	return a.Close()
}

// archive is a tar whose entries all bear the instant of the snapshot.
type archive struct {
	*tar.Writer
	at time.Time
}

func (a *archive) json(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.bytes(name, text)
}

func (a *archive) bytes(name string, data []byte) error {
	if err := a.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: a.at}); err != nil {
		return err
	}
	_, err := a.Write(data)
	return err
}

// session is a connection or a pool that reads and writes.
type session interface {
	queryer
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
