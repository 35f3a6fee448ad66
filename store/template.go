package store

import (
	"context"
	"database/sql"
	"time"

	"fangxin/workflow"
)

// Template is what a kind of message says in one language, in one version. Places
// in braces are filled in when it is sent.
type Template struct {
	Name     string // the notice's kind; KIND@merchant where the merchant is told something else
	Language string // zh, en
	Version  int64  // from 1; 0: the text in the binary
	Subject  string
	Text     string // of a short message, and the first part of a mail
	More     string // what a mail says below it
	Actor    string // who wrote it; empty of version 0
	Why      string
	At       time.Time // UTC
}

// templatesLock keeps two who save a template at once one after the other.
const templatesLock = 0x6678_7470

const templateColumns = "name, language, version, subject, text, more, actor, why, at"

func (s *Store) templates(ctx context.Context, tail string, args ...any) ([]Template, error) {
	rows, err := s.pool.QueryContext(ctx, "select "+templateColumns+" from templates "+tail, args...)
	if err != nil {
		return nil, err
	}
	var out []Template
	err = scan(rows, func() error {
		var t Template
		var at instant
		err := rows.Scan(&t.Name, &t.Language, &t.Version, &t.Subject, &t.Text, &t.More, &t.Actor, &t.Why, &at)
		t.At = at.Time
		out = append(out, t)
		return err
	})
	return out, err
}

// Template reads the newest version that the bureau wrote, and whether it wrote
// any.
func (s *Store) Template(ctx context.Context, name, language string) (Template, bool, error) {
	all, err := s.templates(ctx, "where name = $1 and language = $2 order by version desc limit 1", name, language)
	if err != nil || len(all) == 0 {
		return Template{}, false, err
	}
	return all[0], true, nil
}

// Templates reads the newest version of all that the bureau wrote.
func (s *Store) Templates(ctx context.Context) ([]Template, error) {
	return s.templates(ctx, "t where version = (select max(o.version) from templates o where o.name = t.name and o.language = t.language) order by name, language")
}

// TemplateVersions reads what the bureau wrote before a version, the newest
// first, at most limit.
func (s *Store) TemplateVersions(ctx context.Context, name, language string, before int64, limit int) ([]Template, error) {
	return s.templates(ctx, "where name = $1 and language = $2 and version < $3 order by version desc limit $4", name, language, before, limit)
}

// SaveTemplate writes a new version, once for a key. It is refused (stale_template)
// when base is not the newest version any more: somebody else wrote one meanwhile.
// What a template may say is checked before.
func (s *Store) SaveTemplate(ctx context.Context, q Once, t Template, base int64) (Template, error) {
	q.Asked = []any{t.Name, t.Language, t.Subject, t.Text, t.More, t.Why, base}
	_, err := s.once(ctx, q, &t, func(tx *sql.Tx, now time.Time) error {
		if err := s.alone(ctx, tx, templatesLock); err != nil {
			return err
		}
		var newest int64
		if err := tx.QueryRowContext(ctx, "select coalesce(max(version), 0) from templates where name = $1 and language = $2", t.Name, t.Language).Scan(&newest); err != nil {
			return err
		}
		if newest != base {
			return &workflow.Refusal{Code: "stale_template"}
		}
		t.Version, t.At = newest+1, now
		_, err := tx.ExecContext(ctx, "insert into templates ("+templateColumns+") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			t.Name, t.Language, t.Version, t.Subject, t.Text, t.More, t.Actor, t.Why, s.stamp(now))
		return err
	})
	return t, err
}
