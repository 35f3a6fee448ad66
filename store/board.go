package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
)

// boardColumns are the columns of board, in the order of the table.
const boardColumns = "case_id, version, number, kind, state, stage, outcome, acceptance, unit, town, domain, category, officer, source, ticket, organisation, receiver, recused, linked, filed, due"

// lateColumns are the columns of board_late: an open clock, and whose it is.
const lateColumns = "case_id, no, code, owed, late, kind, stage, outcome, unit, town, officer, organisation, receiver, recused, linked"

// tail are the cases that moved and that board has not caught up with: readers
// take them from live_board, so that no list is ever behind.
const tail = "(select case_id from moved union all select case_id from board_todo)"

// caughtUp are the cases of board that nothing has happened to since.
const caughtUp = " and not exists (select 1 from moved m where m.case_id = b.case_id) and not exists (select 1 from board_todo m where m.case_id = b.case_id)"

// farOff is the due instant of a case without a deadline, in microseconds.
const farOff = 253402300799000000

// boardUpsert is the statement that brings board up to a case; an older version
// never replaces a newer one.
var boardUpsert = func() string {
	var set []string
	for c := range strings.SplitSeq(boardColumns, ", ") {
		if c != "case_id" {
			set = append(set, c+" = excluded."+c)
		}
	}
	return "insert into board (" + boardColumns + ") select " + boardColumns + " from live_board where case_id in (%s) on conflict (case_id) do update set " +
		strings.Join(set, ", ") + " where board.version < excluded.version"
}()

// Board brings the tables that lists read up to at most limit cases that moved
// and says how many it took. Whatever is not done yet is only slower to read.
// Nodes take turns; doing it twice changes nothing.
func (s *Store) Board(ctx context.Context, limit int) (int, error) {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	if turn, err := s.turn(ctx, tx, boardTurn); err != nil || !turn {
		return 0, err
	}
	claims, ids, err := claim(ctx, tx, "board_todo", limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	for _, text := range []string{
		boardUpsert,
		"delete from board_late where case_id in (%s)",
		"insert into board_late (" + lateColumns + ") select " + lateColumns + " from live_late where case_id in (%s)",
		// only what was sealed since the words were indexed last
		`insert into search_todo (case_id, seq) select s.case_id, max(s.seq) from sealed s where s.case_id in (%s) group by s.case_id
			having max(s.seq) > coalesce((select d.seq from search_done d where d.case_id = s.case_id), 0) on conflict do nothing`,
		// and only what may name a respondent that nobody has looked up
		`insert into merchant_todo (case_id, seq) select s.case_id, max(s.seq) from sealed s where s.case_id in (%s) group by s.case_id
			having max(s.seq) > coalesce((select d.seq from merchant_done d where d.case_id = s.case_id), 0) on conflict do nothing`,
		// only what is closed, or was, has a public form
		`insert into publication_todo (case_id, seq) select b.case_id, b.version from board b where b.case_id in (%s) and b.kind = 'complaint'
			and (b.stage = 'CLOSED' or exists (select 1 from publications p where p.case_id = b.case_id)) on conflict do nothing`,
	} {
		var b binds
		if _, err := tx.ExecContext(ctx, strings.Replace(text, "%s", b.list(ids), 1), b.values...); err != nil {
			return 0, err
		}
	}
	if err := s.drop(ctx, tx, "board_todo", claims); err != nil {
		return 0, err
	}
	return len(ids), tx.Commit()
}

// Turns that nodes take.
const (
	boardTurn = 0x666178 + iota
	searchTurn
	publishTurn
)

// turn reports whether it is this node's turn, until the transaction ends.
func (s *Store) turn(ctx context.Context, tx *sql.Tx, which int64) (mine bool, err error) {
	if s.dialect != "postgres" {
		return true, nil
	}
	err = tx.QueryRowContext(ctx, "select pg_try_advisory_xact_lock($1)", which).Scan(&mine)
	return mine, err
}

// claimed is a row of a table of things to do: a case up to an event.
type claimed struct{ caseID, seq int64 }

// claim reads the oldest things to do, and the cases that they are about. A case
// that moves meanwhile leaves another row.
func claim(ctx context.Context, tx queryer, table string, limit int) (all []claimed, ids []int64, err error) {
	rows, err := tx.QueryContext(ctx, "select case_id, seq from "+table+" order by case_id, seq limit $1", limit)
	if err != nil {
		return nil, nil, err
	}
	err = scan(rows, func() error {
		var c claimed
		if err := rows.Scan(&c.caseID, &c.seq); err != nil {
			return err
		}
		all, ids = append(all, c), append(ids, c.caseID)
		return nil
	})
	return all, slices.Compact(ids), err
}

// drop takes back exactly what was claimed.
func (s *Store) drop(ctx context.Context, tx *sql.Tx, table string, all []claimed) error {
	text, pairs := s.pairs(all)
	_, err := tx.ExecContext(ctx, "delete from "+table+" where (case_id, seq) in (select case_id, seq from "+text+" x)", pairs)
	return err
}

// pairs are cases and events as one parameter, the first of a statement, and the
// text that makes a table of it: one statement, whatever their number.
func (s *Store) pairs(all []claimed) (table, parameter string) {
	b := []byte{'['}
	for i, c := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendInt(append(strconv.AppendInt(append(b, '['), c.caseID, 10), ','), c.seq, 10), ']')
	}
	if s.dialect == "sqlite" {
		return "(select json_extract(value, '$[0]') as case_id, json_extract(value, '$[1]') as seq from json_each($1))", string(append(b, ']'))
	}
	return "(select (e ->> 0)::bigint as case_id, (e ->> 1)::bigint as seq from jsonb_array_elements($1::jsonb) e)", string(append(b, ']'))
}

// list writes values for an "in".
func (b *binds) list(ids []int64) string {
	var out []string
	for _, id := range ids {
		out = append(out, b.add(id))
	}
	return strings.Join(out, ", ")
}
