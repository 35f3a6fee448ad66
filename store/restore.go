package store

import (
	"archive/tar"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fangxin/migrations"
	"fangxin/workflow/ledger"
)

// RestoreOptions say what a restore cannot know by itself.
type RestoreOptions struct {
	Keys     io.Reader // the archive of keys; nil: everything personal reads as missing
	Force    bool      // take keys whose term is over
	Erasures []Erasure // lists kept apart; those of the backup are repeated anyway
	Lost     *ledger.Checkpoint
	// Published are the site's public keys as they lie beside the data: a key that
	// was rotated or revoked since the backup keeps its term.
	Published ledger.KeyList
	// Send owes the notices again that were owed when the backup was made, though
	// somebody may have been told since; otherwise they wait among the dead ones
	// for a person to say so.
	Send bool
	// Skip is how many numbers of each series may have been given out since.
	Skip int64

	keys *tar.Reader
}

// Restored is what a restore did and what it could not.
type Restored struct {
	Manifest
	Erased     int      // erased again
	NoKeys     int64    // cases whose key is missing, though nobody erased it
	Owed       int64    // notices that were owed
	Skipped    []string // numbers that are not given out again
	UnknownKek []string // keys that wrap cases' keys and are not configured here
	Files      int64    // of cases
	NoFiles    int64    // of these, whose bytes are not in the backup

	folder string // of files
}

// ErrNotEmpty says that a restore was asked for over something.
var ErrNotEmpty = errors.New("restore: there is a database already; a restore needs an empty place (--into)")

// Restore puts a backup into an empty place: all of it, or nothing. The source
// must be readable to its end, which is when an encrypted one has proven whole.
func Restore(ctx context.Context, cfg Config, main io.Reader, opt RestoreOptions) (Restored, error) {
	a := tar.NewReader(main)
	var out Restored
	if err := nextJSON(a, "manifest.json", &out.Manifest); err != nil {
		return out, err
	}
	if err := out.fits(cfg, "main"); err != nil {
		return out, err
	}
	if err := out.openKeys(cfg, &opt); err != nil {
		return out, err
	}
	out.folder = (&Store{cfg: cfg}).folder()
	if cfg.URL == "" {
		return out, out.lite(ctx, cfg, a, main, opt)
	}
	return out, out.postgres(ctx, cfg, a, main, opt)
}

// fits refuses an archive that is not for this program or place.
func (m *Manifest) fits(cfg Config, kind string) error {
	dialect := "postgres"
	if cfg.URL == "" {
		dialect = "sqlite"
	}
	switch {
	case m.Form != archiveForm:
		return fmt.Errorf("restore: archive of form %d: this program knows form %d", m.Form, archiveForm)
	case m.Kind != kind:
		return fmt.Errorf("restore: this is an archive of kind %q, where %q is expected: are the two files exchanged?", m.Kind, kind)
	case m.Dialect != dialect:
		return fmt.Errorf("restore: the backup is of %s, the place is %s", m.Dialect, dialect)
	case m.Schema > migrations.Newest():
		return fmt.Errorf("restore: the backup has schema %d, this program knows %d: restore with the version that made it, or a later one", m.Schema, migrations.Newest())
	}
	return nil
}

func nextJSON(a *tar.Reader, name string, into any) error {
	h, err := a.Next()
	if err == nil && h.Name != name {
		err = fmt.Errorf("%s where %s is expected", h.Name, name)
	}
	if err != nil {
		return fmt.Errorf("restore: no archive of ours: %w", err)
	}
	return json.NewDecoder(a).Decode(into)
}

// drain reads to the end of what the archive came in: an encrypted source proves
// only there that nothing was cut off.
func drain(a *tar.Reader, from io.Reader) error {
	if h, err := a.Next(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("%s is not expected", h.Name)
		}
		return fmt.Errorf("restore: %w", err)
	}
	if _, err := io.Copy(io.Discard, from); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// settle does, in the restored database before anybody uses it, what makes a
// restore true: keys, erasures, numbers, notices, and a record of itself.
func (out *Restored) settle(ctx context.Context, s *Store, db session, opt RestoreOptions) error {
	for _, step := range []func(context.Context, *Store, session, RestoreOptions) error{out.takeKeys, out.publishAgain, out.eraseAgain, out.settleFiles, out.closeNumbers, out.holdNotices, out.record} {
		if err := step(ctx, s, db, opt); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return nil
}

// openKeys reads what the archive of keys says of itself, before anything is
// written anywhere.
func (out *Restored) openKeys(cfg Config, opt *RestoreOptions) error {
	if opt.Keys == nil {
		return nil
	}
	opt.keys = tar.NewReader(opt.Keys)
	var m Manifest
	if err := nextJSON(opt.keys, "manifest.json", &m); err != nil {
		return err
	}
	if err := m.fits(cfg, "keys"); err != nil {
		return err
	}
	if m.Pair != out.Pair {
		return fmt.Errorf("restore: the keys are of another backup, of %s: each FILE has its own FILE.keys", m.At.Format(time.RFC3339))
	}
	if !cfg.Now().Before(m.Expires) && !opt.Force {
		return fmt.Errorf("restore: the keys were to be deleted on %s: who was erased since would come back unless the list of erasures is the newest (--force takes them)", m.Expires.Format(time.RFC3339))
	}
	return nil
}

func (out *Restored) takeKeys(ctx context.Context, _ *Store, db session, opt RestoreOptions) error {
	a := opt.keys
	if a == nil {
		return nil
	}
	for {
		h, err := a.Next()
		if err == nil && !strings.HasPrefix(h.Name, "keys/") {
			err = fmt.Errorf("%s is not expected", h.Name)
		}
		if err != nil {
			return fmt.Errorf("the archive of keys: %w", err)
		}
		var lot []keyRow
		if err := json.NewDecoder(a).Decode(&lot); err != nil {
			return err
		}
		for rows := range slices.Chunk(lot, 500) {
			if err := insertKeys(ctx, db, rows); err != nil {
				return err
			}
		}
		if h.Name == "keys/last.json" {
			return drain(a, opt.Keys)
		}
	}
}

func insertKeys(ctx context.Context, db session, rows []keyRow) error {
	var text strings.Builder
	var args []any
	for i, k := range rows {
		wrapped, err := base64.StdEncoding.DecodeString(k.Wrapped)
		if err != nil {
			return err
		}
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "($%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3)
		args = append(args, k.ID, k.Kek, wrapped)
	}
	_, err := db.ExecContext(ctx, "insert into case_keys (case_id, kek, wrapped) values "+text.String(), args...)
	return err
}

func (out *Restored) publishAgain(ctx context.Context, s *Store, db session, opt RestoreOptions) error {
	end := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return s.stamp(t)
	}
	for _, k := range opt.Published.Keys {
		if _, err := db.ExecContext(ctx, `insert into signing_keys (id, public, from_at, to_at, revoked_at, reason) values ($1, $2, $3, $4, $5, $6)
			on conflict (id) do update set to_at = coalesce(excluded.to_at, signing_keys.to_at), revoked_at = coalesce(excluded.revoked_at, signing_keys.revoked_at),
				reason = coalesce(nullif(excluded.reason, ''), signing_keys.reason)`,
			k.ID, k.Key, s.stamp(k.From), end(k.To), end(k.Revoked), k.Reason); err != nil {
			return err
		}
	}
	return nil
}

func (out *Restored) eraseAgain(ctx context.Context, s *Store, db session, opt RestoreOptions) error {
	own, err := erasures(ctx, db)
	if err != nil {
		return err
	}
	out.Erased, err = s.eraseAgain(ctx, db, MergeErasures(own, opt.Erasures))
	return err
}

// closeNumbers sees to it that no number is given twice: what the running nodes
// had reserved, and what they may have reserved since, is recorded as gone.
func (out *Restored) closeNumbers(ctx context.Context, s *Store, db session, opt RestoreOptions) error {
	const reason = "restored: may have been given out after the backup"
	type block struct {
		id, first, last int64
		series          series
	}
	rows, err := db.QueryContext(ctx, "select id, prefix, year, first, last from number_blocks where closed_at is null order by id")
	if err != nil {
		return err
	}
	var blocks []block
	err = scan(rows, func() error {
		var b block
		if err := rows.Scan(&b.id, &b.series.prefix, &b.series.year, &b.first, &b.last); err != nil {
			return err
		}
		blocks = append(blocks, b)
		return nil
	})
	if err != nil {
		return err
	}
	now := s.stamp(s.cfg.Now())
	gap := func(of series, first, last int64, why string) error {
		_, err := db.ExecContext(ctx, "insert into number_gaps (prefix, year, first, last, reason, at) values ($1, $2, $3, $4, $5, $6)", of.prefix, of.year, first, last, why, now)
		return err
	}
	for _, b := range blocks {
		used, err := usedNumbers(ctx, db, b.series, b.first, b.last)
		if err != nil {
			return err
		}
		for n := b.first; n <= b.last; n++ {
			from := n
			for n <= b.last && !used[n] {
				n++
			}
			if n > from {
				if err := gap(b.series, from, n-1, reason); err != nil {
					return err
				}
			}
		}
		if _, err := db.ExecContext(ctx, "update number_blocks set closed_at = $1 where id = $2", now, b.id); err != nil {
			return err
		}
	}
	return out.skipNumbers(ctx, s, db, opt.Skip, func(of series, first, last int64) error {
		out.Skipped = append(out.Skipped, ledger.Number(of.prefix, of.year, first)+" to "+ledger.Number(of.prefix, of.year, last))
		if _, err := db.ExecContext(ctx, "insert into number_blocks (prefix, year, first, last, node, reserved_at, closed_at) values ($1, $2, $3, $4, 'restore', $5, $5)",
			of.prefix, of.year, first, last, now); err != nil {
			return err
		}
		return gap(of, first, last, reason)
	})
}

// skipNumbers names, for every series that may have been in use since the
// backup, the numbers after its last.
func (out *Restored) skipNumbers(ctx context.Context, s *Store, db session, skip int64, each func(of series, first, last int64) error) error {
	if skip == 0 {
		return nil
	}
	law := s.cfg.Rules()
	for _, prefix := range []string{law.County().Prefix, reportPrefix} {
		for year := out.At.Year(); year <= s.cfg.Now().Year(); year++ {
			var last int64
			if err := db.QueryRowContext(ctx, "select coalesce(max(last), 0) from number_blocks where prefix = $1 and year = $2", prefix, year).Scan(&last); err != nil {
				return err
			}
			if err := each(series{prefix, year}, last+1, last+skip); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdNotices: whether what was owed has been told since is not known.
func (out *Restored) holdNotices(ctx context.Context, _ *Store, db session, opt RestoreOptions) error {
	if err := db.QueryRowContext(ctx, "select count(*) from outbox where state = 'owed'").Scan(&out.Owed); err != nil || opt.Send {
		return err
	}
	_, err := db.ExecContext(ctx, "update outbox set state = 'dead', error = 'restored', held = '' where state = 'owed'")
	return err
}

func (out *Restored) record(ctx context.Context, s *Store, db session, opt RestoreOptions) error {
	if err := db.QueryRowContext(ctx, `select count(*) from cases c where not exists (select 1 from case_keys k where k.case_id = c.id)
		and not exists (select 1 from erasures e where e.case_id = c.id)`).Scan(&out.NoKeys); err != nil {
		return err
	}
	keks, err := db.QueryContext(ctx, "select distinct kek from case_keys order by kek")
	if err != nil {
		return err
	}
	err = scan(keks, func() error {
		var kek string
		if err := keks.Scan(&kek); err != nil {
			return err
		}
		if s.cfg.Keys != nil && s.cfg.Keys.wrap[kek] == nil {
			out.UnknownKek = append(out.UnknownKek, kek)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var lostHeight, lostHash any
	if opt.Lost != nil && opt.Lost.Height > out.Height {
		lostHeight, lostHash = opt.Lost.Height, opt.Lost.Hash[:]
	}
	hash, err := hex.DecodeString(out.Hash)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "insert into restores (id, at, taken_at, height, hash, lost_height, lost_hash, keys_missing) values ($1, $2, $3, $4, $5, $6, $7, $8)",
		hex.EncodeToString(random(16)), s.stamp(s.cfg.Now()), s.stamp(out.At), out.Height, hash, lostHeight, lostHash, out.NoKeys)
	return err
}
