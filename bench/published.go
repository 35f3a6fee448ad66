package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"time"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// published measures the public search among many published entries, and their
// files, beside one row that is read by its key.
func (b *bench) published() error {
	s, err := b.publishedDatabase()
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	bare, err := b.often(func() error {
		var form []byte
		err := s.Pool().QueryRow("select form from publications where case_id = $1", 1+rand.IntN(b.cases)).Scan(&form)
		return err
	})
	if err != nil {
		return err
	}
	month := now().AddDate(0, -10, 0).Format("2006-01")
	for _, x := range []struct {
		what string
		f    func() store.PublicFilter
	}{
		{"the newest", func() store.PublicFilter { return store.PublicFilter{} }},
		{"a page in the middle", func() store.PublicFilter {
			return store.PublicFilter{After: fmt.Sprintf("p_%026d", 1+rand.IntN(b.cases))}
		}},
		{"a shop's name", func() store.PublicFilter {
			return store.PublicFilter{Words: fmt.Sprintf("商行%d", rand.IntN(10_000))}
		}},
		{"a word that a twelfth has", func() store.PublicFilter { return store.PublicFilter{Words: "领域" + digits[rand.IntN(12)]} }},
		{"a domain in a town", func() store.PublicFilter {
			return store.PublicFilter{Domain: 1 + rand.IntN(12), Town: fmt.Sprintf("37032110%d", rand.IntN(9))}
		}},
		{"a month", func() store.PublicFilter { return store.PublicFilter{Month: month} }},
	} {
		what := fmt.Sprintf("public search, %s, among %d published entries", x.what, b.cases)
		b.row(what, func() error {
			took, err := b.often(func() error {
				f := x.f()
				f.Limit = 50
				list, _, err := s.SearchPublished(ctx, f)
				if err == nil && len(list) == 0 {
					err = fmt.Errorf("%+v finds nothing", f)
				}
				return err
			})
			if err == nil {
				b.report.add(pageLine(what, took, bare))
			}
			return err
		})
	}
	return b.exports(s, bare)
}

var digits = []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "甲", "乙"}

// exports reads the whole file of published complaints over HTTP in each format.
func (b *bench) exports(s *store.Store, bare []time.Duration) error {
	law := workflow.Rules{Rules: policy.Default()}
	api := &handlers.Server{Store: s, Rules: func() workflow.Rules { return law }, Now: now, Log: slog.New(slog.DiscardHandler), Limits: handlers.Unlimited()}
	web := httptest.NewServer(api.Handler())
	defer web.Close()
	for _, format := range []string{"csv", "json", "xlsx"} {
		what := fmt.Sprintf("the whole file of %d published complaints, %s, over HTTP", b.cases, format)
		b.row(what, func() error {
			done, most := make(chan struct{}), make(chan uint64, 1)
			go peak(done, most)
			start := time.Now()
			res, err := http.Get(web.URL + "/data/complaints." + format)
			if err != nil {
				close(done)
				return err
			}
			rows, size, err := counted(res.Body)
			_ = res.Body.Close()
			took := time.Since(start)
			close(done)
			heap := <-most
			if err == nil && format != "xlsx" && rows < b.cases {
				err = fmt.Errorf("%d rows of %d", rows, b.cases)
			}
			if err != nil {
				return err
			}
			l := line{what: what, figure: fmt.Sprintf("%.0f rows/s, %d MB, peak heap %d MB", float64(b.cases)/took.Seconds(), size>>20, heap>>20),
				limit: fmt.Sprintf("one SELECT by key: p50 %s ms", milli(middle(bare))), ratio: number(took.Seconds() / float64(b.cases) / middle(bare).Seconds()), aim: "peak heap < 256 MB"}
			l.met = yes(heap < 256<<20)
			b.report.add(l)
			return nil
		})
	}
	return nil
}

// counted reads to the end and counts lines and bytes.
func counted(r io.Reader) (lines int, size int64, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	part := make([]byte, 1<<16)
	for {
		n, err := in.Read(part)
		lines, size = lines+bytes.Count(part[:n], []byte("\n")), size+int64(n)
		if err == io.EOF {
			return lines, size, nil
		}
		if err != nil {
			return lines, size, err
		}
	}
}

// peak watches how large the heap gets until done is closed.
func peak(done <-chan struct{}, most chan<- uint64) {
	var m runtime.MemStats
	var high uint64
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		runtime.ReadMemStats(&m)
		high = max(high, m.HeapAlloc)
		select {
		case <-done:
			tick.Stop()
			most <- high
			return
		case <-tick.C:
		}
	}
}

// publishedDatabase has so many published entries: of ten thousand shops, every
// domain and town, closed within a year. It is built once and kept for the day,
// because entries end.
func (b *bench) publishedDatabase() (*store.Store, error) {
	today := calendar.On(now())
	name, there, err := kept(b.postgres, fmt.Sprintf("published_%d_on_%d", b.cases, today))
	if err != nil {
		return nil, err
	}
	if !there {
		start := time.Now()
		s, dsn, err := open(b.postgres, now)
		if err != nil {
			return nil, err
		}
		if err := fillPublished(s.Pool(), b.cases, today); err != nil {
			return nil, err
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
		if _, err := rename(b.postgres, dsn, name); err != nil {
			return nil, err
		}
		fmt.Printf("built %d published entries in %s\n", b.cases, time.Since(start).Round(time.Second))
	}
	dsn, err := withName(b.postgres, name)
	if err != nil {
		return nil, err
	}
	return openAt(dsn, os.TempDir(), now)
}

func fillPublished(db *sql.DB, entries int, today calendar.Date) error {
	for _, text := range []string{
		fmt.Sprintf(`insert into publications (case_id, seq, ref, state, code, merchant_id, merchant, domain, category, town, month, on_day, until_day, next_day, narrative, form, digest)
			select g, 9, ref, 'published', '', shop, 'm_' || lpad(shop::text, 26, '0'), domain, 'false_publicity', town, month, on_day, until_day, until_day, '', form, sha256(form) from (
				select *, convert_to(format('{"id":"%%s","merchant":{"id":"m_%%s","name":"商行%%s","code":"91370321MA3C0AAA0H"},"domain":%%s,"category":"false_publicity","town":"%%s","received":"%%s","closed":"%%s","days":31,"outcome":"MEDIATED","requests":["refund"],"narrative":"五月在店里买的洗衣机，三天后不能脱水。找店里换，店里说要等厂家上门，一直没有人来。","answer":"resolved","published":"%%s","until":"%%s","corrected":false}',
					ref, lpad(shop::text, 26, '0'), shop, domain, town, month, month, on_day, until_day), 'UTF8') form from (
				select g, 'p_' || lpad(g::text, 26, '0') ref, g %% 10000 shop, 1 + g %% 12 domain, '37032110' || g / 12 %% 9 town, to_char(date '%s' - (g %% 360 + 5), 'YYYY-MM') as month,
					to_char(date '%s' - (g %% 360)::int, 'YYYY-MM-DD') on_day, to_char(date '%s' - (g %% 360)::int + 364, 'YYYY-MM-DD') until_day from generate_series(1, %d) g) x) y`, today, today, today, entries),
		fmt.Sprintf(`insert into publication_search (case_id, words) select g, ('''商行'':1 ''行'':2 ''' || g %% 10000 || ''':3 ''领域'':4 ''域' || (array['一','二','三','四','五','六','七','八','九','十','甲','乙'])[1 + g %% 12] || ''':5 ''洗衣'':6 ''衣机'':7 ''机'':8')::tsvector from generate_series(1, %d) g`, entries),
		"vacuum analyze",
	} {
		if _, err := db.Exec(text); err != nil {
			return err
		}
	}
	return nil
}
