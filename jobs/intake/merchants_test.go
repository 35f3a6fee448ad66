package intake_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fangxin/jobs/intake"
	"fangxin/store/storetest"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/xuri/excelize/v2"
)

var towns = map[string]string{"370321001": "370321001", "索镇街道": "370321001"}

const shops = "统一社会信用代码,字号,规模,所在镇,经营场所,联系电话,状态,通知语言\n" +
	"91370321MA3C0AAA0H,惠民超市,小型,索镇街道,中心大街1号,13800000001,存续,英文\n" +
	"91370321MA3C0AAA0X,百佳书店,,370321001,,,,中文\n" +
	",,小型,,,,,\n" +
	",老街茶馆,,索镇街道,,,注销,\n" +
	",老街茶馆店,,索镇街道,,,,\n" +
	",巨无霸,巨型,,,,,\n" +
	",怪店,,,,,不详,\n" +
	",远方,,远方镇,,,,\n" +
	",语店,,,,,,法文\n"

func runMerchants(t *testing.T, w *storetest.World, path string) (intake.MerchantResult, string) {
	t.Helper()
	rows, closeFile, err := intake.Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeFile() }()
	var rejects bytes.Buffer
	r, err := intake.ImportMerchants(ctx, w.Store, rows, towns, intake.Options{File: path, Rejects: &rejects})
	if err != nil {
		t.Fatal(err)
	}
	return r, rejects.String()
}

// Every good row comes in, a bad one is kept with its line and the field that is
// wrong, a doubtful one waits; the second time nothing is doubled. A wrong credit
// code is no reason to refuse.
func TestMerchantFiles(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(shops))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"a.csv": []byte(shops), "b.csv": gb, "c.xlsx": sheet(t, shops)} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, w *storetest.World) {
				path := write(t, name, data)
				r, rejects := runMerchants(t, w, path)
				if r.Read != 9 || r.New != 3 || r.Waiting != 1 || r.Rejected != 5 {
					t.Errorf("%+v\n%s", r, rejects)
				}
				for _, want := range []string{"name: the row names no merchant", "size: none of the values", "status: active", "language: none of the values", "town: neither a town", `"line":9`} {
					if !strings.Contains(rejects, want) {
						t.Errorf("%s is not in %s", want, rejects)
					}
				}
				if n := w.Count("select count(*) from merchants where status = 'closed'"); n != 1 {
					t.Errorf("%d closed", n)
				}
				if n := w.Count("select count(*) from merchants where body like '%\"language\":\"en\"%' or body like '%\"language\": \"en\"%'"); n != 1 {
					t.Errorf("%d read English", n)
				}
				if r, _ := runMerchants(t, w, path); r.Known != 4 || r.New+r.Changed+r.Waiting != 0 {
					t.Errorf("the second time: %+v", r)
				}
				if n := w.Count("select count(*) from merchants"); n != 3 {
					t.Errorf("%d entries", n)
				}
			})
		})
	}
}

// More rows than one lot, with repeats across and within lots: each merchant once.
func TestManyMerchants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		var text strings.Builder
		text.WriteString("字号,所在镇,经营场所,电话\n")
		for i := range 1100 {
			n := i % 700
			fmt.Fprintf(&text, "%s,370321001,中心大街%d号,13900000%03d\n", []string{"东", "西", "南", "北", "中", "和", "平"}[n%7]+string(rune('一'+n/7*37))+string(rune('丘'+n*11))+"店", n, n)
		}
		r, rejects := runMerchants(t, w, write(t, "a.csv", []byte(text.String())))
		if r.New != 700 || r.Known != 400 || r.Waiting != 0 {
			t.Errorf("%+v %s", r, rejects)
		}
		if n := w.Count("select count(*) from merchant_contacts"); n != 700 {
			t.Errorf("%d contacts", n)
		}
	})
}

func sheet(t *testing.T, table string) []byte {
	f := excelize.NewFile()
	for i, line := range slices.Collect(strings.Lines(table)) {
		for j, cell := range strings.Split(strings.TrimSuffix(line, "\n"), ",") {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if err := f.SetCellStr("Sheet1", at, cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
