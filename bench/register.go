package main

import (
	"encoding/csv"
	"fmt"
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
	merchants, rows := 1_000_000, 100_000
	if b.quick {
		merchants, rows = 10_000, 4_000
	}
	base := "SQLite"
	if server != "" {
		base = "PostgreSQL"
	}
	if err := b.importing(server, base, rows); err != nil {
		return err
	}
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
func (b *bench) importing(server, base string, rows int) error {
	seconds, peak, err := importOf(server, rows)
	if err != nil {
		return err
	}
	_, small, err := importOf(server, rows/5)
	if err != nil {
		return err
	}
	l := line{what: fmt.Sprintf("import of %d merchants, %s", rows, base), figure: fmt.Sprintf("%.0f rows/s, %d MB of heap at most", float64(rows)/seconds, peak>>20),
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
	fmt.Printf("  built a register of %d in %s\n", merchants, time.Since(start).Round(time.Second))
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

// fillRegister takes invented merchants, all with right codes: nothing to match.
func fillRegister(s *store.Store, merchants int) error {
	towns, _ := benchTowns()
	var lot []store.StatedMerchant
	for m := range simulate.Merchants(1, merchants*107/100, "桓台县", towns) {
		if !register.ValidCode(m.Code) {
			continue
		}
		if lot = append(lot, m); len(lot) < 1000 {
			continue
		}
		if _, err := s.TakeMerchants(ctx, store.By{Actor: "bench"}, lot); err != nil {
			return err
		}
		lot = lot[:0]
		if merchants -= 1000; merchants <= 0 {
			break
		}
	}
	_, err := s.Pool().Exec("analyze")
	return err
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
