package jobs

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

var place = regexp.MustCompile(`\{[^}]*\}`)

// Every notice that the table owes, every reminder of a party's clock and what
// offices are told has its words in both languages, with fields that exist; what
// a party must act on has its link, and a short message fits in three parts.
func TestEveryMessageHasItsWords(t *testing.T) {
	kinds := workflow.NoticeKinds()
	if len(kinds) < 20 {
		t.Fatalf("%d kinds", len(kinds))
	}
	for _, def := range workflow.ClockDefs {
		for _, side := range []string{"consumer", "merchant"} {
			if def.Whose == side || def.Whose == "party" {
				kinds = append(kinds, workflow.NoticeOp{To: side, Kind: "reminder." + def.Code})
			}
		}
		kinds = append(kinds, workflow.NoticeOp{To: "unit:amr", Kind: "reminder." + def.Code}, workflow.NoticeOp{To: "officer:x", Kind: "escalation." + def.Code})
	}
	for _, language := range []string{"zh", "en"} {
		for _, k := range kinds {
			x, ok := textOf(k.Kind, k.To, language)
			if !ok || x.Subject == "" || x.Text == "" {
				t.Errorf("%s to %s has no words in %s", k.Kind, k.To, language)
				continue
			}
			for _, field := range place.FindAllString(x.Subject+x.Text+x.More, -1) {
				if !strings.Contains("{number}{link}{bureau}{days}{due}{reason}", field) {
					t.Errorf("%s in %s: no such field %s", k.Kind, language, field)
				}
			}
			if (k.To == "consumer" || k.To == "merchant") && !strings.Contains(x.Text, "{link}") {
				t.Errorf("%s to %s in %s has no link", k.Kind, k.To, language)
			}
			short := fill(x.Text, map[string]string{"number": "HT-2026-000123-8", "link": "https://fangxin.example.gov.cn/c/HT-2026-000123-8#" + strings.Repeat("x", 43), "days": "10个工作日", "due": "2026-05-14"})
			if n := utf8.RuneCountInString(short); language == "zh" && n > 3*67 {
				t.Errorf("%s is %d characters as a short message", k.Kind, n)
			}
		}
	}
	for name := range texts {
		base, _, _ := strings.Cut(name, "@")
		if base == "reminder" || base == "escalation" {
			continue
		}
		found := false
		for _, k := range kinds {
			found = found || k.Kind == base
		}
		if !found {
			t.Errorf("nobody is told %s", name)
		}
	}
}

// A notice goes out in words, with days and reason of its case; what a field
// holds is not looked at again.
func TestANoticeInWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		number := w.File()
		cmd := w.Compose(number, "request_correction")
		cmd.Private.Words = "身份证明缺失 {link}"
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
			t.Fatal(err)
		}
		p := &Post{Store: w.Store, Log: slog.New(slog.DiscardHandler), Now: w.Now, Rules: w.Law, Site: "https://fangxin.example"}
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"sms", "mail"} {
			o := store.Owed{Number: number, CaseID: c.ID, No: 2, Seq: 2, Topic: "notice", Recipient: "consumer", Template: "correction"}
			m, _ := p.compose(&o, way{Channel: channel.Channel{Name: name}})
			if err := p.word(ctx, &o, way{Channel: channel.Channel{Name: name}}, &m); err != nil {
				t.Fatal(err)
			}
			if m.Language != "zh" || m.Subject != "请补正投诉材料 "+number || !strings.Contains(m.Text, "3个工作日") || !strings.Contains(m.Text, "https://fangxin.example/c/"+number+"#") {
				t.Errorf("%s: %+v", name, m)
			}
			if strings.Contains(m.Text, "身份证明缺失 {link}") != (name == "mail") || strings.Contains(m.Text, "县市场监督管理局") != (name == "mail") {
				t.Errorf("%s: %s", name, m.Text)
			}
		}
	})
}

// In quiet hours a message to a party waits until they end and counts no
// attempt; one whose own day would be over by then goes out.
func TestQuietHours(t *testing.T) {
	w := storetest.New(t)
	w.Do(w.File(), "request_correction")
	p := &Post{Store: w.Store, Now: w.Now, Rules: w.Law}
	all, err := w.Messages(context.Background(), "owed", 10)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	o := &all[1]
	for at, until := range map[string]string{"2026-05-06T20:59:59+08:00": "", "2026-05-06T21:00:00+08:00": "2026-05-07T08:00:00+08:00", "2026-05-07T07:59:59+08:00": "2026-05-07T08:00:00+08:00",
		"2026-05-07T08:00:00+08:00": "", "2026-05-12T23:00:00+08:00": ""} { // the last: service is due on that day
		now, _ := time.Parse(time.RFC3339, at)
		w.Set(now)
		err := p.quiet(context.Background(), o, way{Channel: channel.Channel{Name: "sms"}})
		var rest *wait
		got := ""
		if err != nil {
			rest, _ = err.(*wait)
			got = rest.until.In(now.Location()).Format(time.RFC3339)
		}
		if got != until {
			t.Errorf("at %s it waits until %q, want %q", at, got, until)
		}
		if err := p.quiet(context.Background(), o, way{Channel: channel.Channel{Name: "mail"}}); err != nil {
			t.Errorf("a mail wakes nobody: %v", err)
		}
	}
}
