package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
)

// piloting is the embedded county with everyday goods in its pilot and texts on.
func piloting(t *testing.T, change ...string) workflow.Rules {
	t.Helper()
	text := strings.NewReplacer("pilots: [] ", "pilots: [{domain: daily_goods}] ", "narratives: false ", "narratives: true ").Replace(string(policy.HuantaiFile()))
	law, err := policy.Load("county.yaml", []byte(strings.NewReplacer(change...).Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	return workflow.Rules{Rules: law}
}

// mediation leads an accepted complaint to its end.
var mediation = strings.Fields("classify dispatch accept ask_consent one_consents both_consent agree report_performance close_mediated")

// publish runs the jobs that a public form waits for until nothing is left.
func publish(t *testing.T, w *storetest.World) {
	t.Helper()
	for range 4 {
		match(t, w)
		for {
			n, err := w.Publish(ctx, 100)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			match(t, w)
		}
	}
}

// closedAgainst is a mediated complaint against a merchant of the register.
func closedAgainst(t *testing.T, w *storetest.World, name, code string) string {
	t.Helper()
	number := fileAgainst(t, w, workflow.Respondent{Name: name, Code: code, Address: "演练路二号"}, "370321001")
	for _, e := range mediation {
		cmd := w.Compose(number, e)
		if e == "classify" {
			cmd.Private.Respondent, cmd.Input.RespondentSet = nil, true
		}
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
			t.Fatal(err)
		}
	}
	return number
}

func standing(t *testing.T, w *storetest.World, number string) string {
	t.Helper()
	st, err := w.Standing(ctx, number, false)
	if err != nil {
		t.Fatal(err)
	}
	row := "no row"
	c, _ := w.Case(ctx, number)
	if w.Count("select count(*) from publications where case_id = $1", c.ID) == 1 {
		var state, code string
		if err := w.Pool().QueryRow("select state, code from publications where case_id = $1", c.ID).Scan(&state, &code); err != nil {
			t.Fatal(err)
		}
		row = strings.TrimSpace(state + " " + code)
	}
	if got := strings.TrimSpace(string(st.State) + " " + st.Code); got != row {
		t.Errorf("%s: derived %q, kept %q", number, got, row)
	}
	return row
}

func readable(t *testing.T, w *storetest.World, f store.PublicFilter) []string {
	t.Helper()
	f.Limit = 10
	list, _, err := w.SearchPublished(ctx, f)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range list {
		form, err := publication.ParseForm(e.Form)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, form.ID)
	}
	return out
}

func idOf(t *testing.T, w *storetest.World, number string) (ref string) {
	t.Helper()
	c, _ := w.Case(ctx, number)
	if err := w.Pool().QueryRow("select ref from publications where case_id = $1", c.ID).Scan(&ref); err != nil {
		t.Fatal(err)
	}
	return ref
}

// rowsOf is everything that is published, as it is kept.
func rowsOf(t *testing.T, w *storetest.World) string {
	t.Helper()
	var out strings.Builder
	for _, table := range []string{"publications", "publication_search"} {
		order := "case_id"
		if table == "publication_search" && w.Dialect() == "sqlite" {
			order = "rowid"
		}
		rows, err := w.Pool().Query("select * from " + table + " order by " + order)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			row, at := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				at[i] = &row[i]
			}
			if err := rows.Scan(at...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s %q\n", table, row)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// A complaint's public form goes its course: the authority decides, the merchant
// sees it three working days before, everybody reads it for its time, and a
// tombstone stays. Whatever is derived is derived the same again.
func TestThePublicFormsCourse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		number := closedAgainst(t, w, "索镇惠民超市", codeA)
		publish(t, w)
		if got := standing(t, w, number); got != "scheduled" {
			t.Fatalf("after closing: %s", got)
		}
		v, _ := w.Case(ctx, number)
		if p := v.Publication(); p.Decision != "publish" || v.Clock("publish") != nil {
			t.Errorf("%+v %v", p, v.Clock("publish"))
		}
		id := idOf(t, w, number)
		if _, err := w.Published(ctx, id); !errors.Is(err, store.ErrNotPublished) || len(readable(t, w, store.PublicFilter{})) != 0 {
			t.Errorf("read before its day: %v", err)
		}
		st, _ := w.Standing(ctx, number, false)
		if st.Preview == nil || st.Preview.Merchant.Name != "索镇惠民超市" || w.Law().Calendar().KnownAt(st.On).WorkingDaysBetween(calendar.On(w.Now()), st.On-1) != 3 {
			t.Errorf("what the merchant sees before: %+v", st)
		}
		w.Set(st.On.Start().Add(-time.Microsecond))
		publish(t, w)
		if got := standing(t, w, number); got != "scheduled" {
			t.Errorf("a microsecond before its day: %s", got)
		}
		w.Set(st.On.Start())
		publish(t, w)
		if got := standing(t, w, number); got != "published" {
			t.Errorf("on its day: %s", got)
		}
		e, err := w.Published(ctx, id)
		form, _ := publication.ParseForm(e.Form)
		if err != nil || form.ID != id || form.Domain != 1 || form.Outcome != "MEDIATED" || form.Received != "2026-05" || strings.Contains(string(e.Form), number) || strings.Contains(string(e.Form), "演练人") {
			t.Errorf("%s %v", e.Form, err)
		}
		w.Common(0) // every word that anything has is common
		for words, want := range map[string]int{"惠民超市": 1, "虚假宣传": 1, "演练人": 0} {
			if got := readable(t, w, store.PublicFilter{Words: words}); len(got) != want {
				t.Errorf("the common word %s finds %v", words, got)
			}
		}
		w.Common(2000)
		for _, f := range []store.PublicFilter{{}, {Words: "惠民超市"}, {Words: "日用消费品"}, {Words: "虚假宣传"}, {Words: "索镇"}, {Merchant: form.Merchant.ID}, {Domain: 1, Town: form.Town, Category: form.Category, Month: form.Closed}} {
			if got := readable(t, w, f); len(got) != 1 || got[0] != id {
				t.Errorf("%+v finds %v", f, got)
			}
		}
		for _, f := range []store.PublicFilter{{Words: "演练人"}, {Words: number}, {Domain: 2}, {Town: "370321002"}, {Month: "2020-01"}, {Category: "labelling"}} {
			if got := readable(t, w, f); len(got) != 0 {
				t.Errorf("%+v finds %v", f, got)
			}
		}
		again(t, w)
		w.Set(st.Until.AddDays(1).Start())
		if _, err := w.Published(ctx, id); !errors.Is(err, store.ErrTombstone) {
			t.Errorf("after its last day, before the job: %v", err)
		}
		publish(t, w)
		if got := standing(t, w, number); got != "expired" || w.Count("select count(*) from publications where form is not null") != 0 {
			t.Errorf("after its last day: %s", got)
		}
		again(t, w)
	})
}

// again deletes what is derived and derives it again: the rows are the same, byte
// for byte.
func again(t *testing.T, w *storetest.World) {
	t.Helper()
	before := rowsOf(t, w)
	events := w.Count("select count(*) from events")
	if err := w.Republish(ctx); err != nil {
		t.Fatal(err)
	}
	publish(t, w)
	if after := rowsOf(t, w); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if n := w.Count("select count(*) from events"); n != events {
		t.Errorf("%d events more", n-events)
	}
}

// Withdrawn consent takes the entry away at once, before any job came round, and
// changes no count. Reopening and an officer's hold take it away as fast.
func TestWhatTakesAnEntryAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		no := false
		for _, x := range []struct {
			event, want string
			change      func(*workflow.Command)
		}{
			{"change_consent", "removed no_consent", func(c *workflow.Command) { c.Input.PublishConsent = &no }},
			{"publish_or_hold", "removed small_area", func(c *workflow.Command) { c.Input.Publication, c.Input.Reason = "hold", "small_area" }},
			{"correct_closing", "removed reopened", func(*workflow.Command) {}},
		} {
			number := closedAgainst(t, w, "索镇惠民超市", codeA)
			publish(t, w)
			st, _ := w.Standing(ctx, number, false)
			w.Set(st.On.Start())
			publish(t, w)
			id := idOf(t, w, number)
			if _, err := w.Published(ctx, id); err != nil {
				t.Fatalf("%s: %v %s", x.event, err, standing(t, w, number))
			}
			counts := counted(t, w)
			cmd := w.Compose(number, x.event)
			x.change(&cmd)
			if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
				t.Fatal(err)
			}
			for i := range 3 { // at once; on the board; when the job came round
				if _, err := w.Published(ctx, id); !errors.Is(err, store.ErrTombstone) || len(readable(t, w, store.PublicFilter{})) != 0 || len(readable(t, w, store.PublicFilter{Words: "惠民"})) != 0 {
					t.Errorf("%s: still read, %d: %v", x.event, i, err)
				}
				if i == 0 {
					match(t, w)
				} else {
					publish(t, w)
				}
			}
			if got := standing(t, w, number); got != x.want {
				t.Errorf("%s: %s", x.event, got)
			}
			if now := counted(t, w); x.event == "change_consent" && now != counts { // decisions and reopening are counted themselves
				t.Errorf("%s changed counts: %s, %s", x.event, counts, now)
			}
			if w.Count("select count(*) from publications where form is not null or digest is not null") != 0 || w.Count("select count(*) from publication_search") != 0 {
				t.Errorf("%s leaves more than a tombstone", x.event)
			}
			again(t, w)
		}
	})
}

// The stamp of what is published stays as long as nothing of it changes, and
// changes at once with whatever does: an entry more, one that is taken away, the day
// on which one is over.
func TestPublishedStamp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		seen := map[string]string{}
		changed := func(what string) {
			t.Helper()
			stamp, err := w.PublishedStamp(ctx, "")
			if again, _ := w.PublishedStamp(ctx, ""); err != nil || again != stamp {
				t.Errorf("%s: %s, then %s %v", what, stamp, again, err)
			}
			if before := seen[stamp]; before != "" {
				t.Errorf("%s is stamped as %s was", what, before)
			}
			seen[stamp] = what
		}
		changed("nothing")
		var numbers []string
		var until calendar.Date
		for range 2 {
			number := closedAgainst(t, w, "索镇惠民超市", codeA)
			publish(t, w)
			st, _ := w.Standing(ctx, number, false)
			w.Set(st.On.Start())
			publish(t, w)
			numbers, until = append(numbers, number), st.Until
			changed("published " + number)
		}
		month := ""
		if err := w.Pool().QueryRow("select month from publications where ref = $1", idOf(t, w, numbers[0])).Scan(&month); err != nil {
			t.Fatal(err)
		}
		ofMonth, _ := w.PublishedStamp(ctx, month)
		no := false
		cmd := w.Compose(numbers[0], "change_consent")
		cmd.Input.PublishConsent = &no
		if _, err := w.Execute(ctx, store.Request{Case: numbers[0], Command: cmd}); err != nil {
			t.Fatal(err)
		}
		if of, _ := w.PublishedStamp(ctx, month); of == ofMonth {
			t.Error("the month's stamp stays")
		}
		if of, _ := w.PublishedStamp(ctx, "2026-04"); of != fmt.Sprintf("%x", [2][5]uint64{}) {
			t.Errorf("a month without any: %s", of)
		}
		before := len(seen)
		changed("withdrawn")
		whole, _ := w.PublishedStamp(ctx, "")
		publish(t, w)
		if after, _ := w.PublishedStamp(ctx, ""); after != whole || len(seen) != before+1 {
			t.Errorf("the job came round: %s, then %s", whole, after)
		}
		w.Set(until.AddDays(1).Start())
		changed("its last day is over")
	})
}

func counted(t *testing.T, w *storetest.World) string {
	t.Helper()
	totals, err := w.Totals(ctx, calendar.On(w.Now()).AddDays(-1000), calendar.On(w.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(totals)
}

// An erased person's entry goes with the key: nothing of it stays in a row.
func TestErasureTakesTheEntry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		number := closedAgainst(t, w, "索镇惠民超市", codeA)
		publish(t, w)
		w.Advance(200 * 24 * time.Hour)
		if _, err := w.Sweep(ctx, 100); err != nil {
			t.Fatal(err)
		}
		publish(t, w)
		id := idOf(t, w, number)
		if _, err := w.Published(ctx, id); err != nil {
			t.Fatal(err)
		}
		w.Do(number, "erase_person")
		if w.Count("select count(*) from publications") != 0 || w.Count("select count(*) from publication_search") != 0 {
			t.Error("rows stay")
		}
		publish(t, w)
		if got := standing(t, w, number); got != "removed erased" {
			t.Errorf("%s", got)
		}
		again(t, w)
	})
}

// Whatever keeps a complaint from being published is held with its code, and T65
// says so in the log; nothing waits for the publish clock to run out.
func TestHeldWithItsCode(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		withdrawn := w.File()
		w.Do(withdrawn, "withdraw_before_acceptance")
		unknown := closedAgainst(t, w, "无名小店", "")
		publish(t, w)
		if got := standing(t, w, withdrawn); got != "held withdrawn" {
			t.Errorf("withdrawn: %s", got)
		}
		if got := standing(t, w, unknown); got != "held not_identified" {
			t.Errorf("not in the register: %s", got)
		}
		v, _ := w.Case(ctx, unknown)
		if v.Publication().Decision != "" || v.Clock("publish") == nil {
			t.Errorf("decided before the last day: %+v", v.Publication())
		}
		w.Set(v.Clock("publish").Due.Start())
		publish(t, w)
		v, _ = w.Case(ctx, unknown)
		if p := v.Publication(); p.Decision != "hold" || p.Reason != "not_identified" || v.Clock("publish") != nil {
			t.Errorf("on the last day: %+v", p)
		}
		// an officer finds out who it was
		m := find(t, w, "索镇惠民超市")
		if err := w.LinkCase(ctx, store.Once{Scope: "t", Key: "1"}, store.By{Actor: "officer:zhang", Why: "营业执照"}, unknown, m[0].ID); err != nil {
			t.Fatal(err)
		}
		publish(t, w)
		if got := standing(t, w, unknown); got != "scheduled" {
			t.Errorf("found later: %s", got)
		}
		again(t, w)
		w.Rules(workflow.Rules{Rules: policy.Default()}) // the pilot ends
		publish(t, w)
		if got := standing(t, w, unknown); got != "held not_in_pilot" {
			t.Errorf("without a pilot: %s", got)
		}
	})
}

// A merchant's objection holds the entry until an officer decides; his decision
// to publish shows it at once, and the merchant cannot object twice.
func TestObjection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		number := closedAgainst(t, w, "索镇惠民超市", codeA)
		publish(t, w)
		w.Do(number, "object_to_publication", "answer_publicly")
		st, _ := w.Standing(ctx, number, false)
		w.Set(st.On.Start().Add(72 * time.Hour))
		publish(t, w)
		if got := standing(t, w, number); got != "held objection" {
			t.Errorf("objected to: %s", got)
		}
		w.Do(number, "publish_or_hold")
		publish(t, w)
		if got := standing(t, w, number); got != "corrected" && got != "published" {
			t.Errorf("decided: %s", got)
		}
		e, err := w.Published(ctx, idOf(t, w, number))
		if f, _ := publication.ParseForm(e.Form); err != nil || f.Answer != "resolved" {
			t.Errorf("%s %v", e.Form, err)
		}
		var r *workflow.Refusal
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: w.Compose(number, "object_to_publication")}); !errors.As(err, &r) || r.Guard != "not_objected_before" {
			t.Errorf("objecting again: %v", err)
		}
		again(t, w)
	})
}

// A text is shown only when two officers saw it, the complainant agrees and
// nothing in it is somebody's; the sealed words are never touched.
func TestNarrative(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}))
		number := closedAgainst(t, w, "索镇惠民超市", codeA)
		publish(t, w)
		st, err := w.Standing(ctx, number, true)
		if err != nil || st.Text.Suggested == "" || !st.Text.Consented {
			t.Fatalf("%+v %v", st, err)
		}
		w.Set(st.On.Start())
		id := idOf(t, w, number)
		text := func() string {
			publish(t, w)
			e, err := w.Published(ctx, id)
			f, _ := publication.ParseForm(e.Form)
			if err != nil {
				t.Fatal(err)
			}
			return f.Narrative
		}
		propose := func(words string) {
			cmd := w.Compose(number, "propose_narrative")
			cmd.Private.Words = words
			if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
				t.Fatal(err)
			}
		}
		const good = "5月在店里买的手机三天就坏了，店员不肯退。"
		propose(good)
		if got := text(); got != "" {
			t.Errorf("one officer is enough: %s", got)
		}
		cmd := w.Compose(number, "confirm_narrative")
		cmd.Actor.ID = "rehearsal"
		var r *workflow.Refusal
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); !errors.As(err, &r) || r.Guard != "narrative_proposed_by_another" {
			t.Errorf("the same officer confirms: %v", err)
		}
		w.Do(number, "confirm_narrative")
		if got := text(); got != good {
			t.Errorf("confirmed: %q", got)
		}
		if got := readable(t, w, store.PublicFilter{Words: "手机"}); len(got) != 1 {
			t.Errorf("its words find %v", got)
		}
		again(t, w)
		for _, bad := range []string{"电话13812345678", "演练人说的", "住演练路一号三单元", "2026年5月6日买的"} { // a second officer errs too
			propose(bad)
			w.Do(number, "confirm_narrative")
			if got := text(); got != "" {
				t.Errorf("shown: %s", got)
			}
			if kinds, err := w.MayPropose(ctx, idCase(t, w, number), bad); err != nil || len(kinds) == 0 {
				t.Errorf("%s may be proposed: %v %v", bad, kinds, err)
			}
		}
		propose(good)
		w.Do(number, "confirm_narrative", "withhold_narrative")
		if got := text(); got != "" {
			t.Errorf("withheld: %s", got)
		}
		w.Rules(piloting(t, "narratives: true", "narratives: false"))
		propose(good)
		w.Do(number, "confirm_narrative")
		if got := text(); got != "" {
			t.Errorf("a county that shows no texts shows %s", got)
		}
		w.Rules(piloting(t, "without_consent: hold", "without_consent: structure"))
		if got := text(); got != good {
			t.Errorf("%q", got)
		}
		no := false
		cmd = w.Compose(number, "change_consent")
		cmd.Input.PublishConsent = &no
		if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Published(ctx, id); !errors.Is(err, store.ErrTombstone) {
			t.Errorf("with its text, after consent was withdrawn: %v", err)
		}
		if got := text(); got != "" {
			t.Errorf("without consent: %s", got)
		}
		e, _ := w.Published(ctx, id)
		if bytes.Contains(e.Form, []byte("refund")) {
			t.Errorf("requests stay: %s", e.Form)
		}
	})
}

func idCase(t *testing.T, w *storetest.World, number string) int64 {
	t.Helper()
	c, err := w.Case(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// P8: renames and mergers of merchants reach what is published, and what was
// published under the old entry is found by both.
func TestPublishedUnderAnotherName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Rules(piloting(t))
		take(t, w, row(register.Details{Name: "索镇惠民超市", Code: codeA, Town: "370321001"}), row(register.Details{Name: "大众商行", Code: codeB, Town: "370321001"}))
		number := closedAgainst(t, w, "索镇惠民超市", codeA)
		publish(t, w)
		st, _ := w.Standing(ctx, number, false)
		w.Set(st.On.Start())
		publish(t, w)
		by := store.By{Actor: "officer:zhang", Why: "变更登记"}
		a, b := find(t, w, "索镇惠民超市")[0], find(t, w, "大众商行")[0]
		if _, err := w.RenameMerchant(ctx, store.Once{Scope: "t", Key: "1"}, by, a.ID, a.Version, "惠民生活超市", ""); err != nil {
			t.Fatal(err)
		}
		publish(t, w)
		if got := readable(t, w, store.PublicFilter{Words: "惠民生活超市"}); len(got) != 1 {
			t.Errorf("the new name finds %v", got)
		}
		a, _ = w.Merchant(ctx, a.ID)
		if _, err := w.MergeMerchant(ctx, store.Once{Scope: "t", Key: "2"}, by, a.ID, a.Version, b.ID); err != nil {
			t.Fatal(err)
		}
		publish(t, w)
		for _, ref := range []string{a.ID, b.ID} {
			if got := readable(t, w, store.PublicFilter{Merchant: ref}); len(got) != 1 || got[0] != idOf(t, w, number) {
				t.Errorf("%s finds %v", ref, got)
			}
		}
		again(t, w)
		b, _ = w.Merchant(ctx, b.ID)
		unknown := []string{"m_00000000000000000000000000", find(t, w, "大众商行")[0].ID[:10]}
		for _, ref := range unknown {
			if _, _, err := w.SearchPublished(ctx, store.PublicFilter{Merchant: ref, Limit: 10}); !errors.Is(err, store.ErrNotPublished) {
				t.Errorf("%s: %v", ref, err)
			}
		}
	})
}
