package jobs

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/register"
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
			_, x, ok := textOf(k.Kind, k.To, language)
			if !ok || x.Subject == "" || x.Text == "" {
				t.Errorf("%s to %s has no words in %s", k.Kind, k.To, language)
				continue
			}
			for _, field := range place.FindAllString(x.Subject+x.Text+x.More, -1) {
				if !strings.Contains("{number}{link}{bureau}{days}{due}{reason}{join}{count}{list}", field) {
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
		if base == "reminder" || base == "escalation" || base == "digest" {
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
			if _, err := p.word(ctx, &o, &c, way{Channel: channel.Channel{Name: name}}, &m); err != nil {
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
	c, err := w.Case(context.Background(), o.Number)
	if err != nil {
		t.Fatal(err)
	}
	for at, until := range map[string]string{"2026-05-06T20:59:59+08:00": "", "2026-05-06T21:00:00+08:00": "2026-05-07T08:00:00+08:00", "2026-05-07T07:59:59+08:00": "2026-05-07T08:00:00+08:00",
		"2026-05-07T08:00:00+08:00": "", "2026-05-12T23:00:00+08:00": ""} { // the last: service is due on that day
		now, _ := time.Parse(time.RFC3339, at)
		w.Set(now)
		err := p.quiet(o, &c, way{Channel: channel.Channel{Name: "sms"}})
		var rest *wait
		got := ""
		if err != nil {
			rest, _ = err.(*wait)
			got = rest.until.In(now.Location()).Format(time.RFC3339)
		}
		if got != until {
			t.Errorf("at %s it waits until %q, want %q", at, got, until)
		}
		if err := p.quiet(o, &c, way{Channel: channel.Channel{Name: "mail"}}); err != nil {
			t.Errorf("a mail wakes nobody: %v", err)
		}
	}
}

// A merchant is written to in the language that the register says it reads, also
// where the address is the complaint's own.
func TestAMerchantIsToldInItsLanguage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx, by := context.Background(), store.By{Actor: "officer:zhang", Why: "window"}
		number := w.File()
		w.Do(number, "classify", "invite_settlement")
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := w.OpenMerchant(ctx, store.Once{}, by, register.Details{Name: "惠民超市"}, []store.NewContact{{Kind: "email", Value: "shop@fx.example"}})
		if err != nil {
			t.Fatal(err)
		}
		w.Run("insert into case_merchants (case_id, no, respondent, seq, merchant_id, how, actor, why, at) select c.id, 1, 0, 1, m.id, 'officer', 'officer:zhang', '', c.filed_at from cases c, merchants m where c.id = $1", c.ID)
		p := &Post{Store: w.Store, Log: slog.New(slog.DiscardHandler), Now: w.Now, Rules: w.Law, Site: "https://fangxin.example", Channels: []channel.Channel{{Name: "mail"}}}
		written := func(recipient string) map[string]bool {
			o := store.Owed{Number: number, CaseID: c.ID, No: 3, Seq: 3, Topic: "notice", Recipient: recipient, Template: "invitation"}
			ways, err := p.ways(ctx, &o)
			if err != nil || len(ways) == 0 {
				t.Fatal(ways, err)
			}
			out := map[string]bool{}
			for _, x := range ways {
				m, _ := p.compose(&o, x)
				said, err := p.word(ctx, &o, &c, x, &m)
				if err != nil {
					t.Fatal(err)
				}
				out[said.Language] = strings.Contains(m.Text, "awaits you") == (said.Language == "en")
			}
			return out
		}
		if got := written("merchant"); !maps.Equal(got, map[string]bool{"zh": true}) {
			t.Errorf("before: %v", got)
		}
		en := "en"
		if _, err := w.ChangeMerchant(ctx, store.Once{Scope: "t"}, by, entry.ID, entry.Version, register.Patch{Language: &en}); err != nil {
			t.Fatal(err)
		}
		if got := written("merchant"); !maps.Equal(got, map[string]bool{"en": true}) {
			t.Errorf("after: %v", got)
		}
	})
}

// A merchant that is no member of the green channel is invited in its mail, in
// both languages; a member is not, and a short message has no room for it.
func TestWhoIsNoMemberIsInvitedToJoin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx, by := context.Background(), store.By{Actor: "officer:zhang", Why: "window"}
		number := w.File()
		w.Do(number, "classify", "invite_settlement")
		c, err := w.Case(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := w.OpenMerchant(ctx, store.Once{}, by, register.Details{Name: "惠民超市", Size: "large", ShopAddress: "中心大街1号"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Run("insert into case_merchants (case_id, no, respondent, seq, merchant_id, how, actor, why, at) select c.id, 1, 0, 1, m.id, 'officer', 'officer:zhang', '', c.filed_at from cases c, merchants m where c.id = $1", c.ID)
		p := &Post{Store: w.Store, Log: slog.New(slog.DiscardHandler), Now: w.Now, Rules: w.Law, Site: "https://fangxin.example"}
		said := func(name string) string {
			o := store.Owed{Number: number, CaseID: c.ID, No: 3, Seq: 3, Topic: "notice", Recipient: "merchant", Template: "invitation"}
			m, _ := p.compose(&o, way{Channel: channel.Channel{Name: name}})
			if _, err := p.word(ctx, &o, &c, way{Channel: channel.Channel{Name: name}}, &m); err != nil {
				t.Fatal(err)
			}
			return m.Text
		}
		invited := func(text string) bool {
			return strings.Contains(text, "绿色通道") && strings.Contains(text, "https://fangxin.example/join")
		}
		if !invited(said("mail")) || invited(said("sms")) {
			t.Errorf("%s\n%s", said("mail"), said("sms"))
		}
		m, err := w.Apply(ctx, store.Once{}, by, store.Application{Merchant: entry.ID, Checklist: register.Checklist{Place: true, Staff: true, Computer: true, Telephone: true, Procedure: true},
			Terms: register.Terms{AnswerDays: 3}, People: []store.NewPerson{{Role: "contact", Name: "李娜", Phone: "13900000001"}},
			Papers: []store.NewPaper{{Kind: "licence", Name: "执照", Digest: make([]byte, 32)}, {Kind: "pledge", Name: "承诺书", Digest: make([]byte, 32)}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.DecideMember(ctx, store.Once{Scope: "t"}, by, m.ID, store.Decision{What: "approve"}); err != nil {
			t.Fatal(err)
		}
		if text := said("mail"); strings.Contains(text, "绿色通道") || strings.Contains(text, "{join}") {
			t.Error(text)
		}
		english := frame(texts["invitation"]["en"], map[string]string{"join": "https://fangxin.example/join"}, "en")
		if !strings.Contains(english, "green channel") || !strings.Contains(english, "{join}") {
			t.Error(english)
		}
	})
}
