package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fangxin/jobs/intake"
	"fangxin/store/storetest"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

var ctx = context.Background()

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, w *storetest.World, path string, opt intake.Options) (intake.Result, string) {
	t.Helper()
	rows, closeFile, err := intake.Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeFile() }()
	var rejects bytes.Buffer
	opt.File, opt.Rejects = path, &rejects
	r, err := intake.Import(ctx, w.Store, rows, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r, rejects.String()
}

const table = "编号,日期,内容,姓名,电话,被投诉单位,金额\n" +
	"A1,2026-05-01,冰箱坏了,王芳,13800000001,惠民商店,128.5\n" +
	"A2,2026年5月2日,\"两行\n内容\",李伟,13800000002,百佳超市,3万元\n" +
	"A3,2026-02-30,日期不对,李伟,13800000002,百佳超市,1\n" +
	"A4,,没有电话,张三,,百佳超市,1\n" +
	"A5,2026/5/3,,李伟,13800000002,百佳超市,1\n"

// Every good row comes in, every bad one is kept with file, line and reason; run
// twice it doubles nothing. UTF-8, with a mark, GB18030 and a workbook alike.
func TestFiles(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"a.csv": []byte(table), "b.csv": append([]byte("\xef\xbb\xbf"), table...), "c.csv": gb, "d.xlsx": workbook(t)} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, w *storetest.World) {
				path := write(t, name, data)
				r, rejects := run(t, w, path, intake.Options{})
				if r.Read != 5 || r.Taken != 2 || r.Rejected != 3 || strings.Count(rejects, "\n") != 3 {
					t.Fatalf("%+v\n%s", r, rejects)
				}
				for _, want := range []string{"there is no such day", "person.phone", "what happened?", `"line":`, "没有电话"} {
					if !strings.Contains(rejects, want) {
						t.Errorf("%s is not in %s", want, rejects)
					}
				}
				if r, _ := run(t, w, path, intake.Options{}); r.Taken != 0 || r.Known != 2 {
					t.Errorf("the second time: %+v", r)
				}
				if n := w.Count("select count(*) from cases"); n != 2 {
					t.Errorf("%d cases", n)
				}
			})
		})
	}
}

func workbook(t *testing.T) []byte {
	f := excelize.NewFile()
	for i, line := range strings.Split(strings.TrimSpace(strings.ReplaceAll(table, "\"两行\n内容\"", "两行内容")), "\n") {
		for j, cell := range strings.Split(line, ",") {
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

func TestArchiveNeedsNobody(t *testing.T) {
	w := storetest.New(t)
	path := write(t, "a.jsonl", []byte("{\"id\":\"x1\",\"date\":null,\"text\":\"旧投诉\"}\n\n{\"id\":\"x1\",\"date\":null,\"text\":\"旧投诉\"}\nnot json\n{\"text\":\"a\\u0000b\"}\n"))
	r, rejects := run(t, w, path, intake.Options{Archive: true})
	if r.Read != 4 || r.Taken != 2 || r.Rejected != 2 || !strings.Contains(rejects, `"line":4`) {
		t.Errorf("%+v %s", r, rejects)
	}
	if n := w.Count("select count(*) from cases where outcome = 'ARCHIVED' and state = 'CLOSED.closed'"); n != 2 {
		t.Errorf("%d archived: rows that repeat each other word for word stay apart", n)
	}
}

func TestColumnsByOtherNames(t *testing.T) {
	w := storetest.New(t)
	path := write(t, "a.csv", []byte("what,who,tel\n坏了,王芳,13800000001\n"))
	r, rejects := run(t, w, path, intake.Options{Map: map[string]string{"text": "what", "name": "who", "phone": "tel"}})
	if r.Taken != 1 {
		t.Errorf("%+v %s", r, rejects)
	}
}

func TestDatesAndAmounts(t *testing.T) {
	for in, want := range map[string]string{"2018-03-05": "2018-03-05", "2018年3月5日": "2018-03-05", "2018/3/5 10:22": "2018-03-05", "２０１８．３．５": "2018-03-05", "20180305": "2018-03-05", "2018-03-05T01:02:03Z": "2018-03-05", "": "",
		"昨天": "!", "05/03/2018": "!", "2018-02-30": "!", "2018年3月": "!"} {
		d, err := intake.Date(in)
		if want == "!" != (err != nil) || want != "!" && d.String() != want {
			t.Errorf("%q: %s %v", in, d, err)
		}
	}
	for in, want := range map[string]int64{"128.5": 12850, "¥128": 12800, "1,280元": 128000, "3万元": 3000000, "": 0, "-5": -1, "很多": -1, "1.234": -1} {
		n, err := intake.Fen(in)
		if (want == -1) != (err != nil) || want != -1 && n != want {
			t.Errorf("%q: %d %v", in, n, err)
		}
	}
}

// No bytes make the readers panic or turn for ever.
func FuzzRows(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("{\"id\":1}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for range intake.JSONL(bytes.NewReader(data)) {
			continue
		}
		rows, err := intake.CSV(bytes.NewReader(data))
		if err != nil {
			return
		}
		n := 0
		for row := range rows {
			if n++; n > len(data)+1 {
				t.Fatal(fmt.Sprint("more rows than bytes: ", row))
			}
		}
	})
}
