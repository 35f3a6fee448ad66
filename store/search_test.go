package store_test

import (
	"context"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// indexed does everything that periodic work does for lists and search.
func indexed(w *storetest.World) {
	w.T.Helper()
	catchUp(w)
	for {
		if n, err := w.Index(ctx, 3); err != nil {
			w.T.Fatal(err)
		} else if n == 0 {
			return
		}
	}
}

// told files a complaint with these words.
func told(w *storetest.World, name, shop, words string) string {
	w.T.Helper()
	cmd := w.Filing()
	p := *cmd.Private
	p.Person, p.Respondent = &workflow.Person{Name: name, Phone: "13812345678", Identity: "370321199001011234"}, &workflow.Respondent{Name: shop, Address: "柳泉路1号"}
	p.Words, cmd.Private, cmd.Input.Ticket = words, &p, "12345-20260506-77"
	a, err := w.Execute(ctx, store.Request{Command: cmd})
	if err != nil {
		w.T.Fatal(err)
	}
	return a.Number
}

// found asks as for rare words and as for common ones.
func found(w *storetest.World, f store.Filter) string {
	w.T.Helper()
	rare := foundAs(w, f)
	w.Common(0)
	defer w.Common(1000)
	if common := foundAs(w, f); common != rare {
		w.T.Errorf("%+v: %q, as a common word %q", f, rare, common)
	}
	return rare
}

func foundAs(w *storetest.World, f store.Filter) string {
	w.T.Helper()
	lines, _, err := w.List(ctx, everything, f, store.Page{Sort: "number", Limit: 50})
	if err != nil {
		w.T.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		out = append(out, l.Number)
	}
	return strings.Join(out, " ")
}

// Words of one, two and more characters are found, in any script and width; what
// is not next to one another in the text is no phrase.
func TestSearchByWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		a := told(w, "金丝雀名", "青禾健身房", "商家拒绝退款，然后关门跑路。iPhone 17 Ｐｒｏ坏了")
		b := told(w, "金丝雀名", "老王烧烤", "快递丢失，要求退还货款，后关，关门")
		indexed(w)
		for words, want := range map[string]string{"退款": a, "跑路": a, "健身房": a, "健身": a, "款": a + " " + b, "快": b, "快递": b, "iphone": a, "IPHONE 17": a, "pro": a, "ｐｒｏ": a,
			"退款 跑路": a, "后关门": a, "关关": "", "拒绝退款": a, "退款拒绝": "", "路iphone": a, "绝款": "", "款然": "", "退 款": a + " " + b, "烧烤": b, "老王烧烤": b, "phone": "", "1": "", "房商": "", "12345-20260506-77": a + " " + b,
			a: a, "'": "x", "退款 OR 快递": "", "\" OR 退款": "", "NEAR(退款 跑路)": "", "退*": a + " " + b} {
			if want == "x" {
				continue
			}
			if got := found(w, store.Filter{Words: words}); got != want {
				t.Errorf("%q: %q, not %q", words, got, want)
			}
		}
		if _, _, err := w.List(ctx, everything, store.Filter{Words: "，。"}, store.Page{Sort: "due", Limit: 5}); err != store.ErrNoTerms {
			t.Errorf("no words: %v", err)
		}
		w.Do(a, "classify")
		cmd := w.Compose(a, "add_evidence")
		cmd.Private = &workflow.Private{Words: "补充照片"}
		if _, err := w.Execute(ctx, store.Request{Case: a, Command: cmd}); err != nil {
			t.Fatal(err)
		}
		if got := found(w, store.Filter{Words: "照片"}); got != "" {
			t.Errorf("not indexed yet: %q", got)
		}
		indexed(w)
		if got := found(w, store.Filter{Words: "照片"}); got != a || found(w, store.Filter{Words: "退款"}) != a {
			t.Errorf("after more was told: %q", got)
		}
	})
}

// A name, a telephone or an identity number in the narrative is not found by
// words and stands in no table of the index; exactly asked, people are found.
func TestPeopleAreNotInTheIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		a := told(w, "金丝雀名", "青禾健身房", "我是金丝雀名，电话138 1234 5678，身份证370321199001011234，店员李小红态度差，她的微信是lixiaohong88，住柳泉路12号3单元501，邮箱 a.b@example.com，车牌鲁C12345。")
		indexed(w)
		for _, words := range []string{"金丝", "丝雀", "金丝雀名", "13812345678", "138 1234 5678", "1234", "5678", "370321199001011234", "李小红", "小红", "lixiaohong88", "柳泉路", "501", "example", "鲁C12345", "C12345"} {
			if got := found(w, store.Filter{Words: words}); got != "" {
				t.Errorf("%s: %s", words, got)
			}
		}
		if got := found(w, store.Filter{Words: "态度"}); got != a {
			t.Errorf("what is nobody's: %q", got)
		}
		dump := dumped(w)
		for _, canary := range []string{"金丝", "丝雀", "雀名", "13812345678", "5678", "370321199001011234", "李小", "小红", "lixiaohong", "柳泉", "example", "c12345"} {
			if strings.Contains(dump, canary) {
				t.Errorf("%s stands in the index", canary)
			}
		}
		if !strings.Contains(dump, "态度") {
			t.Error("the index was not read")
		}
		for f, want := range map[*store.Filter]string{{Phone: "138-1234-5678"}: a, {Phone: "+86 13812345678"}: a, {Phone: "13812345679"}: "", {Phone: "1381234567"}: "",
			{Identity: "370321199001011234"}: a, {Identity: "37032119900101123"}: "", {Phone: "13812345678", Words: "退款"}: ""} {
			if got := found(w, *f); got != want {
				t.Errorf("%+v: %q", f, got)
			}
		}
	})
}

// dumped is every table of the index as text.
func dumped(w *storetest.World) string {
	w.T.Helper()
	tables := []string{"select case_id || words::text from case_search"}
	if w.Dialect() == "sqlite" {
		tables = []string{"select rowid || words from case_search", "select term from temp.terms", "select block from case_search_data"}
	}
	var b strings.Builder
	conn, err := w.Pool().Conn(context.Background())
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, q := range tables {
		if strings.Contains(q, "terms") {
			if _, err := conn.ExecContext(ctx, "create virtual table if not exists temp.terms using fts5vocab('main', 'case_search', 'row')"); err != nil {
				w.T.Fatal(err)
			}
		}
		rows, err := conn.QueryContext(ctx, q)
		if err != nil {
			w.T.Fatal(err)
		}
		for rows.Next() {
			var v string
			if err := rows.Scan(&v); err != nil {
				w.T.Fatal(err)
			}
			b.WriteString(v + "\n")
		}
		_ = rows.Close()
	}
	return b.String()
}

// Erasing a person takes the words out of the index in the same transaction, and
// work that was half done does not put them back; everything can be made anew.
func TestTheIndexDiesWithTheKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		a := told(w, "金丝雀名", "青禾健身房", "商家拒绝退款")
		b := told(w, "金丝雀名", "青禾健身房", "快递丢失")
		indexed(w)
		if err := w.Reindex(ctx); err != nil {
			t.Fatal(err)
		}
		if got := found(w, store.Filter{}); got != a+" "+b {
			t.Errorf("while it is made anew: %q", got)
		}
		indexed(w)
		if got := found(w, store.Filter{Words: "退款"}); got != a {
			t.Errorf("made anew: %q", got)
		}
		w.Run("insert into search_todo (case_id, seq) select id, 99 from cases")
		w.Run("delete from search_done")
		erase(w, a)
		if strings.Contains(dumped(w), "退款") {
			t.Error("it stands in the index yet")
		}
		indexed(w)
		if got := found(w, store.Filter{Words: "退款"}); got != "" || strings.Contains(dumped(w), "退款") {
			t.Errorf("it came back: %q", got)
		}
		if got := found(w, store.Filter{Words: "快递"}); got != b || found(w, store.Filter{Phone: "13812345678"}) != b || found(w, store.Filter{}) != a+" "+b {
			t.Errorf("the other: %q", got)
		}
	})
}

// erase destroys the key of a case that is open, behind the law's back but
// through the door's own statement.
func erase(w *storetest.World, number string) {
	w.T.Helper()
	w.Do(number, "withdraw_before_acceptance")
	for c, err := w.Case(ctx, number); ; c, err = w.Case(ctx, number) { // duties of the authority run out or are met
		if err != nil {
			w.T.Fatal(err)
		}
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: w.Compose(number, "erase_person")}); err == nil {
			return
		}
		if c.At.IsZero() || w.Now().Year() > 2030 {
			w.T.Fatal("it cannot be erased")
		}
		w.Advance(60 * 24 * 3600 * 1e9)
		for {
			n, err := w.Sweep(ctx, 10)
			if err != nil {
				w.T.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		for _, e := range []string{"publish_or_hold"} {
			_, _ = w.Execute(ctx, store.Request{Case: number, Command: w.Compose(number, e)})
		}
	}
}
