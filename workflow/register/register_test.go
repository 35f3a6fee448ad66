package register_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fangxin/workflow/register"

	"pgregory.net/rapid"
)

var places = register.NewPlaces("桓台县", "索镇街道", "果里镇")

// Word for word readings that the shop's own people would type.
func TestReadings(t *testing.T) {
	for name, want := range map[string][2]string{
		"大众银行":   {"da zhong yin hang", "dzyh"},
		"重庆火锅":   {"chong qing huo guo", "cqhg"},
		"重型机械":   {"zhong xing ji xie", "zxjx"},
		"音乐琴行":   {"yin yue qin hang", "yyqh"},
		"快乐童装":   {"kuai le tong zhuang", "kltz"},
		"乐陵枣行":   {"lao ling zao hang", "llzh"},
		"单县羊汤":   {"shan xian yang tang", "sxyt"},
		"东阿阿胶":   {"dong e e jiao", "deej"},
		"自由飞行":   {"zi you fei xing", "zyfx"},
		"绿源车行":   {"lv yuan che hang", "lych"},
		"KFC餐厅":  {"kfc can ting", "kfcct"},
		"５号便利店":  {"5 hao bian li dian", "5hbld"},
		"(总)美发店": {"zong mei fa dian", "zmfd"},
	} {
		if got := strings.Join(register.Syllables(name), " "); got != want[0] {
			t.Errorf("%s: %s, want %s", name, got, want[0])
		}
		if got := register.Initials(name); got != want[1] {
			t.Errorf("%s: %s, want %s", name, got, want[1])
		}
	}
}

// What tells one name from another, and how alike two are, on both sides of the
// lines that matter.
func TestSimilar(t *testing.T) {
	for _, c := range []struct {
		a, b     string
		from, to float64
	}{
		{"惠民超市", "惠民 超市", 1, 1},
		{"ＫＦＣ餐厅", "kfc餐厅", 1, 1},
		{"山东省淄博市桓台县惠民超市有限公司", "惠民超市", 0.95, 0.99},
		{"桓台县索镇街道惠民超市", "惠民超市", 0.95, 0.99},
		{"惠民小超市", "惠民超市", 0.6, 0.94},
		{"百佳二分店", "百佳2分店", 0.95, 1},
		{"百佳一分店", "百佳二分店", 0, 0.7},
		{"惠民超市", "惠民便利店", 0, 0.59},
		{"惠民超市", "百佳超市", 0, 0.59},
		{"山东饭店", "桓台饭店", 0, 0.59},
		{"", "", 0, 0},
		{"？？", "惠民超市", 0, 0},
	} {
		if got := places.Similar(c.a, c.b); got < c.from || got > c.to {
			t.Errorf("%s | %s: %.3f, want %.2f to %.2f", c.a, c.b, got, c.from, c.to)
		}
	}
}

var names = rapid.StringOfN(rapid.SampledFrom([]rune("惠民百佳超市店一二12有限公司县桓台山东省A ab·（）")), 0, 14, -1)

func TestSimilarIsAMeasure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		s := places.Similar(a, b)
		if s < 0 || s > 1 || s != places.Similar(b, a) {
			t.Fatalf("%f and %f", s, places.Similar(b, a))
		}
		if same := register.Fold(a) == register.Fold(b) && register.Fold(a) != ""; same != (s == 1) {
			t.Fatalf("%f", s)
		}
		if core := places.Core(a); (core == "") != (register.Fold(a) == "") {
			t.Fatalf("core %q", core)
		}
		if s > 0.95 {
			return
		}
		if with := places.Similar(a+"有限公司", b); register.Fold(a) != "" && places.Core(a) == places.Core(b) && with < 0.7 {
			t.Fatalf("a legal form changed it: %f", with)
		}
	})
}

// Whatever a name is, what somebody types of it finds it: the pieces of every part
// are among the entry's.
func TestAPartFindsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := register.Merchant{Details: register.Details{Name: rapid.StringOfN(rapid.SampledFrom([]rune("惠民百佳超市店银行音乐重庆绿K2")), 2, 10, -1).Draw(t, "name")}}
		x := register.IndexOf(m)
		runes := []rune(m.Name)
		from := rapid.IntRange(0, len(runes)-2).Draw(t, "from")
		to := rapid.IntRange(from+2, len(runes)).Draw(t, "to")
		part := string(runes[from:to])
		q := register.Ask(part)
		if q.Rank(m) <= 0 {
			t.Fatalf("%s does not rank in %s", part, m.Name)
		}
		if p := q.Pieces[0]; slices.ContainsFunc(p, func(piece string) bool { return !slices.Contains(x.Pieces, piece) }) {
			t.Fatalf("%s: %q not all in %q", part, p, x.Pieces)
		}
		if initials := register.Initials(m.Name); !strings.HasPrefix(initials, x.Initials) || register.Ask(initials).Rank(m) <= 0 {
			t.Fatalf("%s does not find %s", initials, m.Name)
		}
	})
}

// No words make a question that is long, slow, or holds anything but letters and
// digits.
func TestAskIsBounded(t *testing.T) {
	for _, words := range []string{strings.Repeat("n", 5000), strings.Repeat("惠", 5000), strings.Repeat("'\" OR", 900), strings.Repeat("an", 3000)} {
		q := register.Ask(words)
		for _, list := range q.Pieces {
			if len(list) > 60 || strings.ContainsAny(fmt.Sprint(list), `'"*()&|`) {
				t.Errorf("%d pieces of %.20s", len(list), words)
			}
		}
	}
}

func entry(id string, d register.Details, valid bool, s register.Status) register.Merchant {
	return register.Merchant{ID: id, Details: d, CodeValid: valid, Status: s}
}

func TestJudge(t *testing.T) {
	const town, far = "370321001", "370321105"
	active := register.Active
	shop := register.Details{Name: "惠民超市", Town: town, ShopAddress: "中心大街1号"}
	coded := shop
	coded.Code = "A1"
	for name, c := range map[string]struct {
		stated register.Details
		valid  bool
		all    []register.Merchant
		want   register.Verdict
		why    string
	}{
		"nothing like it":                    {shop, false, []register.Merchant{entry("1", register.Details{Name: "百佳书店"}, false, active)}, register.New, ""},
		"the same code":                      {coded, true, []register.Merchant{entry("1", register.Details{Name: "惠民商贸超市", Code: "a1"}, true, active)}, register.Same, "code"},
		"the same code, quite another name":  {coded, true, []register.Merchant{entry("1", register.Details{Name: "李家农机", Code: "A1"}, true, active)}, register.Doubtful, "code_other_name"},
		"two with the code":                  {coded, true, []register.Merchant{entry("1", coded, true, active), entry("2", coded, true, active)}, register.Doubtful, "code"},
		"one is vouched for":                 {coded, true, []register.Merchant{entry("1", coded, true, register.Unverified), entry("2", coded, true, active)}, register.Same, "code"},
		"another code is another merchant":   {coded, true, []register.Merchant{entry("1", register.Details{Name: "惠民超市", Town: town, Code: "B1"}, true, active)}, register.New, ""},
		"a wrong code does not set apart":    {coded, false, []register.Merchant{entry("1", register.Details{Name: "惠民超市", Town: town, Code: "B1"}, true, active)}, register.Same, "name"},
		"name and address":                   {shop, false, []register.Merchant{entry("1", register.Details{Name: "桓台县惠民超市有限公司", ShopAddress: "桓台县中心大街1号"}, false, active)}, register.Same, "name"},
		"name, and the town":                 {shop, false, []register.Merchant{entry("1", register.Details{Name: "惠民超市", Town: town}, false, active)}, register.Same, "name"},
		"name, another town":                 {shop, false, []register.Merchant{entry("1", register.Details{Name: "惠民超市", Town: far}, false, active)}, register.Doubtful, "name_elsewhere"},
		"name and town, another street":      {shop, false, []register.Merchant{entry("1", register.Details{Name: "惠民超市", Town: town, ShopAddress: "渔洋路88号"}, false, active)}, register.Doubtful, "name_elsewhere"},
		"name alone":                         {register.Details{Name: "惠民超市"}, false, []register.Merchant{entry("1", shop, false, active)}, register.Doubtful, "name_elsewhere"},
		"alike":                              {shop, false, []register.Merchant{entry("1", register.Details{Name: "惠民小超市", Town: town}, false, active)}, register.Doubtful, "name_alike"},
		"two of that name":                   {shop, false, []register.Merchant{entry("1", shop, false, active), entry("2", shop, false, active)}, register.Doubtful, "name"},
		"two entries that are one already":   {shop, false, []register.Merchant{entry("1", shop, false, active), {ID: "2", Details: shop, Status: register.Merged, MergedInto: "1"}}, register.Same, "name"},
		"another branch of the same company": {register.Details{Name: "百佳一分店", Town: town}, false, []register.Merchant{entry("1", register.Details{Name: "百佳二分店", Town: town}, false, active)}, register.Doubtful, "name_alike"},
	} {
		t.Run(name, func(t *testing.T) {
			got, who := places.Judge(c.stated, c.valid, c.all)
			if got != c.want || c.why != "" && (len(who) == 0 || who[0].Why != c.why) {
				t.Errorf("%s %+v, want %s %s", got, who, c.want, c.why)
			}
		})
	}
}

// The verdict does not depend on the order in which the entries were read.
func TestJudgeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		detail := rapid.Custom(func(t *rapid.T) register.Details {
			return register.Details{Name: names.Draw(t, "name"), Code: rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "code"), Town: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "town")}
		})
		stated := detail.Draw(t, "stated")
		var all []register.Merchant
		for i := range rapid.IntRange(0, 4).Draw(t, "n") {
			all = append(all, entry(fmt.Sprint(i), detail.Draw(t, "entry"), rapid.Bool().Draw(t, "valid"), rapid.SampledFrom([]register.Status{register.Active, register.Unverified}).Draw(t, "status")))
		}
		verdict, who := places.Judge(stated, true, all)
		slices.Reverse(all)
		again, other := places.Judge(stated, true, all)
		if verdict != again || fmt.Sprint(who) != fmt.Sprint(other) {
			t.Fatalf("%s %v, reversed %s %v", verdict, who, again, other)
		}
		if verdict == register.Same && len(who) != 1 {
			t.Fatal(who)
		}
	})
}

// Stating a merchant a second time changes nothing, by either way of taking over.
func TestTakingOverTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b"})
		detail := rapid.Custom(func(t *rapid.T) register.Details {
			return register.Details{Name: text.Draw(t, "name"), Code: text.Draw(t, "code"), Size: text.Draw(t, "size"), Domain: rapid.IntRange(0, 2).Draw(t, "domain"),
				Shops: []register.Shop{{Platform: text.Draw(t, "platform")}}}
		})
		for _, over := range []func(d *register.Details, o register.Details){(*register.Details).Take, (*register.Details).Fill} {
			d, o := detail.Draw(t, "before"), detail.Draw(t, "stated")
			over(&d, o)
			once := d
			over(&d, o)
			if diff := register.Diff(once, d); len(diff) > 0 {
				t.Fatal(diff)
			}
		}
	})
}
