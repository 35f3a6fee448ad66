package intake_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"fangxin/jobs/intake"
	"fangxin/store/storetest"
)

const platformFile = "12315编号,登记日期,投诉人姓名,投诉人电话,投诉人地址,被投诉单位,统一社会信用代码,投诉内容,诉求,涉及金额,领域,类别代码,区划代码,同意公示,同意委托调解\n" +
	"3703212026050001,2026-05-01,王芳,13800000001,索镇街道,惠民商店,,'=HYPERLINK(1),refund,128.50,1,,370321001,是,否\n" +
	"3703212026050002,2026-04-30,李伟,'+8613800000002,,\"百佳,超市\",,\"两行\n\"\"内容\"\"\",refund replace,30000.00,2,food_safety,370321002,否,是\n" +
	"3703212026050003,2026-05-02,''单引号,13800000003,,@某店,,''=不是公式,,,,,,否,否\n"

func platform(t *testing.T, w *storetest.World, text string) (intake.Result, string) {
	t.Helper()
	return run(t, w, write(t, "a.csv", []byte(text)), intake.Options{Platform: true})
}

func exportOf(t *testing.T, w *storetest.World, people bool) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := intake.Export(ctx, w.Store, &out, intake.ExportOptions{To: w.Now().AddDate(0, 0, 1), People: people}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// rowsOf are the rows of a file in the order of their numbers, the names on top:
// an import asks for many at once, so that they come in in any order.
func rowsOf(t *testing.T, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return all
}

// read are the columns that an import reads, of every row.
func read(t *testing.T, text string) (out [][]string) {
	t.Helper()
	for _, row := range rowsOf(t, text) {
		var keep []string
		for i, c := range intake.PlatformColumns {
			if c.Reads {
				keep = append(keep, row[i])
			}
		}
		out = append(out, keep)
	}
	return out
}

// What was imported is exported again word for word, and what was exported is
// imported elsewhere as the same; nothing of a cell is run by a spreadsheet.
func TestPlatformRoundTrip(t *testing.T) {
	w, other := storetest.New(t), storetest.New(t)
	if r, rejects := platform(t, w, platformFile); r.Taken != 3 || r.Rejected != 0 {
		t.Fatalf("%+v %s", r, rejects)
	}
	text := exportOf(t, w, true)
	rows := rowsOf(t, text)
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	given := rowsOf(t, platformFile)
	for i, name := range given[0] {
		for j, c := range intake.PlatformColumns {
			if c.Header != name {
				continue
			}
			for n := range given {
				want := given[n][i]
				if want == "@某店" { // what nobody had marked leaves marked
					want = "'@某店"
				}
				if rows[n][j] != want {
					t.Errorf("row %d, %s: %q came back as %q", n, name, want, rows[n][j])
				}
			}
		}
	}
	if r, rejects := platform(t, other, text); r.Taken != 3 {
		t.Fatalf("elsewhere: %+v %s", r, rejects)
	}
	a, b := read(t, text), read(t, exportOf(t, other, true))
	for i := range a {
		if strings.Join(a[i], "|") != strings.Join(b[i], "|") {
			t.Errorf("elsewhere %q is %q", a[i], b[i])
		}
	}
	if coded := exportOf(t, w, false); strings.Contains(coded, "王芳") || strings.Contains(coded, "13800000001") || strings.Contains(coded, "惠民") || strings.Contains(coded, "HYPERLINK") || !strings.Contains(coded, "3703212026050001") {
		t.Errorf("without people: %s", coded)
	}
}

// One number is one complaint: the same file twice changes nothing, another row under
// a known number changes nothing and is kept, and every bad row is kept with file,
// line, column and reason.
func TestPlatformImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		if r, rejects := platform(t, w, platformFile); r.Taken != 3 {
			t.Fatalf("%+v %s", r, rejects)
		}
		if r, rejects := platform(t, w, platformFile); r.Taken != 0 || r.Known != 3 || r.Other != 0 || rejects != "" {
			t.Errorf("again: %+v %s", r, rejects)
		}
		r, rejects := platform(t, w, strings.Replace(platformFile, "128.50", "129.00", 1))
		if r.Taken != 0 || r.Known != 3 || r.Other != 1 || r.Rejected != 0 || !strings.Contains(rejects, "entered before as HT-2026-") || !strings.Contains(rejects, "129.00") {
			t.Errorf("another amount: %+v %s", r, rejects)
		}
		head, _, _ := strings.Cut(platformFile, "\n")
		r, rejects = platform(t, w, head+"\n"+
			",2026-05-01,王芳,13800000001,,甲,,坏了,,,,,,否,否\n"+
			"A 1,2026-05-01,王芳,13800000001,,甲,,坏了,,,,,,否,否\n"+
			"A2,2026-02-30,王芳,13800000001,,甲,,坏了,,,,,,否,否\n"+
			"A3,2026-05-01,王芳,13800000001,,甲,,坏了,,很多,,,,否,否\n"+
			"A4,2026-05-01,王芳,13800000001,,甲,,坏了,,1,13,,,否,否\n"+
			"A5,2026-05-01,王芳,13800000001,,甲,,,,1,1,,,否,否\n"+
			"A6,2026-05-01,王芳,,,甲,,坏了,,1,1,,,否,否\n"+
			"A7,2026-05-01,王芳,13800000001,,甲,,坏了,,1,1,,,否,否\n"+
			"A8,2026-05-01,王芳,13800000001,,甲,,坏了,,1,1,,,否,否,多一格\n")
		if r.Read != 9 || r.Taken != 1 || r.Rejected != 8 || strings.Count(rejects, "\n") != 8 {
			t.Errorf("%+v %s", r, rejects)
		}
		for _, want := range []string{`"line":2,"column":"12315编号"`, `"line":3,"column":"12315编号"`, `"line":4,"column":"登记日期"`, `"line":5,"column":"涉及金额"`, `"line":6,"column":"领域"`, `"line":7,"column":"投诉内容"`, `"line":8,"column":"投诉人电话"`, `"line":10,"reason":"16 cells, 15 columns"`, "a.csv", "多一格"} {
			if !strings.Contains(rejects, want) {
				t.Errorf("%s is not in %s", want, rejects)
			}
		}
	})
}

// The table of the document names every column in its order.
func TestPlatformDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/12315.md")
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, c := range intake.PlatformColumns {
		i := strings.Index(string(doc)[at:], "| "+c.Header+" | `"+c.Name+"` |")
		if i < 0 {
			t.Fatalf("%s (%s) is not in docs/12315.md, or not in its place", c.Header, c.Name)
		}
		at += i
	}
}
