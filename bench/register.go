package main

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"fangxin/jobs/intake"
	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/workflow/policy"
	"fangxin/workflow/register"
)

// registers measures importing merchants from a file, with the memory it takes,
// and searching a register of a million, beside one name read by its index.
func (b *bench) registers(server string) error {
	merchants, rows := b.merchants, b.imported
	base := "SQLite"
	if server != "" {
		base = "PostgreSQL"
	}
	what := fmt.Sprintf("import of %d merchants, %s", rows, base)
	b.row(what, func() error { return b.importing(server, what, rows) })
	s, err := b.registerOf(server, merchants)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return b.searching(s, base, merchants)
}

func benchTowns() (towns []simulate.Town, codes map[string]string) {
	codes = map[string]string{}
	for _, t := range policy.Default().County().Towns {
		towns, codes[t.Code] = append(towns, simulate.Town{Code: t.Code, Name: t.Zh}), t.Code
	}
	return towns, codes
}

// importing takes a file of invented merchants into an empty register, and then a
// fifth of it into another, to see whether memory grows with the file.
func (b *bench) importing(server, what string, rows int) error {
	seconds, peak, err := importOf(server, rows)
	if err != nil {
		return err
	}
	_, small, err := importOf(server, rows/5)
	if err != nil {
		return err
	}
	l := line{what: what, figure: fmt.Sprintf("%.0f rows/s, %d MB of heap at most", float64(rows)/seconds, peak>>20),
		limit: fmt.Sprintf("a fifth of the file: %d MB", small>>20), ratio: number(float64(peak) / float64(small))}
	l.aim, l.met = atMost(float64(peak)/float64(small), 1.5)
	b.report.add(l)
	return nil
}

func importOf(server string, rows int) (seconds float64, peak uint64, err error) {
	path, err := merchantFile(rows)
	if err != nil {
		return 0, 0, err
	}
	s, _, err := open(server, now)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = s.Close() }()
	read, closeFile, err := intake.Open(path, "csv")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = closeFile() }()
	runtime.GC()
	var most atomic.Uint64
	stop := make(chan struct{})
	go watchHeap(&most, stop)
	_, codes := benchTowns()
	start := time.Now()
	r, err := intake.ImportMerchants(ctx, s, read, codes, intake.Options{File: path})
	seconds = time.Since(start).Seconds()
	close(stop)
	if err == nil && r.New+r.Waiting+r.Known+r.Changed != rows {
		err = fmt.Errorf("of %d rows: %+v", rows, r)
	}
	return seconds, most.Load(), err
}

func watchHeap(most *atomic.Uint64, stop chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most.Store(max(most.Load(), m.HeapInuse))
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

func merchantFile(rows int) (string, error) {
	dir, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "merchants.csv")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := csv.NewWriter(f)
	_ = w.Write([]string{"code", "name", "legal_name", "kind", "size", "domain", "town", "shop_address", "phone"})
	towns, _ := benchTowns()
	for m := range simulate.Merchants(1, rows, "桓台县", towns) {
		_ = w.Write([]string{m.Code, m.Name, m.LegalName, m.Kind, m.Size, strconv.Itoa(m.Domain), m.Town, m.ShopAddress, m.Contacts[0].Value})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return "", err
	}
	return path, f.Close()
}

// registerOf opens a large register, built once and kept: a database of the
// server, or a folder beside it.
func (b *bench) registerOf(server string, merchants int) (*store.Store, error) {
	name, there, err := kept(b.postgres, fmt.Sprintf("register_%d", merchants))
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(filepath.Dir(b.binary), name)
	if server == "" {
		_, err := os.Stat(filepath.Join(folder, "built"))
		there = err == nil
	}
	data, dsn := folder, ""
	if server != "" {
		if data, err = os.MkdirTemp("", "fangxin-bench"); err != nil {
			return nil, err
		}
		if there {
			if dsn, err = withName(server, name); err != nil {
				return nil, err
			}
		} else if dsn, err = newDatabase(server, fmt.Sprintf("b%d", rand.Uint64()), ""); err != nil {
			return nil, err
		}
	}
	if there {
		return openAt(dsn, data, now)
	}
	if server == "" { // what was left half built
		if err := os.RemoveAll(folder); err != nil {
			return nil, err
		}
	}
	s, err := openAt(dsn, data, now)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := fillRegister(s, merchants); err != nil {
		return nil, err
	}
	fmt.Printf("built a register of %d in %s\n", merchants, time.Since(start).Round(time.Second))
	if server == "" {
		return s, os.WriteFile(filepath.Join(folder, "built"), nil, 0o600)
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	if dsn, err = rename(server, dsn, name); err != nil {
		return nil, err
	}
	return openAt(dsn, data, now)
}

// copies is how many entries each entry of a large register becomes: one and its
// copies under ids and codes of their own. A county's shops share names too.
const copies = 25

// fillRegister takes a part of the merchants as an import does, all with right
// codes: nothing to match. The rest are copies of their rows.
func fillRegister(s *store.Store, merchants int) error {
	towns, _ := benchTowns()
	var lot []store.StatedMerchant
	left := merchants / copies
	for m := range simulate.Merchants(1, merchants, "桓台县", towns) {
		if !register.ValidCode(m.Code) {
			continue
		}
		if lot = append(lot, m); len(lot) < min(1000, left) {
			continue
		}
		if _, err := s.TakeMerchants(ctx, store.By{Actor: "bench"}, lot); err != nil {
			return err
		}
		if left -= len(lot); left <= 0 {
			break
		}
		lot = lot[:0]
	}
	if err := copyRegister(s); err != nil {
		return err
	}
	_, err := s.Pool().Exec("analyze")
	return err
}

func copyRegister(s *store.Store) error {
	lite := s.Dialect() == "sqlite"
	var first, last int64
	if err := s.Pool().QueryRow("select min(id), max(id) from merchants").Scan(&first, &last); err != nil {
		return err
	}
	apart := last - first + 1
	if lite { // its index of pieces cannot be read, so it is made again
		if err := copyPieces(s, apart); err != nil {
			return err
		}
	}
	series := fmt.Sprintf("generate_series(1, %d) g", copies-1)
	if lite {
		series = fmt.Sprintf("(with recursive n (g) as (select 1 union all select g + 1 from n where g < %d) select g from n)", copies-1)
	}
	differs := map[string]string{"id": fmt.Sprintf("id + g * %d", apart), "merchant_id": fmt.Sprintf("merchant_id + g * %d", apart), "ref": "ref || '-' || g",
		"code": fmt.Sprintf("case when code = '' then '' else substr(code, 1, 8) || (1000000000 + (id - %d) * %d + g) end", first, copies)}
	for _, name := range []string{"merchants", "merchant_search"} {
		columns, err := columnsOf(s.Pool(), name)
		if err != nil {
			return err
		}
		var list []string
		for _, c := range columns {
			if d, ok := differs[c]; ok {
				c = d
			}
			list = append(list, c)
		}
		if _, err := s.Pool().Exec("insert into " + name + " (" + strings.Join(columns, ", ") + ") select " + strings.Join(list, ", ") + " from " + name + ", " + series); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func columnsOf(pool *sql.DB, table string) ([]string, error) {
	rows, err := pool.Query("select * from " + table + " where false")
	if err != nil {
		return nil, err
	}
	columns, err := rows.Columns()
	return columns, errors.Join(err, rows.Close())
}

func copyPieces(s *store.Store, apart int64) error {
	rows, err := s.Pool().Query("select id, body from merchants")
	if err != nil {
		return err
	}
	pieces := map[int64]string{}
	for rows.Next() {
		var id int64
		var body string
		var m register.Merchant
		if err := errors.Join(rows.Scan(&id, &body), json.Unmarshal([]byte(body), &m)); err != nil {
			return errors.Join(err, rows.Close())
		}
		pieces[id] = strings.Join(register.IndexOf(m).Pieces, " ")
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	tx, err := s.Pool().Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	st, err := tx.Prepare("insert into merchant_pieces (rowid, pieces) values (?, ?)")
	if err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(pieces))
	for g := range int64(copies - 1) {
		for _, id := range ids {
			if _, err := st.Exec(id+(g+1)*apart, pieces[id]); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// searching asks what people type: whole names, parts, initials, pinyin, codes.
func (b *bench) searching(s *store.Store, base string, merchants int) error {
	towns, _ := benchTowns()
	random := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // the same questions each run
	asks := map[string]func(m store.StatedMerchant) string{
		"a whole name": func(m store.StatedMerchant) string { return m.Name },
		"two characters": func(m store.StatedMerchant) string {
			r := []rune(m.Name)
			i := random.IntN(len(r) - 1)
			return string(r[i : i+2])
		},
		"the trade":        func(m store.StatedMerchant) string { return string([]rune(m.Name)[2:]) },
		"initials":         func(m store.StatedMerchant) string { return register.Initials(m.Name) },
		"pinyin":           func(m store.StatedMerchant) string { return strings.Join(register.Syllables(m.Name)[:2], "") },
		"a code":           func(m store.StatedMerchant) string { return m.Code },
		"a code's first 8": func(m store.StatedMerchant) string { return m.Code[:min(8, len(m.Code))] },
	}
	sample := slices.Collect(simulate.Merchants(1, 2000, "桓台县", towns))
	var bare []time.Duration
	for _, m := range sample {
		start := time.Now()
		var n int
		if err := s.Pool().QueryRow("select count(*) from merchant_search where name = $1", register.Fold(m.Name)).Scan(&n); err != nil {
			return err
		}
		bare = append(bare, time.Since(start))
	}
	slices.Sort(bare)
	for _, name := range []string{"a whole name", "two characters", "the trade", "initials", "pinyin", "a code", "a code's first 8"} {
		var all []time.Duration
		for _, m := range sample[:b.questions()] {
			words := asks[name](m)
			start := time.Now()
			if _, err := s.SearchMerchants(ctx, words, register.Active, 10); err != nil {
				return fmt.Errorf("%s: %w", words, err)
			}
			all = append(all, time.Since(start))
		}
		slices.Sort(all)
		p50, p99 := all[len(all)/2].Seconds()*1000, all[len(all)*99/100].Seconds()*1000
		l := line{what: fmt.Sprintf("register search among %d by %s, %s", merchants, name, base), figure: fmt.Sprintf("p50 %.1f ms, p99 %.1f ms", p50, p99),
			limit: fmt.Sprintf("one name by its index: p99 %.2f ms", bare[len(bare)*99/100].Seconds()*1000), ratio: "–", aim: "p99 ≤ 100 ms", met: yes(p99 <= 100)}
		b.report.add(l)
	}
	return nil
}

func (b *bench) questions() int {
	if b.quick {
		return 200
	}
	return 1000
}
