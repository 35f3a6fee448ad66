package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fangxin/workflow/register"
)

// manyRows is how many rows one statement inserts: both databases take far more
// values than these, and the text of the statement stays the same.
const manyRows = 200

// many inserts rows; forms says how the value of a column is written, where it is
// not as it is.
func (b *book) many(table, columns string, forms map[int]string, rows [][]any) error {
	for part := range slices.Chunk(rows, manyRows) {
		var v binds
		var lines []string
		for _, row := range part {
			cells := make([]string, len(row))
			for i, value := range row {
				cells[i] = v.add(value)
				if form := forms[i]; form != "" {
					cells[i] = fmt.Sprintf(form, cells[i])
				}
			}
			lines = append(lines, "("+strings.Join(cells, ", ")+")")
		}
		if _, err := b.tx.ExecContext(b.ctx, "insert into "+table+" ("+columns+") values "+strings.Join(lines, ", "), v.values...); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

// index writes what entries are found by anew.
func (b *book) index(all []*entry) error {
	var ids []int64
	var rows, pieces [][]any
	for _, e := range all {
		x := register.IndexOf(e.Merchant)
		ids = append(ids, e.id)
		rows = append(rows, []any{e.id, x.Name, x.Legal, x.Initials, x.Pinyin})
		pieces = append(pieces, []any{e.id, strings.Join(x.Pieces, " ")})
	}
	old := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
		return all[slices.Index(ids, id)].Version == 1
	})
	if len(old) > 0 {
		var v binds
		in := v.list(old)
		if _, err := b.tx.ExecContext(b.ctx, "delete from merchant_search where merchant_id in ("+in+")", v.values...); err != nil {
			return err
		}
		if b.s.dialect == "sqlite" {
			if _, err := b.tx.ExecContext(b.ctx, "delete from merchant_pieces where rowid in ("+in+")", v.values...); err != nil {
				return err
			}
		}
	}
	const columns = "merchant_id, name, legal, initials, pinyin"
	if b.s.dialect == "sqlite" {
		if err := b.many("merchant_search", columns, nil, rows); err != nil {
			return err
		}
		return b.many("merchant_pieces", "rowid, pieces", nil, pieces)
	}
	for i := range rows {
		rows[i] = append(rows[i], pieces[i][1])
	}
	return b.many("merchant_search", columns+", pieces", map[int]string{5: "array_to_tsvector(string_to_array(%s, ' '))"}, rows)
}

// How many entries one way of searching brings: enough that the best fit is
// among them, few enough that the commonest word costs no more.
const (
	byBeginning = 60
	byPieces    = 200
)

// end is behind every name that begins so.
const end = "\U0010FFFF"

// ways are the selects, each of some ids, by which a question is answered. Only
// entries of the status are asked for; empty: all.
func (s *Store) ways(b *binds, q register.Query, status register.Status) []string {
	only := ""
	if status != "" {
		only = " and m.status = " + b.add(string(status))
	}
	var out []string
	for _, w := range [][2]string{{"name", q.Name}, {"legal", q.Name}, {"initials", q.Initials}, {"pinyin", q.Pinyin}} {
		if column, begin := w[0], w[1]; begin != "" {
			more := ""
			if column == "legal" { // as its index says
				more = " and s.legal <> ''"
			}
			out = append(out, fmt.Sprintf("select * from (select s.merchant_id as id from merchant_search s join merchants m on m.id = s.merchant_id where s.%s >= %s and s.%s < %s%s%s order by s.%s limit %d) x%d",
				column, b.add(begin), column, b.add(begin+end), more, only, column, byBeginning, len(out)))
		}
	}
	if q.Code != "" {
		out = append(out, fmt.Sprintf("select * from (select m.id from merchants m where m.code <> '' and m.code >= %s and m.code < %s%s order by m.code limit %d) xc", b.add(q.Code), b.add(q.Code+end), only, byBeginning))
	}
	for i, all := range q.Pieces {
		out = append(out, fmt.Sprintf("select * from (%s) xp%d", s.pieces(b, s.allOf(all), only, byPieces), i))
	}
	return out
}

// pieces selects the ids of entries whose pieces fit an expression.
func (s *Store) pieces(b *binds, expression, only string, limit int) string {
	if s.dialect == "sqlite" {
		return fmt.Sprintf("select p.rowid as id from merchant_pieces p join merchants m on m.id = p.rowid where merchant_pieces match %s%s limit %d", b.add(expression), only, limit)
	}
	return fmt.Sprintf("select s.merchant_id as id from merchant_search s join merchants m on m.id = s.merchant_id where s.pieces @@ %s::tsquery%s limit %d", b.add(expression), only, limit)
}

// allOf is an expression of the database: every piece is there. Pieces are
// letters and digits only, so quoting them is safe.
func (s *Store) allOf(pieces []string) string { return s.join(pieces, " AND ", " & ") }

func (s *Store) join(pieces []string, lite, pg string) string {
	if s.dialect == "sqlite" {
		return `"` + strings.Join(pieces, `"`+lite+`"`) + `"`
	}
	return "'" + strings.Join(pieces, "'"+pg+"'") + "'"
}

// near is an expression: one of the first two pieces of what tells a name from
// others, and any further one.
func (s *Store) near(p register.Places, name string) string {
	first, further := p.Near(name)
	and, or := " & ", " | "
	if s.dialect == "sqlite" {
		and, or = " AND ", " OR "
	}
	var out []string
	for _, f := range first {
		rest := slices.DeleteFunc(slices.Clone(further), func(x string) bool { return x == f })
		if len(rest) == 0 {
			out = append(out, s.join([]string{f}, "", ""))
			continue
		}
		out = append(out, "("+s.join([]string{f}, "", "")+and+"("+s.join(rest, " OR ", " | ")+"))")
	}
	return strings.Join(out, or)
}

// SearchMerchants finds entries by name, part of a name, initials, pinyin, or the
// beginning of a credit code, the best first. status empty asks for all.
func (s *Store) SearchMerchants(ctx context.Context, words string, status register.Status, limit int) ([]register.Merchant, error) {
	q := register.Ask(words)
	var b binds
	ways := s.ways(&b, q, status)
	if len(ways) == 0 {
		return nil, nil
	}
	found, err := scanEntries(s.pool.QueryContext(ctx, "select "+entryColumns+" from merchants m where m.id in ("+strings.Join(ways, " union ")+")", b.values...))
	if err != nil {
		return nil, err
	}
	all := merchantsOf(found)
	ranks := make(map[string]float64, len(all))
	for _, m := range all {
		ranks[m.ID] = q.Rank(m)
	}
	slices.SortFunc(all, func(a, b register.Merchant) int {
		if ranks[a.ID] != ranks[b.ID] {
			if ranks[a.ID] > ranks[b.ID] {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name+a.ID, b.Name+b.ID)
	})
	return all[:min(limit, len(all))], nil
}

// alike reads the entries that could be the stated merchant: by its code, by the
// exact name, and by what the name is made of. unverifiedOnly bounds the last.
func (b *book) alike(p register.Places, d register.Details, unverifiedOnly bool) ([]entry, error) {
	var v binds
	var ways []string
	if key := register.CodeKey(d.Code); key != "" {
		ways = append(ways, "select * from (select id from merchants where code = "+v.add(key)+" and code <> '' limit 10) xc")
	}
	only := ""
	if unverifiedOnly {
		only = " and m.status = 'unverified'"
	}
	for i, name := range []string{d.Name, d.LegalName} {
		folded := register.Fold(name)
		if folded == "" {
			continue
		}
		at := v.add(folded)
		ways = append(ways, fmt.Sprintf("select * from (select merchant_id as id from merchant_search where name = %s limit 50) xn%d", at, i),
			fmt.Sprintf("select * from (select merchant_id as id from merchant_search where legal = %s and legal <> '' limit 50) xl%d", at, i))
		if near := b.s.near(p, name); near != "" {
			ways = append(ways, fmt.Sprintf("select * from (%s) xp%d", b.s.pieces(&v, near, only, byPieces), i))
		}
	}
	if len(ways) == 0 {
		return nil, nil
	}
	return scanEntries(b.tx.QueryContext(b.ctx, "select "+entryColumns+" from merchants m where m.id in ("+strings.Join(ways, " union ")+")", v.values...))
}
