package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// Two credit codes whose check character fits, and one whose does not.
const (
	codeA     = "91370321MA3C0AAA0H"
	codeB     = "91370321MA3C0BBB0F"
	codeWrong = "91370321MA3C0AAA0X"
)

var zhang = store.By{Actor: "officer:zhang", Why: "seen on site"}

func row(d register.Details, contacts ...store.NewContact) store.StatedMerchant {
	return store.StatedMerchant{Details: d, Contacts: contacts, Digest: sha256.Sum256(fmt.Append(nil, d, contacts))}
}

func take(t *testing.T, w *storetest.World, rows ...store.StatedMerchant) []string {
	t.Helper()
	out, err := w.TakeMerchants(ctx, store.By{Actor: "import:a.csv"}, rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func signs(all []register.Merchant) []string {
	var out []string
	for _, m := range all {
		out = append(out, m.Name)
	}
	return out
}

func find(t *testing.T, w *storetest.World, words string) []register.Merchant {
	t.Helper()
	all, err := w.SearchMerchants(ctx, words, "", 10)
	if err != nil {
		t.Fatalf("%s: %v", words, err)
	}
	return all
}

// A name is found by itself, a part of it, its initials, its pinyin, and the
// beginning of its code; the best fit comes first.
func TestSearchMerchants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		take(t, w, row(register.Details{Name: "索镇惠民超市", LegalName: "桓台县惠民商贸有限公司", Code: codeA, Town: "370321001"}),
			row(register.Details{Name: "惠民便利店", Town: "370321001"}), row(register.Details{Name: "大众银行", Town: "370321001"}),
			row(register.Details{Name: "KFC餐厅", Town: "370321001"}), row(register.Details{Name: "绿源车行", Town: "370321001"}))
		for words, want := range map[string]string{"索镇惠民超市": "索镇惠民超市", "惠民超市": "索镇惠民超市", "惠民商贸": "索镇惠民超市", "hmbld": "惠民便利店", "huimin bianli": "惠民便利店",
			"hmcs": "索镇惠民超市", "minchao": "索镇惠民超市", "ＫＦＣ": "KFC餐厅", "91370321": "索镇惠民超市", strings.ToLower(codeA): "索镇惠民超市", "dzyh": "大众银行", "yinhang": "大众银行", "lvyuan": "绿源车行", "chehang": "绿源车行"} {
			if got := signs(find(t, w, words)); len(got) == 0 || got[0] != want {
				t.Errorf("%s: %q, want %s first", words, got, want)
			}
		}
		for _, words := range []string{"", "不存在", "'", `"`, "a' | 'b", "%", "zzzz", "惠%超", "x\" OR \"y"} {
			if got := signs(find(t, w, words)); len(got) != 0 {
				t.Errorf("%q: %q", words, got)
			}
		}
		if got := signs(find(t, w, "惠民")); len(got) != 2 {
			t.Errorf("惠民: %q", got)
		}
	})
}

// Taken twice nothing is doubled; a wrong code is kept as typed and marked; a row
// that fits two entries waits for a person.
func TestTakeMerchants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		phone := store.NewContact{Kind: "phone", Value: "0533-8180001"}
		rows := []store.StatedMerchant{
			row(register.Details{Name: "惠民超市", Code: codeA, Town: "370321001", ShopAddress: "中心大街1号"}, phone),
			row(register.Details{Name: "百佳餐饮", Code: codeWrong, Town: "370321001"}),
			row(register.Details{Name: "百佳餐饮", Code: codeB, Town: "370321105"}),
			row(register.Details{Name: "惠民超市", Code: codeA, Size: "small"}),
		}
		if got := take(t, w, rows...); !slices.Equal(got, []string{"new", "new", "waiting", "changed"}) {
			t.Fatalf("%q", got)
		}
		if got := take(t, w, rows...); !slices.Equal(got, []string{"known", "known", "known", "known"}) {
			t.Errorf("the second time: %q", got)
		}
		m := find(t, w, codeA)[0]
		if m.Size != "small" || m.Town != "370321001" || !m.CodeValid {
			t.Errorf("%+v", m)
		}
		if m := find(t, w, codeWrong)[0]; m.Code != codeWrong || m.CodeValid {
			t.Errorf("%+v", m)
		}
		all, err := w.MerchantContacts(ctx, m.ID)
		if err != nil || len(all) != 1 || all[0].Value != phone.Value || all[0].Reachable != "unknown" {
			t.Errorf("%+v %v", all, err)
		}
		if n := w.Count("select count(*) from merchant_contacts where cast(box as text) like '%8180001%'"); n != 0 {
			t.Error("a contact lies there in clear")
		}
		open, err := w.Reviews(ctx, "open", "", 10)
		if err != nil || len(open) != 1 || open[0].Row.Code != codeB || len(open[0].Candidates) != 1 {
			t.Fatalf("%+v %v", open, err)
		}
		done, err := w.SettleReview(ctx, store.Once{}, zhang, open[0].ID, "different", "")
		if err != nil || done.Row != nil || done.Decision != "different" {
			t.Fatalf("%+v %v", done, err)
		}
		if got := signs(find(t, w, "百佳餐饮")); len(got) != 2 {
			t.Errorf("%q", got)
		}
		if got := take(t, w, rows...); !slices.Equal(got, []string{"known", "known", "known", "known"}) {
			t.Errorf("after it was settled: %q", got)
		}
		if _, err := w.SettleReview(ctx, store.Once{}, zhang, open[0].ID, "different", ""); code(err) != "review_settled" {
			t.Errorf("settled twice: %v", err)
		}
	})
}

func code(err error) string {
	var r *workflow.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return fmt.Sprint(err)
}

// A registered name that changes is a rename: the old one stays known, the code
// leads to the same entry.
func TestAnImportRenames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		take(t, w, row(register.Details{Name: "惠民超市", LegalName: "桓台县惠民商贸有限公司", Code: codeA, Town: "370321001"}))
		w.Advance(time.Hour)
		if got := take(t, w, row(register.Details{Name: "惠民超市", LegalName: "桓台县惠民百货有限公司", Code: codeA})); got[0] != "changed" {
			t.Fatal(got)
		}
		m := find(t, w, "惠民商贸")
		if len(m) != 1 || m[0].LegalName != "桓台县惠民百货有限公司" || len(m[0].Former) != 1 {
			t.Fatalf("%+v", m)
		}
		lines, err := w.MerchantHistory(ctx, m[0].ID, 0, 10)
		if err != nil || len(lines) != 2 || lines[1].What != "renamed" || lines[1].Actor != "import:a.csv" || lines[1].Changes[0].Before != "桓台县惠民商贸有限公司" {
			t.Errorf("%+v %v", lines, err)
		}
	})
}

// A complaint finds its respondent by code or by name and place; any other opens
// an unverified entry, with a question where it may be one that is there.
func TestAComplaintFindsItsMerchant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		town := "370321001"
		take(t, w, row(register.Details{Name: "惠民超市", Code: codeA, Town: town, ShopAddress: "中心大街1号"}), row(register.Details{Name: "百佳餐饮", Town: town}))
		for i, c := range []struct {
			r        workflow.Respondent
			how      string
			question int
		}{
			{workflow.Respondent{Name: "李家农机", Code: codeA}, "opened", 1}, // another name with the same code
			{workflow.Respondent{Name: "惠民超市", Code: codeA}, "code", 0},
			{workflow.Respondent{Name: "桓台县惠民超市有限公司", Address: "中心大街1号"}, "name", 0},
			{workflow.Respondent{Name: "惠民小超市", Address: "中心大街1号"}, "opened", 1},
			{workflow.Respondent{Name: "张记烧饼 13800000009", Address: "东岳路3号", Phone: "13800000009"}, "opened", 0},
			{workflow.Respondent{Name: "张记烧饼", Address: "东岳路3号"}, "name", 0},
		} {
			before := w.Count("select count(*) from merchant_reviews")
			number := fileAgainst(t, w, c.r, town)
			match(t, w)
			got, err := w.CaseMerchants(ctx, number)
			if err != nil || len(got) != 1 || got[0].How != c.how {
				t.Fatalf("%d: %+v %v", i, got, err)
			}
			if n := w.Count("select count(*) from merchant_reviews") - before; n != c.question {
				t.Errorf("%d: %d questions", i, n)
			}
		}
		m := find(t, w, "张记烧饼")
		if len(m) != 1 || m[0].Status != register.Unverified || m[0].Name != "张记烧饼" {
			t.Errorf("%+v", m)
		}
		if numbers, err := w.MerchantCases(ctx, m[0].ID); err != nil || len(numbers) != 2 {
			t.Errorf("%v %v", numbers, err)
		}
	})
}

func fileAgainst(t *testing.T, w *storetest.World, r workflow.Respondent, town string) string {
	t.Helper()
	cmd := w.Filing()
	cmd.Private.Respondent, cmd.Input.Town = &r, town
	a, err := w.Execute(ctx, store.Request{Command: cmd})
	if err != nil {
		t.Fatal(err)
	}
	return a.Number
}

func match(t *testing.T, w *storetest.World) {
	t.Helper()
	for _, step := range []func() (int, error){func() (int, error) { return w.Block(ctx) }, func() (int, error) { return w.Board(ctx, 100) }, func() (int, error) { return w.MatchRespondents(ctx, 100) }} {
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// Renames and mergers leave every case attributable: what the merchant was called
// then, and what it is read as now. A wrong merger is taken back whole.
func TestHistoryStaysAttributable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		town := "370321001"
		number := fileAgainst(t, w, workflow.Respondent{Name: "张记烧饼", Address: "东岳路3号"}, town)
		match(t, w)
		take(t, w, row(register.Details{Name: "张家面食", Code: codeA, Town: town}))
		small, big := find(t, w, "张记烧饼")[0], find(t, w, "张家面食")[0]
		w.Advance(time.Hour)
		renamed, err := w.RenameMerchant(ctx, store.Once{Key: "k1"}, zhang, small.ID, small.Version, "张记烧饼铺", "")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.RenameMerchant(ctx, store.Once{Key: "k1"}, zhang, small.ID, small.Version, "张记烧饼铺", ""); err != nil || again.Version != renamed.Version {
			t.Errorf("the same key again: %+v %v", again, err)
		}
		if _, err := w.RenameMerchant(ctx, store.Once{}, zhang, small.ID, small.Version, "x", ""); code(err) != "stale_entry" {
			t.Errorf("an old version: %v", err)
		}
		merged, err := w.MergeMerchant(ctx, store.Once{}, zhang, small.ID, renamed.Version, big.ID)
		if err != nil || merged.Status != register.Merged || merged.MergedInto != big.ID {
			t.Fatalf("%+v %v", merged, err)
		}
		got, err := w.CaseMerchants(ctx, number)
		if err != nil || got[0].Merchant != small.ID || got[0].Name != "张记烧饼" || got[0].Now != big.ID || got[0].NowName != "张家面食" {
			t.Errorf("%+v %v", got, err)
		}
		if cases, err := w.MerchantCases(ctx, big.ID); err != nil || !slices.Equal(cases, []string{number}) {
			t.Errorf("%v %v", cases, err)
		}
		second := fileAgainst(t, w, workflow.Respondent{Name: "张记烧饼", Address: "东岳路3号"}, town)
		match(t, w)
		if got, err := w.CaseMerchants(ctx, second); err != nil || got[0].Merchant != big.ID || got[0].How != "name" {
			t.Errorf("a complaint under the merged name: %+v %v", got, err)
		}
		for _, try := range [][2]string{{small.ID, big.ID}, {big.ID, small.ID}, {big.ID, big.ID}} {
			if _, err := w.MergeMerchant(ctx, store.Once{}, zhang, try[0], 0, try[1]); code(err) != "merchant_merged" && code(err) != "same_merchant" {
				t.Errorf("%v: %v", try, err)
			}
		}
		if _, err := w.UnmergeMerchant(ctx, store.Once{}, zhang, small.ID, 0); err != nil {
			t.Fatal(err)
		}
		if cases, err := w.MerchantCases(ctx, small.ID); err != nil || !slices.Equal(cases, []string{number}) {
			t.Errorf("%v %v", cases, err)
		}
		if _, err := w.SucceedMerchant(ctx, store.Once{}, zhang, small.ID, 0, big.ID, calendar.NewDate(2026, 5, 1)); err != nil {
			t.Fatal(err)
		}
		lines, err := w.MerchantHistory(ctx, small.ID, 0, 20)
		var what []string
		for _, l := range lines {
			what = append(what, l.What)
		}
		if err != nil || !slices.Equal(what, []string{"opened", "renamed", "merged", "unmerged", "succeeded"}) {
			t.Errorf("%q %v", what, err)
		}
		for _, text := range []string{"update merchant_history set why = 'x'", "delete from merchant_history", "update case_merchants set merchant_id = 1", "delete from case_merchants"} {
			if _, err := w.Pool().Exec(text); err == nil {
				t.Errorf("%s went through", text)
			}
		}
	})
}

// An officer who decides before anybody looked the complaint's words up decides
// for good: what they would have led to stands before his decision, not above it.
func TestADecisionStandsAboveWhatIsFoundLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		town := "370321001"
		take(t, w, row(register.Details{Name: "惠民超市", Code: codeA, Town: town}))
		shop := find(t, w, "惠民超市")[0]
		number := fileAgainst(t, w, workflow.Respondent{Name: "路口那家店", Address: "东岳路3号"}, town)
		if err := w.LinkCase(ctx, store.Once{}, zhang, number, shop.ID); err != nil {
			t.Fatal(err)
		}
		match(t, w)
		got, err := w.CaseMerchants(ctx, number)
		if err != nil || len(got) != 2 || got[0].How != "opened" || got[0].Respondent != 1 || got[1].How != "officer" || got[1].Respondent != 1 || got[1].Merchant != shop.ID {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// A person settles a doubt: the same, or candidates that are one merchant.
func TestSettleReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		town := "370321001"
		take(t, w, row(register.Details{Name: "惠民超市", Town: town, ShopAddress: "中心大街1号"}), row(register.Details{Name: "惠民超市", Town: "370321105", ShopAddress: "渔洋路88号"}))
		open, err := w.Reviews(ctx, "open", "", 10)
		if err != nil || len(open) != 1 {
			t.Fatalf("%+v %v", open, err)
		}
		if _, err := w.SettleReview(ctx, store.Once{}, zhang, open[0].ID, "different", ""); err != nil {
			t.Fatal(err)
		}
		number := fileAgainst(t, w, workflow.Respondent{Name: "惠民超市", Address: "不知道在哪"}, town)
		match(t, w)
		if open, err = w.Reviews(ctx, "open", "", 10); err != nil || len(open) != 1 || len(open[0].Candidates) != 2 || open[0].Entry == nil {
			t.Fatalf("%+v %v", open, err)
		}
		into := open[0].Candidates[1].Merchant.ID
		if _, err := w.SettleReview(ctx, store.Once{}, zhang, open[0].ID, "merge", into); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from merchants where status = 'merged'"); n != 2 {
			t.Errorf("%d merged", n)
		}
		if got, err := w.CaseMerchants(ctx, number); err != nil || got[0].Now != into {
			t.Errorf("%+v %v", got, err)
		}
		if got := take(t, w, row(register.Details{Name: "惠民超市", Town: town, ShopAddress: "中心大街1号"})); got[0] != "known" {
			t.Errorf("the row of a merged entry: %q", got)
		}
	})
}

// Contacts are erased when they end; how the last sending ended says whether the
// merchant is reachable.
func TestContacts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		m, err := w.OpenMerchant(ctx, store.Once{}, zhang, register.Details{Name: "惠民超市"}, []store.NewContact{{Kind: "email", Value: "a@b.cn"}})
		if err != nil {
			t.Fatal(err)
		}
		no, err := w.AddContact(ctx, store.Once{}, zhang, m.ID, store.NewContact{Kind: "sms", Value: "138 0000 0001"})
		if err != nil || no != 2 {
			t.Fatal(no, err)
		}
		if again, err := w.AddContact(ctx, store.Once{}, zhang, m.ID, store.NewContact{Kind: "sms", Value: "+8613800000001"}); err != nil || again != 2 {
			t.Errorf("the same number again: %d %v", again, err)
		}
		reach := func(want string) {
			t.Helper()
			all, err := w.MerchantContacts(ctx, m.ID)
			if err != nil || len(all) != 2 || all[1].Reachable != want || all[1].Value != "138 0000 0001" {
				t.Errorf("%+v %v, want %s", all, err, want)
			}
		}
		reach("unknown")
		for i, bounce := range []string{"", "no_such_number", ""} {
			if err := w.ContactOutcome(ctx, m.ID, 2, w.Now().Add(time.Duration(i)*time.Hour), bounce); err != nil {
				t.Fatal(err)
			}
			reach([]string{"yes", "no", "yes"}[i])
		}
		if err := w.ContactOutcome(ctx, m.ID, 2, w.Now().Add(90*time.Minute), "late_report"); err != nil {
			t.Fatal(err)
		}
		reach("yes")
		if err := w.EndContact(ctx, store.Once{}, zhang, m.ID, 2); err != nil {
			t.Fatal(err)
		}
		if n := w.Count("select count(*) from merchant_contacts where no = 2 and box is null and mac = $1", []byte{}); n != 1 {
			t.Error("the value is still there")
		}
		if err := w.EndContact(ctx, store.Once{}, zhang, m.ID, 2); !errors.Is(err, store.ErrNoMerchant) {
			t.Error(err)
		}
		all, err := w.MerchantHistory(ctx, m.ID, 0, 10)
		if err != nil || strings.Contains(fmt.Sprint(all), "0001") {
			t.Errorf("history: %+v %v", all, err)
		}
	})
}

// A new sealing key wraps the keys of merchants and of rows that wait as well.
func TestRewrapTheRegister(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		d := register.Details{Name: "惠民超市", Town: "370321001", ShopAddress: "中心大街1号"}
		far := d
		far.ShopAddress = "渔洋路88号"
		take(t, w, row(d, store.NewContact{Kind: "phone", Value: "13800000001"}), row(far, store.NewContact{Kind: "phone", Value: "13800000002"}))
		keys, err := store.ParseKeys("IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=," + storetest.Key)
		if err != nil {
			t.Fatal(err)
		}
		w.Cfg.Keys = keys
		_ = w.Close()
		w.Reopen()
		if n, err := w.Rewrap(ctx); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		all, err := w.MerchantContacts(ctx, find(t, w, "惠民超市")[0].ID)
		if err != nil || len(all) != 1 || all[0].Value != "13800000001" {
			t.Errorf("%+v %v", all, err)
		}
		if open, err := w.Reviews(ctx, "open", "", 10); err != nil || len(open) != 1 || open[0].Row.ShopAddress != far.ShopAddress {
			t.Errorf("%+v %v", open, err)
		}
		if n := w.Count("select count(distinct kek) from (select kek from merchant_keys union all select kek from merchant_reviews) x"); n != 1 {
			t.Errorf("%d keys", n)
		}
	})
}
