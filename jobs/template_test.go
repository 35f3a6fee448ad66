package jobs

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
)

const exampleSite = "https://fangxin.example.gov.cn"

// What the binary says could be saved as it is, every text in both languages.
func TestTheBinarysTextsFit(t *testing.T) {
	p := &Post{Site: exampleSite, Rules: storetest.New(t).Law}
	all := Texts()
	if len(all) < 50 {
		t.Fatalf("%d texts", len(all))
	}
	for _, x := range all {
		if field, why := p.Check(x); why != "" {
			t.Errorf("%s in %s: %s %s", x.Name, x.Language, field, why)
		}
	}
}

// What would not do as a message is refused with its part and the reason.
func TestWhatATemplateMayNotSay(t *testing.T) {
	p := &Post{Site: exampleSite, Rules: storetest.New(t).Law}
	refusal := texts["refusal"]["zh"].More
	for _, c := range []struct{ name, subject, text, more, field, why string }{
		{"receipt", "登记 {number}", "已登记{number}：{link}", "", "", ""},
		{"receipt", "登记", "{bureau}已登记：{link}", "第一段\n\n{link}", "", ""},
		{"receipt", " ", "{link}", "", "subject", "empty"},
		{"receipt", "登记", "", "", "text", "empty"},
		{"receipt", "登记\n", "{link}", "", "subject", "control"},
		{"receipt", "登记", "已登记\n{link}", "", "text", "control"},
		{"receipt", "登记", "{link}", "a\tb", "more", "control"},
		{"receipt", "登记 {link}", "{link}", "", "subject", "unknown_field"},
		{"receipt", "登记", "{name}{link}", "", "text", "unknown_field"},
		{"receipt", "登记", "{Number}{link}", "", "text", "unknown_field"},
		{"receipt", "登记", "{}{link}", "", "text", "unknown_field"},
		{"receipt", "登记", "{days}{link}", "", "text", "unknown_field"},
		{"receipt", "登记", "{link}", "{reason}", "more", "unknown_field"}, // the cause is the filing: its words are the consumer's
		{"refusal", "不予受理", "{reason}{link}", refusal, "text", "unknown_field"},
		{"invitation", "请处理", "{days}{link}{join}", "", "text", "unknown_field"},
		{"invitation", "{join}", "{days}{link}", "", "subject", "unknown_field"},
		{"invitation", "请处理", "{days}{link}", "{join}", "", ""},
		{"receipt", "登记", "{link", "", "text", "braces"},
		{"receipt", "登记", "{link}}", "", "text", "braces"},
		{"receipt", "登记", "{link}", "{{number}}", "more", "braces"},
		{"receipt", "登记", "已登记{number}", "", "text", "link"},
		{"correction", "补正", "请补正：{link}", "{reason}", "text", "due"},
		{"reminder.correction", "补正", "请补正：{link}", "", "text", "due"},
		{"refusal", "不予受理", "不予受理：{link}", "依照第三十九条", "more", "reason"},
		{"receipt", strings.Repeat("长", 201), "{link}", "", "subject", "long_subject"},
		{"receipt", "登记", strings.Repeat("长", 108) + "{link}", "", "", ""}, // 201 with the link, which is 93
		{"receipt", "登记", strings.Repeat("长", 109) + "{link}", "", "text", "long_text"},
		{"receipt", "登记", "{link}", strings.Repeat("长", 4001), "more", "long_more"},
	} {
		want := c.why
		if want != "" {
			want = "why.template." + want
		}
		if field, why := p.Check(store.Template{Name: c.name, Language: "zh", Subject: c.subject, Text: c.text, More: c.more}); field != c.field || why != want {
			t.Errorf("%.20q %.40q %.20q: %q %q, want %q %q", c.subject, c.text, c.more, field, why, c.field, want)
		}
	}
}

// Parts as GSM 03.38 and 03.40 count them.
func TestPartsOfAShortMessage(t *testing.T) {
	for text, want := range map[string]int{"": 1, strings.Repeat("中", 70): 1, strings.Repeat("中", 71): 2, strings.Repeat("中", 134): 2, strings.Repeat("中", 135): 3,
		strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("a", 307): 3, strings.Repeat("a", 70) + "中": 2, strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2,
		strings.Repeat("😀", 35): 1, strings.Repeat("😀", 36): 2} {
		if got := Parts(text); got != want {
			t.Errorf("%.12q…, %d bytes: %d, want %d", text, len(text), got, want)
		}
	}
}

// From the moment that a version is saved messages take it, in its language and
// for its recipient alone, and each attempt cites what it said.
func TestMessagesTakeTheNewestVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		number := w.File()
		w.Do(number, "request_correction")
		var took []channel.Message
		way := way{Channel: channel.Channel{Name: "sms", Send: func(_ context.Context, m channel.Message) (channel.Sent, error) {
			took = append(took, m)
			return channel.Sent{}, &channel.Fault{Code: "busy"} // so that it is tried again
		}}}
		p := &Post{Store: w.Store, Log: slog.New(slog.DiscardHandler), Now: w.Now, Rules: w.Law, Site: exampleSite, Node: "n"}
		held, err := w.Claim(ctx, store.Queues[0], "n", w.Now().Add(time.Minute), 10, true)
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		var o *store.Owed
		for i := range held {
			if held[i].Template == "correction" {
				o = &held[i]
			}
		}
		if o == nil {
			t.Fatalf("no correction among %+v", held)
		}
		save := func(name, language, text string, base int64) {
			if _, err := w.SaveTemplate(ctx, store.Once{Scope: "t"}, store.Template{Name: name, Language: language, Subject: "补 {number}", Text: text}, base); err != nil {
				t.Fatal(err)
			}
		}
		try := func() {
			if _, _, err := p.hand(ctx, o, &c, way); err == nil {
				t.Fatal("the channel was busy")
			}
		}
		try()
		save("correction", "zh", "第一版{number} {days} {link}", 0)
		save("correction", "en", "another language {days} {link}", 0)
		save("receipt", "zh", "another kind {link}", 0)
		try()
		save("correction", "zh", "第二版{number} {days} {link}", 1)
		try()
		tried, err := w.Attempts(ctx, o)
		if err != nil || len(tried) != 3 || len(took) != 3 {
			t.Fatal(tried, err)
		}
		for i, begins := range []string{"您的投诉" + number, "第一版" + number + " 3个工作日 https://", "第二版" + number} {
			if !strings.HasPrefix(took[i].Text, begins) {
				t.Errorf("%d said %s", i, took[i].Text)
			}
			if a := tried[i]; a.Template != "correction" || a.Language != "zh" || a.Version != int64(i) {
				t.Errorf("%d cites %s %s %d", i, a.Template, a.Language, a.Version)
			}
		}
		if took[2].Subject != "补 "+number {
			t.Error(took[2].Subject)
		}
	})
}

// A merchant's own text has its own versions, and the attempt names it.
func TestAMerchantsTextIsItsOwn(t *testing.T) {
	w := storetest.New(t)
	ctx := context.Background()
	p := &Post{Store: w.Store}
	if _, err := w.SaveTemplate(ctx, store.Once{Scope: "t"}, store.Template{Name: "acceptance", Language: "zh", Text: "x"}, 0); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"consumer": "acceptance", "merchant": "acceptance@merchant"} {
		got, ok, err := p.newest(ctx, "acceptance", to, "zh")
		if err != nil || !ok || got.Name != want || (got.Version == 1) != (to == "consumer") {
			t.Errorf("%s: %+v %v", to, got, err)
		}
	}
}
