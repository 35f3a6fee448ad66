package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// release is a published table as it lies there, and what the log makes of its days.
type release struct {
	ledger.Release
	*view
	sealed bool // a block says so
	counts map[[2]string]counts
}

// counts are the sums of a slice's value: by code, by measure.
type counts map[string]map[int64]int64

func (r *release) name() string {
	return fmt.Sprintf("release %s %s no. %d", r.Slice, r.Period, r.No)
}

// loadReleases reads what tables were published, and of which days as of which block.
// Their bodies are read one by one, when they are compared.
func (a *auditor) loadReleases() error {
	views := map[string]*view{}
	return each(a.ctx, a.db, "select slice, period, no, from_day, to_day, taken_at, height, hash, definitions, rules, calendar from releases order by height, slice, period, no", func(scan func(...any) error) error {
		r := &release{}
		x := &r.Release
		if err := scan(&x.Slice, &x.Period, &x.No, &x.From, &x.To, &x.Taken, &x.Height, &x.Hash, &x.Definitions, &x.Rules, &x.Calendar); err != nil {
			return err
		}
		key := fmt.Sprint(x.Height, x.From, x.To)
		if views[key] == nil {
			views[key] = &view{from: x.From, to: x.To, height: x.Height, sums: map[sum]int64{}}
			a.views = append(a.views, views[key])
		}
		r.view = views[key]
		a.releases = append(a.releases, r)
		return nil
	})
}

// body reads what a table says.
func (a *auditor) body(r *release) error {
	return a.db.QueryRowContext(a.ctx, "select body from releases where slice = $1 and period = $2 and no = $3", r.Slice, r.Period, r.No).Scan(&r.Body)
}

// sealsRelease notes that a block seals a table.
func (a *auditor) sealsRelease(name string, h *ledger.Head) error {
	for _, r := range a.releases {
		if r.Head().Case != h.Case || r.No != h.Seq {
			continue
		}
		if err := a.body(r); err != nil {
			return err
		}
		if r.Head().Hash != h.Hash {
			a.find("statistics", r.name(), 0, "is not what %s seals: it was altered", name)
		}
		r.sealed, r.Body = true, ""
		return nil
	}
	said := strings.TrimPrefix(h.Case, ledger.ReleaseHead)
	slice, period, _ := strings.Cut(said, " ")
	var n int // one that was published since
	err := a.db.QueryRowContext(a.ctx, "select count(*) from releases where slice = $1 and period = $2 and no = $3", slice, period, h.Seq).Scan(&n)
	if err == nil && n == 0 {
		a.find("statistics", fmt.Sprintf("release %s no. %d", said, h.Seq), 0, "%s seals it, and it is not there", name)
	}
	return err
}

// table is what a release says.
type table struct {
	Groups []tableGroup
	Lines  []struct{ Figure, Line, Num, Den string }
}

type tableGroup struct {
	Key     string
	Whole   bool
	Numbers map[string]*int64
	Figures []struct {
		ID, Basis string
		Rates     []struct {
			Line, Rate             string
			Numerator, Denominator *int64
		}
		Spreads []struct {
			Line                string
			N, Sum, Median, P90 *int64
			Deciles             []int64
		}
		Excluded []struct {
			Code string
			N    *int64
		}
		Open *int64
	}
}

// released holds what the log makes of every table against what it says.
func (a *auditor) released() error {
	for _, r := range a.releases {
		if a.full() {
			return nil
		}
		if !r.sealed {
			a.find("statistics", r.name(), 0, "no block seals it")
		}
		if a.unsure {
			continue
		}
		if err := a.body(r); err != nil {
			return err
		}
		r.count()
		var t table
		if err := json.Unmarshal([]byte(r.Body), &t); err != nil {
			a.find("statistics", r.name(), 0, "its text does not read: %v", err)
		} else if what := r.differs(&t); what != "" {
			a.find("statistics", r.name(), 0, "%s", what)
		}
		r.Body, r.counts = "", nil
	}
	return nil
}

// leastShown is the fewest that a cell of a part may tell of, unless it is nobody;
// leastRate the fewest that a rate is divided by.
const (
	leastShown = 5
	leastRate  = 10
)

// differs says what first in a table is not what the log, and its own lines, make of
// it; empty when nothing is.
func (r *release) differs(t *table) string {
	lines := map[[2]string][2]string{}
	for _, l := range t.Lines {
		lines[[2]string{l.Figure, l.Line}] = [2]string{l.Num, l.Den}
	}
	for i := range t.Groups {
		g := &t.Groups[i]
		where := within(r.Slice, g.Key)
		if g.Whole {
			where = " of the county"
		}
		if what := r.numbers(g); what != "" {
			return what + where
		}
		if what := r.figures(g, lines); what != "" {
			return what + where
		}
	}
	return ""
}

// numbers holds the sums of a group against the log's. What the merchant register
// says is in no log; the county hides nothing, and a part nothing small shows.
func (r *release) numbers(g *tableGroup) string {
	for _, name := range slices.Sorted(maps.Keys(g.Numbers)) {
		said := g.Numbers[name]
		switch {
		case said == nil && g.Whole:
			return fmt.Sprintf("hides %q", name)
		case said == nil:
			continue
		case !g.Whole && *said != 0 && *said < leastShown:
			return fmt.Sprintf("shows %d of %q, which tells of too few,", *said, name)
		}
		if name == "covered" || name == "coverable" {
			continue
		}
		if n := total(r.measures(g, name)); n != *said {
			return fmt.Sprintf("says %d of %q, and the log counted %d by then", *said, name, n)
		}
	}
	return ""
}

// figures holds the lines of a group against its own sums.
func (r *release) figures(g *tableGroup, lines map[[2]string][2]string) string {
	for _, f := range g.Figures {
		for _, x := range f.Rates {
			made, known := lines[[2]string{f.ID, x.Line}]
			switch {
			case !known:
				return fmt.Sprintf("%s %s is made of nothing that it names", f.ID, x.Line)
			case !same(x.Numerator, g.Numbers[made[0]]) || !same(x.Denominator, g.Numbers[made[1]]):
				return fmt.Sprintf("%s %s is not divided out of its numbers", f.ID, x.Line)
			case x.Rate != rate(x.Numerator, x.Denominator):
				return fmt.Sprintf("%s %s says %q, and its numbers make %q", f.ID, x.Line, x.Rate, rate(x.Numerator, x.Denominator))
			}
		}
		for _, x := range f.Spreads {
			name := lines[[2]string{f.ID, x.Line}][0]
			if !same(x.N, g.Numbers[name]) {
				return fmt.Sprintf("%s %s is not of its numbers", f.ID, x.Line)
			}
			by := r.measures(g, name)
			if f.Basis == "date" {
				by = r.late(by)
			}
			if x.Sum != nil && *x.Sum != weighed(by) || len(x.Deciles) > 0 && !slices.Equal(x.Deciles, deciles(by)) ||
				x.Median != nil && (len(x.Deciles) != 9 || *x.Median != x.Deciles[4]) || x.P90 != nil && (len(x.Deciles) != 9 || *x.P90 != x.Deciles[8]) {
				return fmt.Sprintf("%s %s is not the histogram of the log", f.ID, x.Line)
			}
		}
		for _, x := range f.Excluded {
			if !same(x.N, g.Numbers[x.Code]) {
				return fmt.Sprintf("%s %s is not what was counted apart", f.ID, x.Code)
			}
		}
		if made, has := lines[[2]string{f.ID, "open"}]; has && !same(f.Open, g.Numbers[made[0]]) {
			return fmt.Sprintf("%s: what is open is not its numbers'", f.ID)
		}
	}
	return ""
}

func same(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// rate divides, where both are shown and it is of enough.
func rate(num, den *int64) string {
	if num == nil || den == nil || *den < leastRate {
		return ""
	}
	return big.NewRat(*num, *den).FloatString(4)
}

// count sorts the sums of the view by what they are of.
func (r *release) count() {
	r.counts = map[[2]string]counts{}
	for x, n := range r.sums {
		at := [2]string{x.slice, x.key}
		if r.counts[at] == nil {
			r.counts[at] = counts{}
		}
		if r.counts[at][x.code] == nil {
			r.counts[at][x.code] = map[int64]int64{}
		}
		r.counts[at][x.code][x.measure] += n
	}
}

// measures are the counts of a sum, by the measure of each.
func (r *release) measures(g *tableGroup, name string) map[int64]int64 {
	out := map[int64]int64{}
	at := [2]string{r.Slice, g.Key}
	if g.Whole {
		at = [2]string{}
	}
	patterns := strings.Fields(name)
	for code, by := range r.counts[at] {
		if has := counted(patterns, code); has != 0 {
			for m, n := range by {
				out[m] += has * n
			}
		}
	}
	return out
}

// late are the days past due at the end of the last day.
func (r *release) late(by map[int64]int64) map[int64]int64 {
	to, _ := calendar.ParseDate(r.To)
	out := map[int64]int64{}
	for m, n := range by {
		out[int64(to)-m] += n
	}
	return out
}

func total(by map[int64]int64) (n int64) {
	for _, x := range by {
		n += x
	}
	return n
}

func weighed(by map[int64]int64) (n int64) {
	for m, x := range by {
		n += m * x
	}
	return n
}

// deciles are the least values that a tenth, two tenths … do not exceed.
func deciles(by map[int64]int64) (out []int64) {
	n, below := total(by), int64(0)
	for _, m := range slices.Sorted(maps.Keys(by)) {
		for below += by[m]; len(out) < 9 && below*10 >= n*int64(len(out)+1); {
			out = append(out, m)
		}
	}
	return out
}

// counted says whether a sum counts a code (1), takes it away (-1) or neither: of
// its patterns ~ leaves out, ! takes away; * is any part, A|B either, a last ** any
// rest.
func counted(patterns []string, code string) (has int64) {
	for _, p := range patterns {
		switch bare := strings.TrimLeft(p, "~!"); {
		case !fits(strings.Split(bare, "."), strings.Split(code, ".")):
			continue
		case p[0] == '~':
			return 0
		case p[0] == '!':
			has = -1
		default:
			has = 1
		}
	}
	return has
}

func fits(pattern, code []string) bool {
	for i, p := range pattern {
		if p == "**" {
			return i <= len(code)
		}
		if i >= len(code) || p != "*" && !slices.Contains(strings.Split(p, "|"), code[i]) {
			return false
		}
	}
	return len(pattern) == len(code)
}
