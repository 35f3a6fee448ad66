package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"fangxin/workflow"
	"fangxin/workflow/publication"
)

// document is what of a case may be found by words, and up to which event.
type document struct {
	caseID, seq int64
	words       string
	erased      bool
}

// Index brings the index of words up to at most limit cases to which something
// was sealed since, and says how many it took. Names and numbers of people do
// not enter it. Nodes take turns; doing it twice changes nothing.
func (s *Store) Index(ctx context.Context, limit int) (int, error) {
	claims, ids, err := claim(ctx, s.pool, "search_todo", limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	docs := make([]document, 0, len(ids))
	for _, id := range ids { // before the transaction: an embedded database has one writer
		d, err := s.document(ctx, id)
		if err != nil {
			return 0, err
		}
		docs = append(docs, d)
	}
	defer s.solo()()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	if turn, err := s.turn(ctx, tx, searchTurn); err != nil || !turn {
		return 0, err
	}
	for _, d := range docs {
		if err := s.enter(ctx, tx, d); err != nil {
			return 0, fmt.Errorf("index case %d: %w", d.caseID, err)
		}
	}
	if err := s.drop(ctx, tx, "search_todo", claims); err != nil {
		return 0, err
	}
	return len(ids), tx.Commit()
}

// document unseals a case and scrubs it: merchant, words, number and ticket.
func (s *Store) document(ctx context.Context, id int64) (document, error) {
	d := document{caseID: id}
	all, err := s.unsealAll(ctx, id, 0)
	if errors.Is(err, ErrErased) {
		d.erased = true
		return d, nil
	}
	if err != nil {
		return d, err
	}
	if len(all) > 0 {
		d.seq = all[len(all)-1].seq
	}
	var number, body string
	if err := s.pool.QueryRowContext(ctx, "select number, body from cases where id = $1", id).Scan(&number, &body); err != nil {
		return d, err
	}
	c, err := workflow.ParseBody(id, []byte(body))
	if err != nil {
		return d, err
	}
	tokens := append(searchTokens(number), searchTokens(c.Facts["ticket"])...)
	for _, text := range scrubbed(all) {
		tokens = append(tokens, searchTokens(text)...)
	}
	d.words = s.searchDocument(tokens)
	return d, nil
}

// scrubbed are the texts of a case without what gives persons away; what any
// event told to be somebody's goes from all of them.
func scrubbed(all []part) []string {
	known := knownOf(all)
	var out []string
	for _, p := range all {
		if p.Respondent != nil && p.Respondent.Name != "" {
			out = append(out, publication.ScrubForms(p.Respondent.Name, known...))
		}
		if p.Words != "" {
			out = append(out, publication.Scrub(p.Words, known...))
		}
	}
	return out
}

// enter writes a document, unless the case was erased meanwhile: its key is held
// while this goes on, so that an erasure comes before or after, never between.
func (s *Store) enter(ctx context.Context, tx *sql.Tx, d document) error {
	err := s.holdKey(ctx, tx, d.caseID)
	if errors.Is(err, ErrErased) || d.erased {
		return nil
	}
	if err != nil {
		return err
	}
	var done int64
	if err := tx.QueryRowContext(ctx, "select coalesce(max(seq), 0) from search_done where case_id = $1", d.caseID).Scan(&done); err != nil || done >= d.seq {
		return err
	}
	statements := []string{"delete from case_search where rowid = $1", "insert into case_search (rowid, words) values ($1, $2)"}
	if s.dialect == "postgres" {
		statements = []string{"delete from case_search where case_id = $1", "insert into case_search (case_id, words) values ($1, $2::tsvector)"}
	}
	if _, err := tx.ExecContext(ctx, statements[0], d.caseID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, statements[1], d.caseID, d.words); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "insert into search_done (case_id, seq) values ($1, $2) on conflict (case_id) do update set seq = excluded.seq", d.caseID, d.seq)
	return err
}

// Reindex forgets everything that lists and search derive, to be made again from
// cases and sealed texts. Meanwhile lists are right, and slow.
func (s *Store) Reindex(ctx context.Context) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, text := range []string{
		"delete from board", "delete from board_late", "delete from case_search", "delete from search_done",
		"insert into board_todo (case_id, seq) select id, version from cases where true on conflict do nothing",
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", strings.Fields(text)[2], err)
		}
	}
	return tx.Commit()
}
