package jobs_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/storetest"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// machine is a real receiver: it takes what is signed with its secret.
type machine struct {
	*httptest.Server
	mu     sync.Mutex
	secret []byte
	status int
	most   int // how many it takes before it fails; 0: any number
	asked  int
	ids    []string
	bodies []string
}

func newMachine(t *testing.T) *machine {
	m := &machine{status: http.StatusNoContent}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.asked++
		key, _ := standardwebhooks.NewWebhookRaw(m.secret)
		if key.VerifyIgnoringTimestamp(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if m.most > 0 && len(m.ids) == m.most {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if m.status < 300 {
			m.ids, m.bodies = append(m.ids, r.Header.Get("webhook-id")), append(m.bodies, string(body))
		}
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(m.status)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *machine) answer(status int) { m.mu.Lock(); m.status = status; m.mu.Unlock() }

func (m *machine) got() (ids []string, asked int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.ids...), m.asked
}

// bureau is a runner with one machine to tell.
type bureau struct {
	*jobs.Runner
	w   *storetest.World
	t   *testing.T
	m   *machine
	ref string
	log bytes.Buffer
}

func newBureau(t *testing.T, w *storetest.World, topics ...string) *bureau {
	t.Helper()
	b := &bureau{w: w, t: t, m: newMachine(t)}
	var err error
	b.ref, b.m.secret, err = w.AddWebhook(ctx, store.Once{Scope: "t", Key: "a"}, store.Webhook{URL: b.m.URL + "/hook?s3cret", Description: "d", Topics: topics, CreatedBy: "boss"})
	if err != nil {
		t.Fatal(err)
	}
	b.Runner = &jobs.Runner{Store: w.Store, Log: slog.New(slog.NewTextHandler(&b.log, nil)), Webhooks: channel.NewWebhooks(true, nil, nil, w.Now)}
	return b
}

// tell seals what happened and tells it.
func (b *bureau) tell() store.Webhook {
	b.t.Helper()
	for {
		n, err := b.w.Block(ctx)
		if err != nil {
			b.t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if err := b.TellWebhooks(ctx); err != nil {
		b.t.Fatal(err)
	}
	hook, err := b.w.Webhook(ctx, b.ref)
	if err != nil {
		b.t.Fatal(err)
	}
	return hook
}

// happened are the ids of all events since a case was filed, in each case's order.
func (b *bureau) happened(numbers ...string) (ids []string) {
	for _, n := range numbers {
		events, err := b.w.Events(ctx, n)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, e := range events {
			ids = append(ids, fmt.Sprintf("%s/%d", n, e.Seq))
		}
	}
	return ids
}

func same(a, b []string) bool { return strings.Join(a, " ") == strings.Join(b, " ") }

// A machine is told each event that happened since it was named, once and in
// order, and nothing of a person; another one from when it was named.
func TestAMachineIsToldWhatHappens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		before := w.File()
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		b := newBureau(t, w)
		one := w.File()
		b.tell()
		w.Do(one, "request_correction")
		w.Advance(time.Minute)
		b.tell()
		hook := b.tell()
		ids, asked := b.m.got()
		if !same(ids, b.happened(one)) || asked != len(ids) || hook.Failures != 0 || hook.Sent.IsZero() {
			t.Errorf("%v asked %d, not %v; %+v", ids, asked, b.happened(one), hook)
		}
		w.Do(before, "request_correction")
		b.tell()
		ids, _ = b.m.got()
		if all := b.happened(before); !strings.HasSuffix(strings.Join(ids, " "), " "+all[len(all)-1]) || strings.Contains(strings.Join(ids, " "), all[0]) {
			t.Errorf("of the old case: %v", ids)
		}
		want := fmt.Sprintf(`{"id":"%s/1","type":"case.file_with_authority","timestamp":"2026-05-06T02:00:00Z","data":{"case":"%s","event":"file_with_authority","seq":1}}`, one, one)
		if b.m.bodies[0] != want {
			t.Errorf("%s\n%s", b.m.bodies[0], want)
		}
		if n, err := w.DropFeed(ctx); n == 0 || err != nil {
			t.Errorf("the feed keeps what everybody was told: %d %v", n, err)
		}
		f, err := w.WebhookState(ctx)
		if err != nil || f.Live != 1 || f.Failing+f.Paused != 0 || !f.Oldest.IsZero() {
			t.Errorf("%+v %v", f, err)
		}
	})
}

// 500 for a day: nothing is lost and nothing doubled, the machine is asked ever
// less, and no log line holds the address. 500 for longer pauses it with the
// reason, and resumed it goes on where it stopped.
func TestAMachineWithABadDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		b := newBureau(t, w)
		one := w.File()
		b.m.answer(http.StatusInternalServerError)
		for end := w.Now().Add(24 * time.Hour); w.Now().Before(end); w.Advance(10 * time.Minute) {
			b.tell()
		}
		if _, asked := b.m.got(); asked > 16 || asked < 8 {
			t.Errorf("asked %d times in a day", asked)
		}
		hook, _ := w.Webhook(ctx, b.ref)
		if f, err := w.WebhookState(ctx); err != nil || f.Failing != 1 || w.Now().Sub(f.Oldest) < 24*time.Hour || hook.Error != "webhook.500" || !hook.Paused.IsZero() {
			t.Errorf("%+v %+v %v", f, hook, err)
		}
		b.m.answer(http.StatusOK)
		w.Advance(8 * time.Hour)
		if hook = b.tell(); hook.Failures != 0 || hook.Error != "" {
			t.Errorf("%+v", hook)
		}
		if ids, _ := b.m.got(); !same(ids, b.happened(one)) {
			t.Errorf("%v", ids)
		}
		b.m.answer(http.StatusBadGateway)
		two := w.File()
		for range 40 {
			b.tell()
			w.Advance(8 * time.Hour)
		}
		_, asked := b.m.got()
		if hook = b.tell(); hook.Paused.IsZero() || hook.PausedWhy != "webhook.502" || hook.Failures != 16 {
			t.Errorf("%+v", hook)
		}
		b.m.answer(http.StatusOK)
		b.tell()
		if _, again := b.m.got(); again != asked {
			t.Error("a paused machine is told")
		}
		if err := w.ResumeWebhook(ctx, store.Once{Scope: "t", Key: "r"}, b.ref); err != nil {
			t.Fatal(err)
		}
		b.tell()
		if ids, _ := b.m.got(); !same(ids, b.happened(one, two)) {
			t.Errorf("%v, not %v", ids, b.happened(one, two))
		}
		if log := b.log.String(); strings.Contains(log, "s3cret") || strings.Contains(log, "127.0.0.1") || strings.Contains(log, channel.WriteSecret(b.m.secret)) || !strings.Contains(log, "webhook.502") {
			t.Error(log)
		}
	})
}

// A refusal is not argued with: asked once, paused, with the reason.
func TestAMachineThatRefuses(t *testing.T) {
	for status, why := range map[int]string{http.StatusGone: "webhook.410", http.StatusForbidden: "webhook.403", http.StatusFound: "webhook.redirect", http.StatusPermanentRedirect: "webhook.redirect"} {
		w := storetest.New(t)
		b := newBureau(t, w)
		b.m.answer(status)
		w.File()
		hook := b.tell()
		if _, asked := b.m.got(); asked != 1 || hook.PausedWhy != why || hook.PausedBy != "" {
			t.Errorf("%d: asked %d, %+v", status, asked, hook)
		}
	}
}

// It fails in the middle of what one block sealed of one case: what it has is
// not told again.
func TestAMachineThatFailsInTheMiddle(t *testing.T) {
	w := storetest.New(t)
	b := newBureau(t, w)
	one := w.File()
	w.Do(one, "request_correction")
	all := b.happened(one)
	if len(all) < 2 {
		t.Fatal(all)
	}
	b.m.most = 1
	b.tell()
	b.m.most = 0
	w.Advance(time.Minute)
	b.tell()
	if ids, asked := b.m.got(); !same(ids, all) || asked != len(all)+1 {
		t.Errorf("%v asked %d, not %v", ids, asked, all)
	}
}

// Only what it asked for is told; what it did not is passed over for good.
func TestTopics(t *testing.T) {
	w := storetest.New(t)
	b := newBureau(t, w, "request_correction")
	one := w.File()
	b.tell()
	w.Do(one, "request_correction")
	b.tell()
	if ids, asked := b.m.got(); len(ids) != 1 || asked != 1 || b.m.bodies[0] == "" || !strings.Contains(b.m.bodies[0], `"type":"case.request_correction"`) {
		t.Errorf("%v %d", ids, asked)
	}
}

// While a secret is exchanged both sign; after a day the new one alone does.
func TestASecretIsExchanged(t *testing.T) {
	w := storetest.New(t)
	b := newBureau(t, w)
	old := b.m.secret
	fresh, err := w.RotateWebhook(ctx, store.Once{Scope: "t", Key: "x"}, b.ref)
	if err != nil || bytes.Equal(fresh, old) {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{old, fresh} {
		b.m.secret = secret
		w.File()
		if hook := b.tell(); hook.Error != "" {
			t.Errorf("%+v", hook)
		}
	}
	w.Advance(25 * time.Hour)
	w.File()
	if hook := b.tell(); hook.Error != "" || len(hook.Secrets) != 1 {
		t.Errorf("%+v", hook)
	}
	b.m.secret = old
	w.File()
	if hook := b.tell(); hook.PausedWhy != "webhook.401" {
		t.Errorf("the old secret still signs: %+v", hook)
	}
}

// A node that dies while it tells keeps nobody waiting for long, and what had
// arrived is not told again; two nodes at once tell each event once.
func TestANodeDiesWhileItTells(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		b := newBureau(t, w)
		one := w.File()
		if _, err := w.Block(ctx); err != nil {
			t.Fatal(err)
		}
		held, ok, err := w.ClaimWebhook(ctx) // and nothing more
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		b.tell()
		if ids, _ := b.m.got(); len(ids) > 0 {
			t.Error("it is held")
		}
		w.Advance(store.WebhookLease)
		var both sync.WaitGroup
		for range 4 {
			both.Go(func() {
				if err := b.TellWebhooks(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if ids, _ := b.m.got(); !same(ids, b.happened(one)) {
			t.Errorf("%v", ids)
		}
		if err := w.Release(ctx, held); err != store.ErrNotHeld { //nolint:errorlint // itself
			t.Errorf("the dead node still writes: %v", err)
		}
		if err := w.EndWebhook(ctx, store.Once{Scope: "t", Key: "e"}, b.ref); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Webhook(ctx, b.ref); err != store.ErrNoWebhook { //nolint:errorlint // itself
			t.Error(err)
		}
	})
}
