package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
)

// A template gets one version after another and keeps them all: once for a key,
// refused from an old base, and never changed by anybody.
func TestVersionsOfATemplateStay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		ctx := context.Background()
		if _, written, err := w.Template(ctx, "receipt", "zh"); err != nil || written {
			t.Fatal(written, err)
		}
		save := func(key, text string, base int64) (store.Template, error) {
			return w.SaveTemplate(ctx, store.Once{Scope: "template/boss", Key: key}, store.Template{Name: "receipt", Language: "zh", Subject: "s", Text: text, Actor: "supervisor:boss", Why: "口径"}, base)
		}
		first, err := save("a", "一", 0)
		if err != nil || first.Version != 1 || !first.At.Equal(w.Now()) {
			t.Fatalf("%+v %v", first, err)
		}
		if again, err := save("a", "一", 0); err != nil || again.Version != 1 {
			t.Errorf("the same again: %+v %v", again, err)
		}
		for key, want := range map[string]string{"a": "key_reused", "b": "stale_template"} {
			var r *workflow.Refusal
			if _, err := save(key, "二", 0); !errors.As(err, &r) || r.Code != want {
				t.Errorf("%s: %v", want, err)
			}
		}
		if second, err := save("c", "二", 1); err != nil || second.Version != 2 {
			t.Fatalf("%+v %v", second, err)
		}
		if got, written, err := w.Template(ctx, "receipt", "zh"); err != nil || !written || got.Text != "二" || got.Actor != "supervisor:boss" || got.Why != "口径" {
			t.Errorf("%+v %v", got, err)
		}
		if all, err := w.Templates(ctx); err != nil || len(all) != 1 || all[0].Version != 2 {
			t.Errorf("%+v %v", all, err)
		}
		if old, err := w.TemplateVersions(ctx, "receipt", "zh", 2, 10); err != nil || len(old) != 1 || old[0].Text != "一" {
			t.Errorf("%+v %v", old, err)
		}
		for _, change := range []string{"update templates set text = 'x'", "delete from templates"} {
			if _, err := w.Pool().Exec(change); err == nil {
				t.Errorf("%s was taken", change)
			}
		}
	})
}

// Of several who save from one base at once, one does.
func TestOneOfManySavesATemplate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = w.SaveTemplate(context.Background(), store.Once{Scope: "template/boss"}, store.Template{Name: "receipt", Language: "en", Text: "x"}, 0)
			})
		}
		all.Wait()
		saved := 0
		for _, err := range errs {
			var r *workflow.Refusal
			switch {
			case err == nil:
				saved++
			case !errors.As(err, &r) || r.Code != "stale_template":
				t.Error(err)
			}
		}
		if saved != 1 {
			t.Errorf("%d saved", saved)
		}
	})
}
