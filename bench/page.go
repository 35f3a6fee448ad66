package main

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"time"

	"fangxin/handlers"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"

	"github.com/google/uuid"
)

// shownCases are how many cases among the many have a page that is asked for: with
// their own keys, words and links, which a copied row cannot have.
const shownCases = 100

// stillMoved are how many of them moved since lists were brought up to date, as on a
// node where a worker does so all the time.
const stillMoved = 10

// talked is how far each of them has come: an offer lies on the table.
var talked = []string{"classify", "invite_settlement", "delivered", "answer_with_offer", "counter"}

// pages measures the page of a case as its consumer asks for it over HTTP, and the
// desk's.
func (b *bench) pages(s *store.Store, database string, cases int, bare []time.Duration) error {
	law := workflow.Rules{Rules: policy.Default()}
	api := &handlers.Server{Store: s, Rules: func() workflow.Rules { return law }, Now: now, Log: slog.New(slog.DiscardHandler), Limits: handlers.Unlimited()}
	web := httptest.NewServer(api.Handler())
	defer web.Close()
	asks, numbers := make([]*http.Request, shownCases), make([]string, shownCases)
	for i := range asks {
		if i == shownCases-stillMoved {
			if err := caughtUp(s); err != nil {
				return err
			}
		}
		number, token, err := talkedCase(s, law)
		if err != nil {
			return err
		}
		if asks[i], err = http.NewRequestWithContext(ctx, "GET", web.URL+"/c/"+number, nil); err != nil {
			return err
		}
		asks[i].Header.Set("Accept", "text/html")
		asks[i].AddCookie(&http.Cookie{Name: "case", Value: token})
		numbers[i] = number
	}
	took, err := b.often(func() error { return readPage(asks[rand.IntN(len(asks))]) })
	if err != nil {
		return err
	}
	b.report.add(pageLine(fmt.Sprintf("the page of a case with an offer, over HTTP, among %d, %s", cases, database), took, bare))
	return b.deskPages(s, web.URL, database, cases, numbers, bare)
}

// caughtUp brings lists up to all cases that moved.
func caughtUp(s *store.Store) error {
	for _, work := range []func() (int, error){func() (int, error) { return s.Block(ctx) }, func() (int, error) { return s.Board(ctx, 1000) }, func() (int, error) { return s.Index(ctx, 1000) }} {
		for n := 1; n > 0; {
			var err error
			if n, err = work(); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageLine is a page's row, beside one row read by its key.
func pageLine(what string, took, bare []time.Duration) line {
	p50, p99 := middle(took), took[len(took)*99/100]
	return line{what: what, figure: fmt.Sprintf("p50 %s ms, p99 %s ms", milli(p50), milli(p99)),
		limit: fmt.Sprintf("one SELECT by key: p50 %s ms, p99 %s ms", milli(middle(bare)), milli(bare[len(bare)*99/100])), ratio: number(float64(p50) / float64(middle(bare))),
		aim: "p99 < 50 ms", met: yes(p99 < pageAim)}
}

// readPage reads one and sees to it that it is the page of a case, not one that asks
// for a link.
func readPage(ask *http.Request) error {
	res, err := http.DefaultClient.Do(ask)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	const least = 8 << 10 // bytes: the page that asks for a link has fewer
	if err == nil && (res.StatusCode != http.StatusOK || len(text) < least) {
		err = fmt.Errorf("%s: %d, %d bytes", ask.URL.Path, res.StatusCode, len(text))
	}
	return err
}

// talkedCase files one and takes it as far as talked says.
func talkedCase(s *store.Store, law workflow.Rules) (caseNumber, token string, err error) {
	token, hash := s.NewToken("bench", uuid.NewString(), "consumer")
	a, err := s.Execute(ctx, store.Request{Command: filing(), Links: []store.NewLink{{Hash: hash, Role: "consumer", Actor: "consumer", Expires: now().Add(24 * time.Hour)}}})
	for _, event := range talked {
		if err != nil {
			return "", "", err
		}
		var v store.View
		if v, err = s.Case(ctx, a.Number); err == nil {
			_, err = s.Execute(ctx, store.Request{Case: a.Number, Command: rehearse.Compose(v.Case, rowOf(v.State, event), law, now())})
		}
	}
	return a.Number, token, err
}

// rowOf finds the row of an event that leaves a state.
func rowOf(state workflow.State, event string) *workflow.Row {
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		for _, from := range row.FromStates() {
			if row.Event == event && from == state {
				return row
			}
		}
	}
	panic(event + " is not taken from " + string(state))
}
