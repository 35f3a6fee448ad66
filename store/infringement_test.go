package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
)

// openedLead is a confidential report on which a case was opened.
func openedLead(t *testing.T, w *storetest.World) string {
	t.Helper()
	lead := splitLead(t, w)
	if _, err := w.Execute(ctx, store.Request{Case: lead, Command: workflow.Command{Event: "case_opened", Actor: workflow.Actor{Role: "officer", ID: "zhang"}, Private: &workflow.Private{Words: "立案"}}}); err != nil {
		t.Fatal(err)
	}
	return lead
}

func splitLead(t *testing.T, w *storetest.World) string {
	t.Helper()
	number := w.File()
	a, err := w.Execute(ctx, store.Request{Case: number, Command: w.Compose(number, "split_report")})
	if err != nil {
		t.Fatal(err)
	}
	return a.Report
}

// penal is a world with two merchants, of whom only the first has a valid code.
type penal struct {
	*storetest.World
	t          *testing.T
	known, not string // m_…
	keys       int
}

func newPenal(t *testing.T, w *storetest.World) *penal {
	take(t, w, row(register.Details{Name: "索镇惠民超市", LegalName: "演练人甲", Code: codeA, Town: "370321001"}), row(register.Details{Name: "李四菜摊", Code: codeWrong, Town: "370321001"}))
	return &penal{World: w, t: t, known: find(t, w, "索镇惠民超市")[0].ID, not: find(t, w, "李四菜摊")[0].ID}
}

func (p *penal) once() store.Once {
	p.keys++
	return store.Once{Scope: "penal", Key: fmt.Sprint(p.keys)}
}

func (p *penal) open(merchant string) publication.Infringement {
	p.t.Helper()
	i, err := p.OpenInfringement(ctx, p.once(), zhang, p.docket(openedLead(p.t, p.World), merchant))
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

func (p *penal) docket(lead, merchant string) publication.Infringement {
	return publication.Infringement{Lead: lead, Merchant: merchant, Domain: 1, Town: "370321001", Docket: "桓市监立案〔2026〕15号", DocketedOn: calendar.On(p.Now()), Result: publication.Result{Penalties: []string{}}}
}

func (p *penal) fined(penalties ...string) publication.Result {
	return publication.Result{Decision: "桓市监处罚〔2026〕15号", DecidedOn: calendar.On(p.Now()), Basis: "《消费者权益保护法》第五十六条", Penalties: penalties, FineFen: 500_000}
}

func (p *penal) settle(ref, state string, penalties ...string) publication.Infringement {
	p.t.Helper()
	i, err := p.SettleInfringement(ctx, p.once(), zhang, ref, 0, state, p.fined(penalties...))
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

// public are the ids that anybody may read.
func (p *penal) public(f store.InfringementFilter) []string {
	p.t.Helper()
	f.Limit = 10
	list, _, err := p.PublicInfringements(ctx, f)
	if err != nil && !errors.Is(err, store.ErrNotPublished) {
		p.t.Fatal(err)
	}
	out := []string{}
	for _, i := range list {
		out = append(out, i.ID)
	}
	return out
}

func refused(err error, code string) bool {
	var r *workflow.Refusal
	return errors.As(err, &r) && r.Code == code
}

// A penalty case is recorded from its opening to its result on a lead on which a
// case was opened, and the decision is public for its own term: on its last day,
// and on no other after it.
func TestInfringementsCourse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		p := newPenal(t, w)
		for _, lead := range []string{splitLead(t, w), "JB-2026-999999-0"} {
			if _, err := p.OpenInfringement(ctx, p.once(), zhang, p.docket(lead, p.known)); !refused(err, "lead_not_opened") {
				t.Errorf("%s: %v", lead, err)
			}
		}
		i := p.open(p.known)
		if _, err := p.OpenInfringement(ctx, p.once(), zhang, p.docket(i.Lead, p.known)); !refused(err, "infringement_there") {
			t.Errorf("a second time on one lead: %v", err)
		}
		if got := p.public(store.InfringementFilter{}); len(got) != 0 {
			t.Errorf("public before its result: %v", got)
		}
		if _, err := p.PublicInfringement(ctx, i.ID); !errors.Is(err, store.ErrNotPublished) {
			t.Errorf("%v", err)
		}
		if _, err := p.SettleInfringement(ctx, p.once(), zhang, i.ID, 0, "revoked", publication.Result{}); !refused(err, "infringement_over") {
			t.Errorf("revoked before it was decided: %v", err)
		}
		if _, err := p.SettleInfringement(ctx, p.once(), zhang, i.ID, 7, "penalised", p.fined("fine")); !refused(err, "stale_entry") {
			t.Errorf("another version: %v", err)
		}
		key, result := p.once(), p.fined("fine", "warning")
		for range 2 { // the same key is the same act
			if i, err := p.SettleInfringement(ctx, key, zhang, i.ID, 1, "penalised", result); err != nil || i.Version != 2 {
				t.Errorf("%+v %v", i, err)
			}
		}
		for _, f := range []store.InfringementFilter{{}, {Merchant: p.known}, {Domain: 1, Town: "370321001"}} {
			if got := p.public(f); !slices.Equal(got, []string{i.ID}) {
				t.Errorf("%+v: %v", f, got)
			}
		}
		for _, f := range []store.InfringementFilter{{Merchant: p.not}, {Merchant: "m_0"}, {Domain: 2}, {Town: "370321002"}} {
			if got := p.public(f); len(got) != 0 {
				t.Errorf("%+v: %v", f, got)
			}
		}
		form, err := p.PublicInfringement(ctx, i.ID)
		if text := fmt.Sprintf("%+v", form); err != nil || form.FineFen != 500_000 || form.Merchant.Code != codeA || strings.Contains(text, i.Lead) || strings.Contains(text, "演练人甲") || strings.Contains(text, "zhang") {
			t.Errorf("%+v %v", form, err)
		}
		last, _ := calendar.ParseDate(form.Until)
		if days := int(last - calendar.On(p.Now()) + 1); days != w.Law().Publication().InfringementDays {
			t.Errorf("public for %d days", days)
		}
		w.Set(last.AddDays(1).Start().Add(-1000))
		if got := p.public(store.InfringementFilter{}); len(got) != 1 {
			t.Error("gone on its last day")
		}
		w.Set(last.AddDays(1).Start())
		if got := p.public(store.InfringementFilter{}); len(got) != 0 {
			t.Errorf("after its last day: %v", got)
		}
		if _, err := p.PublicInfringement(ctx, i.ID); !errors.Is(err, store.ErrTombstone) {
			t.Errorf("after its last day: %v", err)
		}
		_, lines, err := p.Infringement(ctx, i.ID)
		if err != nil || len(lines) != 2 || lines[0].What != "docketed" || lines[1].What != "penalised" || lines[1].Actor != zhang.Actor || lines[1].Why != zhang.Why {
			t.Errorf("%+v %v", lines, err)
		}
		if _, err := w.Pool().Exec("update infringement_history set why = 'x'"); err == nil {
			t.Error("the history was changed")
		}
	})
}

// What is public of a penalty case hangs on its result and on the merchant as the
// register has it now, and is never among published complaints.
func TestWhatInfringementsArePublic(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		p := newPenal(t, w)
		revoked, warned, nothing, person := p.open(p.known), p.open(p.known), p.open(p.known), p.open(p.not)
		p.settle(revoked.ID, "penalised", "fine")
		p.settle(warned.ID, "penalised", "warning")
		p.settle(nothing.ID, "not_penalised")
		p.settle(person.ID, "penalised", "fine", "closure")
		if got := p.public(store.InfringementFilter{}); !slices.Equal(got, []string{revoked.ID}) {
			t.Errorf("%v is public", got)
		}
		for _, ref := range []string{warned.ID, nothing.ID, person.ID, "i_0"} {
			if _, err := p.PublicInfringement(ctx, ref); !errors.Is(err, store.ErrNotPublished) {
				t.Errorf("%s: %v", ref, err)
			}
		}
		if got := readable(t, w, store.PublicFilter{}); len(got) != 0 {
			t.Errorf("among complaints: %v", got)
		}
		p.settle(revoked.ID, "penalised", "criticism") // corrected
		if form, err := p.PublicInfringement(ctx, revoked.ID); err != nil || !slices.Equal(form.Penalties, []string{"criticism"}) {
			t.Errorf("%+v %v", form, err)
		}
		p.settle(revoked.ID, "revoked")
		if _, err := p.PublicInfringement(ctx, revoked.ID); !errors.Is(err, store.ErrTombstone) || len(p.public(store.InfringementFilter{})) != 0 {
			t.Errorf("revoked: %v", err)
		}
		for _, state := range []string{"penalised", "not_penalised", "revoked"} {
			if _, err := p.SettleInfringement(ctx, p.once(), zhang, revoked.ID, 0, state, p.fined("fine")); !refused(err, "infringement_over") {
				t.Errorf("%s after it was revoked: %v", state, err)
			}
		}
		a, b := find(t, w, "索镇惠民超市")[0], find(t, w, "李四菜摊")[0]
		if _, err := w.MergeMerchant(ctx, p.once(), zhang, b.ID, b.Version, a.ID); err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{p.known, p.not} {
			if got := p.public(store.InfringementFilter{Merchant: ref}); !slices.Equal(got, []string{person.ID}) {
				t.Errorf("of %s after the merger: %v", ref, got)
			}
		}
		if form, err := p.PublicInfringement(ctx, person.ID); err != nil || form.Merchant.Name != "索镇惠民超市" {
			t.Errorf("%+v %v", form, err)
		}
	})
}

// Pages are by key: nothing twice, nothing left out, and a cursor that was never
// handed out is told so.
func TestPagesOfInfringements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		p := newPenal(t, w)
		var want []string
		for range 5 {
			i := p.open(p.known)
			p.settle(i.ID, "penalised", "fine")
			want = append(want, i.ID)
		}
		slices.Sort(want)
		slices.Reverse(want)
		var public, inside []string
		for f := (store.InfringementFilter{Limit: 2}); ; {
			list, next, err := p.PublicInfringements(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range list {
				public = append(public, i.ID)
			}
			if f.After = next; next == "" {
				break
			}
		}
		for f := (store.InfringementFilter{Limit: 2, State: "penalised"}); ; {
			list, next, err := p.Infringements(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range list {
				inside = append(inside, i.ID)
			}
			if f.After = next; next == "" {
				break
			}
		}
		if !slices.Equal(public, want) || !slices.Equal(inside, want) {
			t.Errorf("%v and %v, not %v", public, inside, want)
		}
		if _, _, err := p.PublicInfringements(ctx, store.InfringementFilter{After: "i_0", Limit: 2}); !errors.Is(err, store.ErrCursor) {
			t.Errorf("%v", err)
		}
	})
}
