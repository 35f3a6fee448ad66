package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
)

// pdfText is what a PDF says, line by line.
func pdfText(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Skip("pdftotext is needed: ", err)
	}
	return string(out)
}

// The conference's report says the figures that the frozen months give, of every
// indicator, line by line; made again, also after later events, it has the same
// digest, and says what has changed since.
func TestTheConferencesPaper(t *testing.T) {
	w := storetest.New(t)
	s := newSite(t, w)
	ctx := context.Background()
	var numbers []string
	for i := range 6 {
		numbers = append(numbers, w.File())
		w.Advance(time.Duration(i) * 24 * time.Hour)
	}
	w.Do(numbers[0], "classify", "dispatch", "accept")
	w.Do(numbers[1], "classify", "dispatch", "refuse")
	if _, err := s.api.QuarterPaper(ctx, "2026Q2"); err == nil {
		t.Error("a quarter that has not ended")
	}
	w.Advance(60 * 24 * time.Hour)
	for _, month := range []string{"2026-04", "2026-05", "2026-06"} {
		if _, err := w.Freeze(ctx, month); err != nil {
			t.Fatal(err)
		}
	}
	paper := func() (pdf []byte, text string) {
		t.Helper()
		pdf, err := s.api.QuarterPaper(ctx, "2026-Q2")
		if err != nil {
			t.Fatal(err)
		}
		return pdf, pdfText(t, pdf)
	}
	pdf, text := paper()
	if keep := os.Getenv("FANGXIN_TEST_PAPERS"); keep != "" {
		if err := os.WriteFile(filepath.Join(keep, "conference.pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var months []indicator.Frozen
	for _, month := range []string{"2026-04", "2026-05", "2026-06"} {
		f, err := w.Frozen(ctx, month)
		if err != nil {
			t.Fatal(err)
		}
		months = append(months, f)
		if !strings.Contains(strings.Join(strings.Fields(text), ""), f.Log.Hash[:16]) {
			t.Errorf("where %s stands in the log is not said", month)
		}
	}
	whole := indicator.Together(months, "")[0]
	_, table, _ := strings.Cut(text, "全部指标")
	table, _, _ = strings.Cut(table, "定格以来的变化")
	said := map[string][]string{} // of each indicator, what its rows say of this quarter
	for _, l := range regexp.MustCompile(`(?m)^\s*(I-[0-9]+[A-Ca-c]?)\s.*?([0-9]+) ?/ ?([0-9]+)\b`).FindAllStringSubmatch(table, -1) {
		said[l[1]] = append(said[l[1]], l[2]+"/"+l[3])
	}
	rows := 0
	for _, f := range indicator.Figures(whole.Counts, whole.To, calendar.On(months[2].Log.Taken)) {
		var want []string
		for _, r := range f.Rates {
			want = append(want, fmt.Sprintf("%d/%d", r.Numerator, r.Denominator))
		}
		if f.ID == "I-17" || f.ID == "I-12a" || len(want) == 0 {
			continue
		}
		if rows += len(want); !slices.Equal(said[f.ID], want) {
			t.Errorf("%s: the paper says %v, the figures %v", f.ID, said[f.ID], want)
		}
	}
	if rows < 60 || !strings.Contains(text, "联席会议季度报告") || strings.Contains(text, "page.") || strings.Contains(text, "〓") {
		t.Errorf("%d rows: %s", rows, text)
	}
	again, _ := paper()
	if !bytes.Equal(pdf, again) {
		t.Error("the same figures give another file")
	}
	digest := regexp.MustCompile(`[0-9a-f]{64}`)
	digestOf := func(text string) string {
		all := digest.FindAllString(strings.Join(strings.Fields(text), ""), -1)
		if len(all) == 0 {
			t.Fatal("no digest: ", text)
		}
		return all[len(all)-1]
	}
	w.Do(numbers[2], "classify", "dispatch", "refuse")
	if _, err := w.Block(ctx); err != nil {
		t.Fatal(err)
	}
	_, later := paper()
	if digestOf(later) != digestOf(text) || !strings.Contains(later, "现值") || strings.Contains(later, "没有变化") || !strings.Contains(text, "没有变化") {
		t.Errorf("after a later event: %s and %s\n%s", digestOf(text), digestOf(later), later)
	}
}
