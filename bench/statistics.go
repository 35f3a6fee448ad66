package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"fangxin/store"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// statistics asks for the same totals among many contributions and among a tenth
// of them, beside adding the contributions up themselves.
func (b *bench) statistics() error {
	var stores [2]*store.Store
	for i, n := range []int{b.counts / 10, b.counts} {
		s, err := b.countsOf(n)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		stores[i] = s
	}
	for _, x := range []struct {
		what string
		days int
	}{{"a month", 30}, {"a year", 365}, {"two years", 730}} {
		what := fmt.Sprintf("statistics of %s, %d contributions", x.what, b.counts)
		b.row(what, func() error { return b.totals(what, x.days, stores) })
	}
	return nil
}

// firstDay is the first that the contributions are counted for.
var firstDay = calendar.On(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))

func (b *bench) totals(what string, days int, stores [2]*store.Store) error {
	from, to := firstDay.AddDays(730-days), firstDay.AddDays(729)
	const bare = "select indicator, sum(value)::bigint from contributions where day >= $1 and day <= $2 group by indicator"
	start, want := time.Now(), map[string]int64{}
	rows, err := stores[1].Pool().Query(bare, from.String(), to.String())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		want[name] = n
	}
	added := time.Since(start)
	if got, err := stores[1].Totals(ctx, from, to); err != nil || !maps.Equal(got, want) {
		return fmt.Errorf("the totals are %v, the contributions add up to %v: %w", got, want, err)
	}
	var ratios, few, many, slow, keys []float64
	for range b.rounds {
		var p [2]float64
		one, err := b.often(func() error { // the least that a question can cost here
			var n int64
			return stores[1].Pool().QueryRow("select coalesce(sum(value), 0) from rollups where slice = '' and indicator = 'indicator1' and day = $1 and key = ''", to.String()).Scan(&n)
		})
		if err != nil {
			return err
		}
		keys = append(keys, one[len(one)/2].Seconds())
		for i, s := range stores {
			took, err := b.often(func() error {
				_, err := s.Totals(ctx, from, to)
				return err
			})
			if err != nil {
				return err
			}
			p[i] = took[len(took)/2].Seconds()
			if i == 1 {
				slow = append(slow, took[len(took)*99/100].Seconds())
			}
		}
		few, many, ratios = append(few, p[0]), append(many, p[1]), append(ratios, p[1]/p[0])
	}
	r := median(ratios)
	l := line{what: what, figure: seconds(median(many)) + ", p99 " + seconds(median(slow)), limit: fmt.Sprintf("among a tenth: %s; one SELECT by key: %s; adding up the contributions: %s", seconds(median(few)), seconds(median(keys)), seconds(added.Seconds())), ratio: number(r)}
	l.aim, l.met = atMost(r, 1.2)
	b.report.add(l)
	return nil
}

func seconds(s float64) string { return number(s*1000) + " ms" }

// countsOf opens a database with contributions: five of each case, over two years
// and every domain and town, added up as blocks do. The last thousand cases are
// in no block yet.
func (b *bench) countsOf(n int) (*store.Store, error) {
	name, there, err := kept(b.postgres, fmt.Sprintf("contributions_%d_by_slice_and_day", n))
	if err != nil {
		return nil, err
	}
	if !there {
		if err := b.fillCounts(name, n); err != nil {
			return nil, err
		}
	}
	dsn, err := withName(b.postgres, name)
	if err != nil {
		return nil, err
	}
	return openAt(dsn, os.TempDir(), now)
}

// filingsOf opens a database with so many complaints that came through the engine,
// over two years and every town and category, sealed as they came: built once.
func (b *bench) filingsOf(n int) (*store.Store, error) {
	name, there, err := kept(b.postgres, fmt.Sprintf("filings_%d", n))
	if err != nil {
		return nil, err
	}
	if !there {
		if err := b.fillFilings(name, n); err != nil {
			return nil, err
		}
	}
	dsn, err := withName(b.postgres, name)
	if err != nil {
		return nil, err
	}
	return openAt(dsn, os.TempDir(), now)
}

func (b *bench) fillFilings(name string, n int) error {
	start := time.Now()
	county, err := policy.Load("huantai.yaml", policy.HuantaiFile())
	if err != nil {
		return err
	}
	var done atomic.Int64
	clock := func() time.Time { // a day for each 730th of them
		return firstDay.AddDays(int(min(done.Load(), int64(n-1)) * 730 / int64(n))).Start().Add(9*time.Hour + time.Since(start)%(8*time.Hour))
	}
	s, dsn, err := open(b.postgres, clock)
	if err != nil {
		return err
	}
	if _, err := s.Pool().Exec("alter database " + databaseOf(dsn) + " set synchronous_commit = off"); err != nil {
		return err
	}
	plan := county.County()
	file := func() error {
		i := done.Add(1) - 1
		if i >= int64(n) {
			return errFilled
		}
		cmd := filing()
		d := plan.Domains[int(i)%len(plan.Domains)]
		cmd.Input.Town, cmd.Input.Domain = plan.Towns[int(i/7)%len(plan.Towns)].Code, d.Number
		if len(d.Categories) > 0 {
			cmd.Input.Category = d.Categories[int(i/3)%len(d.Categories)].Code
		}
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	}
	for err == nil {
		if _, err = drive(64, time.Second, same(file)); err == nil {
			_, err = s.Block(ctx)
		}
	}
	if !errors.Is(err, errFilled) {
		return err
	}
	for more := 1; more > 0; {
		if more, err = s.Block(ctx); err != nil {
			return err
		}
	}
	for _, text := range []string{"alter database " + databaseOf(dsn) + " reset synchronous_commit", "vacuum analyze"} {
		if _, err := s.Pool().Exec(text); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	if _, err = rename(b.postgres, dsn, name); err == nil {
		fmt.Printf("filed %d complaints in %s\n", n, time.Since(start).Round(time.Second))
	}
	return err
}

// errFilled ends the filling of a database.
var errFilled = errors.New("there are enough")

func databaseOf(dsn string) string { return dsn[strings.LastIndex(dsn, "/")+1:] }

func (b *bench) fillCounts(name string, n int) error {
	start := time.Now()
	s, dsn, err := open(b.postgres, now)
	if err != nil {
		return err
	}
	cases, unsealed := n/5, min(1000, n/50)
	for _, text := range []string{
		"alter table contributions set unlogged", "alter table sealed_heads set unlogged", // the same to read, half the time to fill
		"drop index contributions_case",
		fmt.Sprintf(`insert into contributions (case_id, seq, indicator, day, value, domain, town, unit)
			select g / 5, g %% 5 + 1, 'indicator' || (g / 5 + g %% 5 * 3) %% 12, to_char(date '%s' + ((hashint8(g / 5)::bigint + 2147483648) %% 730)::int, 'YYYY-MM-DD'), 1, 1 + g / 5 %% 5,
				'37032100' || g / 25 %% 9, 'unit' || g / 25 %% 9 from generate_series(5, %d::bigint) g`, firstDay, n+4),
		"create index contributions_case on contributions (case_id, seq)",
		fmt.Sprintf("insert into sealed_heads (case_id, seq, height) select g, 5, 1 from generate_series(1, %d) g", cases-unsealed),
		fmt.Sprintf("insert into moved (case_id, seq, hash) select g, 5, '' from generate_series(%d, %d) g", cases-unsealed+1, cases),
		fmt.Sprintf(`insert into rollups (slice, indicator, day, key, measure, value)
			select k.slice, indicator, day, case k.slice when 'domain' then domain::text when 'town' then town when 'unit' then unit else '' end, 0, sum(value)
				from contributions cross join (values (''), ('domain'), ('category'), ('town'), ('unit'), ('channel'), ('mediator')) k (slice) where case_id <= %d group by 1, 2, 3, 4 order by 3, 2, 1, 4`, cases-unsealed), // by day, as they come
		"vacuum analyze",
	} {
		if _, err := s.Pool().Exec(text); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	if _, err = rename(b.postgres, dsn, name); err == nil {
		fmt.Printf("built %d contributions in %s\n", n, time.Since(start).Round(time.Second))
	}
	return err
}

// live measures intake with statistics that are kept up to date and asked for
// every second, beside the same node on a database that throws away what is
// counted: all else, also sealing blocks, is the same.
func (b *bench) live() error {
	var with, without rounds
	var stores [2]*store.Store
	var lags []time.Duration
	for i := range stores {
		s, _, err := open(b.postgres, now)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		stores[i] = s
	}
	if _, err := stores[1].Pool().Exec("create rule uncounted as on insert to contributions do instead nothing"); err != nil {
		return err
	}
	for range b.rounds {
		for i, into := range []*rounds{&without, &with} {
			v, err := b.whileSealing(stores[1-i], i == 1, &lags)
			if err != nil {
				return err
			}
			*into = append(*into, v)
		}
	}
	r := ratio(with, without, perSecond)
	slices.Sort(lags)
	l := line{what: "intake with live statistics, PostgreSQL, 32 callers", figure: fmt.Sprintf("%s, rolled up %s after a block began, p99", with.String(), seconds(lags[len(lags)*99/100].Seconds())), limit: "without: " + without.String(), ratio: number(r)}
	l.aim, l.met = atLeast(r, 0.85)
	b.report.add(l)
	return nil
}

// whileSealing files while blocks are sealed; lags gets how long each took to be added
// up, where that is asked for.
func (b *bench) whileSealing(s *store.Store, asked bool, lags *[]time.Duration) (speed, error) {
	beside, stop := context.WithCancel(ctx)
	var fault atomic.Pointer[error]
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(b.window / 2); ; {
			select {
			case <-beside.Done():
				return
			case <-tick.C:
			}
			start := time.Now()
			_, err := s.Block(ctx)
			if err == nil && asked {
				*lags = append(*lags, time.Since(start))
				_, err = s.Totals(ctx, firstDay, calendar.On(now()))
			}
			if err != nil {
				fault.Store(&err)
			}
		}
	}()
	cmd := filing()
	v, err := drive(32, b.window*2, same(func() error {
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	}))
	stop()
	<-done
	if f := fault.Load(); f != nil {
		return v, *f
	}
	return v, err
}
